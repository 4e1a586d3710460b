//! What a bundle says of itself: `manifest.json`, in the canonical form of RFC 8785.

use accord_domain::Instant;
use accord_store::merkle::Hash;
use accord_store::merkle::hex;
use accord_store::verify::receipt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Name of the format.
pub const FORMAT: &str = "accord-bundle";
/// Version of the format of bundles without a key.
pub const VERSION: u32 = 1;
/// Version of the format of bundles that open personal data; the newest that is checked.
pub const VERSION_OPENED: u32 = 2;

/// What a bundle says of itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Which two dates it answers for.
    pub coordinates: Coordinates,
    /// Who made it, and when.
    pub custody: Custody,
    /// What it was made with.
    pub environment: Environment,
    /// Every event of the subject known then, in the order of the subject's history.
    pub events: Vec<Entry>,
    /// [`FORMAT`].
    pub format: String,
    /// The origin of the ledger's checkpoints: `accord/` and the ledger's id.
    pub ledger: String,
    /// Every other member except `manifest.note`, in the order of the archive.
    pub members: Vec<Listed>,
    /// Whom it is about.
    pub subject: About,
    /// The tree that all proofs lead to.
    pub tree: Tree,
    /// [`VERSION`] or [`VERSION_OPENED`].
    pub version: u32,
}

/// The two dates.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Coordinates {
    /// 生效: the day asked about.
    pub as_of: Instant,
    /// 记录: what was known by then.
    pub known_at: Instant,
    /// The newest event of the whole log known then; null when there was none.
    pub position: Option<String>,
}

/// Chain of custody: who took it out of the ledger, and when.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Custody {
    /// When it was made.
    pub exported_at: Instant,
    /// By whom, as was said; null when nobody said it.
    pub exported_by: Option<String>,
    /// Where the reading of the personal data opened in it is recorded; left out where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<String>,
}

/// What it was made with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Environment {
    /// SHA-256 of the calendar of working days.
    pub calendar: String,
    /// Version of the format of the log.
    pub log_format: u32,
    /// The program.
    pub program: String,
    /// Its version.
    pub program_version: String,
    /// SHA-256 of the rulebook whose citations `rules.json` holds. Each event names the one it was decided under.
    pub rulebook: String,
}

/// An event of the subject.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The member with its exact bytes; null when it is withheld.
    pub file: Option<String>,
    /// Leaf hash, in hexadecimal.
    pub leaf: String,
    /// Place in the log.
    pub position: String,
    /// The member with its proof.
    pub proof: String,
    /// Place in the subject's history, from 0.
    pub version: u32,
    /// Whether its bytes are withheld.
    pub withheld: bool,
    /// Why, as was said; null when nobody said it.
    pub withheld_reason: Option<String>,
}

/// A member.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// SHA-256 over its bytes, in hexadecimal.
    pub sha256: String,
    /// How many bytes.
    pub size: u64,
}

/// A subject.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct About {
    /// Its code.
    pub code: String,
    /// The word of its kind.
    pub kind: String,
}

/// A tree head.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tree {
    /// Its root, in hexadecimal.
    pub root: String,
    /// How many events it covers.
    pub size: String,
}

impl Manifest {
    /// The bytes: members sorted by name, no white space.
    ///
    /// # Errors
    /// Never for what the program makes: no map has keys that are not text.
    pub fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        // A JSON value keeps the members of an object sorted; all names here are ASCII, so this is the order of RFC 8785.
        serde_json::to_vec(&serde_json::to_value(self)?)
    }
}

impl Entry {
    /// The leaf hash; none when it is not written as one.
    #[must_use]
    pub fn hash(&self) -> Option<Hash> {
        receipt::hash(&self.leaf)
    }
}

impl Listed {
    /// What the manifest says of a member.
    #[must_use]
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        Self { name: name.to_owned(), sha256: hex(&digest(bytes)), size: bytes.len() as u64 }
    }
}

/// SHA-256.
#[must_use]
pub(super) fn digest(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}
