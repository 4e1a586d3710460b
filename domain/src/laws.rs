//! The law as the ledger knew it, at every instant of the recorded axis: the rulebook compiled in, and what areas adopted
//! for themselves, one adoption after the other as the log has them.
//!
//! One principle: **an event is decided, folded and judged under the law known when it was recorded**, which is what was
//! adopted before it in the log. So no later adoption changes what follows from events already there, and whoever folds
//! them, in whatever order, comes to the same. On the effective axis an adopted text holds while its area's timeline says
//! that it stands (`rules/NAME`): from its day on, until another is adopted under the same name or a superior annuls it.
//!
//! What cites a rule by id may read it in any law known later: ids are never given twice ([`crate::rulebook`]).

use crate::area::AreaEvent;
use crate::event::{Event, EventData, EventType};
use crate::id::{AreaCode, AreaSubject, Subject, SubjectKind, Version};
use crate::obligation::Law;
use crate::rulebook::{Adopted, Rulebook, RulebookError, Window};
use crate::time::Instant;
use crate::timeline::timeline;
use crate::track::Track;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

/// An adoption that is recorded and cannot be read as law by this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rules adopted at position {position} cannot be read")]
pub struct LawsError {
    /// Where in the log it stands.
    pub position: u64,
    /// What is wrong with the text.
    #[source]
    pub source: RulebookError,
}

/// The law known at some instant, and all that was known before. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Laws {
    base: Arc<Rulebook>,
    /// What changed the law, in the order of the log.
    steps: Arc<Vec<Arc<Step>>>,
    /// How many of them are known.
    known: usize,
}

/// An event of an area that changed the law.
#[derive(Debug)]
struct Step {
    area: AreaCode,
    event: Event,
    /// The text; none for what acts on an adoption.
    adopted: Option<Adopted>,
    hash: Box<str>,
    /// The law from then on, made when it is first asked for.
    book: OnceLock<Rulebook>,
}

static NATIONAL: LazyLock<Laws> = LazyLock::new(|| Laws::new(Arc::clone(Rulebook::shared())));

impl Laws {
    /// A rulebook to which nothing was adopted.
    #[must_use]
    pub fn new(base: Arc<Rulebook>) -> Self {
        Self { base, steps: Arc::default(), known: 0 }
    }

