//! The answer to a command that was carried out.
//!
//! It is built from the log alone, at the moment of its own recording: asked again under the same key, whatever happened
//! since, it is the same answer byte for byte.

use super::{AnswerError, Coordinates, Due, Position, Reason, Show, gather};
use accord_domain::{Laws, Subject, Version};
use accord_store::keys::Signer;
use accord_store::merkle::hex;
use accord_store::merkle::note::Proof;
use accord_store::merkle::{Plan, root_of_path};
use accord_store::verify::receipt;
use accord_store::{Appended, EventLog, LogError, Stored};
use serde::Serialize;
use serde_json::value::RawValue;

/// What a command came to.
#[derive(Debug, Serialize)]
pub struct Done {
    /// Whose history it is in.
    pub subject: Box<str>,
    /// The newest version after it.
    pub version: Version,
    /// Position of the last event: a read that waits for it sees all of them.
    pub position: Position,
    /// The events, consequences after their cause.
    pub events: Vec<Recorded>,
    /// What stands after it, as of the moment of recording.
    pub status: Show,
    /// What its events made due.
    pub obligations: Vec<Due>,
    /// What was noticed and does not stop the act.
    pub findings: Vec<accord_domain::event::Finding>,
    /// What shows that it was recorded.
    pub receipt: Receipt,
}

/// An event as recorded.
#[derive(Debug, Serialize)]
pub struct Recorded {
    /// Id, place, basis and rules.
    #[serde(flatten)]
    pub reason: Reason,
    /// What.
    pub data: Box<RawValue>,
}

/// What shows, without the ledger, that an event is in it: the hash over its bytes, the path from there to the root of the
/// tree, and the root, signed. Whoever keeps it can prove that it was recorded, and notices when the log is cut back
/// behind it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Receipt {
    /// Place in the log, and index of its leaf.
    pub position: Position,
    /// SHA-256 over 0x00 and the stored bytes (RFC 6962 §2.1), in hexadecimal.
    pub leaf: String,
    /// When it was recorded.
    pub recorded_at: accord_domain::Instant,
    /// The audit path (RFC 6962 §2.1.1) from the leaf's sibling up, in hexadecimal.
    pub path: Vec<String>,
    /// The signed checkpoint (c2sp.org/tlog-checkpoint) of the tree that ends with this event; null where the ledger's key
    /// cannot be read.
    pub checkpoint: Option<String>,
}

impl Receipt {
    /// The receipt of an event, in the tree that ends with it: always the same bytes.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn of(
        log: &dyn EventLog,
        signer: Option<&Signer>,
        stored: &Stored,
    ) -> Result<Self, AnswerError> {
        // Whatever lies to the left of the last leaf is its path, and is at hand.
        let mut tree = log.frontier(stored.position).await?;
        let path = tree.path_of_next().iter().map(|hash| hex(hash)).collect();
        tree.push(stored.leaf, &mut |_, _| {});
        Ok(Self {
            position: Position(stored.position),
            leaf: hex(&stored.leaf),
            recorded_at: stored.recorded_at,
            path,
            checkpoint: signer.map(|signer| signer.checkpoint(tree.size(), tree.root())),
        })
    }

    /// The receipt of an event in a larger tree.
    ///
    /// # Errors
    /// When the log cannot be read, or the event is not in a tree of that size.
    pub async fn in_tree(
        log: &dyn EventLog,
        signer: Option<&Signer>,
        stored: &Stored,
        size: u64,
    ) -> Result<Self, AnswerError> {
        let plan = Plan::inclusion(stored.position, size).ok_or_else(|| {
            let what = format!("it is not in a tree of {size} events");
            AnswerError::Log(LogError::Damaged { position: stored.position, what })
        })?;
        let path = log.prove(&plan).await?;
        let root = root_of_path(&stored.leaf, stored.position, size, &path);
        Ok(Self {
            position: Position(stored.position),
            leaf: hex(&stored.leaf),
            recorded_at: stored.recorded_at,
            path: path.iter().map(|hash| hex(hash)).collect(),
            checkpoint: signer.zip(root).map(|(signer, root)| signer.checkpoint(size, root)),
        })
    }

    /// The same as a proof file (c2sp.org/tlog-proof); none without a checkpoint.
    #[must_use]
    pub fn proof(&self) -> Option<Proof> {
        let path = self.path.iter().map(|text| receipt::hash(text)).collect::<Option<_>>()?;
        Some(Proof { index: self.position.0, path, checkpoint: self.checkpoint.clone()? })
    }
}

#[derive(serde::Deserialize)]
struct Facts {
    data: Box<RawValue>,
}

impl Done {
    /// The answer to what was appended.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn of(
        log: &dyn EventLog,
        signer: Option<&Signer>,
        laws: &Laws,
        subject: &Subject,
        appended: Appended,
    ) -> Result<Self, AnswerError> {
        let history = gather::history(log, subject, appended.recorded_at).await?;
        let own = own_events(&history, appended)?;
        let last = own.last().ok_or_else(|| missing(appended))?;
        let coordinates = Coordinates {
            as_of: appended.recorded_at,
            known_at: appended.recorded_at,
            position: Some(Position(last.position)),
        };
        let gathered = gather::from_events(subject, coordinates, &history, laws)?;
        let mut events = Vec::with_capacity(own.len());
        let mut findings = Vec::new();
        for stored in own {
            let facts: Facts = serde_json::from_str(&stored.body)
                .map_err(|source| AnswerError::Quote { position: stored.position, source })?;
            events.push(Recorded { reason: gather::reason(stored, laws.book())?, data: facts.data });
            findings.extend(gather::findings(stored)?);
        }
        let mut obligations = gathered.obligations.clone();
        obligations.retain(|due| appended.first_version <= due.raised_by_version);
        Ok(Self {
            subject: subject.code().into(),
            version: last.version,
            position: Position(last.position),
            events,
            status: Show::of(&gathered),
            obligations,
            findings,
            receipt: Receipt::of(log, signer, last).await?,
        })
    }
}

fn own_events(history: &[Stored], appended: Appended) -> Result<&[Stored], AnswerError> {
    let first = history.partition_point(|stored| stored.version < appended.first_version);
    let count = usize::try_from(appended.count).unwrap_or(usize::MAX);
    history
        .get(first..first.saturating_add(count))
        .filter(|own| own.first().is_some_and(|event| event.position == appended.first_position))
        .ok_or_else(|| missing(appended))
}

fn missing(appended: Appended) -> AnswerError {
    AnswerError::Log(LogError::Damaged {
        position: appended.first_position,
        what: "the events answered are not in the stream".to_owned(),
    })
}
