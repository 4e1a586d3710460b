//! Checking a receipt: by itself with the log's public key, and against a log.

use super::{Flaw, FlawKind};
use crate::merkle::note::{Checkpoint, NoteError, Proof, SignedNote, VerifierKey};
use crate::merkle::{Hash, leaf_hash, root_of_path, unhex};
use crate::port::{EventLog, LogError};
use accord_domain::words;
use serde::Deserialize;

/// What a receipt claims: that the event of a leaf is in the tree of a signed checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Hash of the event's bytes; a `.tlog-proof` file does not say it.
    pub leaf: Option<Hash>,
    /// Position, path and checkpoint.
    pub proof: Proof,
}

/// A receipt as the answers of this program write it, alone or within the answer to a command.
#[derive(Deserialize)]
struct Written {
    receipt: Option<Box<Written>>,
    position: Option<String>,
    leaf: Option<String>,
    path: Option<Vec<String>>,
    checkpoint: Option<String>,
}

/// Reads 64 hexadecimal digits.
#[must_use]
pub fn hash(text: &str) -> Option<Hash> {
    unhex(text)
}

impl Receipt {
    /// Reads a receipt in JSON, an answer that holds one, or a `.tlog-proof` file.
    ///
    /// # Errors
    /// [`NoteError::Form`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if !text.trim_start().starts_with('{') {
            return Proof::parse(text).map(|proof| Self { leaf: None, proof });
        }
        let written: Option<Written> = serde_json::from_str(text).ok();
        written.and_then(Self::of).ok_or(NoteError::Form { what: "a receipt" })
    }

    fn of(written: Written) -> Option<Self> {
        if let Some(inner) = written.receipt {
            return Self::of(*inner);
        }
        let path = written.path?.iter().map(|text| hash(text)).collect::<Option<Vec<_>>>()?;
        let proof = Proof { index: written.position?.parse().ok()?, path, checkpoint: written.checkpoint? };
        Some(Self { leaf: Some(hash(&written.leaf?)?), proof })
    }

    /// Checks signature and path with the public key of the log, and nothing but these. Without a leaf the path is left
    /// for [`Receipt::check_against`].
    ///
    /// # Errors
    /// What does not hold.
    pub fn check(&self, key: &VerifierKey) -> Result<Checkpoint, Flaw> {
        let read = || {
            let note = SignedNote::parse(&self.proof.checkpoint)?;
            note.verify(key)?;
            Checkpoint::parse(note.text())
        };
        let checkpoint = read().map_err(|error| unsigned(&error))?;
        if checkpoint.origin != key.name() {
            let (origin, name) = (&checkpoint.origin, key.name());
            let words = words!(
                "the receipt is of another log, {origin}; the key is of {name}",
                "回执属于另一日志 {origin}；所用公钥属于 {name}"
            );
            return Err(Flaw::of(FlawKind::Foreign, words));
        }
        self.leaf.map_or(Ok(()), |leaf| self.lead(&leaf, &checkpoint))?;
        Ok(checkpoint)
    }

    /// The path leads from the leaf to the root of the checkpoint.
    fn lead(&self, leaf: &Hash, checkpoint: &Checkpoint) -> Result<(), Flaw> {
        let Proof { index, path, .. } = &self.proof;
        if root_of_path(leaf, *index, checkpoint.size, path) == Some(checkpoint.root) {
            return Ok(());
        }
        let words = words!(
            "position {index}: the path of the receipt does not lead from the event to the signed root: receipt or event was altered",
            "位置 {index}：回执中的路径不能由该事件推出已签名的根：回执或事件被改动"
        );
        Err(Flaw::at(*index, FlawKind::Altered, words))
    }

    /// Compares a receipt whose signature holds with a log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn check_against(
        &self,
        log: &dyn EventLog,
        checkpoint: &Checkpoint,
    ) -> Result<Option<Flaw>, LogError> {
        let (index, size, events) = (self.proof.index, checkpoint.size, log.len().await?);
        if events < size {
            let words = words!(
                "truncated: the log ends before position {events}, the receipt shows that it held {size} events",
                "被截断：日志止于位置 {events} 之前，而回执表明其曾有 {size} 个事件"
            );
            return Ok(Some(Flaw::at(events, FlawKind::Truncated, words)));
        }
        let Some(stored) = log.read_all(index, 1).await?.into_iter().next() else {
            let words = words!(
                "position {index}: the receipt names no event of its own tree",
                "位置 {index}：回执所指事件不在其自身的树中"
            );
            return Ok(Some(Flaw::at(index, FlawKind::Altered, words)));
        };
        let leaf = leaf_hash(stored.body.as_bytes());
        if self.leaf.is_some_and(|own| own != leaf) {
            let words = words!(
                "position {index}: altered: the event is not the one the receipt was given for",
                "位置 {index}：被改动：事件不是出具回执时的那一个"
            );
            return Ok(Some(Flaw::at(index, FlawKind::Altered, words)));
        }
        if let Err(flaw) = self.lead(&leaf, checkpoint) {
            return Ok(Some(flaw));
        }
        if log.frontier(size).await?.root() != checkpoint.root {
            let words = words!(
                "rewritten: the first {size} events do not have the root that was signed; check the whole ledger for the position",
                "被改写：前 {size} 个事件的根与当时签名的不同；核对整个账本可得位置"
            );
            return Ok(Some(Flaw::of(FlawKind::Rewritten, words)));
        }
        Ok(None)
    }
}

/// Why the checkpoint of a receipt says nothing.
fn unsigned(error: &NoteError) -> Flaw {
    match error {
        NoteError::Form { what } => {
            let words = words!(
                "altered: the checkpoint of the receipt is not of the form of {what}",
                "被改动：回执中的检查点格式不符（{what}）"
            );
            Flaw::of(FlawKind::Altered, words)
        }
        NoteError::ForeignKey { wanted, .. } => {
            let words = words!("foreign key: the receipt is {error}", "外来密钥：回执不是由 {wanted} 签名的");
            Flaw::of(FlawKind::Foreign, words)
        }
        NoteError::Signature { .. } => {
            let words = words!("the receipt was altered: {error}", "回执被改动：签名与内容不符");
            Flaw::of(FlawKind::Signature, words)
        }
    }
}
