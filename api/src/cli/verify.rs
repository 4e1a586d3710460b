//! `verify`: the whole log against itself, or a receipt against key and log.

use super::Session;
use super::exit::{Exit, Problem, Stop, key as key_problem};
use super::progress::bar;
use super::witness::{Signed, Witnesses};
use crate::answers::{Lang, Position};
use crate::text::words::{chain, many};
use accord_store::merkle::hex;
use accord_store::merkle::note::{Checkpoint, VerifierKey};
use accord_store::verify::receipt::Receipt;
use accord_store::verify::{Flaw, FlawKind, Verified};
use accord_store::{LogError, SqliteLog, keys};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// Flaws printed for people; all that were kept are in the JSON.
const PRINTED_MAX: usize = 20;

/// What was found.
#[derive(Serialize)]
struct Report {
    verified: bool,
    /// Events checked; of a receipt: events of its tree.
    events: Position,
    /// Root over the stored bytes, in hexadecimal; of a receipt: the one signed.
    root: String,
    /// Whether a log was there to compare with.
    compared_with_log: bool,
    /// How many things are wrong.
    count: u64,
    flaws: Vec<Line>,
    /// Who signed the checkpoint of a receipt besides the ledger.
    #[serde(flatten)]
    signed: Option<Signed>,
}

/// One thing that is wrong.
#[derive(Serialize)]
pub(super) struct Line {
    pub(super) kind: &'static str,
    position: Option<Position>,
    pub(super) message: String,
}

/// The sentence in a language.
pub(super) fn sentence(flaw: &Flaw, lang: Lang) -> String {
    lang.pick(&flaw.words).to_owned()
}

pub(super) fn line(flaw: &Flaw, lang: Lang) -> Line {
    Line { kind: flaw.kind.name(), position: flaw.position.map(Position), message: sentence(flaw, lang) }
}

/// Checks the log of the session's ledger.
pub(super) fn run(session: &Session<'_, '_>) -> Result<Verified, Stop> {
    let bar = bar(0);
    let verified = SqliteLog::verify(&session.ledger, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    verified.map_err(|error| unreadable(&error, session))
}

/// A log that cannot be read at all has failed the check, unless there is none or it is only kept from being read.
fn unreadable(error: &LogError, session: &Session<'_, '_>) -> Stop {
    let lang = session.lang();
    if let Err(missing) = crate::ledger::existing(&session.ledger) {
        return Stop::open(&missing, lang);
    }
    match error {
        LogError::Locked(_)
        | LogError::ReadOnly(_)
        | LogError::Full(_)
        | LogError::Replica(_)
        | LogError::Cluster(_)
        | LogError::Overtaken { .. }
        | LogError::InDoubt(_) => Stop::log(error, lang),
        LogError::NewerFormat { .. } => Stop::problem(
            Problem::new(Exit::Unverified, "unknown-version", chain(error)).advice(lang.of_two(
                "账本由更新的版本写成，本程序无法核对：请用该版本核对",
                "a newer version of accord wrote this ledger and this one cannot check it: use that one",
            )),
        ),
        LogError::NotALedger(_)
        | LogError::Damaged { .. }
        | LogError::Undecodable { .. }
        | LogError::Law(_)
        | LogError::Other(_) => {
            Stop::problem(Problem::new(Exit::Unverified, "file-damaged", chain(error)).advice(lang.of_two(
                "文件 log.db 无法作为账本读取：保留现场，从备份恢复",
                "the file log.db cannot be read as a ledger: keep it as it is, restore a backup",
            )))
        }
    }
}

/// `verify`.
pub(super) fn ledger(session: &mut Session<'_, '_>) -> Result<(), Stop> {
    let lang = session.lang();
    let verified = run(session)?;
    let report = Report {
        verified: verified.count == 0,
        events: Position(verified.events),
        root: hex(&verified.root),
        compared_with_log: true,
        count: verified.count,
        flaws: verified.flaws.iter().map(|flaw| line(flaw, lang)).collect(),
        signed: None,
    };
    // That the bytes are sound does not say that this program understands them all: opening them notes what it does not.
    // Whether they can be opened is not asked here.
    drop(super::ask::records(session));
    conclude(session, &report, whole)
}

/// `verify --receipt`.
pub(super) fn receipt(
    session: &mut Session<'_, '_>,
    file: &Path,
    key: Option<&Path>,
    witness: Option<&Path>,
) -> Result<(), Stop> {
    let lang = session.lang();
    let witnesses = Witnesses::of(session, witness)?;
    let name = file.display().to_string();
    let wrong = |code, zh, error: &dyn std::error::Error| {
        let message = match lang {
            Lang::Zh => format!("{zh}：{}", chain(error)),
            Lang::En => chain(error),
        };
        Stop::problem(Problem::new(Exit::Usage, code, message).file(&name))
    };
    let text = std::fs::read_to_string(file).map_err(|error| wrong("unreadable", "文件无法读取", &error))?;
    let receipt = Receipt::parse(&text).map_err(|error| wrong("not-a-receipt", "文件不是回执", &error))?;
    let key = match key {
        Some(path) => read_key(path)?,
        None => keys::verifier(&session.ledger).map_err(|error| Stop::problem(key_problem(&error, lang)))?,
    };
    let held = receipt.check(&key).and_then(|checkpoint| {
        witnesses.check(&receipt.proof.checkpoint, &key).map(|signed| (checkpoint, signed))
    });
    let (checkpoint, signed, mut flaw) = match held {
        Ok((checkpoint, signed)) => (Some(checkpoint), Some(signed), None),
        Err(flaw) => (None, None, Some(flaw)),
    };
    let mut compared = false;
    if let Some(checkpoint) = &checkpoint
        && SqliteLog::exists(&session.ledger)
    {
        flaw = compare(session, &receipt, checkpoint)?;
        compared = true;
    }
    let report = Report {
        verified: flaw.is_none(),
        events: Position(checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size)),
        root: checkpoint.as_ref().map_or_else(String::new, |checkpoint| hex(&checkpoint.root)),
        compared_with_log: compared,
        count: flaw.iter().len() as u64,
        flaws: flaw.iter().map(|flaw| line(flaw, lang)).collect(),
        signed,
    };
    conclude(session, &report, one)
}

