//! The head of a subject: its newest state and the rows that the next event can still change.

use super::decode::Read;
use super::diff::{Kept, Row, bring};

use crate::duty::{Duties, DutyRow};
use crate::names::Names;
use crate::views::{ANNULS, ANNULS_WITH_CONSEQUENCES, CORRECTS};
use accord_domain::event::{AnnulmentScope, EventData};
use accord_domain::others::Whom;
use accord_domain::practitioner::PractitionerEvent;
use accord_domain::timeline::{self, Known};
use accord_domain::{AreaCode, Event, EventType, Instant, Laws, State, Subject, Version};
use accord_domain::{others, reactor};
use std::sync::Arc;

/// A row of `trail`.
#[derive(Clone, Debug)]
pub(crate) struct TrailRow {
    pub(crate) version: Version,
    pub(crate) position: u64,
    pub(crate) kind: EventType,
    pub(crate) effective_at: Instant,
    pub(crate) recorded_at: Instant,
    pub(crate) caused_by: Option<Version>,
    pub(crate) citation: Arc<str>,
    pub(crate) case: Option<Box<str>>,
    /// For an annulment or correction: the version it acts on, what it does, and from when.
    pub(crate) act: Option<(Version, u8, Instant)>,
}

/// A row of `points`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PointRow {
    pub(crate) version: Version,
    pub(crate) rec_from: Instant,
    pub(crate) rec_to: Instant,
    pub(crate) year: i32,
    pub(crate) points: i32,
    pub(crate) what: Box<str>,
    pub(crate) institution: Option<Box<str>>,
    pub(crate) decided_at: Instant,
    pub(crate) effective_at: Instant,
    pub(crate) void_from: Instant,
}

/// The open rows of a subject, from the file or from memory.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) rows: Vec<Row>,
    pub(crate) points: Vec<PointRow>,
    pub(crate) duties: Vec<DutyRow>,
}

/// What is known of a subject, and what of it is not yet in the file.
#[derive(Debug)]
pub(crate) struct Head {
    /// Its number in the views: the position of its first event, whoever computes it and in whatever order.
    pub(crate) id: u64,
    pub(crate) subject: Subject,
    pub(crate) home: Option<AreaCode>,
    pub(crate) state: State,
    /// The last instant at which the events themselves change anything, annulments and corrections among them applied: an
    /// event effective from then on is in order.
    last_turn: Instant,
    pub(crate) next_row: u32,
    pub(crate) version: Version,
    pub(crate) last_position: u64,
    pub(crate) last_recorded: Instant,
    /// Open rows that end at the last turn or later: no event in order touches an earlier one.
    pub(crate) tail: Vec<Row>,
    /// Rows, trail and points to be written.
    pub(crate) settled: Vec<Row>,
    pub(crate) trail: Vec<TrailRow>,
    pub(crate) points: Vec<PointRow>,
    pub(crate) duties: Duties,
    pub(crate) names: Names,
    /// Whom events name: those who run it, and those of whom it says something to decisions on others.
    pub(crate) people: Vec<(Whom, bool)>,
    /// Whether any event names somebody who runs it by the code of a practitioner: most name nobody.
    names_people: bool,
    /// Events whose reactions are to come.
    pub(crate) causes: Vec<u64>,
    /// When it was last used, for giving up the ones long unused.
    pub(crate) used: u64,
}

impl Head {
    /// Before the first event, which lies at a position.
    pub(crate) fn new(subject: Subject, first_position: u64) -> Self {
        Self {
            id: first_position,
            home: None,
            state: State::new(subject.kind()),
            subject,
            last_turn: Instant::MIN,
            next_row: 0,
            version: 0,
            last_position: first_position,
            last_recorded: Instant::MIN,
            tail: Vec::new(),
            settled: Vec::new(),
            trail: Vec::new(),
            points: Vec::new(),
            duties: Duties::default(),
            names: Names::default(),
            people: Vec::new(),
            names_people: false,
            causes: Vec::new(),
            used: 0,
        }
    }

