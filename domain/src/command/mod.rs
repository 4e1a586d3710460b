//! Commands as they come from outside: one JSON object, read strictly. Every error names the place by JSON pointer and
//! says what would be right.

pub mod body;
mod by_key;
mod check;
mod fault;
mod pointed;
mod recorded;

pub use recorded::Circumstances;

use crate::area::AreaCommand;
use crate::case::CaseCommand;
use crate::enterprise::EnterpriseCommand;
use crate::envelope::{Actor, Basis, Evidence};
use crate::event::{Annulment, Correction};
use crate::id::{Subject, SubjectKind, Version};
use crate::institution::InstitutionCommand;
use crate::insured::InsuredCommand;
use crate::obligation::ObligationClosing;
use crate::practitioner::PractitionerCommand;
use crate::rejection::Words;
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Who asks for what, on which basis.
#[derive(Clone, PartialEq, Debug)]
pub struct Envelope {
    /// From when it holds in law; none means from the moment of recording.
    pub effective_at: Option<Instant>,
    /// When it was decided, where that differs.
    pub decided_at: Option<Instant>,
    /// Who acts.
    pub actor: Actor,
    /// On what basis.
    pub basis: Vec<Basis>,
    /// The case it belongs to.
    pub case: Option<Box<str>>,
    /// Why, in words.
    pub reason: Option<Box<str>>,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// Idempotency key.
    pub key: Option<Box<str>>,
    /// Refuse if the stream has moved on from this version.
    pub expected_version: Option<Version>,
    /// What the source does not say: JSON pointer and why it is not known.
    pub unknown: BTreeMap<String, String>,
}

/// What is asked.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    /// Of an institution.
    Institution(InstitutionCommand),
    /// Of a practitioner.
    Practitioner(PractitionerCommand),
    /// Of an enterprise.
    Enterprise(EnterpriseCommand),
    /// Of an insured person.
    Insured(InsuredCommand),
    /// Of a pooling area.
    Area(AreaCommand),
    /// Of a case.
    Case(CaseCommand),
}