pub(super) fn read_key(path: &Path) -> Result<VerifierKey, Stop> {
    let name = path.display().to_string();
    let wrong = |error: &dyn std::error::Error| {
        Stop::problem(Problem::new(Exit::Usage, "not-a-key", chain(error)).file(&name))
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    VerifierKey::parse(&text).map_err(|error| wrong(&error))
}

pub(super) fn compare(
    session: &Session<'_, '_>,
    receipt: &Receipt,
    checkpoint: &Checkpoint,
) -> Result<Option<Flaw>, Stop> {
    SqliteLog::open_read_only(&session.ledger, Arc::clone(&session.clock))
        .and_then(|log| session.runtime.block_on(receipt.check_against(&log, checkpoint)))
        .map_err(|error| unreadable(&error, session))
}

fn conclude(
    session: &mut Session<'_, '_>,
    report: &Report,
    text: impl FnOnce(&Report, Lang) -> String,
) -> Result<(), Stop> {
    let lang = session.lang();
    session.out.answer(report, text)?;
    report.flaws.first().map_or(Ok(()), |first| Err(failed(first, lang)))
}

/// A check that failed, told of already.
pub(super) fn failed(first: &Line, lang: Lang) -> Stop {
    let message = lang.of_two("核对未通过", "verification failed").to_owned();
    let advice = if first.kind == FlawKind::Index.name() {
        lang.of_two(
            "日志无误，无须恢复备份；在删除 index.db 之前不要写入",
            "the log is sound and no backup is needed; write nothing before index.db is deleted",
        )
    } else {
        lang.of_two(
            "停止写入，保留现场；与备份和已发出的回执比对",
            "stop writing and keep the files as they are; compare with backups and with receipts given out",
        )
    };
    Stop::told(Problem::new(Exit::Unverified, first.kind, message).advice(advice))
}

fn whole(report: &Report, lang: Lang) -> String {
    let (events, root) = (report.events, &report.root);
    if report.verified {
        return match lang {
            Lang::Zh => format!("✓ {events} 个事件逐字节核对无误\n  根 {root}\n"),
            Lang::En => format!("✓ {} checked byte by byte\n  root {root}\n", many(events, "event")),
        };
    }
    let mut out = match lang {
        Lang::Zh => format!("✗ {events} 个事件，{} 处不符\n", report.count),
        Lang::En => {
            let wrong = if report.count == 1 { "thing" } else { "things" };
            format!("✗ {}, {} {wrong} wrong\n", many(events, "event"), report.count)
        }
    };
    for line in report.flaws.iter().take(PRINTED_MAX) {
        out.push_str(&format!("  {} [{}]\n", line.message, line.kind));
    }
    let further = report.count.saturating_sub(PRINTED_MAX as u64);
    if further > 0 {
        out.push_str(&match lang {
            Lang::Zh => format!("  另有 {further} 处\n"),
            Lang::En => format!("  and {further} more\n"),
        });
    }
    out
}

fn one(report: &Report, lang: Lang) -> String {
    let events = report.events;
    if let Some(line) = report.flaws.first() {
        return format!("✗ {} [{}]\n", line.message, line.kind);
    }
    let mut out = match (report.compared_with_log, lang) {
        (true, Lang::Zh) => format!("✓ 回执有效：签名、路径无误，且账本前 {events} 个事件与之一致\n"),
        (true, Lang::En) => {
            format!(
                "✓ the receipt holds: signature and path, and the ledger begins with the {} signed\n",
                many(events, "event")
            )
        }
        (false, Lang::Zh) => format!("✓ 回执的签名与路径无误（{events} 个事件的树）；此处没有账本可比对\n"),
        (false, Lang::En) => {
            format!(
                "✓ signature and path of the receipt hold (a tree of {}); there is no ledger here to compare with\n",
                many(events, "event")
            )
        }
    };
    out.push_str(&report.signed.as_ref().map_or_else(String::new, |signed| signed.text(lang)));
    out
}
