//! What a decision starts from: the state of its subject, cached between commands.

use accord_domain::others::{self, Ask, Known, OtherFact, Whom};
use accord_domain::{Event, Instant, NewEvent, State, Subject, Version, timeline};
use accord_projections::Views;
use accord_store::{Appended, EventLog, LogError, ids};
use foldhash::fast::RandomState;
use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use uuid::Uuid;

/// Events of one subject read at once: the way to a page leads over everything after it, so there are to be few.
const PAGE: usize = 10_000;

/// The newest state of a subject.
#[derive(Debug)]
struct Head {
    version: Option<Version>,
    /// The latest effect among its events: an act from here on is decided on `state`.
    latest: Instant,
    state: State,
    /// The event by which its personal data was erased.
    erased: Option<Version>,
    /// Whether any event names somebody who runs it by the code of a practitioner.
    names_people: bool,
    /// False once an event was annulled from a date: then the state depends on the instant asked for.
    regular: bool,
    /// When it was last used, counted in decisions.
    used: u64,
}

/// What a decision needs to know of its subject.
pub(super) struct Ground<'a> {
    pub(super) state: Cow<'a, State>,
    /// Newest version of the stream.
    pub(super) version: Option<Version>,
    /// The latest effect among the events recorded: an event of earlier effect is retroactive.
    pub(super) latest: Instant,
    /// The event by which the subject's personal data was erased.
    pub(super) erased: Option<Version>,
    /// Every event of the subject, where it was asked for.
    pub(super) history: Vec<Event>,
}

/// The cache, and what is decided but not yet to be read in the log.
#[derive(Debug)]
pub(super) struct Heads {
    heads: HashMap<Subject, Head, RandomState>,
    capacity: usize,
    decisions: u64,
    in_flight: InFlight,
    /// What subjects that were asked about say to decisions on others.
    known: HashMap<Subject, Vec<Known>, RandomState>,
    /// Of whom something is said to decisions on others, and the subjects that say it.
    spoken_of: HashMap<Whom, Vec<Subject>, RandomState>,
    /// What else knows who there is.
    views: Option<Views>,
}