impl Act {
    /// The full name: `institution.suspend-agreement`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Institution(command) => command.name(),
            Self::Practitioner(command) => command.name(),
            Self::Enterprise(command) => command.name(),
            Self::Insured(command) => command.name(),
            Self::Area(command) => command.name(),
            Self::Case(command) => command.name(),
        }
    }

    /// The kind of subject it is of.
    #[must_use]
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::Institution(_) => SubjectKind::Institution,
            Self::Practitioner(_) => SubjectKind::Practitioner,
            Self::Enterprise(_) => SubjectKind::Enterprise,
            Self::Insured(_) => SubjectKind::Insured,
            Self::Area(_) => SubjectKind::Area,
            Self::Case(_) => SubjectKind::Case,
        }
    }

    /// The full name of every command there is.
    pub fn names() -> impl Iterator<Item = &'static str> {
        [
            InstitutionCommand::NAMES,
            PractitionerCommand::NAMES,
            EnterpriseCommand::NAMES,
            InsuredCommand::NAMES,
            AreaCommand::NAMES,
            CaseCommand::NAMES,
        ]
        .into_iter()
        .flatten()
        .copied()
    }

    /// The annulment asked for, if it is one.
    #[must_use]
    pub const fn annulment(&self) -> Option<&Annulment> {
        match self {
            Self::Institution(command) => command.annulment(),
            Self::Practitioner(command) => command.annulment(),
            Self::Enterprise(command) => command.annulment(),
            Self::Insured(command) => command.annulment(),
            Self::Area(command) => command.annulment(),
            Self::Case(command) => command.annulment(),
        }
    }

    /// The correction asked for, if it is one.
    #[must_use]
    pub const fn correction(&self) -> Option<&Correction> {
        match self {
            Self::Institution(command) => command.correction(),
            Self::Practitioner(command) => command.correction(),
            Self::Enterprise(command) => command.correction(),
            Self::Insured(command) => command.correction(),
            Self::Area(command) => command.correction(),
            Self::Case(command) => command.correction(),
        }
    }

    /// The closing of an obligation asked for, if it is one.
    #[must_use]
    pub const fn closing(&self) -> Option<&ObligationClosing> {
        match self {
            Self::Institution(command) => command.closing(),
            Self::Practitioner(command) => command.closing(),
            Self::Enterprise(command) => command.closing(),
            Self::Insured(command) => command.closing(),
            Self::Area(command) => command.closing(),
            Self::Case(command) => command.closing(),
        }
    }

    /// Reads the `data` of the command of that full name and kind; none when there is no such command.
    fn read<'de, D: serde::Deserializer<'de>>(
        kind: SubjectKind,
        name: &str,
        data: D,
    ) -> Option<Result<Self, D::Error>> {
        match kind {
            SubjectKind::Institution => {
                InstitutionCommand::read(name, data).map(|read| read.map(Self::Institution))
            }
            SubjectKind::Practitioner => {
                PractitionerCommand::read(name, data).map(|read| read.map(Self::Practitioner))
            }
            SubjectKind::Enterprise => {
                EnterpriseCommand::read(name, data).map(|read| read.map(Self::Enterprise))
            }
            SubjectKind::Insured => InsuredCommand::read(name, data).map(|read| read.map(Self::Insured)),
            SubjectKind::Area => AreaCommand::read(name, data).map(|read| read.map(Self::Area)),
            SubjectKind::Case => CaseCommand::read(name, data).map(|read| read.map(Self::Case)),
        }
    }

    /// Writes the `data` in canonical form.
    fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        match self {
            Self::Institution(command) => command.write(out),
            Self::Practitioner(command) => command.write(out),
            Self::Enterprise(command) => command.write(out),
            Self::Insured(command) => command.write(out),
            Self::Area(command) => command.write(out),
            Self::Case(command) => command.write(out),
        }
    }

    /// Whether it tells when the conduct took place that it answers: deciding it needs to see the history, for what stood then.
    #[must_use]
    pub fn tells_conduct(&self) -> bool {
        use InstitutionCommand as I;
        let Self::Institution(act) = self else { return false };
        let (from, to) = match act {
            I::SuspendAgreement(data) => (data.act_from, data.act_to),
            I::TerminateAgreement(data) => (data.act_from, data.act_to),
            I::HoldSettlement(data) => (data.act_from, data.act_to),
            I::DenyPayment(data) | I::RecoverFunds(data) | I::ChargeDamages(data) => {
                (data.act_from, data.act_to)
            }
            // Of fines and department orders the two laws are compared, and nothing that stood is asked for.
            _ => return false,
        };
        from.or(to).is_some()
    }

    /// The day from which what it brings holds, where that may be earlier than the act: deciding it then needs to see the
    /// history, for what stood on that day.
    #[must_use]
    pub const fn holds_from(&self) -> Option<Instant> {
        match self {
            Self::Institution(InstitutionCommand::SignAgreement(data)) => data.from,
            _ => None,
        }
    }

    /// The event of the subject's own stream that it names, where it names one: deciding it needs to see the history.
    #[must_use]
    pub fn names_event(&self) -> Option<Uuid> {
        use EnterpriseCommand as E;
        use InstitutionCommand as I;
        use InsuredCommand as N;
        use PractitionerCommand as P;
        if let Some(event) =
            self.annulment().map(|data| data.event).or(self.correction().map(|data| data.event))
        {
            return Some(event);
        }
        if let Some(closing) = self.closing() {
            return Some(closing.event);
        }
        match self {
            Self::Institution(I::SettleLiability(data)) => Some(data.liability),
            Self::Institution(I::ReleaseSettlement(data)) => Some(data.hold),
            Self::Institution(I::AcceptRectification(data) | I::FailRectification(data)) => Some(data.order),
            Self::Institution(I::ProvideRecords(data)) => Some(data.demand),
            Self::Institution(I::FileChange(data)) => Some(data.change),
            Self::Institution(I::PaySettlement(data)) => Some(data.declaration),
            Self::Institution(I::Object(data)) | Self::Practitioner(P::Object(data)) => Some(data.decision),
            Self::Enterprise(E::Object(data)) | Self::Insured(N::Object(data)) => Some(data.decision),
            Self::Institution(I::DecideObjection(data)) | Self::Practitioner(P::DecideObjection(data)) => {
                Some(data.objection)
            }
            Self::Enterprise(E::DecideObjection(data)) | Self::Insured(N::DecideObjection(data)) => {
                Some(data.objection)
            }
            Self::Institution(I::Appeal(data)) | Self::Practitioner(P::Appeal(data)) => Some(data.decision),
            Self::Institution(I::DecideAppeal(data)) | Self::Practitioner(P::DecideAppeal(data)) => {
                Some(data.appeal)
            }
            Self::Institution(I::Discipline(data)) => data.rating,
            Self::Enterprise(E::Discipline(data)) | Self::Insured(N::Discipline(data)) => data.rating,
            Self::Institution(I::LiftDiscipline(data)) => Some(data.discipline),
            Self::Enterprise(E::LiftDiscipline(data)) | Self::Insured(N::LiftDiscipline(data)) => {
                Some(data.discipline)
            }
            Self::Case(CaseCommand::Reward(data)) => Some(data.lead),
            Self::Case(CaseCommand::DecidePenalty(data)) => Some(data.filing),
            Self::Case(CaseCommand::NotifyPenalty(data)) => Some(data.filing),
            Self::Case(CaseCommand::RequestHearing(data)) => Some(data.notice),
            Self::Case(CaseCommand::HoldHearing(data)) => Some(data.request),
            Self::Case(CaseCommand::ServePenalty(data)) => Some(data.decision),
            Self::Institution(_)
            | Self::Practitioner(_)
            | Self::Enterprise(_)
            | Self::Insured(_)
            | Self::Area(_)
            | Self::Case(_) => None,
        }
    }
}

/// A command for one subject.
#[derive(Clone, PartialEq, Debug)]
pub struct Command {
    /// Whose stream it touches.
    pub subject: Subject,
    /// Who and on what basis.
    pub envelope: Envelope,
    /// What.
    pub act: Act,
}

