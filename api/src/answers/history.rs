//! `history`: the full trail of a subject, nothing left out, what was annulled or corrected marked as such.

use super::gather::decode;
use super::{AnswerError, Position};
use accord_domain::timeline::{self, Known};
use accord_domain::{Event, Instant, Version};
use accord_store::Stored;
use accord_store::merkle::hex;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use uuid::Uuid;

/// By which axis the trail is ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Axis {
    /// 生效.
    Effective,
    /// 记录.
    #[default]
    Recorded,
}

impl Axis {
    /// From the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "effective" => Some(Self::Effective),
            "recorded" => Some(Self::Recorded),
            _ => None,
        }
    }
}

/// One event of the trail. What the event says is quoted as it was stored.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Place in the log.
    pub position: Position,
    /// Id.
    pub id: Uuid,
    /// Place in the subject's history, from 0.
    pub version: Version,
    /// Type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// From when it holds.
    pub effective_at: Instant,
    /// When the ledger learnt it.
    pub recorded_at: Instant,
    /// Who.
    pub actor: Box<RawValue>,
    /// On what basis; null when the source names none.
    pub basis: Option<Box<RawValue>>,
    /// What.
    pub data: Box<RawValue>,
    /// The newest act that annuls it; null when none does.
    pub voided_by: Option<Uuid>,
    /// From when it is annulled; null when from the start, or not at all.
    pub voided_from: Option<Instant>,
    /// The newest act that corrects it; null when none does.
    pub corrected_by: Option<Uuid>,
    /// The newest act that annuls a part of it (部分撤销).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partly_annulled_by: Option<Uuid>,
    /// The facts as corrected, or as a partial annulment leaves them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<serde_json::Value>,
    /// What else was stored with it, as stored.
    #[serde(flatten)]
    pub more: More,
    /// Leaf hash of the stored bytes, in hexadecimal.
    pub leaf: String,
}

/// Members of an event that many do not have.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct More {
    /// The event of the same history that this one follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<Box<RawValue>>,
    /// The case it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<Box<RawValue>>,
    /// When it was decided, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Box<RawValue>>,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<RawValue>>,
    /// What was noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Box<RawValue>>,
    /// Idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Box<RawValue>>,
    /// The facts of other subjects it was decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<Box<RawValue>>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<RawValue>>,
    /// Whether later effects were already recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retroactive: Option<Box<RawValue>>,
    /// The rules it was decided under, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Box<RawValue>>,
    /// What the source does not say, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Body {
    id: Uuid,
    actor: Box<RawValue>,
    #[serde(default)]
    basis: Option<Box<RawValue>>,
    data: Box<RawValue>,
    #[serde(default)]
    caused_by: Option<Box<RawValue>>,
    #[serde(default)]
    case: Option<Box<RawValue>>,
    #[serde(default)]
    decided_at: Option<Box<RawValue>>,
    #[serde(default)]
    evidence: Option<Box<RawValue>>,
    #[serde(default)]
    findings: Option<Box<RawValue>>,
    #[serde(default)]
    key: Option<Box<RawValue>>,
    #[serde(default)]
    others: Option<Box<RawValue>>,
    #[serde(default)]
    reason: Option<Box<RawValue>>,
    #[serde(default)]
    retroactive: Option<Box<RawValue>>,
    #[serde(default)]
    rules: Option<Box<RawValue>>,
    #[serde(default)]
    unknown: Option<Box<RawValue>>,
}

/// The trail of the events known, ordered by an axis.
///
/// # Errors
/// When an event cannot be read.
pub fn entries(stored: &[Stored], axis: Axis) -> Result<Vec<Entry>, AnswerError> {
    let events = decode(stored)?;
    let marks = Marks::of(&events);
    let mut order: Vec<usize> = (0..stored.len()).collect();
    match axis {
        Axis::Recorded => {}
        Axis::Effective => order.sort_by_key(|&at| (marks.effective_at(&events[at]), events[at].position)),
    }
    order.into_iter().map(|at| entry(&stored[at], &events[at], &marks)).collect()
}

