//! What is signed, in the formats of C2SP: signed notes, checkpoints, cosignatures of witnesses, proofs of one event.
//!
//! <https://c2sp.org/signed-note>, <https://c2sp.org/tlog-checkpoint>, <https://c2sp.org/tlog-cosignature>,
//! <https://c2sp.org/tlog-proof>. Pure: keys are read and kept in [`crate::keys`].

use super::hash::Hash;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fmt;

/// Signature type of an Ed25519 signature over the note.
pub const ED25519: u8 = 0x01;
/// Signature type of a witness's Ed25519 cosignature with a time.
pub const COSIGNATURE: u8 = 0x04;
/// Most signature lines a note may have.
pub const SIGNATURES_MAX: usize = 32;
/// First line of a proof file.
const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";

/// What is wrong with a note, a checkpoint, a key or a proof.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoteError {
    /// It is not of its form.
    #[error("not of the form of {what}")]
    Form {
        /// What was expected.
        what: &'static str,
    },
    /// None of its signatures is of the key asked for.
    #[error("signed by {}, not by {wanted}", list(.found))]
    ForeignKey {
        /// Name and id of the key asked for.
        wanted: String,
        /// Names and ids of those who signed.
        found: Vec<String>,
    },
    /// A signature does not hold: text or signature was changed.
    #[error("the signature of {signer} does not hold: the text or the signature was changed")]
    Signature {
        /// Name and id of the key.
        signer: String,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

const fn form(what: &'static str) -> NoteError {
    NoteError::Form { what }
}

fn hash_of(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// A number in decimal without leading zeroes.
fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// A public key with its name and what it signs: a note (0x01) or as a witness (0x04).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierKey {
    name: Box<str>,
    algorithm: u8,
    key: VerifyingKey,
    id: [u8; 4],
}

impl VerifierKey {
    /// A key under a name, which may hold neither spaces nor `+`.
    ///
    /// # Errors
    /// [`NoteError::Form`] for another name.
    pub fn new(name: &str, algorithm: u8, key: VerifyingKey) -> Result<Self, NoteError> {
        let known = matches!(algorithm, ED25519 | COSIGNATURE);
        if !known
            || name.is_empty()
            || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
        {
            return Err(form("the name of a key"));
        }
        let mut hasher = Sha256::new();
        hasher.update(name.as_bytes());
        hasher.update([b'\n', algorithm]);
        hasher.update(key.as_bytes());
        let hash: Hash = hasher.finalize().into();
        Ok(Self { name: name.into(), algorithm, key, id: [hash[0], hash[1], hash[2], hash[3]] })
    }

    /// Reads `<name>+<id in hexadecimal>+<base64 of type and key>`.
    ///
    /// # Errors
    /// [`NoteError::Form`], also when the id is not that of name and key.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let wrong = || form("a verifier key");
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(data)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let data = STANDARD.decode(data).map_err(|_| wrong())?;
        let (algorithm, key) = data.split_first().ok_or_else(wrong)?;
        let key: [u8; 32] = key.try_into().map_err(|_| wrong())?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| wrong())?;
        let key = Self::new(name, *algorithm, key)?;
        if format!("{:08x}", u32::from_be_bytes(key.id())) == id { Ok(key) } else { Err(wrong()) }
    }

    /// Its name; a log's is the origin of its checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs: [`ED25519`] or [`COSIGNATURE`].
    #[must_use]
    pub fn algorithm(&self) -> u8 {
        self.algorithm
    }

    /// Its id: the first four bytes of SHA-256 over name, newline, type and key.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Name and id, for people.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.name, self.id())
    }

    fn holds(&self, text: &str, signature: &[u8]) -> bool {
        let (message, signature) = match self.algorithm {
            COSIGNATURE => {
                let Some((time, signature)) = signature.split_first_chunk::<8>() else { return false };
                (format!("cosignature/v1\ntime {}\n{text}", u64::from_be_bytes(*time)), signature)
            }
            _ => (text.to_owned(), signature),
        };
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut data = vec![self.algorithm];
        data.extend(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), STANDARD.encode(data))
    }
}

fn label(name: &str, id: [u8; 4]) -> String {
    format!("{name} ({:08x})", u32::from_be_bytes(id))
}

/// A signature line of a note.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Line {
    name: Box<str>,
    id: [u8; 4],
    signature: Vec<u8>,
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let (name, data) = line.strip_prefix("— ")?.split_once(' ')?;
        let data = STANDARD.decode(data).ok()?;
        let (id, signature) = data.split_first_chunk::<4>()?;
        let fits = !name.is_empty() && !signature.is_empty();
        fits.then(|| Self { name: name.into(), id: *id, signature: signature.to_vec() })
    }
}

