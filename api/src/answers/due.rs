//! What is due of a subject: the rules call for it, somebody has to decide or do it.

use accord_domain::obligation::{Ending, Obligation, ObligationKind, ObligationState, Party};
use accord_domain::rulebook::Confidence;
use accord_domain::{AreaCode, Basis, Instant, Laws, Subject, Version};
use accord_projections::Duty;
use serde::Serialize;
use uuid::Uuid;

/// An obligation.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Due {
    /// Code.
    pub subject: Box<str>,
    /// What kind.
    pub kind: ObligationKind,
    /// Pooling area whose worklist it stands on; null where nothing tells it.
    pub area: Option<AreaCode>,
    /// Who has to do it.
    pub owed_by: Party,
    /// Who is to get it.
    pub owed_to: Party,
    /// From when it is called for.
    pub from: Instant,
    /// By which day, the whole of it included; null where the rule only says "in time" (及时).
    pub due: Option<String>,
    /// The same as an instant.
    pub due_at: Option<Instant>,
    /// The day may still move: it counts working days of a year whose public holidays are not published.
    pub provisional: bool,
    /// The rule that calls for it, by id; null where the decision itself set it.
    pub rule: Option<Box<str>>,
    /// How sure the reading of that rule is.
    pub confidence: Option<Confidence>,
    /// The citation of that rule.
    pub basis: Vec<Basis>,
    /// The event that raised it.
    pub raised_by: Uuid,
    /// Its place in the subject's history.
    #[serde(skip)]
    pub raised_by_version: Version,
    /// How it stands.
    pub state: ObligationState,
    /// How it ended; null while it has not.
    pub ended: Option<Ended>,
    /// In words, Chinese.
    pub sum: String,
    /// In words, English.
    pub sum_en: String,
}

/// How an obligation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Ended {
    /// When.
    pub at: Instant,
    /// `met`, `dropped` (no longer called for), `run_out` (time ran out for what it was about) or `annulled`.
    pub how: &'static str,
    /// The event that ended it, where one did.
    pub by: Option<Uuid>,
    /// Whether that was after its last day.
    pub late: bool,
}

/// A line of a worklist.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Task {
    /// What is due.
    #[serde(flatten)]
    pub due: Due,
    /// Name now; null when none is recorded.
    pub name: Option<String>,
}

impl Task {
    /// From a row of the view, at an instant, its rule cited from the law known; none where nothing is to be told then.
    #[must_use]
    pub fn of(duty: Duty, as_of: Instant, laws: &Laws) -> Option<Self> {
        let obligation = duty.entry.at(as_of, &laws.law())?;
        let id = |version| (version == duty.entry.raised_by).then_some(duty.raised_by);
        Some(Self { due: Due::of(&duty.subject, &obligation, id)?, name: duty.name })
    }
}

impl Due {
    /// From an obligation; `id` tells the id of an event of the subject by its version. None where the event that raised it
    /// is not to be found.
    pub(super) fn of(
        subject: &Subject,
        obligation: &Obligation,
        id: impl Fn(Version) -> Option<Uuid>,
    ) -> Option<Self> {
        let ended = obligation.ended.map(|(at, ending)| Ended {
            at,
            how: match ending {
                Ending::Met(_) => "met",
                Ending::Dropped(_) => "dropped",
                Ending::RunOut => "run_out",
                Ending::Annulled => "annulled",
            },
            by: ending.by().and_then(&id),
            late: obligation.was_late,
        });
        Some(Self {
            subject: subject.code().into(),
            kind: obligation.kind,
            area: obligation.area,
            owed_by: obligation.owed_by,
            owed_to: obligation.owed_to,
            from: obligation.from,
            due: obligation.due.map(|due| due.date().to_string()),
            due_at: obligation.due,
            provisional: obligation.provisional,
            rule: obligation.rule.as_ref().map(|rule| rule.id.clone()),
            confidence: obligation.rule.as_ref().map(|rule| rule.confidence),
            basis: obligation.rule.iter().map(|rule| rule.basis.clone()).collect(),
            raised_by: id(obligation.raised_by)?,
            raised_by_version: obligation.raised_by,
            state: obligation.state,
            ended,
            sum: obligation.sum.zh.clone(),
            sum_en: obligation.sum.en.clone(),
        })
    }
}
