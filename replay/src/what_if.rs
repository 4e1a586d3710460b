//! What would stand otherwise: of one subject, of an area, of the whole ledger. The log is only read.

use crate::ReplayError;
use crate::diff::{belongs, keep};
use crate::subjects::{self, Page, PageSize};
use accord_domain::command::Circumstances;
use accord_domain::event::DecodeError;
use accord_domain::obligation::obligations;
use accord_domain::others::{Numbered, OtherFact};
use accord_domain::personal::Mark;
use accord_domain::what_if::{
    Elsewhere, Fork, Otherwise, Record, Stretch, Supposition, Unjudged, compare, suppose,
};
use accord_domain::{AreaCode, Event, Instant, Laws, Obligation, PractitionerCode, Subject};
use accord_projections::{Report, wait_for};
use accord_store::{EventLog, LogError, Stored};
use std::ops::ControlFlow;

/// What is supposed, and where one looks.
#[derive(Clone, Debug)]
pub struct Supposing<'a> {
    /// The day obligations are compared on (生效).
    pub as_of: Instant,
    /// What is known (记录).
    pub known_at: Instant,
    /// The law as it is, and was known.
    pub law: &'a Laws,
    /// The law supposed, where it is another: every act is decided again under it.
    pub other: Option<&'a Laws>,
    /// Another course of one subject's acts.
    pub course: Option<&'a Course>,
    /// Whether the acts recorded later are decided again on the other course, rather than kept as they were recorded.
    pub again: bool,
}

/// What would stand otherwise of a subject.
#[derive(Clone, PartialEq, Debug)]
pub struct WhatIf {
    /// The subject.
    pub subject: Subject,
    /// The acts that come out otherwise, in the order of recording: the chain of reasons.
    pub acts: Vec<Otherwise>,
    /// Acts kept as they were recorded, that would come out otherwise if they were decided again.
    pub to_reconsider: Vec<Otherwise>,
    /// Field by field, where another value would stand.
    pub stretches: Vec<Stretch>,
    /// What is due and would not be.
    pub no_longer_due: Vec<Obligation>,
    /// What is not due and would be.
    pub newly_due: Vec<Obligation>,
    /// Whether the other course of its acts may reach other subjects.
    pub may_reach_others: bool,
    /// What of that other course is left open.
    pub unjudged: Vec<Unjudged>,
    /// The events as they would be.
    pub supposed: Vec<Event>,
    /// The events as they are.
    pub events: Vec<Stored>,
}

/// Another course of one subject's acts, and how it bears on the others.
#[derive(Clone, Debug)]
pub struct Course {
    fork: Fork,
    /// What stands of other subjects that its command asks for.
    others: Vec<OtherFact>,
    elsewhere: Elsewhere,
    /// The law as it would be; none where it is the same.
    law: Option<Laws>,
    /// Nobody was asked who names whom by number as long as this is none.
    numbers: Option<Numbers>,
}

/// What the keys of personal data tell of a course's people, without opening anything.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// The subjects that name one of [`Course::people`] by identity number.
    pub numbered: Vec<Numbered>,
    /// Whether that is so of all of them; else there may be others.
    pub complete: bool,
    /// The marks of the identity numbers that were brought of the course's own subject; none where that cannot be told.
    pub own: Option<Vec<Mark>>,
}

impl Course {
    /// The course of a subject whose events are given; those recorded later than what is supposed to be known are not
    /// looked at. `others` is what stands of other subjects that its command asks for.
    ///
    /// # Errors
    /// When an event cannot be read, or rules that an area adopted cannot without others.
    pub fn of(
        subject: &Subject,
        stored: &[Stored],
        fork: Fork,
        others: Vec<OtherFact>,
        supposing: &Supposing<'_>,
    ) -> Result<Self, ReplayError> {
        let known = stored.iter().take_while(|stored| stored.recorded_at <= supposing.known_at).count();
        let records = records(&stored[..known])?;
        let supposition =
            Supposition { fork: Some(&fork), others: &others, ..supposing.of(subject, &records) };
        let supposed = suppose(subject, &records, supposition);
        let elsewhere = Elsewhere::of(subject, &records, &supposed, &fork);
        let law = elsewhere.law(supposing.other.unwrap_or(supposing.law)).map_err(LogError::from)?;
        Ok(Self { fork, others, elsewhere, law, numbers: None })
    }

