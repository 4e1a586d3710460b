//! `points`: the points of a natural year, act by act.

use super::gather::{self, decode};
use super::history::{Axis, entries};
use super::{AnswerError, Coordinates, Position};
use accord_domain::practitioner::PractitionerEvent;
use accord_domain::timeline;
use accord_domain::{Basis, EventData, Instant, InstitutionCode, State, Subject};
use accord_store::Stored;
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The points of a practitioner in a natural year.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Points {
    /// Code.
    pub subject: Box<str>,
    /// The natural year; a decision counts in the year it was made.
    pub year: i32,
    /// What stands at the coordinates, 0 to 12.
    pub total: u8,
    /// Points given back by repair in this year.
    pub repaired: u8,
    /// Where on the two axes.
    pub coordinates: Coordinates,
    /// The acts, in the order they took effect; annulled ones stay, marked.
    pub entries: Vec<PointEntry>,
}

/// Whether points were taken or given back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// 记分.
    Deducted,
    /// 记分修复.
    Repaired,
}

/// One act.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PointEntry {
    /// Deducted or repaired.
    pub kind: PointKind,
    /// Points as decided.
    pub points: u8,
    /// Points that count, after the cap of the year.
    pub counted: u8,
    /// For what: the behaviour, or the activity of a repair.
    pub what: Box<str>,
    /// Where it happened.
    pub institution: Option<InstitutionCode>,
    /// When it was decided.
    pub decided_at: Option<Instant>,
    /// From when it holds.
    pub effective_at: Instant,
    /// When the ledger learnt it.
    pub recorded_at: Instant,
    /// The event.
    pub event: Uuid,
    /// Its place in the log.
    pub position: Position,
    /// 依据.
    pub basis: Vec<Basis>,
    /// The act that annuls it; null when none does.
    pub voided_by: Option<Uuid>,
}

impl Points {
    /// Counts the events known at the coordinates.
    ///
    /// # Errors
    /// When the subject is no practitioner, or an event cannot be read.
    pub fn of(
        subject: &Subject,
        year: i32,
        coordinates: Coordinates,
        stored: &[Stored],
    ) -> Result<Self, AnswerError> {
        let Subject::Practitioner(_) = subject else {
            return Err(AnswerError::Question {
                parameter: "subject",
                message: format!("{subject} is no practitioner; only practitioners have points"),
                message_zh: format!("{subject} 不是相关人员；记分只属于相关人员"),
            });
        };
        let events = decode(stored)?;
        let state = timeline::state_at(subject.kind(), &events, coordinates.as_of);
        let (total, repaired) = match &state {
            State::Practitioner(state) => {
                state.year(year).map_or((0, 0), |entry| (entry.total, entry.repaired))
            }
            State::Institution(_)
            | State::Enterprise(_)
            | State::Insured(_)
            | State::Area(_)
            | State::Case(_) => (0, 0),
        };
        let voided: BTreeMap<Uuid, Option<Uuid>> =
            entries(stored, Axis::Recorded)?.into_iter().map(|entry| (entry.id, entry.voided_by)).collect();
        let mut list = Vec::new();
        for known in timeline::resolve(&events) {
            let event = &*known.event;
            let EventData::Practitioner(facts) = &event.data else { continue };
            let Some((in_year, mut entry)) = facts_of(facts) else { continue };
            if in_year != year || coordinates.as_of < event.effective_at {
                continue;
            }
            if let Some(stored) = stored.iter().find(|stored| stored.version == event.version) {
                entry.event = event.id;
                entry.position = Position(stored.position);
                entry.basis = gather::basis(stored)?;
                entry.voided_by = voided.get(&event.id).copied().flatten();
            }
            entry.effective_at = event.effective_at;
            entry.recorded_at = event.recorded_at;
            list.push(entry);
        }
        Ok(Self { subject: subject.code().into(), year, total, repaired, coordinates, entries: list })
    }
}

/// The year points count in and what is said of them; where and when is filled in by the caller.
fn facts_of(facts: &PractitionerEvent) -> Option<(i32, PointEntry)> {
    let entry = |kind, points, counted, what: &str, institution, decided_at| PointEntry {
        kind,
        points,
        counted,
        what: what.into(),
        institution,
        decided_at,
        effective_at: Instant::MIN,
        recorded_at: Instant::MIN,
        event: Uuid::nil(),
        position: Position(0),
        basis: Vec::new(),
        voided_by: None,
    };
    match facts {
        PractitionerEvent::PointsDeducted(data) => Some((
            data.decided_at.year(),
            entry(
                PointKind::Deducted,
                data.points,
                data.counted,
                &data.behaviour,
                Some(data.institution),
                Some(data.decided_at),
            ),
        )),
        PractitionerEvent::PointsRepaired(data) => Some((
            data.year,
            entry(PointKind::Repaired, data.points, data.points, &data.activity, None, None),
        )),
        PractitionerEvent::Registered(_)
        | PractitionerEvent::SiteAdded(_)
        | PractitionerEvent::SiteRemoved(_)
        | PractitionerEvent::Reregistered(_)
        | PractitionerEvent::DetailsChanged(_)
        | PractitionerEvent::QualificationSuspended(_)
        | PractitionerEvent::QualificationRestored(_)
        | PractitionerEvent::QualificationTerminated(_)
        | PractitionerEvent::ManagerBanned(_)
        | PractitionerEvent::InterviewHeld(_)
        | PractitionerEvent::Referred(_)
        | PractitionerEvent::Committed(_)
        | PractitionerEvent::Objected(_)
        | PractitionerEvent::ObjectionDecided(_)
        | PractitionerEvent::Appealed(_)
        | PractitionerEvent::AppealDecided(_)
        | PractitionerEvent::ObligationClosed(_)
        | PractitionerEvent::PersonalDataRead(_)
        | PractitionerEvent::PersonalDataErased(_)
        | PractitionerEvent::DecisionAnnulled(_)
        | PractitionerEvent::RecordCorrected(_) => None,
    }
}