impl Heads {
    /// Keeps at most so many subjects; when there are more, the half that was not used for longest goes.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            heads: HashMap::default(),
            capacity,
            decisions: 0,
            in_flight: InFlight::default(),
            known: HashMap::default(),
            spoken_of: HashMap::default(),
            views: None,
        }
    }

    /// Asks the views too whether there is anything of a subject of which the log finds nothing: its index may be wrong, and a
    /// second stream under the subject's name would be begun.
    pub(super) fn ask_too(&mut self, views: Views) {
        self.views = Some(views);
    }

    fn unknown(&self, subject: &Subject) -> Result<(), LogError> {
        // Views that cannot be read say nothing of the log.
        match self.views.as_ref().map(|views| views.version(subject, Instant::MAX)) {
            Some(Ok(Some(_))) => Err(LogError::Other(format!(
                "index.db differs from the log: it does not know {subject}, of which the views hold events; stop the program and \
                 delete index.db, it is made again from the log"
            ))),
            Some(Ok(None) | Err(_)) | None => Ok(()),
        }
    }

    /// Takes up of whom something is said elsewhere, as the views know it by now.
    pub(super) fn take_up(&mut self, spoken_of: Vec<(Whom, Subject)>) {
        for (whom, subject) in spoken_of {
            let subjects = self.spoken_of.entry(whom).or_default();
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
    }

    /// Whether a subject names somebody who runs it by the code of a practitioner, as far as is at hand: else it may.
    pub(super) fn may_name_people(&self, subject: &Subject) -> bool {
        self.heads.get(subject).is_none_or(|head| head.names_people)
    }

    /// The subjects that say something of somebody to decisions on others.
    pub(super) fn speaking_of(&self, whom: Whom) -> &[Subject] {
        self.spoken_of.get(&whom).map_or(&[], Vec::as_slice)
    }

    /// The ground for deciding an act of a subject that takes effect at an instant.
    pub(super) async fn ground(
        &mut self,
        log: &dyn EventLog,
        subject: &Subject,
        at: Instant,
        with_history: bool,
    ) -> Result<Ground<'_>, LogError> {
        self.decisions += 1;
        match self.heads.get_mut(subject) {
            Some(head) => head.used = self.decisions,
            None => {
                let history = self.history(log, subject).await?;
                if history.is_empty() {
                    self.unknown(subject)?;
                }
                let mut head = Head::of(subject, &history);
                head.used = self.decisions;
                self.make_room();
                self.heads.insert(subject.clone(), head);
            }
        }
        let Some(head) = self.heads.get(subject) else {
            return Err(LogError::Other("a head just loaded is gone".to_owned()));
        };
        let (version, latest, erased) = (head.version, head.latest, head.erased);
        if with_history || !head.regular || at < latest {
            let history = self.history(log, subject).await?;
            let state = Cow::Owned(timeline::state_at(subject.kind(), &history, at));
            return Ok(Ground { state, version, latest, erased, history });
        }
        Ok(Ground { state: Cow::Borrowed(&head.state), version, latest, erased, history: Vec::new() })
    }

    /// What stands of other subjects at an instant, of what a command asks for.
    pub(super) async fn others(
        &mut self,
        log: &dyn EventLog,
        asks: &[Ask],
        at: Instant,
    ) -> Result<Vec<OtherFact>, LogError> {
        let mut facts = Vec::new();
        for ask in asks {
            let speaking = ask.whom().and_then(|whom| self.spoken_of.get(&whom)).cloned().unwrap_or_default();
            for subject in ask.subjects().into_iter().chain(speaking) {
                if !self.known.contains_key(&subject) {
                    let known = others::known(&subject, &self.history(log, &subject).await?);
                    if self.capacity <= self.known.len() {
                        self.known.clear();
                    }
                    self.known.insert(subject.clone(), known);
                }
                if let Some(known) = self.known.get(&subject) {
                    facts.extend(ask.answers(&subject, known, at));
                }
            }
        }
        Ok(facts)
    }

    /// Folds what was just given its numbers. A subject whose new events do not simply come last is read again when next
    /// needed.
    pub(super) fn recorded(&mut self, subject: &Subject, events: &[Event]) {
        if !self.known.is_empty() && events.iter().any(|event| others::bears_on_others(&event.data)) {
            self.known.remove(subject);
        }
        for event in events {
            let spoken_of = others::spoken_of(&event.data).into_iter();
            self.take_up(spoken_of.map(|whom| (whom, subject.clone())).collect());
        }
        let Some(head) = self.heads.get_mut(subject) else { return };
        for event in events {
            let on_the_record = event.data.annulment().is_some() || event.data.correction().is_some();
            if on_the_record || event.effective_at < head.latest {
                self.heads.remove(subject);
                return;
            }
            head.version = Some(event.version);
            if event.data.personal_erased().is_some() {
                head.erased = head.erased.or(head.version);
            }
            head.latest = event.effective_at;
            head.names_people |= !others::running(&event.data).is_empty();
            head.state.evolve(event);
        }
    }

    /// Remembers events that the log does not show yet.
    pub(super) fn put_in_flight(&mut self, subject: &Subject, events: Vec<Event>) {
        self.in_flight.put(subject, events);
    }

    /// Forgets what the log shows by now: everything before a position.
    pub(super) fn landed(&mut self, before: u64) {
        self.in_flight.landed(before);
    }

    /// Forgets a subject whose append did not go as decided.
    pub(super) fn forget(&mut self, subject: &Subject) {
        self.heads.remove(subject);
        self.known.remove(subject);
    }

    pub(super) async fn history(
        &self,
        log: &dyn EventLog,
        subject: &Subject,
    ) -> Result<Vec<Event>, LogError> {
        // Looked at first: what lands in between is then found twice rather than not at all.
        let in_flight = self.in_flight.of(subject).to_vec();
        let mut events = history(log, subject).await?;
        let next = events.last().map_or(0, |event| event.version + 1);
        events.extend(in_flight.into_iter().filter(|event| next <= event.version));
        Ok(events)
    }

    /// The id of an event of a subject, whether the log shows it yet or not; none where it cannot be read.
    pub(super) async fn id(&self, log: &dyn EventLog, subject: &Subject, version: Version) -> Option<Uuid> {
        if let Some(event) = self.in_flight.of(subject).iter().find(|event| event.version == version) {
            return Some(event.id);
        }
        let found = log.read_stream(&subject.stream(), version, 1).await.ok()?;
        found.first()?.decode().ok().map(|event| event.id)
    }

    fn make_room(&mut self) {
        if self.heads.len() < self.capacity {
            return;
        }
        let mut uses: Vec<u64> = self.heads.values().map(|head| head.used).collect();
        let middle = uses.len() / 2;
        let median = *uses.select_nth_unstable(middle).1;
        self.heads.retain(|_, head| median < head.used);
    }
}

