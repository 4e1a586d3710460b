//! From a subject's events to its obligations: each event raises some and ends some.

use super::entry::{About, Ending, Entry};
use super::{Clock, Law, ObligationKind, Reading, closing};
use crate::area::AreaEvent;
use crate::case::CaseEvent;
use crate::enterprise::EnterpriseEvent;
use crate::event::{Event, EventData};
use crate::id::{AreaCode, Subject, Version};
use crate::insured::InsuredEvent;
use crate::laws::Laws;
use crate::practitioner::PractitionerEvent;
use crate::rulebook::Rule;
use crate::state::State;
use crate::time::Instant;
use crate::timeline::{self, Known};
use uuid::Uuid;

/// Detail of the review of a hold that was released as confirmed: what waited still waits.
pub(crate) const HOLD_CONFIRMED: &str = "hold-confirmed";
/// Detail of the review of a hold that was annulled from a day on: what waited before still waits.
const HOLD_ANNULLED: &str = "hold-annulled";

/// The obligations of a subject, as far as its events have been taken.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Docket {
    held: Vec<Held>,
    changed: bool,
    /// The area of what names none itself: that of a practitioner.
    home: Option<AreaCode>,
}

/// An entry, with what is needed to end it or take it up again.
#[derive(Clone, PartialEq, Debug)]
struct Held {
    entry: Entry,
    /// Id of the event that raised it, by which later acts name it.
    id: Uuid,
    /// When time runs out for what it is about.
    expires: Instant,
}

/// An obligation to be raised.
#[derive(Clone)]
pub(crate) struct Raise<'a> {
    pub(crate) kind: ObligationKind,
    pub(crate) about: About,
    /// From when it is called for.
    pub(crate) from: Instant,
    pub(crate) clock: Clock,
    /// What the clock starts from.
    pub(crate) start: Instant,
    pub(crate) rule: Option<&'a Rule>,
    /// When time runs out for what it is about.
    pub(crate) expires: Instant,
}

impl Docket {
    /// Takes an event in effective order, after which the state is `after`; tells whether any obligation changed. Events
    /// that act on the record are not for here: [`docket`] takes them. It is taken under the law known when it was recorded.
    pub fn take(&mut self, subject: &Subject, event: &Event, after: &State, laws: &Laws) -> bool {
        let law = &laws.law_before(event.recorded_at);
        self.changed = false;
        if event.version == 0 {
            self.home = home_area(event);
        }
        self.home = self.home.or_else(|| area_named(event));
        if let Some(data) = event.data.closing() {
            closing::take(self, event, data);
        }
        match (after, subject) {
            (State::Institution(state), Subject::Institution(code)) => {
                state.take_obligations(self, code, event, law);
            }
            (State::Practitioner(state), Subject::Practitioner(_)) => {
                state.take_obligations(self, event, law);
            }
            (State::Enterprise(_) | State::Insured(_), _) => {
                crate::credit::docket::take_obligations(self, event, law);
            }
            (State::Case(state), _) => crate::case::docket::take_obligations(state, self, event, law),
            (State::Area(state), Subject::Area(code)) => {
                crate::area::docket::take_obligations(state, code.area(), self, event, law);
            }
            (State::Institution(_) | State::Practitioner(_) | State::Area(_), _) => {}
        }
        self.changed
    }

    /// The area of what names none itself.
    pub(crate) const fn home(&self) -> Option<AreaCode> {
        self.home
    }