/// A signature line: `— <name> <base64 of id and signature>`, with its newline.
pub(crate) fn signature_line(key: &VerifierKey, signature: &[u8]) -> String {
    let mut data = key.id().to_vec();
    data.extend(signature);
    format!("— {} {}\n", key.name, STANDARD.encode(data))
}

/// A note with signatures, none of them checked yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedNote {
    text: String,
    lines: Vec<Line>,
}

impl SignedNote {
    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError::Form`].
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        let wrong = || form("a signed note");
        if note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(wrong());
        }
        let at = note.rfind("\n\n").ok_or_else(wrong)?;
        let (text, signatures) = (&note[..=at], &note[at + 2..]);
        let signatures = signatures.strip_suffix('\n').ok_or_else(wrong)?;
        let lines: Option<Vec<_>> =
            signatures.split('\n').take(SIGNATURES_MAX + 1).map(Line::parse).collect();
        let lines = lines.filter(|lines| lines.len() <= SIGNATURES_MAX).ok_or_else(wrong)?;
        Ok(Self { text: text.to_owned(), lines })
    }

    /// What is signed, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Checks that a key has signed.
    ///
    /// # Errors
    /// [`NoteError::ForeignKey`] when it has not, [`NoteError::Signature`] when its signature does not hold.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), NoteError> {
        let mut own =
            self.lines.iter().filter(|line| *line.name == *key.name && line.id == key.id()).peekable();
        if own.peek().is_none() {
            let found = self.lines.iter().map(|line| label(&line.name, line.id)).collect();
            return Err(NoteError::ForeignKey { wanted: key.label(), found });
        }
        if own.all(|line| key.holds(&self.text, &line.signature)) {
            Ok(())
        } else {
            Err(NoteError::Signature { signer: key.label() })
        }
    }

    /// When a witness signed, in seconds since 1970, as its signature says; of several the latest.
    ///
    /// # Errors
    /// As [`SignedNote::verify`]. The time is part of what is signed: another time does not hold.
    pub fn cosigned_at(&self, witness: &VerifierKey) -> Result<u64, NoteError> {
        if witness.algorithm != COSIGNATURE {
            return Err(form("a witness's key (signature type 0x04)"));
        }
        self.verify(witness)?;
        let own = self.lines.iter().filter(|line| *line.name == *witness.name && line.id == witness.id());
        let times = own.filter_map(|line| line.signature.first_chunk::<8>().copied());
        times.map(u64::from_be_bytes).max().ok_or(form("a cosignature"))
    }

    /// Names and ids of all who signed, whether their signatures hold or not.
    pub fn signers(&self) -> impl Iterator<Item = String> {
        self.lines.iter().map(|line| label(&line.name, line.id))
    }

    /// The signature lines of a key, as text.
    #[must_use]
    pub fn lines_of(&self, key: &VerifierKey) -> String {
        let own = self.lines.iter().filter(|line| *line.name == *key.name && line.id == key.id());
        own.map(|line| signature_line(key, &line.signature)).collect()
    }
}

/// A tree head: whose log, how large, which root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The log it is of.
    pub origin: String,
    /// Leaves of the tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

impl Checkpoint {
    /// The text to be signed: three lines.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads the text of a note; further lines are passed over.
    ///
    /// # Errors
    /// [`NoteError::Form`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let wrong = || form("a checkpoint");
        let mut lines = text.strip_suffix('\n').ok_or_else(wrong)?.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty()).ok_or_else(wrong)?;
        let size = lines.next().and_then(decimal).ok_or_else(wrong)?;
        let root = lines.next().and_then(hash_of).ok_or_else(wrong)?;
        if lines.any(str::is_empty) {
            return Err(wrong());
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

/// The proof of one event: where its leaf is, the audit path, and the checkpoint whose root the path leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// Place of the leaf: the position of the event.
    pub index: u64,
    /// The audit path, from the leaf's sibling up.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

impl Proof {
    /// The text of a `.tlog-proof` file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{PROOF_HEADER}\nindex {}\n", self.index);
        for hash in &self.path {
            text.push_str(&STANDARD.encode(hash));
            text.push('\n');
        }
        text + "\n" + &self.checkpoint
    }

    /// Reads a `.tlog-proof` file; its extra line, which nobody signed, is passed over.
    ///
    /// # Errors
    /// [`NoteError::Form`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let wrong = || form("a proof (tlog-proof@v1)");
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(wrong)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(PROOF_HEADER) {
            return Err(wrong());
        }
        lines.next_if(|line| line.starts_with("extra "));
        let index = lines.next().and_then(|line| decimal(line.strip_prefix("index ")?)).ok_or_else(wrong)?;
        let path: Option<Vec<Hash>> = lines.map(hash_of).collect();
        let path = path.filter(|path| path.len() <= 64).ok_or_else(wrong)?;
        Ok(Self { index, path, checkpoint: checkpoint.to_owned() })
    }
}