impl Head {
    fn of(subject: &Subject, events: &[Event]) -> Self {
        let latest = timeline::resolve(events)
            .iter()
            .map(|known| known.event.effective_at)
            .max()
            .unwrap_or(Instant::MIN);
        let from_a_date =
            |event: &Event| event.data.annulment().is_some_and(|annulment| annulment.date.is_some());
        Self {
            version: events.last().map(|event| event.version),
            erased: accord_domain::personal::fence(events),
            latest,
            state: timeline::state_at(subject.kind(), events, latest),
            names_people: events.iter().any(|event| !others::running(&event.data).is_empty()),
            regular: !events.iter().any(from_a_date),
            used: 0,
        }
    }
}

/// Events with their numbers that the log does not show yet.
#[derive(Debug, Default)]
struct InFlight {
    order: VecDeque<(u64, Subject)>,
    events: HashMap<Subject, Vec<Event>, RandomState>,
}

impl InFlight {
    fn of(&self, subject: &Subject) -> &[Event] {
        self.events.get(subject).map_or(&[], Vec::as_slice)
    }

    fn put(&mut self, subject: &Subject, events: Vec<Event>) {
        let Some(last) = events.last() else { return };
        self.order.push_back((last.position, subject.clone()));
        self.events.entry(subject.clone()).or_default().extend(events);
    }

    fn landed(&mut self, before: u64) {
        while self.order.front().is_some_and(|(position, _)| *position < before) {
            let Some((_, subject)) = self.order.pop_front() else { return };
            if let Some(events) = self.events.get_mut(&subject) {
                events.retain(|event| before <= event.position);
                if events.is_empty() {
                    self.events.remove(&subject);
                }
            }
        }
    }
}

/// The events of a decision with the numbers the log gave them: positions, versions and times of recording follow one
/// another without a gap, the times by a microsecond each.
pub(super) fn numbered(decided: Vec<NewEvent>, appended: &Appended, salt: u64) -> Vec<Event> {
    let last = i64::from(appended.count) - 1;
    decided
        .into_iter()
        .zip(0_u32..)
        .map(|(new, index)| {
            let position = appended.first_position + u64::from(index);
            let recorded_at =
                Instant::from_micros(appended.recorded_at.as_micros() - (last - i64::from(index)));
            Event {
                position,
                id: ids::event_id(recorded_at, position, salt),
                version: appended.first_version + index,
                effective_at: new.effective_at,
                recorded_at,
                caused_by: new
                    .caused_by
                    .and_then(|cause| u32::try_from(cause).ok())
                    .map(|cause| appended.first_version + cause),
                data: new.data,
            }
        })
        .collect()
}

/// All events of a subject, decoded, oldest first.
///
/// # Errors
/// Those of the log, and [`LogError::Undecodable`] naming the position.
pub async fn history(log: &dyn EventLog, subject: &Subject) -> Result<Vec<Event>, LogError> {
    let stream = subject.stream();
    let mut events = Vec::new();
    let mut from = 0;
    loop {
        let page = log.read_stream(&stream, from, PAGE).await?;
        for stored in &page {
            let position = stored.position;
            events.push(stored.decode().map_err(|source| LogError::Undecodable { position, source })?);
        }
        if page.len() < PAGE {
            return Ok(events);
        }
        from = page.last().map_or(Version::MAX, |stored| stored.version + 1);
    }
}