    /// Every obligation held.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.held.iter().map(|held| &held.entry)
    }

    /// Lets go of what ended before an instant: no event effective from then on touches it.
    pub fn settle(&mut self, turn: Instant) {
        self.held.retain(|held| turn <= held.entry.until);
    }

    /// Raises one; one entry for each day it was told to be due as calendars were published.
    pub(crate) fn raise(&mut self, event: &Event, raise: Raise<'_>, law: &Law<'_>) {
        let readings = raise.clock.readings(raise.start, law.calendar, event.recorded_at);
        for (raise, reading) in std::iter::repeat_n(raise, readings.len()).zip(readings) {
            self.raise_read(event, raise, reading);
        }
    }

    /// Raises one whose clock has been read.
    pub(crate) fn raise_read(&mut self, event: &Event, mut raise: Raise<'_>, reading: Reading) {
        raise.about.area = raise.about.area.or(self.home);
        self.changed = true;
        self.held.push(Held {
            entry: Entry {
                kind: raise.kind,
                raised_by: event.version,
                about: raise.about,
                from: raise.from,
                clock: raise.clock,
                start: raise.start,
                due: reading.due,
                provisional: reading.provisional,
                known_from: reading.known_from,
                known_until: reading.known_until,
                rule: raise.rule.map(|rule| rule.id.clone()),
                until: raise.expires,
                ending: Ending::RunOut,
            },
            id: event.id,
            expires: raise.expires,
        });
    }

    /// Ends those that have not ended by then.
    pub(crate) fn end(&mut self, at: Instant, ending: Ending, which: impl Fn(&Entry) -> bool) {
        self.end_named(at, ending, |entry, _| which(entry));
    }

    /// Ends those that have not ended by then, looking also at the id of the event that raised them.
    pub(crate) fn end_named(&mut self, at: Instant, ending: Ending, which: impl Fn(&Entry, Uuid) -> bool) {
        for held in &mut self.held {
            if at < held.entry.until && which(&held.entry, held.id) {
                held.entry.until = at;
                held.entry.ending = ending;
                self.changed = true;
            }
        }
    }

    /// Whether one is open at an instant.
    pub(crate) fn is_open(&self, at: Instant, which: impl Fn(&Entry) -> bool) -> bool {
        self.entries().any(|entry| entry.from <= at && at < entry.until && which(entry))
    }

    /// An event holds no longer: what it raised goes, what it ended is called for again.
    fn void(&mut self, version: Version, at: Instant) {
        let mut again = Vec::new();
        for held in &mut self.held {
            if held.entry.raised_by == version && at < held.entry.until {
                let open = Entry { until: held.expires, ending: Ending::RunOut, ..held.entry.clone() };
                held.entry.until = at;
                held.entry.ending = Ending::Annulled;
                if open.kind == ObligationKind::ReviewHold && &*open.about.detail != HOLD_CONFIRMED {
                    let about = About { detail: HOLD_ANNULLED.into(), ..open.about };
                    again.push(Held { entry: Entry { from: at, about, ..open }, ..held.clone() });
                }
            } else if held.entry.ending.by() == Some(version) && at < held.expires {
                let open = Entry { until: held.expires, ending: Ending::RunOut, ..held.entry.clone() };
                if held.entry.until <= at {
                    let entry = Entry { from: open.from.max(at), ..open };
                    again.push(Held { entry, ..held.clone() });
                } else {
                    held.entry = open;
                }
            }
        }
        self.held.extend(again);
    }
}

/// Every obligation of a subject over the whole effective axis, as known from these events and, where days are worked and
/// off, from the calendar published by `known_at`.
#[must_use]
pub fn docket(subject: &Subject, events: &[Event], laws: &Laws, known_at: Instant) -> Vec<Entry> {
    let mut docket = whole(subject, events, laws);
    docket.held.retain(|held| held.entry.stood() && held.entry.is_read_at(known_at));
    let mut entries: Vec<Entry> = docket.held.into_iter().map(|held| held.entry).collect();
    entries.sort_unstable();
    entries
}

/// The docket after every event known, by every calendar published since.
#[must_use]
pub fn whole(subject: &Subject, events: &[Event], laws: &Laws) -> Docket {
    let known = timeline::resolve(events);
    let mut docket = Docket { home: events.first().and_then(home_area), ..Docket::default() };
    let mut state = State::new(subject.kind());
    let mut taken: Vec<&Known<'_>> = Vec::new();
    for step in steps(&known) {
        match step {
            Step::Void(void) => {
                let at = void.void_from;
                docket.void(void.event.version, at);
                state = State::new(subject.kind());
                taken.retain(|known| at < known.void_from);
                for known in &taken {
                    state.evolve(&known.event);
                }
            }
            Step::Take(next) => {
                state.evolve(&next.event);
                taken.push(next);
                docket.take(subject, &next.event, &state, laws);
                if has_dependents(next, &known) || moves_past(&next.event, &known, events) {
                    let raise = Raise {
                        kind: ObligationKind::ReconsiderConsequences,
                        about: About::default(),
                        from: next.event.effective_at,
                        clock: Clock::InTime,
                        start: next.event.effective_at,
                        rule: None,
                        expires: Instant::MAX,
                    };
                    docket.raise(&next.event, raise, &laws.law_before(next.event.recorded_at));
                }
            }
        }
    }
    docket
}

enum Step<'a> {
    Take(&'a Known<'a>),
    /// From when a decision annulled from a date holds no longer.
    Void(&'a Known<'a>),
}

