//! A ledger in a directory of its own, under a clock set by hand: the given, when and then of the scenarios.

use accord_api::{Access, Failure, Ledger};
use accord_domain::obligation::{ObligationKind, ObligationState, obligations};
use accord_domain::payable::{self, Claim, EmergencyRules, Outcome};
use accord_domain::timeline;
use accord_domain::{Event, Instant, InstitutionCode, Line, Span, Subject};
use accord_store::clock::ManualClock;
use serde_json::Value as Json;
use std::ops::ControlFlow;
use std::sync::Arc;
use tempfile::TempDir;

/// Drawn once, so that ids are the same on every run.
const SALT: u64 = 0x1_2345_6789;

/// An instant from its text.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn at(text: &str) -> Instant {
    Instant::parse(text).expect("an instant")
}

/// A subject from its code.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn subject(code: &str) -> Subject {
    Subject::parse(code).expect("a subject")
}

/// The ledger of one scenario.
pub struct World {
    clock: Arc<ManualClock>,
    ledger: Ledger,
    dir: TempDir,
}

impl World {
    /// An empty ledger.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(ManualClock::at(at("2018-01-01")));
        Ledger::init(dir.path(), SALT, &*clock).expect("a ledger");
        let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock.clone()).expect("a ledger");
        Self { clock, ledger, dir }
    }

    /// The same, its ledger closed and opened again.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[must_use]
    pub fn reopened(self) -> Self {
        let Self { clock, ledger, dir } = self;
        drop(ledger);
        let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock.clone()).expect("a ledger");
        Self { clock, ledger, dir }
    }

    /// The same, its ledger closed, its views thrown away and made anew at the next opening.
    ///
    /// # Panics
    /// When the views cannot be removed or the ledger not be opened.
    #[must_use]
    pub fn without_views(self) -> Self {
        let Self { clock, ledger, dir } = self;
        drop(ledger);
        std::fs::remove_file(dir.path().join("views.db")).expect("views");
        let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock.clone()).expect("a ledger");
        Self { clock, ledger, dir }
    }

    /// The ledger itself.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Records a command at an instant; answers with the events it made.
    ///
    /// # Errors
    /// The refusal.
    ///
    /// # Panics
    /// When the command cannot be read.
    pub async fn asks(&self, recorded: &str, command: &Json) -> Result<Vec<Event>, Failure> {
        self.clock.set(at(recorded));
        let read = self.ledger.read(&command.to_string()).expect("a log");
        let command = read.unwrap_or_else(|error| panic!("{error}: {command}"));
        let done = self.ledger.execute(command).await?;
        Ok(done.events.iter().map(|stored| stored.decode().expect("an event")).collect())
    }

    /// As [`World::asks`], where it must be accepted.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn does(&self, recorded: &str, command: &Json) -> Vec<Event> {
        match self.asks(recorded, command).await {
            Ok(events) => events,
            Err(failure) => panic!("{}: {command}", refusal_words(&failure)),
        }
    }

    /// As [`World::asks`], where it must be refused; answers with the code of the refusal.
    ///
    /// # Panics
    /// When it is accepted.
    pub async fn refuses(&self, recorded: &str, command: &Json) -> String {
        match self.asks(recorded, command).await {
            Ok(events) => panic!("accepted with {} events: {command}", events.len()),
            Err(Failure::Rejected { rejection, .. }) => rejection.code.to_owned(),
            Err(other) => panic!("{other}: {command}"),
        }
    }

    /// The views say what the log says, at every instant anything was recorded.
    ///
    /// # Panics
    /// When they do not, naming the differences.
    pub async fn agrees(&self) {
        let ledger = self.ledger.clone();
        let verified = tokio::task::spawn_blocking(move || {
            accord_replay::verify(&*ledger.event_log(), ledger.views(), &mut |_| ControlFlow::Continue(()))
                .expect("a comparison")
        })
        .await
        .expect("a comparison");
        assert!(verified.differences.is_empty(), "{:?}", verified.differences);
    }

    /// All events of a subject, oldest first.
    ///
    /// # Panics
    /// When the log cannot be read.
    pub async fn events(&self, code: &str) -> Vec<Event> {
        accord_api::ledger::history(&*self.ledger.event_log(), &subject(code)).await.expect("a history")
    }

    /// What stood when, as now known.
    pub async fn timeline(&self, code: &str) -> Vec<Span> {
        timeline::timeline(subject(code).kind(), &self.events(code).await)
    }

    /// What stands at an instant, as now known.
    pub async fn standing(&self, code: &str, when: &str) -> Vec<Span> {
        let mut spans = self.timeline(code).await;
        spans.retain(|span| span.covers(at(when)));
        spans
    }

    /// The value standing on a track at an instant, in its text form; `—` where nothing stands.
    pub async fn value(&self, code: &str, track: &str, when: &str) -> String {
        let standing = self.standing(code, when).await;
        let found = standing.iter().find(|span| span.track.key() == track);
        found.map_or_else(|| "—".to_owned(), |span| span.value.to_string())
    }

    /// The reviews that the rules call for at an instant and nobody has decided: kind and rule.
    pub async fn reviews(&self, code: &str, when: &str) -> Vec<String> {
        let subject = subject(code);
        obligations(&subject, &self.events(code).await, at(when), Instant::MAX, &self.ledger.laws())
            .into_iter()
            .filter(|due| due.state == ObligationState::Open)
            .filter(|due| {
                matches!(due.kind, ObligationKind::TerminationReview | ObligationKind::RenewalReview)
            })
            .map(|due| due.rule.map_or_else(String::new, |rule| rule.id.to_string()))
            .collect()
    }

    /// May a claim of an institution in an area be paid, and why not.
    pub async fn payable(
        &self,
        institution: &str,
        area: &str,
        line: Line,
        when: &str,
    ) -> (Outcome, Vec<&'static str>) {
        let standing = self.standing(institution, when).await;
        let code = InstitutionCode::parse(institution).expect("an institution");
        let claim = Claim {
            at: at(when),
            area: accord_domain::AreaCode::parse(area).expect("an area"),
            line,
            institution: &code,
            department: None,
            emergency: false,
            asked_at: Instant::MAX,
        };
        let (outcome, reasons) = payable::assess(&claim, &standing, None, EmergencyRules::default());
        (outcome, reasons.iter().map(|reason| reason.code.name()).collect())
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// A failure as people read it.
#[must_use]
pub fn refusal_words(failure: &Failure) -> String {
    match failure {
        Failure::Rejected { rejection, .. } => {
            let rule = rejection.rule.as_ref().map_or_else(String::new, |rule| format!(" [{}]", rule.id));
            format!("{}: {}{rule}", rejection.code, rejection.message.zh)
        }
        other => other.to_string(),
    }
}
