//! Witnesses: who else signed the checkpoint that something given out leads to, and when.

use super::Session;
use super::exit::{Exit, Problem, Stop, key as key_problem};
use crate::answers::Lang;
use crate::text::words::chain;
use accord_domain::{Instant, words};
use accord_store::SqliteLog;
use accord_store::cosigned::{self, Witnessed};
use accord_store::keys;
use accord_store::merkle::note::{NoteError, SignedNote, VerifierKey};
use accord_store::verify::{Flaw, FlawKind};
use serde::Serialize;
use std::path::Path;

/// 2200-01-01T00:00:00Z: no later time is written as a date.
const END_S: i64 = 7_258_118_400;

/// Whose signatures are looked for.
pub(super) struct Witnesses {
    keys: Vec<VerifierKey>,
    /// Whether each of them must have signed: those that were given, not those the ledger merely knows.
    required: bool,
}

/// Who signed besides the ledger.
#[derive(Default, Serialize)]
pub(super) struct Signed {
    /// Witnesses whose signatures hold.
    witnesses: Vec<Witness>,
    /// Names and ids of others that stand there: their keys are not known here, so that nothing is shown by them.
    unchecked: Vec<String>,
}

/// A witness who signed.
#[derive(Serialize)]
struct Witness {
    /// Name and id of the key.
    name: String,
    /// When, as the witness says; null for a time beyond the calendar.
    at: Option<Instant>,
}

impl Witnesses {
    /// Those in a file, one a line as in `keys/witnesses`; without one those that the session's ledger knows.
    pub(super) fn of(session: &Session<'_, '_>, given: Option<&Path>) -> Result<Self, Stop> {
        let lang = session.lang();
        let keys = match given {
            Some(file) => keys::read_witnesses(file),
            None if SqliteLog::exists(&session.ledger) => keys::witnesses(&session.ledger),
            None => Ok(Vec::new()),
        };
        let keys = keys.map_err(|error| match given {
            Some(file) => {
                let problem = Problem::new(Exit::Usage, "not-a-key", chain(&error));
                Stop::problem(problem.file(&file.display().to_string()))
            }
            None => Stop::problem(key_problem(&error, lang)),
        })?;
        Ok(Self { keys, required: given.is_some() })
    }

    /// Who of them signed a checkpoint whose own signature was found to hold.
    pub(super) fn check(&self, checkpoint: &str, log: &VerifierKey) -> Result<Signed, Flaw> {
        let Ok(note) = SignedNote::parse(checkpoint) else { return Ok(Signed::default()) };
        let signed = cosigned::witnessed(&note, &self.keys).map_err(|error| broken(&error))?;
        let has_signed = |key: &VerifierKey| signed.iter().any(|signed| signed.witness == key.label());
        if let Some(absent) = self.keys.iter().find(|key| self.required && !has_signed(key)) {
            let absent = absent.label();
            return Err(Flaw::of(
                FlawKind::Foreign,
                words!(
                    "foreign key: the checkpoint is not signed by the witness {absent}",
                    "外来密钥：检查点没有见证人 {absent} 的签名"
                ),
            ));
        }
        let known =
            |name: &String| *name == log.label() || signed.iter().any(|signed| signed.witness == *name);
        let unchecked = note.signers().filter(|name| !known(name)).collect();
        Ok(Signed { witnesses: signed.into_iter().map(Witness::from).collect(), unchecked })
    }
}

impl From<Witnessed> for Witness {
    fn from(signed: Witnessed) -> Self {
        let within = i64::try_from(signed.at_s).ok().filter(|at_s| *at_s < END_S);
        Self { name: signed.witness, at: within.map(|at_s| Instant::from_micros(at_s * 1_000_000)) }
    }
}

fn broken(error: &NoteError) -> Flaw {
    match error {
        NoteError::Signature { signer } => Flaw::of(
            FlawKind::Signature,
            words!(
                "the signature of the witness {signer} does not hold: the checkpoint, the time or the signature was changed",
                "见证人 {signer} 的签名不成立：检查点、时间或签名被改动"
            ),
        ),
        NoteError::Form { .. } | NoteError::ForeignKey { .. } => {
            Flaw::of(FlawKind::Signature, words!("{error}", "见证人签名格式不符"))
        }
    }
}

impl Signed {
    /// For people: a line each, with its line break; nothing where nobody else signed.
    pub(super) fn text(&self, lang: Lang) -> String {
        let mut out = String::new();
        for Witness { name, at } in &self.witnesses {
            let at = at.map_or_else(|| "—".to_owned(), |at| at.to_string());
            out.push_str(&match lang {
                Lang::Zh => format!("  见证人 {name} 于 {at} 签名，成立\n"),
                Lang::En => format!("  signed by the witness {name} at {at}\n"),
            });
        }
        for name in &self.unchecked {
            out.push_str(&match lang {
                Lang::Zh => format!("  另有 {name} 的签名，此处无其公钥，未核对\n"),
                Lang::En => format!("  a signature of {name} was not checked: its key is not known here\n"),
            });
        }
        out
    }
}
