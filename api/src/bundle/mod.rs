//! The evidence bundle of a subject: what stood and what was known at a pair of coordinates, with everything a stranger
//! needs to check it. The container is [`accord_replay::bundle`]; here is what goes into it. Command line and HTTP both
//! give these bytes.
//!
//! The tree of a bundle is the one that ended with the newest event known at `known_at`, so the same coordinates lead to
//! the same proofs and the same checkpoint for ever. Nothing besides what is asked goes in: no clock, no randomness.

mod cited;
mod opening;
mod recipe;
#[cfg(test)]
mod tests;
mod timeline;

use crate::answers::{AnswerError, Axis, Coordinates, Entry, Gathered, Lang, Receipt, entries, gather};
use crate::ledger::{BundleSource, Opened};
use accord_domain::calendar::Calendar;
use accord_domain::rejection::Words;
use accord_domain::rulebook::Rulebook;
use accord_domain::{Instant, Span, Subject, timeline as axis, words};
use accord_replay::bundle::{
    self, About, Custody, Environment, FORMAT, Manifest, Member, OpenedValue, Tree, VERSION, VERSION_OPENED,
    limits,
};
use accord_store::keys::Signer;
use accord_store::merkle::hex;
use accord_store::merkle::note::Checkpoint;
use accord_store::merkle::root_of_path;
use accord_store::{LogError, SqliteLog, Stored, cosigned, verify_columns};
use uuid::Uuid;

/// The page that checks a bundle offline; the same for every bundle.
pub const VERIFY_PAGE: &str = include_str!("verify.html");

/// Longest name of who exports, and longest reason for withholding, in bytes.
const SAID_BYTES_MAX: usize = 200;

pub use opening::{OpeningFailure, make_open};

/// What is asked besides subject and coordinates.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// Events of which the bytes are withheld; leaf hash and proof stay.
    pub redact: Vec<Uuid>,
    /// Why they are withheld.
    pub redact_reason: Option<String>,
    /// Who takes it out of the ledger, as was said.
    pub exported_by: Option<String>,
    /// When.
    pub exported_at: Instant,
    /// Personal data to be opened in it, as it was read.
    pub opened: Option<Read>,
}

/// Personal data that was read for a bundle.
#[derive(Clone, PartialEq, Debug)]
pub struct Read {
    /// Where the reading is recorded.
    pub position: u64,
    /// What was read.
    pub values: Vec<Opened>,
}

/// What the pages of a bundle tell of.
struct Told<'a> {
    subject: &'a Subject,
    coordinates: Coordinates,
    asked: &'a Asked,
    /// What stands at the coordinates.
    stands: Result<Gathered, Untold>,
    /// What stood when, over the whole effective axis; none where events are withheld.
    spans: Option<Vec<Span>>,
    /// Every event known, in the order of recording.
    acts: Vec<Act>,
    rules: Vec<cited::Cited>,
    key: String,
    tree: Tree,
    /// Personal data in clear.
    opened: Vec<OpenedValue>,
}

/// Why a bundle does not tell what stands.
enum Untold {
    /// Events are withheld, and it would tell of them.
    Withheld,
    /// It follows from rules that this program cannot read.
    Law(Words),
}

/// An event of the timeline.
enum Act {
    /// As recorded.
    Shown(Box<Entry>),
    /// Withheld: nothing but its place and its leaf hash.
    Withheld { position: u64, version: u32, leaf: String },
}

