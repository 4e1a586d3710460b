//! `verify BUNDLE`: an evidence bundle against itself, a public key, and the ledger where one is at hand.

use super::Session;
use super::exit::{Exit, Problem, Stop, key as key_problem};
use super::verify::{Line, compare, failed, line, read_key};
use super::witness::{Signed, Witnesses};
use crate::answers::Lang;
use crate::text::words::{day, many};
use accord_replay::bundle::limits::BUNDLE_BYTES_MAX;
use accord_replay::bundle::{self, Checked, Manifest};
use accord_store::merkle::note::{Checkpoint, SignedNote, VerifierKey};
use accord_store::verify::Flaw;
use accord_store::verify::receipt::Receipt;
use accord_store::{SqliteLog, keys};
use serde::Serialize;
use std::io::Read as _;
use std::path::Path;

/// Flaws printed for people; all are in the JSON.
const PRINTED_MAX: usize = 20;

/// Where the key came from that the bundle was checked with.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum KeyFrom {
    /// Given with `--key`.
    Given,
    /// That of the ledger at hand.
    Ledger,
    /// That of the bundle itself: it agrees with itself, and nobody said whose it is.
    Bundle,
}

/// What was found.
#[derive(Serialize)]
struct Report {
    verified: bool,
    key_from: KeyFrom,
    /// Name and id of the key in the bundle; null where the check did not come that far.
    key: Option<String>,
    /// Events whose bytes were checked.
    events: usize,
    /// Events withheld: their places and leaf hashes were checked.
    withheld: usize,
    /// Values about persons opened in it, each found to be the one sealed.
    opened: usize,
    /// What the bundle says of itself, members left out; null where the check failed.
    manifest: Option<Manifest>,
    /// Whether a ledger was there to compare with.
    compared_with_log: bool,
    count: usize,
    flaws: Vec<Line>,
    /// Who signed the checkpoint besides the ledger.
    #[serde(flatten)]
    signed: Signed,
}

/// Checks a bundle.
pub(super) fn bundle(
    session: &mut Session<'_, '_>,
    file: &Path,
    key: Option<&Path>,
    witness: Option<&Path>,
) -> Result<(), Stop> {
    let lang = session.lang();
    let witnesses = Witnesses::of(session, witness)?;
    let bytes = read(file)?;
    let (key, key_from) = match key {
        Some(path) => (Some(read_key(path)?), KeyFrom::Given),
        None if SqliteLog::exists(&session.ledger) => {
            let key = keys::verifier(&session.ledger);
            (Some(key.map_err(|error| Stop::problem(key_problem(&error, lang)))?), KeyFrom::Ledger)
        }
        None => (None, KeyFrom::Bundle),
    };
    let checked = bundle::check(&bytes, key.as_ref());
    let mut flaws = checked.as_ref().err().cloned().unwrap_or_default();
    let mut compared = false;
    let mut signed = Signed::default();
    if let Ok(checked) = &checked {
        match witnesses.check(&checked.checkpoint, &checked.key) {
            Ok(found) => signed = found,
            Err(flaw) => flaws.push(flaw),
        }
    }
    if let Ok(checked) = &checked
        && SqliteLog::exists(&session.ledger)
        && keys::verifier(&session.ledger).is_ok_and(|own| own == checked.key)
        && let Some(receipt) = first(checked)
    {
        flaws.extend(against_log(session, &receipt, &checked.key)?);
        compared = true;
    }
    let checked = checked.ok().filter(|_| flaws.is_empty());
    let report = Report {
        verified: flaws.is_empty(),
        key_from,
        key: checked.as_ref().map(|checked| checked.key.label()),
        events: checked.as_ref().map_or(0, |checked| checked.proofs.len()),
        withheld: checked.as_ref().map_or(0, |checked| checked.withheld),
        opened: checked.as_ref().map_or(0, |checked| checked.opened),
        manifest: checked.map(|checked| Manifest { members: Vec::new(), ..checked.manifest }),
        compared_with_log: compared,
        count: flaws.len(),
        flaws: flaws.iter().map(|flaw| line(flaw, lang)).collect(),
        signed,
    };
    session.out.answer(&report, told)?;
    report.flaws.first().map_or(Ok(()), |first| Err(failed(first, lang)))
}