    /// Whether an event can be folded onto the newest state, without looking at the earlier ones.
    pub(crate) fn in_order(&self, event: &Event) -> bool {
        !amends(event) && self.last_turn <= event.effective_at && !self.state.reaches_back(event)
    }

    /// Folds an event that is in order.
    pub(crate) fn advance(&mut self, event: &Event, laws: &Laws) {
        let turn = event.effective_at;
        self.state.evolve(event);
        self.settle(turn);
        let mut spans = self.state.spans(turn);
        for row in &self.tail {
            let mut span = row.span();
            span.until = span.until.min(turn);
            self.state.revise(&mut span);
            if span.from < span.until {
                spans.push(span);
            }
        }
        let rows = std::mem::take(&mut self.tail);
        let spans = timeline::merge(spans);
        self.tail = bring(rows, spans, event.recorded_at, &mut self.next_row, &mut self.settled);
        self.last_turn = turn;
        self.names.advance(self.state.name(), turn, event.recorded_at, &mut self.next_row);
        self.duties.advance(&self.subject, event, &self.state, laws, &mut self.next_row);
        if let Some(row) = point_row(event, Instant::MAX, event.recorded_at) {
            self.points.push(row);
        }
    }

    /// Lets go of the rows that end before a turn.
    fn settle(&mut self, turn: Instant) {
        let (tail, settled): (Vec<Row>, Vec<Row>) =
            std::mem::take(&mut self.tail).into_iter().partition(|row| turn <= row.until);
        self.tail = tail;
        self.settled.extend(settled.into_iter().filter(|row| row.kept != Kept::Same));
    }

    /// Computes everything afresh from all events up to the newest one, of which `open` is what the file says now; nothing
    /// may be waiting to be written.
    pub(crate) fn resolve(&mut self, events: &[Event], open: Open, laws: &Laws) {
        let Open { rows, points, duties } = open;
        let Some(newest) = events.last() else { return };
        let known = timeline::resolve(events);
        let (spans, names) = timeline::timeline_and_names(self.subject.kind(), events);
        self.tail = bring(rows, spans, newest.recorded_at, &mut self.next_row, &mut self.settled);
        self.restore(events, &known);
        self.names.bring(names, newest.recorded_at, &mut self.next_row);
        self.points.extend(bring_points(points, &known, newest.recorded_at));
        self.duties.resolve(&self.subject, events, duties, self.last_turn, laws, &mut self.next_row);
    }

    /// What [`Head::resolve`] needs, taken out of memory where nothing was written yet.
    pub(crate) fn take_open(&mut self) -> Open {
        let mut rows = std::mem::take(&mut self.tail);
        rows.extend(self.settled.extract_if(.., |row| row.rec_to == Instant::MAX));
        let points = self.points.extract_if(.., |row| row.rec_to == Instant::MAX).collect();
        Open { rows, points, duties: self.duties.take_open() }
    }

    /// Takes up the newest state, for a subject whose rows are in the file; `open` are the open ones.
    pub(crate) fn load(&mut self, events: &[Event], open: Open, laws: &Laws) {
        self.tail = open.rows;
        self.restore(events, &timeline::resolve(events));
        self.duties.resolve(&self.subject, events, open.duties, self.last_turn, laws, &mut self.next_row);
    }

