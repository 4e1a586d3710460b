//! `what-if`: what would stand otherwise, and by which chain of reasons.

use super::gather::reason;
use super::{AnswerError, Coordinates, Due, Lang, Reason, Refusal};
use accord_domain::difference::Field;
use accord_domain::event::EventRef;
use accord_domain::rulebook::{Citation, Rulebook};
use accord_domain::what_if::{Otherwise, Outcome, Stretch, Unjudged};
use accord_domain::{Instant, NewEvent, Obligation, Version};
use accord_replay::WhatIf as Found;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What would stand otherwise of a subject.
#[derive(Clone, Debug, Serialize)]
pub struct WhatIf {
    /// Code.
    pub subject: Box<str>,
    /// `institution` or `practitioner`.
    pub kind: &'static str,
    /// Where on the two axes; `as_of` is the day obligations are compared on.
    pub coordinates: Coordinates,
    /// The acts that come out otherwise, in the order of recording: the chain of reasons.
    pub acts: Vec<ActOtherwise>,
    /// Acts kept as they were recorded, that would come out otherwise if they were decided again.
    pub to_reconsider: Vec<ActOtherwise>,
    /// Field by field, where another value would stand; empty when nothing would.
    pub fields: Vec<FieldOtherwise>,
    /// What is due and would not be.
    pub no_longer_due: Vec<Due>,
    /// What is not due and would be.
    pub newly_due: Vec<Due>,
    /// Whether other subjects may be reached: they are told of when an area or all are asked about.
    pub may_reach_others: bool,
    /// What of the other course is left open, and why.
    pub not_judged: Vec<NotJudged>,
    /// The recorded events that are named.
    pub events: Vec<Reason>,
}

/// What a supposition leaves open.
#[derive(Clone, Debug, Serialize)]
pub struct NotJudged {
    /// `numbers-unknown` or `named-by-number`.
    pub code: &'static str,
    /// In words.
    pub message: String,
}

impl NotJudged {
    /// In a language.
    #[must_use]
    pub fn of(what: Unjudged, lang: Lang) -> Self {
        let words = what.words();
        Self { code: what.name(), message: lang.pick(&words).to_owned() }
    }

    /// All that a course leaves open.
    #[must_use]
    pub fn all(unjudged: &[Unjudged], lang: Lang) -> Vec<Self> {
        unjudged.iter().map(|what| Self::of(*what, lang)).collect()
    }
}

/// An act that comes out otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct ActOtherwise {
    /// The event that records it; null for one that is supposed.
    pub act: Option<Uuid>,
    /// `left-out`, `decided`, `refused`, `without-object` or `without-cause`.
    pub outcome: &'static str,
    /// The event of another subject that makes it so, by stream and version; null where its own history or the law does.
    pub because: Option<EventRef>,
    /// With `decided`: what it would come to.
    pub events: Vec<EventSupposed>,
    /// With `refused`: why, with the rule.
    pub refusal: Option<Refusal>,
}

/// An event as it would be.
#[derive(Clone, Debug, Serialize)]
pub struct EventSupposed {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// From when it would hold.
    pub effective_at: Instant,
    /// Its facts.
    pub data: Box<RawValue>,
    /// The rules it would be decided under.
    pub rules: Vec<Citation>,
    /// What would be noticed.
    pub findings: Vec<Box<str>>,
}

/// A stretch of time over which a field would say something else.
#[derive(Clone, Debug, Serialize)]
pub struct FieldOtherwise {
    /// Which: a track such as `agreement/430500/basic`, or a fact of the profile.
    pub field: Field,
    /// From when.
    pub from: Instant,
    /// Until when; null when open.
    pub until: Option<Instant>,
    /// What it says; null when nothing.
    pub actual: Option<ValueOf>,
    /// What it would say.
    pub supposed: Option<ValueOf>,
}

/// A value and the event that makes it so.
#[derive(Clone, Debug, Serialize)]
pub struct ValueOf {
    /// The value.
    pub value: Box<str>,
    /// The event; null for one that is not recorded.
    pub event: Option<Uuid>,
}