    /// The rulebook compiled in, to which nothing was adopted.
    #[must_use]
    pub fn national() -> &'static Self {
        &NATIONAL
    }

    /// Whether events of a type may change the law; the others need not be shown to [`Laws::take`].
    #[must_use]
    pub fn may_change(kind: EventType) -> bool {
        kind.kind() == SubjectKind::Area && (kind.acts_on_record() || kind.name() == "area.rules-adopted")
    }

    /// Takes an event in the order of the log, and tells whether it changed the law. One that was taken before is passed
    /// over; those of other subjects than areas change nothing.
    ///
    /// # Errors
    /// [`LawsError`] for a text that this program cannot read: the law is not known then.
    pub fn take(&mut self, subject: &Subject, event: &Event) -> Result<bool, LawsError> {
        let (Subject::Area(code), EventData::Area(facts)) = (subject, &event.data) else { return Ok(false) };
        let area = code.area();
        if self.steps.last().is_some_and(|last| event.position <= last.event.position) {
            return Ok(false);
        }
        let adopted = match facts {
            AreaEvent::RulesAdopted(data) => {
                let is_taken = |id: &str| self.steps.iter().any(|step| step.knows(id));
                let adopted = Adopted::read(&self.base, &data.name, &data.text, data.area, &is_taken);
                Some(adopted.map_err(|source| LawsError { position: event.position, source })?)
            }
            AreaEvent::DecisionAnnulled(data) if self.changed_by(data.event) => None,
            AreaEvent::RecordCorrected(data) if self.changed_by(data.event) => None,
            AreaEvent::ResourcesPlanned(_)
            | AreaEvent::WorkRecorded(_)
            | AreaEvent::MoratoriumStarted(_)
            | AreaEvent::MoratoriumEnded(_)
            | AreaEvent::ObligationClosed(_)
            | AreaEvent::DecisionAnnulled(_)
            | AreaEvent::RecordCorrected(_) => return Ok(false),
        };
        let before = self.steps.last().map_or(self.base.hash(), |last| &last.hash);
        let hash = hash_with(before, area, event);
        let step = Step { area, event: event.clone(), adopted, hash, book: OnceLock::new() };
        Arc::make_mut(&mut self.steps).push(Arc::new(step));
        self.known = self.steps.len();
        Ok(true)
    }

    /// Whether an event, by its id, is one that changed the law.
    fn changed_by(&self, id: uuid::Uuid) -> bool {
        self.steps.iter().any(|step| step.event.id == id)
    }

    /// The same events on another rulebook in place of the one compiled in.
    ///
    /// # Errors
    /// [`LawsError`] for a text that cannot be read beside that rulebook.
    pub fn on(&self, base: Rulebook) -> Result<Self, LawsError> {
        let mut laws = Self::new(Arc::new(base));
        for step in &self.steps[..self.known] {
            laws.take(&Subject::Area(AreaSubject::of(step.area)), &step.event)?;
        }
        Ok(laws)
    }

    /// The law with the rulebook compiled in amended by a file ([`Rulebook::amended`]), and what areas adopted beside that.
    ///
    /// # Errors
    /// [`RulebookError`] with file, line and reason.
    pub fn amended(&self, name: &str, text: &str) -> Result<Self, RulebookError> {
        self.on(Rulebook::amended(name, text)?).map_err(|error| error.source)
    }

    /// The law known, had the events of an area been these: another course of its acts ([`crate::what_if`]). What other areas
    /// adopted stays; of a subject that is no area nothing changes.
    ///
    /// # Errors
    /// [`LawsError`] for a text that cannot be read beside the others.
    pub fn on_the_course(&self, subject: &Subject, events: &[&Event]) -> Result<Self, LawsError> {
        let Subject::Area(code) = subject else { return Ok(self.clone()) };
        let others = self.steps[..self.known].iter().filter(|step| step.area != code.area());
        let mut steps: Vec<(AreaCode, &Event)> = others.map(|step| (step.area, &step.event)).collect();
        steps.extend(events.iter().map(|event| (code.area(), *event)));
        steps.sort_by_key(|(_, event)| (event.position, event.version));
        let mut laws = Self::new(Arc::clone(&self.base));
        for (area, event) in steps {
            laws.take(&Subject::Area(AreaSubject::of(area)), event)?;
        }
        Ok(laws)
    }

    /// The law of a day as it is known, taken to hold at all times and to have been known at all times.
    #[must_use]
    pub fn as_if_of(&self, day: Instant) -> Self {
        Self::new(Arc::new(self.book().as_if_of(day)))
    }

    /// The law known.
    #[must_use]
    pub fn book(&self) -> &Rulebook {
        self.book_after(self.known)
    }

    /// What was known at an instant, that which was recorded at it included.
    #[must_use]
    pub fn known_at(&self, recorded: Instant) -> Self {
        let known = self.steps[..self.known].partition_point(|step| step.event.recorded_at <= recorded);
        Self { known, ..self.clone() }
    }

    /// What was known before an event recorded at an instant: what it was decided under.
    #[must_use]
    pub fn before(&self, recorded: Instant) -> Self {
        Self { known: self.count_before(recorded), ..self.clone() }
    }

    /// The rulebook known before an event recorded at an instant.
    #[must_use]
    pub fn book_before(&self, recorded: Instant) -> &Rulebook {
        self.book_after(self.count_before(recorded))
    }

    /// What obligations are derived from, of an event recorded at an instant.
    #[must_use]
    pub fn law_before(&self, recorded: Instant) -> Law<'_> {
        Law::of(self.book_before(recorded))
    }

    /// What obligations are told by.
    #[must_use]
    pub fn law(&self) -> Law<'_> {
        Law::of(self.book())
    }

    /// Whether an area may adopt a text, by its name, from a day on.
    ///
    /// # Errors
    /// [`RulebookError`] with the name as file, line and reason.
    pub fn may_adopt(
        &self,
        name: &str,
        text: &str,
        area: AreaCode,
        adopted: Instant,
    ) -> Result<(), RulebookError> {
        let earlier = |windows: &mut Vec<Window>, of: AreaCode, named: &str| {
            // What is replaced from that day on is not in the way.
            if of == area && named == name {
                windows.iter_mut().for_each(|window| window.1 = window.1.min(adopted));
                windows.retain(|(from, until)| from < until);
            }
        };
        let book = self.book();
        if !self.steps[..self.known].iter().any(|step| step.is_named(area, name)) {
            return book.may_adopt(&self.base, (name, text), area, adopted);
        }
        self.combined(self.known, &earlier).may_adopt(&self.base, (name, text), area, adopted)
    }

    /// When it last changed; none where it never did.
    #[must_use]
    pub fn latest(&self) -> Option<Instant> {
        self.steps[..self.known].last().map(|last| last.event.recorded_at)
    }

    fn count_before(&self, recorded: Instant) -> usize {
        if self.steps.is_empty() {
            return 0;
        }
        self.steps[..self.known].partition_point(|step| step.event.recorded_at < recorded)
    }

    fn book_after(&self, count: usize) -> &Rulebook {
        match count.checked_sub(1).and_then(|last| self.steps.get(last)) {
            Some(last) => last.book.get_or_init(|| self.combined(count, &|_, _, _| {})),
            None => &self.base,
        }
    }

    /// The base with what the first so many steps make of it. The windows in which each text stands, by area and name, may
    /// be changed before.
    fn combined(&self, count: usize, change: &dyn Fn(&mut Vec<Window>, AreaCode, &str)) -> Rulebook {
        let steps = &self.steps[..count];
        let windows = windows(steps);
        let mut adopted = Vec::new();
        for step in steps {
            let (Some(text), EventData::Area(AreaEvent::RulesAdopted(data))) =
                (&step.adopted, &step.event.data)
            else {
                continue;
            };
            let mut windows = windows.get(&(step.area, step.event.version)).cloned().unwrap_or_default();
            change(&mut windows, step.area, &data.name);
            adopted.push((text, windows));
        }
        let hash = steps.last().map_or(self.base.hash(), |last| &last.hash);
        self.base.with_adopted(&adopted, hash)
    }
}