/// What is wrong with a command, where, and what would be right.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, thiserror::Error)]
#[error("{pointer}{}{}", if pointer.is_empty() { "" } else { ": " }, message.en)]
pub struct CommandError {
    /// Stable code: `not-utf-8`, `malformed-json`, `too-large`, `unknown-command`, `unknown-field`, `duplicate-field`, `missing-field`,
    /// `invalid-value`, `personal-data`, `unknown-key`.
    pub code: &'static str,
    /// JSON pointer to the place.
    pub pointer: String,
    /// Line in the text, from 1; 0 when not known.
    pub line: usize,
    /// Column in the line, in characters from 1; 0 when not known.
    pub column: usize,
    /// What is wrong and what would be right.
    pub message: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    #[serde(borrow)]
    command: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    subject: std::borrow::Cow<'a, str>,
    #[serde(default)]
    effective_at: Option<Instant>,
    #[serde(default)]
    decided_at: Option<Instant>,
    actor: Actor,
    #[serde(default)]
    basis: Vec<Basis>,
    #[serde(default)]
    case: Option<Box<str>>,
    #[serde(default)]
    reason: Option<Box<str>>,
    #[serde(default)]
    evidence: Vec<Evidence>,
    #[serde(default)]
    key: Option<Box<str>>,
    #[serde(default)]
    expected_version: Option<Version>,
    #[serde(default, deserialize_with = "crate::event::unique")]
    unknown: BTreeMap<String, String>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

impl Command {
    /// Reads one command, strictly: nothing unknown, nothing twice, nothing beyond [`crate::limits`].
    ///
    /// # Errors
    /// [`CommandError`] with the place and what would be right.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        check::text(text)?;
        let raw: Raw<'_> = match serde_json::from_str(text) {
            Ok(raw) => raw,
            Err(_) => return Err(fault::in_object::<Raw<'_>>(text)),
        };
        let kind = raw.command.split_once('.').and_then(|(kind, _)| SubjectKind::parse(kind));
        let data = raw.data.map_or("{}", RawValue::get);
        let mut reader = serde_json::Deserializer::from_str(data);
        let act = kind.and_then(|kind| Act::read(kind, &raw.command, &mut reader));
        let (Some(act), Some(kind)) = (act, kind) else {
            return Err(fault::unknown_command(&raw.command).placed(text));
        };
        check::is_object(data).map_err(|error| error.placed(text))?;
        let mut act = act.map_err(|_| fault::in_data(text, &raw.command, data, kind))?;
        check::personal(text, &mut act).map_err(|error| error.placed(text))?;
        let subject = Subject::parse_as(kind, &raw.subject)
            .map_err(|error| fault::invalid("/subject", error.words()).placed(text))?;
        let envelope = Envelope {
            effective_at: raw.effective_at,
            decided_at: raw.decided_at,
            actor: raw.actor,
            basis: raw.basis,
            case: raw.case,
            reason: raw.reason,
            evidence: raw.evidence,
            key: raw.key,
            expected_version: raw.expected_version,
            unknown: raw.unknown,
        };
        check::envelope(&envelope).map_err(|error| error.placed(text))?;
        check::unknown(&envelope, &act).map_err(|error| error.placed(text))?;
        check::personal_act(&envelope, &act).map_err(|error| error.placed(text))?;
        Ok(Self { subject, envelope, act })
    }

    /// The canonical bytes of what is asked, without key and expected version: two texts that ask the same have the same.
    ///
    /// # Errors
    /// Only when a value cannot be written as JSON, which the types rule out.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        #[derive(Serialize)]
        struct Asked<'a> {
            actor: &'a Actor,
            basis: &'a [Basis],
            case: &'a Option<Box<str>>,
            command: &'static str,
            decided_at: Option<Instant>,
            effective_at: Option<Instant>,
            evidence: &'a [Evidence],
            reason: &'a Option<Box<str>>,
            subject: &'a str,
            unknown: &'a BTreeMap<String, String>,
        }
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b"{\"asked\":");
        serde_json::to_writer(
            &mut out,
            &Asked {
                actor: &self.envelope.actor,
                basis: &self.envelope.basis,
                case: &self.envelope.case,
                command: self.act.name(),
                decided_at: self.envelope.decided_at,
                effective_at: self.envelope.effective_at,
                evidence: &self.envelope.evidence,
                reason: &self.envelope.reason,
                subject: self.subject.code(),
                unknown: &self.envelope.unknown,
            },
        )?;
        out.extend_from_slice(b",\"data\":");
        self.act.write(&mut out)?;
        out.push(b'}');
        Ok(out)
    }

    /// SHA-256 of [`Command::canonical`]: tells a repeated request from another one under the same key. For acts without
    /// personal data only ([`Act::holds_personal`]): of the others a hash that needs no key would be enough to try names.
    ///
    /// # Errors
    /// As [`Command::canonical`].
    pub fn digest(&self) -> Result<[u8; 32], serde_json::Error> {
        Ok(Sha256::digest(self.canonical()?).into())
    }
}

#[cfg(test)]
mod tests;
