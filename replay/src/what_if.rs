//! What would stand otherwise: of one subject, of an area, of the whole ledger. The log is only read.

use crate::ReplayError;
use crate::diff::{belongs, keep};
use crate::subjects::{self, Page, PageSize};
use accord_domain::command::Circumstances;
use accord_domain::event::DecodeError;
use accord_domain::obligation::obligations;
use accord_domain::what_if::{Fork, Otherwise, Record, Stretch, Supposition, compare, suppose};
use accord_domain::{AreaCode, Event, Instant, Laws, Obligation, Subject};
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
    pub fork: Option<Fork>,
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
    /// The events as they would be.
    pub supposed: Vec<Event>,
    /// The events as they are.
    pub events: Vec<Stored>,
}

impl WhatIf {
    /// Whether nothing would stand otherwise.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.stretches.is_empty()
            && self.no_longer_due.is_empty()
            && self.newly_due.is_empty()
            && self.acts.is_empty()
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
    let other = supposing.other.unwrap_or(supposing.law);
    let again = supposing.again || supposing.other.is_some();
    let supposition = Supposition { law: supposing.law, other, fork: supposing.fork.as_ref(), again };
    let supposed = suppose(&subject, &records, supposition);
    let to_reconsider = if again || supposing.fork.is_none() {
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
    let (no_longer_due, newly_due) = if supposed.acts.is_empty() && supposing.other.is_none() {
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
        supposed: supposed.events,
        events: stored.to_vec(),
    })
}

/// What would stand otherwise of every subject, or of those of one pooling area, under another law; a subject of which
/// nothing would is passed over.
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