impl PartialEq for Laws {
    /// The same adoptions in the same order on the same rulebook.
    fn eq(&self, other: &Self) -> bool {
        let hash = |laws: &Self| laws.known.checked_sub(1).map(|last| laws.steps[last].hash.clone());
        self.base.hash() == other.base.hash() && hash(self) == hash(other)
    }
}

impl Step {
    fn knows(&self, id: &str) -> bool {
        self.adopted.as_ref().is_some_and(|adopted| adopted.knows(id))
    }

    fn is_named(&self, area: AreaCode, name: &str) -> bool {
        let EventData::Area(AreaEvent::RulesAdopted(data)) = &self.event.data else { return false };
        self.area == area && *data.name == *name
    }
}

/// When each adoption stands, by area and version: what the timeline of its area says.
fn windows(steps: &[Arc<Step>]) -> BTreeMap<(AreaCode, Version), Vec<Window>> {
    let mut areas: BTreeMap<AreaCode, Vec<Event>> = BTreeMap::new();
    for step in steps {
        areas.entry(step.area).or_default().push(step.event.clone());
    }
    let mut windows: BTreeMap<_, Vec<Window>> = BTreeMap::new();
    for (area, events) in areas {
        for span in timeline(SubjectKind::Area, &events) {
            if matches!(span.track, Track::Rules(_)) {
                windows.entry((area, span.cause)).or_default().push((span.from, span.until));
            }
        }
    }
    windows
}

/// The hash of the law after an event: of that before it, of the area, and of what the event says.
fn hash_with(before: &str, area: AreaCode, event: &Event) -> Box<str> {
    let (area, day) = (area.to_string(), event.effective_at.as_micros().to_string());
    if let EventData::Area(AreaEvent::RulesAdopted(data)) = &event.data {
        let parts = [area.as_bytes(), day.as_bytes(), data.name.as_bytes(), data.text.as_bytes()];
        return Rulebook::hash_with(before, &parts);
    }
    let mut facts = Vec::new();
    // Writing into memory fails only where memory ends.
    event.data.write(&mut facts).unwrap_or_default();
    let kind = event.data.event_type().name();
    Rulebook::hash_with(before, &[area.as_bytes(), day.as_bytes(), kind.as_bytes(), &facts])
}

#[cfg(test)]
mod tests;
