//! The newest checkpoint that witnesses have signed too, beside the log in `checkpoint.cosigned`.
//!
//! A witness (c2sp.org/tlog-witness) signs a checkpoint only when it goes on from the one it signed before. So this file
//! shows to others that the log was not forked, and to the ledger itself how long it once was.

use crate::keys::{self, KeyError};
use crate::merkle::Hash;
use crate::merkle::note::{Checkpoint, NoteError, SignedNote, VerifierKey};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Why a cosigned checkpoint is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    /// It is not of its form, not of this log, or a signature does not hold.
    #[error("the checkpoint is not taken")]
    Note(#[from] NoteError),
    /// What is kept beside the log does not hold.
    #[error("the checkpoint kept in checkpoint.cosigned does not hold")]
    Kept(#[source] NoteError),
    /// Its root is not the root this log had at that size: one of the two was forged.
    #[error("the root of the checkpoint is not the one this log had at {size} events")]
    Fork {
        /// Size of the checkpoint.
        size: u64,
    },
    /// None of the witnesses in `keys/witnesses` has signed it.
    #[error("no witness named in keys/witnesses has signed it")]
    NoWitness,
    /// A newer one is kept already.
    #[error("a checkpoint of {size} events is kept already")]
    Older {
        /// Size of the one kept.
        size: u64,
    },
    /// The keys cannot be read.
    #[error("the keys cannot be read")]
    Keys(#[from] KeyError),
    /// The file system says no.
    #[error("{path} cannot be written")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

fn path(dir: &Path) -> PathBuf {
    dir.join("checkpoint.cosigned")
}

/// A witness who signed a checkpoint, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witnessed {
    /// Name and id of its key.
    pub witness: String,
    /// When it signed, as it says: seconds since 1970.
    pub at_s: u64,
}

/// Which of these witnesses signed a note, and when. Lines of others are passed over, as nobody can tell whose they are.
///
/// # Errors
/// [`NoteError::Signature`] when one of them seems to have signed and its signature does not hold: the text, the time or
/// the signature was changed.
pub fn witnessed(note: &SignedNote, witnesses: &[VerifierKey]) -> Result<Vec<Witnessed>, NoteError> {
    let mut signed = Vec::new();
    for witness in witnesses {
        match note.cosigned_at(witness) {
            Ok(at_s) => signed.push(Witnessed { witness: witness.label(), at_s }),
            Err(NoteError::ForeignKey { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(signed)
}

/// A checkpoint of the log's own with the lines of the witnesses who signed the same tree, if any did.
///
/// # Errors
/// As [`load`].
pub fn with_witnesses(dir: &Path, key: &VerifierKey, own: String, size: u64) -> Result<String, CosignError> {
    let kept = load(dir, key)?;
    let same = kept.filter(|(text, kept)| kept.size == size && text.starts_with(&own));
    Ok(same.map_or(own, |(text, _)| text))
}

/// The cosigned checkpoint as text, and what it says; none when there is none. The lines of the witnesses in
/// `keys/witnesses` hold.
///
/// # Errors
/// [`CosignError`] when it cannot be read, is no checkpoint of this key, or the line of a witness does not hold.
pub fn load(dir: &Path, key: &VerifierKey) -> Result<Option<(String, Checkpoint)>, CosignError> {
    let path = path(dir);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(CosignError::File { path, source }),
    };
    let witnesses = keys::witnesses(dir)?;
    let read = || {
        let note = SignedNote::parse(&text)?;
        witnessed(&note, &witnesses)?;
        of_log(&note, key)
    };
    let checkpoint = read().map_err(CosignError::Kept)?;
    Ok(Some((text, checkpoint)))
}

/// What a note of this log says.
///
/// # Errors
/// [`NoteError`] when it is not signed by the log, or no checkpoint of it.
pub fn of_log(note: &SignedNote, key: &VerifierKey) -> Result<Checkpoint, NoteError> {
    note.verify(key)?;
    let checkpoint = Checkpoint::parse(note.text())?;
    if checkpoint.origin == key.name() {
        Ok(checkpoint)
    } else {
        Err(NoteError::Form { what: "a checkpoint of this log" })
    }
}

/// Takes a checkpoint with cosignatures: keeps the log's line and those of the witnesses in `keys/witnesses`, also those
/// kept before for the same size. `root` is the root this log had at the size it says. Gives the checkpoint as kept.
///
/// # Errors
/// [`CosignError`]; nothing was changed then.
pub fn accept(dir: &Path, note: &SignedNote, key: &VerifierKey, root: Hash) -> Result<String, CosignError> {
    let checkpoint = of_log(note, key)?;
    if checkpoint.root != root {
        return Err(CosignError::Fork { size: checkpoint.size });
    }
    let kept = load(dir, key)?;
    if let Some((_, kept)) = &kept
        && kept.size > checkpoint.size
    {
        return Err(CosignError::Older { size: kept.size });
    }
    let kept = kept
        .filter(|(_, kept)| kept.size == checkpoint.size)
        .and_then(|(text, _)| SignedNote::parse(&text).ok());
    let mut lines = String::new();
    let mut given = false;
    for witness in keys::witnesses(dir)? {
        match note.verify(&witness) {
            Ok(()) => {
                given = true;
                lines.push_str(&note.lines_of(&witness));
            }
            Err(NoteError::ForeignKey { .. }) => {
                lines.extend(kept.iter().map(|kept| kept.lines_of(&witness)));
            }
            Err(other) => return Err(other.into()),
        }
    }
    if !given {
        return Err(CosignError::NoWitness);
    }
    let text = format!("{}\n{}{lines}", note.text(), note.lines_of(key));
    replace(&path(dir), &text).map_err(|source| CosignError::File { path: path(dir), source })?;
    Ok(text)
}

/// Puts a new text in the place of a file, whole or not at all.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |dir| std::fs::File::open(dir)?.sync_all())
}