impl WhatIf {
    /// Of what replay found: what is recorded cites the law as it is, what is supposed that which is supposed.
    ///
    /// # Errors
    /// When an event cannot be quoted.
    pub fn of(
        found: &Found,
        coordinates: Coordinates,
        (actual, law): (&Rulebook, &Rulebook),
        lang: Lang,
    ) -> Result<Self, AnswerError> {
        let reasons = named(found, actual)?;
        let teller = Teller { reasons: &reasons, law, lang };
        let acts = |acts: &[Otherwise]| acts.iter().map(|act| teller.act(act)).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            subject: found.subject.code().into(),
            kind: found.subject.kind().name(),
            coordinates,
            acts: acts(&found.acts)?,
            to_reconsider: acts(&found.to_reconsider)?,
            fields: found.stretches.iter().map(|stretch| teller.field(stretch)).collect(),
            no_longer_due: teller.due(found, &found.no_longer_due),
            newly_due: teller.due(found, &found.newly_due),
            may_reach_others: found.may_reach_others,
            not_judged: NotJudged::all(&found.unjudged, lang),
            events: reasons.into_values().collect(),
        })
    }
}

/// Every recorded event that is named, by version.
fn named(found: &Found, law: &Rulebook) -> Result<BTreeMap<Version, Reason>, AnswerError> {
    let mut versions: Vec<Version> = Vec::new();
    for act in found.acts.iter().chain(&found.to_reconsider) {
        versions.extend(act.act);
        if let Outcome::Refused(rejection) = &act.outcome {
            versions.extend(&rejection.blocked_by);
        }
    }
    for stretch in &found.stretches {
        versions.extend([&stretch.actual, &stretch.supposed].into_iter().flatten().map(|(_, cause)| *cause));
    }
    let due = found.no_longer_due.iter().chain(&found.newly_due);
    versions.extend(due.map(|obligation| obligation.raised_by));
    versions.sort_unstable();
    versions.dedup();
    let stored = versions
        .into_iter()
        .filter_map(|version| found.events.iter().find(|stored| stored.version == version));
    stored.map(|stored| Ok((stored.version, reason(stored, law)?))).collect()
}

struct Teller<'a> {
    reasons: &'a BTreeMap<Version, Reason>,
    law: &'a Rulebook,
    lang: Lang,
}

impl Teller<'_> {
    fn id(&self, version: Version) -> Option<Uuid> {
        self.reasons.get(&version).map(|reason| reason.event)
    }

    fn act(&self, act: &Otherwise) -> Result<ActOtherwise, AnswerError> {
        let (mut events, mut refusal) = (Vec::new(), None);
        let outcome = match &act.outcome {
            Outcome::LeftOut => "left-out",
            Outcome::WithoutObject => "without-object",
            Outcome::WithoutCause => "without-cause",
            Outcome::Refused(rejection) => {
                let blocked_by =
                    rejection.blocked_by.iter().filter_map(|version| self.id(*version)).collect();
                refusal = Some(Refusal::of(rejection, blocked_by, self.lang));
                "refused"
            }
            Outcome::Decided(decision) => {
                events = decision.iter().map(|new| self.event(new)).collect::<Result<_, _>>()?;
                "decided"
            }
        };
        let (event, because) = (act.act.and_then(|version| self.id(version)), act.because.clone());
        Ok(ActOtherwise { act: event, outcome, because, events, refusal })
    }

    fn event(&self, new: &NewEvent) -> Result<EventSupposed, AnswerError> {
        let unquotable = |source| AnswerError::Quote { position: 0, source };
        let mut data = Vec::new();
        new.data.write(&mut data).map_err(unquotable)?;
        Ok(EventSupposed {
            kind: new.data.event_type().name(),
            effective_at: new.effective_at,
            data: serde_json::from_slice(&data).map_err(unquotable)?,
            rules: new
                .rules
                .iter()
                .filter_map(|id| self.law.by_id(id))
                .map(|rule| self.law.citation(rule))
                .collect(),
            findings: new.findings.iter().map(|finding| finding.code.clone()).collect(),
        })
    }

    fn field(&self, stretch: &Stretch) -> FieldOtherwise {
        let value = |says: &Option<(Box<str>, Version)>| {
            says.as_ref().map(|(value, cause)| ValueOf { value: value.clone(), event: self.id(*cause) })
        };
        FieldOtherwise {
            field: stretch.field.clone(),
            from: stretch.from,
            until: stretch.until.bounded(),
            actual: value(&stretch.actual),
            supposed: value(&stretch.supposed),
        }
    }

    /// What is due; one raised by an event that is not recorded names the id such an event has here.
    fn due(&self, found: &Found, list: &[Obligation]) -> Vec<Due> {
        let supposed =
            |version| found.supposed.iter().find(|event| event.version == version).map(|event| event.id);
        let id = |version| self.id(version).or_else(|| supposed(version));
        list.iter().filter_map(|due| Due::of(&found.subject, due, id)).collect()
    }
}