/// The evidence bundle of a subject, as the bytes of a zip.
///
/// # Errors
/// When nothing was recorded of the subject by then, an event to be withheld is not among those known, there is no key to
/// sign with, or the log cannot be read.
pub async fn make(
    source: &BundleSource<'_>,
    subject: &Subject,
    coordinates: Coordinates,
    asked: &Asked,
) -> Result<Vec<u8>, AnswerError> {
    let log = source.log;
    let signer = source.signer.ok_or(AnswerError::NoKey)?;
    let stored = gather::known_history(log, subject, coordinates.known_at).await?;
    let withheld = withheld(asked, &stored)?;
    let size = coordinates.position.map_or(0, |newest| newest.0 + 1);
    let root = log.frontier(size).await?.root();
    let checkpoint = checkpoint(source, signer, size, root)?;
    let head = Checkpoint { origin: signer.verifier().name().to_owned(), size, root };
    let mut members = Vec::new();
    let mut listed = Vec::new();
    for (event, withheld) in stored.iter().zip(&withheld) {
        let receipt = Receipt::in_tree(log, None, event, size).await?;
        let receipt = Receipt { checkpoint: Some(checkpoint.clone()), ..receipt };
        let (mut entry, mut own) = proved(event, &receipt, &head, *withheld)?;
        entry.withheld_reason = asked.redact_reason.clone().filter(|_| *withheld);
        listed.push(entry);
        members.append(&mut own);
    }
    let shown: Vec<&Stored> =
        stored.iter().zip(&withheld).filter(|(_, not)| !**not).map(|(event, _)| event).collect();
    let whole = shown.len() == stored.len();
    let laws = source.laws.known_at(coordinates.known_at);
    let rules = cited::cited(laws.book(), &shown)?;
    let tree = Tree { root: hex(&root), size: size.to_string() };
    let opened = opening::values(asked.opened.as_ref(), &shown)?;
    let told = Told {
        subject,
        coordinates,
        asked,
        stands: match source.law_ends_by(coordinates.known_at) {
            _ if !whole => Err(Untold::Withheld),
            Some(ends) => Err(Untold::Law(ends.words())),
            None => Ok(gather::from_events(subject, coordinates, &stored, &laws)?),
        },
        spans: if whole { Some(axis::timeline(subject.kind(), &gather::decode(&stored)?)) } else { None },
        acts: acts(&stored, &withheld)?,
        rules,
        key: signer.verifier().label(),
        tree: tree.clone(),
        opened,
    };
    members.extend(pages(&told, signer, checkpoint)?);
    let manifest = Manifest {
        coordinates: bundle::Coordinates {
            as_of: coordinates.as_of,
            known_at: coordinates.known_at,
            position: coordinates.position.map(|position| position.to_string()),
        },
        custody: Custody {
            exported_at: asked.exported_at,
            exported_by: asked.exported_by.clone(),
            reading: asked.opened.as_ref().map(|read| read.position.to_string()),
        },
        environment: environment(laws.book()),
        events: listed,
        format: FORMAT.to_owned(),
        ledger: signer.verifier().name().to_owned(),
        members: Vec::new(),
        subject: About { code: subject.code().to_owned(), kind: subject.kind().name().to_owned() },
        tree,
        version: if asked.opened.is_some() { VERSION_OPENED } else { VERSION },
    };
    let sealed = bundle::seal(manifest, members, signer);
    sealed.map_err(|error| AnswerError::Log(LogError::Other(error.to_string())))
}

/// The members that are not of one event.
fn pages(told: &Told<'_>, signer: &Signer, checkpoint: String) -> Result<Vec<Member>, AnswerError> {
    let rules = cited::document(&told.rules);
    let rules = rules.map_err(|error| AnswerError::Log(LogError::Other(error.to_string())))?;
    let opened = bundle::opened_document(&told.opened);
    let opened = opened.map_err(|error| AnswerError::Log(LogError::Other(error.to_string())))?;
    let opened = told.asked.opened.is_some().then(|| Member::new(bundle::OPENED, opened));
    let mut members = vec![
        Member::new("README.txt", recipe::TEXT),
        Member::new(bundle::CHECKPOINT, checkpoint),
        Member::new(bundle::KEY, format!("{}\n", signer.verifier())),
        Member::new("rules.json", rules),
        Member::new("timeline.en.html", timeline::page(told, Lang::En)),
        Member::new("timeline.zh.html", timeline::page(told, Lang::Zh)),
        Member::new("verify.html", VERIFY_PAGE),
    ];
    members.extend(opened);
    Ok(members)
}