    /// The same, knowing who names its people by identity number.
    #[must_use]
    pub fn knowing(self, numbers: Numbers) -> Self {
        let elsewhere = self.elsewhere.knowing(numbers.numbered.clone());
        Self { elsewhere, numbers: Some(numbers), ..self }
    }

    /// The people for whom it may reach others: who names them by identity number is to be told to [`Course::knowing`].
    #[must_use]
    pub fn people(&self) -> Vec<PractitionerCode> {
        self.elsewhere.people()
    }

    /// What of it is left open.
    #[must_use]
    pub fn unjudged(&self) -> Vec<Unjudged> {
        let complete = self.numbers.as_ref().is_some_and(|numbers| numbers.complete);
        let unknown = !complete && !self.people().is_empty();
        let marks = self.elsewhere.marks();
        let says = match self.numbers.as_ref().and_then(|numbers| numbers.own.as_ref()) {
            Some(own) => marks.iter().any(|mark| own.contains(mark)),
            None => !marks.is_empty(),
        };
        let says = says || self.fork.command().is_some_and(|command| command.act.says_number());
        let left = [(unknown, Unjudged::NumbersUnknown), (says, Unjudged::NamedByNumber)];
        left.into_iter().filter(|(is_left, _)| *is_left).map(|(_, what)| what).collect()
    }

    /// Whose acts.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        self.elsewhere.subject()
    }

    /// Whether other subjects may be reached: a first look, that does not look at them.
    #[must_use]
    pub fn may_reach_others(&self) -> bool {
        self.elsewhere.may_reach_others()
    }
}

impl<'a> Supposing<'a> {
    /// The law under which subjects other than that of the course are supposed to be decided.
    #[must_use]
    pub fn supposed_law(&self) -> &'a Laws {
        self.course.and_then(|course| course.law.as_ref()).or(self.other).unwrap_or(self.law)
    }

    /// What is supposed of one subject.
    fn of(&self, subject: &Subject, records: &[Record]) -> Supposition<'a> {
        let own = self.course.is_some_and(|course| course.subject() == subject);
        let (own, elsewhere) = match self.course {
            Some(course) if own => (Some(course), None),
            course => (None, course.filter(|course| course.elsewhere.may_reach(subject, records))),
        };
        let other = if own.is_some() { self.other.unwrap_or(self.law) } else { self.supposed_law() };
        Supposition {
            law: self.law,
            other,
            fork: own.map(|course| &course.fork),
            others: own.map(|course| &*course.others).unwrap_or_default(),
            elsewhere: elsewhere.map(|course| &course.elsewhere),
            again: self.again || !std::ptr::eq(other, self.law),
        }
    }
}

impl WhatIf {
    /// Whether nothing would stand otherwise.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.stretches.is_empty()
            && self.no_longer_due.is_empty()
            && self.newly_due.is_empty()
            && self.acts.is_empty()
            && self.to_reconsider.is_empty()
    }
}