fn entry(stored: &Stored, event: &Event, marks: &Marks) -> Result<Entry, AnswerError> {
    let body: Body = serde_json::from_str(&stored.body)
        .map_err(|source| AnswerError::Quote { position: stored.position, source })?;
    let voided = marks.voided.get(&event.id);
    let corrected = marks.corrected.get(&event.id);
    Ok(Entry {
        position: Position(stored.position),
        id: body.id,
        version: stored.version,
        kind: stored.kind.name(),
        effective_at: stored.effective_at,
        recorded_at: stored.recorded_at,
        actor: body.actor,
        basis: body.basis,
        data: body.data,
        voided_by: voided.map(|(by, _)| *by),
        voided_from: voided.and_then(|(_, from)| (*from != Instant::MIN).then_some(*from)),
        corrected_by: corrected.and_then(|marks| marks.by),
        partly_annulled_by: corrected.and_then(|marks| marks.partly),
        corrected: corrected.and_then(|correction| correction.facts.clone()),
        more: More {
            caused_by: body.caused_by,
            case: body.case,
            decided_at: body.decided_at,
            evidence: body.evidence,
            findings: body.findings,
            key: body.key,
            others: body.others,
            reason: body.reason,
            retroactive: body.retroactive,
            rules: body.rules,
            unknown: body.unknown,
        },
        leaf: hex(&stored.leaf),
    })
}

/// Which events are annulled or corrected, and by which act.
struct Marks {
    voided: BTreeMap<Uuid, (Uuid, Instant)>,
    corrected: BTreeMap<Uuid, Corrected>,
}

#[derive(Default)]
struct Corrected {
    by: Option<Uuid>,
    partly: Option<Uuid>,
    effective_at: Option<Instant>,
    facts: Option<serde_json::Value>,
}

impl Marks {
    fn of(events: &[Event]) -> Self {
        let known = timeline::resolve(events);
        let by_id: BTreeMap<Uuid, &Known<'_>> = known.iter().map(|known| (known.event.id, known)).collect();
        let stands = |id: &Uuid| by_id.get(id).is_some_and(|known| known.void_from == Instant::MAX);
        let mut marks = Self { voided: BTreeMap::new(), corrected: BTreeMap::new() };
        for event in events.iter().filter(|event| stands(&event.id)) {
            if let Some(annulment) = event.data.annulment() {
                marks.annul(event, annulment, events, &by_id);
            }
            if let Some(target) = timeline::changed_event(events, event)
                && let Some(target) = by_id.get(&target.id)
            {
                marks.change(target, event);
                timeline::lessened(&known, event).for_each(|lessened| marks.change(lessened, event));
            }
        }
        marks
    }

    /// Marks what an act changed, and what it is now.
    fn change(&mut self, target: &Known<'_>, act: &Event) {
        let mut facts = Vec::new();
        let written = target.event.data.write(&mut facts).is_ok();
        let marks = self.corrected.entry(target.event.id).or_default();
        match act.data.correction() {
            Some(_) => marks.by = Some(act.id),
            None => marks.partly = Some(act.id),
        }
        marks.effective_at = Some(target.event.effective_at);
        marks.facts = written.then(|| serde_json::from_slice(&facts).ok()).flatten();
    }

    /// Marks the target, and what followed from it where the annulment takes that along. Whether and from when an event is
    /// void is the timeline's word; only the author of it is found here.
    fn annul(
        &mut self,
        act: &Event,
        annulment: &accord_domain::event::Annulment,
        events: &[Event],
        known: &BTreeMap<Uuid, &Known<'_>>,
    ) {
        let Some(target) = events.iter().find(|event| event.id == annulment.event) else { return };
        let follows = |event: &&Event| {
            event.id == target.id
                || (annulment.consequences == Some(true) && event.caused_by == Some(target.version))
        };
        for event in events.iter().filter(follows) {
            let from = known.get(&event.id).map_or(Instant::MAX, |known| known.void_from);
            if from != Instant::MAX {
                self.voided.insert(event.id, (act.id, from));
            }
        }
    }

    fn effective_at(&self, event: &Event) -> Instant {
        self.corrected.get(&event.id).and_then(|marks| marks.effective_at).unwrap_or(event.effective_at)
    }
}