/// An event with its proof: what the manifest says of it, and its members. Nothing leaves the ledger as evidence that
/// would not be found sound.
fn proved(
    event: &Stored,
    receipt: &Receipt,
    tree: &Checkpoint,
    withheld: bool,
) -> Result<(bundle::Entry, Vec<Member>), AnswerError> {
    verify_columns(event)?;
    let position = event.position;
    let damaged = || {
        let what = "its path does not lead to the root of the tree".to_owned();
        AnswerError::Log(LogError::Damaged { position, what })
    };
    let proof = receipt.proof().ok_or_else(damaged)?;
    if root_of_path(&event.leaf, position, tree.size, &proof.path) != Some(tree.root) {
        return Err(damaged());
    }
    let (file, named) = (bundle::event_name(position), bundle::proof_name(position));
    let mut members = vec![Member::new(&named, proof.text())];
    if !withheld {
        members.push(Member::new(&file, event.body.as_bytes()));
    }
    let entry = bundle::Entry {
        file: (!withheld).then_some(file),
        leaf: hex(&event.leaf),
        position: position.to_string(),
        proof: named,
        version: event.version,
        withheld,
        withheld_reason: None,
    };
    Ok((entry, members))
}

/// The signed checkpoint of a size, with the lines of the witnesses who signed the same.
fn checkpoint(
    source: &BundleSource<'_>,
    signer: &Signer,
    size: u64,
    root: accord_store::merkle::Hash,
) -> Result<String, AnswerError> {
    let own = signer.checkpoint(size, root);
    cosigned::with_witnesses(source.dir, signer.verifier(), own, size)
        .map_err(|error| AnswerError::Log(LogError::Other(error.to_string())))
}

fn environment(law: &Rulebook) -> Environment {
    Environment {
        calendar: Calendar::china().hash().to_owned(),
        log_format: SqliteLog::FORMAT,
        program: "accord".to_owned(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        rulebook: law.hash().to_owned(),
    }
}

fn acts(stored: &[Stored], withheld: &[bool]) -> Result<Vec<Act>, AnswerError> {
    let entries = entries(stored, Axis::Recorded)?;
    let acts = entries.into_iter().zip(withheld).map(|(entry, withheld)| {
        if *withheld {
            Act::Withheld { position: entry.position.0, version: entry.version, leaf: entry.leaf }
        } else {
            Act::Shown(Box::new(entry))
        }
    });
    Ok(acts.collect())
}

/// Which of the events are withheld, once it is seen that what is asked can be done.
fn withheld(asked: &Asked, stored: &[Stored]) -> Result<Vec<bool>, AnswerError> {
    let ids: Vec<Uuid> = gather::decode(stored)?.iter().map(|event| event.id).collect();
    if let Some(unknown) = asked.redact.iter().find(|id| !ids.contains(id)) {
        return Err(question(
            "redact",
            words!(
                "{unknown} is no event of this subject that was known then; `history` lists them",
                "{unknown} 不是该主体当时已知的事件；`history` 可列出事件"
            ),
        ));
    }
    if asked.redact_reason.is_some() && asked.redact.is_empty() {
        return Err(question(
            "redact_reason",
            words!("a reason is given and no event is withheld", "给出了理由，但没有隐去任何事件"),
        ));
    }
    for (parameter, said) in [("redact_reason", &asked.redact_reason), ("exported_by", &asked.exported_by)] {
        let Some(said) = said else { continue };
        if said.trim().is_empty() || said.len() > SAID_BYTES_MAX || said.chars().any(char::is_control) {
            return Err(question(
                parameter,
                words!(
                    "one line of at most {SAID_BYTES_MAX} bytes is needed",
                    "须为不超过 {SAID_BYTES_MAX} 字节的一行文字"
                ),
            ));
        }
    }
    if stored.len() > limits::EVENTS_MAX {
        let (count, most) = (stored.len(), limits::EVENTS_MAX);
        return Err(question(
            "known_at",
            words!(
                "{count} events were known, a bundle holds at most {most}: ask for an earlier known_at",
                "当时已知 {count} 个事件，一个证据包最多 {most} 个：请取更早的 known_at"
            ),
        ));
    }
    Ok(ids.iter().map(|id| asked.redact.contains(id)).collect())
}

fn question(parameter: &'static str, why: Words) -> AnswerError {
    AnswerError::Question { parameter, message: why.en, message_zh: why.zh }
}

/// What the file is called when nobody says: kind, code and the day asked about.
#[must_use]
pub fn file_name(subject: &Subject, coordinates: Coordinates) -> String {
    format!("accord-{}-{}.zip", subject.stream(), coordinates.as_of.date())
}