/// What happens, in order: at one instant what ends before what begins.
fn steps<'a>(known: &'a [Known<'a>]) -> impl Iterator<Item = Step<'a>> {
    let mut steps = Vec::with_capacity(known.len());
    for known in known.iter().filter(|known| known.event.effective_at < known.void_from) {
        steps.push((known.event.effective_at, true, known.event.position, Step::Take(known)));
        if known.void_from != Instant::MAX {
            steps.push((known.void_from, false, known.event.position, Step::Void(known)));
        }
    }
    steps.sort_by_key(|(at, takes, position, _)| (*at, *takes, *position));
    steps.into_iter().map(|(.., step)| step)
}

/// Whether an event annuls a decision on which something hangs that stayed: a consequence, or a later act decided while it
/// stood.
fn has_dependents(annulling: &Known<'_>, known: &[Known<'_>]) -> bool {
    let Some(annulment) = annulling.event.data.annulment() else { return false };
    let on_record = |event: &Event| event.data.annulment().is_some() || event.data.correction().is_some();
    let target = known.iter().find(|known| known.event.id == annulment.event);
    let Some(target) = target.filter(|target| !on_record(&target.event)) else { return false };
    let order = |event: &Event| (event.effective_at, event.position);
    known.iter().any(|other| {
        let consequence = other.event.caused_by == Some(target.event.version);
        let later = order(&target.event) < order(&other.event);
        let gone_too = consequence && annulment.consequences == Some(true);
        other.event.position < annulling.event.position
            && other.void_from == Instant::MAX
            && !on_record(&other.event)
            && (consequence || later)
            && !gone_too
    })
}

/// Whether an event corrects the instant of another and moves it past an act known by then: that was decided on another
/// order of what had happened.
fn moves_past(correcting: &Event, known: &[Known<'_>], events: &[Event]) -> bool {
    let Some(to) = correcting.data.correction().and_then(|data| timeline::moved_to(&data.changes)) else {
        return false;
    };
    let Some(about) = timeline::changed_event(events, correcting) else { return false };
    let earlier = &events[..events.partition_point(|event| event.position < correcting.position)];
    let before = timeline::resolve(earlier);
    let Some(about) = before.iter().find(|known| known.event.id == about.id) else { return false };
    let on_record = |event: &Event| event.data.annulment().is_some() || event.data.correction().is_some();
    known.iter().any(|other| {
        other.event.position < correcting.position
            && other.void_from == Instant::MAX
            && !on_record(&other.event)
            && timeline::passes(&about.event, to, &other.event)
    })
}

/// The area a subject is listed and counted under where its status has none of its own. A practitioner's is the one stated
/// at the first registration, else the region in the code of the institution; the others' is the one that the first event
/// states. Taken from the first event of the stream and never changed, so that what was listed
/// under an area once stays there whatever is recorded later.
#[must_use]
pub fn home_area(first: &Event) -> Option<AreaCode> {
    match &first.data {
        EventData::Practitioner(PractitionerEvent::Registered(data)) if first.version == 0 => {
            let region =
                || data.institution.as_str().get(1..7).and_then(|region| AreaCode::parse(region).ok());
            data.area.or_else(region)
        }
        EventData::Case(CaseEvent::Opened(data)) => Some(data.area),
        EventData::Enterprise(_) | EventData::Insured(_) | EventData::Area(_) => area_named(first),
        EventData::Practitioner(_) | EventData::Institution(_) | EventData::Case(_) => None,
    }
}

/// The area that an event of an enterprise, an insured person or a pooling area names. What falls due of the former before
/// any event names one stands on the worklist of no area.
fn area_named(event: &Event) -> Option<AreaCode> {
    match &event.data {
        EventData::Enterprise(EnterpriseEvent::CreditRated(data))
        | EventData::Insured(InsuredEvent::CreditRated(data)) => Some(data.area),
        EventData::Insured(InsuredEvent::OnlineSettlementSuspended(data)) => data.area,
        EventData::Area(facts) => match facts {
            AreaEvent::ResourcesPlanned(data) => Some(data.area),
            AreaEvent::RulesAdopted(data) => Some(data.area),
            AreaEvent::WorkRecorded(data) => Some(data.area),
            AreaEvent::MoratoriumStarted(data) => Some(data.area),
            AreaEvent::MoratoriumEnded(data) => Some(data.area),
            AreaEvent::ObligationClosed(_)
            | AreaEvent::DecisionAnnulled(_)
            | AreaEvent::RecordCorrected(_) => None,
        },
        EventData::Practitioner(_)
        | EventData::Institution(_)
        | EventData::Enterprise(_)
        | EventData::Insured(_)
        | EventData::Case(_) => None,
    }
}