/// The bytes of the file, and no more of them than a bundle has: one more is told by the check.
fn read(file: &Path) -> Result<Vec<u8>, Stop> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file)
        .and_then(|opened| opened.take(BUNDLE_BYTES_MAX + 1).read_to_end(&mut bytes));
    let name = file.display().to_string();
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => {
            Err(Stop::problem(Problem::new(Exit::Usage, "unreadable", error.to_string()).file(&name)))
        }
    }
}

/// The proof of one event as a receipt. As all proofs lead to one root, one is enough to compare with a log.
fn first(checked: &Checked) -> Option<Receipt> {
    let (leaf, proof) = checked.proofs.first()?;
    Some(Receipt { leaf: Some(*leaf), proof: proof.clone() })
}

fn against_log(
    session: &Session<'_, '_>,
    receipt: &Receipt,
    key: &VerifierKey,
) -> Result<Option<Flaw>, Stop> {
    let head = SignedNote::parse(&receipt.proof.checkpoint)
        .and_then(|note| note.verify(key).and_then(|()| Checkpoint::parse(note.text())));
    // Checked before: it is read here only for the size and the root.
    head.map_or(Ok(None), |head| compare(session, receipt, &head))
}

fn told(report: &Report, lang: Lang) -> String {
    let Some(manifest) = &report.manifest else {
        let mut out = String::new();
        for line in report.flaws.iter().take(PRINTED_MAX) {
            out.push_str(&format!("✗ {} [{}]\n", line.message, line.kind));
        }
        let further = report.count.saturating_sub(PRINTED_MAX);
        if further > 0 {
            out.push_str(&match lang {
                Lang::Zh => format!("  另有 {further} 处\n"),
                Lang::En => format!("  and {further} more\n"),
            });
        }
        return out;
    };
    let (events, withheld, size) = (report.events, report.withheld, &manifest.tree.size);
    let (as_of, known_at) = (day(manifest.coordinates.as_of), day(manifest.coordinates.known_at));
    let subject = &manifest.subject.code;
    let key = report.key.as_deref().unwrap_or_default();
    let whose = match (report.key_from, lang) {
        (KeyFrom::Given, Lang::Zh) => "与所给公钥一致",
        (KeyFrom::Given, Lang::En) => "the key given",
        (KeyFrom::Ledger, Lang::Zh) => "与此处账本的公钥一致",
        (KeyFrom::Ledger, Lang::En) => "the key of the ledger here",
        (KeyFrom::Bundle, Lang::Zh) => "取自证据包本身：请与另行取得的公钥比对，或用 --key 给出",
        (KeyFrom::Bundle, Lang::En) => {
            "from the bundle itself: compare it with the key you got by another way, or give that with --key"
        }
    };
    let log = match (report.compared_with_log, lang) {
        (false, _) => "",
        (true, Lang::Zh) => "\n  此处账本的过去与之一致",
        (true, Lang::En) => "\n  the ledger here has the same past",
    };
    let mut out = match lang {
        Lang::Zh => format!(
            "✓ 证据包有效：{subject}，生效 {as_of}，记录截至 {known_at}\n  {events} 个事件逐字节核对无误，{withheld} 个隐去；{size} 个事件的树，根 {}\n  密钥 {key}（{whose}）{log}\n",
            manifest.tree.root
        ),
        Lang::En => format!(
            "✓ the bundle holds: {subject}, in force (生效) {as_of}, recorded (记录) by {known_at}\n  {} checked byte by byte, {withheld} withheld; a tree of {}, root {}\n  key {key} ({whose}){log}\n",
            many(events, "event"),
            many(size, "event"),
            manifest.tree.root
        ),
    };
    if report.opened > 0 {
        let (count, reading) = (report.opened, manifest.custody.reading.as_deref().unwrap_or_default());
        out.push_str(&match lang {
            Lang::Zh => format!("  {count} 项个人信息已启封，均为该处所封存；查阅记录于位置 {reading}\n"),
            Lang::En => format!(
                "  {count} values of personal data opened (启封), each the one sealed there; the reading is recorded at position {reading}\n"
            ),
        });
    }
    out.push_str(&report.signed.text(lang));
    out
}