/// What would stand otherwise of a subject whose events are given; those recorded later are not looked at.
///
/// # Errors
/// When an event cannot be read.
pub fn what_if(
    subject: Subject,
    stored: &[Stored],
    supposing: &Supposing<'_>,
) -> Result<WhatIf, ReplayError> {
    let known = stored.iter().take_while(|stored| stored.recorded_at <= supposing.known_at).count();
    let stored = &stored[..known];
    let records = records(stored)?;
    let supposition = supposing.of(&subject, &records);
    let other = supposition.other;
    let supposed = suppose(&subject, &records, supposition);
    let other_course = supposition.fork.is_some() || supposition.elsewhere.is_some();
    let to_reconsider = if supposition.again || !other_course {
        Vec::new()
    } else {
        let decided = suppose(&subject, &records, Supposition { again: true, ..supposition });
        decided
            .acts
            .into_iter()
            .filter(|act| !supposed.acts.iter().any(|known| known.act == act.act))
            .collect()
    };
    let actual: Vec<Event> = records.into_iter().map(|record| record.event).collect();
    let stretches = if supposed.acts.is_empty() {
        Vec::new()
    } else {
        compare(subject.kind(), &actual, &supposed.events)
    };
    let (no_longer_due, newly_due) = if supposed.acts.is_empty() && std::ptr::eq(other, supposing.law) {
        (Vec::new(), Vec::new())
    } else {
        let due =
            |events: &[Event], laws| obligations(&subject, events, supposing.as_of, supposing.known_at, laws);
        let (is, would) = (due(&actual, supposing.law), due(&supposed.events, other));
        (only(&is, &would), only(&would, &is))
    };
    Ok(WhatIf {
        subject,
        acts: supposed.acts,
        to_reconsider,
        stretches,
        no_longer_due,
        newly_due,
        may_reach_others: supposition.fork.is_some()
            && supposing.course.is_some_and(Course::may_reach_others),
        unjudged: supposing
            .course
            .filter(|_| supposition.fork.is_some())
            .map(Course::unjudged)
            .unwrap_or_default(),
        supposed: supposed.events,
        events: stored.to_vec(),
    })
}

/// What would stand otherwise of every subject, or of those of one pooling area, under another law or with another course of
/// one subject's acts; a subject of which nothing would is passed over.
///
/// # Errors
/// [`ReplayError::Cancelled`] when the report or the receiver says to stop; else when the log cannot be read.
pub fn what_if_all(
    log: &dyn EventLog,
    supposing: &Supposing<'_>,
    area: Option<AreaCode>,
    receive: &mut (dyn FnMut(WhatIf) -> ControlFlow<()> + Send),
    report: &mut Report<'_>,
) -> Result<(), ReplayError> {
    let len = wait_for(log.known(supposing.known_at))?;
    let ask = |subject: Subject, stored: &[Stored]| told(subject, stored, supposing, area);
    subjects::each(log, len, &ask, receive, report)
}

/// A page of [`what_if_all`], of subjects first heard of from a position on.
///
/// # Errors
/// When the log cannot be read.
pub fn what_if_page(
    log: &dyn EventLog,
    supposing: &Supposing<'_>,
    area: Option<AreaCode>,
    from: u64,
    size: PageSize,
) -> Result<Page<WhatIf>, ReplayError> {
    let ask = |subject: Subject, stored: &[Stored]| told(subject, stored, supposing, area);
    subjects::page(log, supposing.known_at, from, size, &ask)
}

/// What would stand otherwise of a subject, where anything of the area would.
fn told(
    subject: Subject,
    stored: &[Stored],
    supposing: &Supposing<'_>,
    area: Option<AreaCode>,
) -> Result<Option<WhatIf>, ReplayError> {
    let mut found = what_if(subject, stored, supposing)?;
    if let Some(area) = area.filter(|_| !found.is_nothing()) {
        if !belongs(&found.subject, &crate::diff::decode(&found.events)?, area) {
            return Ok(None);
        }
        found.stretches.retain(|stretch| keep(&stretch.field, area));
    }
    Ok((!found.is_nothing()).then_some(found))
}

/// The events with what a decision looks at beside them.
pub(crate) fn records(stored: &[Stored]) -> Result<Vec<Record>, ReplayError> {
    stored
        .iter()
        .map(|stored| {
            let unreadable = |source| LogError::Undecodable { position: stored.position, source };
            let event = stored.decode().map_err(unreadable)?;
            let circumstances = Circumstances::read(&stored.body)
                .map_err(|source| unreadable(DecodeError::Envelope(source)))?;
            Ok(Record { event, circumstances })
        })
        .collect()
}

/// The obligations of the one list that are not in the other.
fn only(list: &[Obligation], other: &[Obligation]) -> Vec<Obligation> {
    let same = |a: &Obligation, b: &Obligation| {
        (a.kind, a.due, a.raised_by, a.state) == (b.kind, b.due, b.raised_by, b.state)
    };
    list.iter().filter(|a| !other.iter().any(|b| same(a, b))).cloned().collect()
}