    fn restore(&mut self, events: &[Event], known: &[Known<'_>]) {
        let voids = known.iter().map(|known| known.void_from);
        let voids = voids.filter(|at| *at != Instant::MIN && *at != Instant::MAX);
        let turns = known.iter().map(|known| known.event.effective_at).chain(voids);
        self.last_turn = turns.max().unwrap_or(Instant::MIN);
        self.names_people = events.iter().any(|event| !others::running(&event.data).is_empty());
        self.state = timeline::state_at(self.subject.kind(), events, self.last_turn);
        self.settle(self.last_turn);
    }

    /// Writes an event into the trail. `events` are those of the stream where it acts on the record.
    pub(crate) fn note(&mut self, read: &Read, kind: EventType, events: &[Event]) {
        let event = &read.event;
        let target = |id| events.iter().find(|event| event.id == id).map(|event| event.version);
        let act = if let Some(annulment) = event.data.annulment() {
            let whole = if annulment.consequences == Some(true) { ANNULS_WITH_CONSEQUENCES } else { ANNULS };
            let (act, from) = match annulment.scope {
                AnnulmentScope::FromStart => (whole, Instant::MIN),
                AnnulmentScope::FromDate => (whole, annulment.date.unwrap_or(event.effective_at)),
                // What is left of the event stands, with other facts.
                AnnulmentScope::Partial => (CORRECTS, Instant::MIN),
            };
            target(annulment.event).map(|target| (target, act, from))
        } else if let Some(correction) = event.data.correction() {
            target(correction.event).map(|target| (target, CORRECTS, Instant::MIN))
        } else {
            None
        };
        self.trail.push(TrailRow {
            version: event.version,
            position: event.position,
            kind,
            effective_at: event.effective_at,
            recorded_at: event.recorded_at,
            caused_by: event.caused_by,
            citation: Arc::clone(&read.citation),
            case: read.case.clone(),
            act,
        });
        self.version = event.version;
        self.last_position = event.position;
        self.last_recorded = event.recorded_at;
        let running = others::running(&event.data);
        self.names_people |= !running.is_empty();
        let arrives = self.names_people && reactor::arrives(&event.data);
        if arrives || reactor::cause(event, events).is_some() {
            self.causes.push(event.position);
        }
        self.people.extend(running.into_iter().map(|person| (Whom::Person(person), false)));
        self.people.extend(others::spoken_of(&event.data).into_iter().map(|whom| (whom, true)));
    }

    /// Whether anything waits to be written.
    pub(crate) fn waiting(&self) -> bool {
        !self.trail.is_empty()
    }
}

fn amends(event: &Event) -> bool {
    event.data.annulment().is_some() || event.data.correction().is_some()
}

/// What an event does to the points of a year.
fn point_row(event: &Event, void_from: Instant, at: Instant) -> Option<PointRow> {
    let (year, points, what, institution, decided_at) = match &event.data {
        EventData::Practitioner(PractitionerEvent::PointsDeducted(data)) => (
            data.decided_at.year(),
            i32::from(data.points),
            data.behaviour.clone(),
            Some(data.institution.as_str().into()),
            data.decided_at,
        ),
        EventData::Practitioner(PractitionerEvent::PointsRepaired(data)) => {
            (data.year, -i32::from(data.points), data.activity.clone(), None, event.effective_at)
        }
        EventData::Practitioner(_)
        | EventData::Institution(_)
        | EventData::Enterprise(_)
        | EventData::Insured(_)
        | EventData::Area(_)
        | EventData::Case(_) => return None,
    };
    Some(PointRow {
        version: event.version,
        rec_from: at,
        rec_to: Instant::MAX,
        year,
        points,
        what,
        institution,
        decided_at,
        effective_at: event.effective_at,
        void_from,
    })
}

/// Closes the rows of points that are no longer so and adds what is so instead; gives all rows there are to write.
fn bring_points(open: Vec<PointRow>, known: &[Known<'_>], at: Instant) -> Vec<PointRow> {
    let mut rows = Vec::new();
    let mut wanted: Vec<PointRow> = known
        .iter()
        .filter(|known| known.void_from != Instant::MIN)
        .filter_map(|known| point_row(&known.event, known.void_from, at))
        .collect();
    for mut row in open {
        let same = |wanted: &PointRow| PointRow { rec_from: row.rec_from, ..wanted.clone() } == row;
        match wanted.iter().position(same) {
            Some(found) => {
                wanted.swap_remove(found);
            }
            None => row.rec_to = at,
        }
        rows.push(row);
    }
    rows.extend(wanted);
    rows
}
