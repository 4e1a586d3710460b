//! The ledger's keys: `keys/` in its directory, for its owner only.
//!
//! | file | holds |
//! |---|---|
//! | `checkpoint.key` | the private key that signs checkpoints, as a signer key of Go's `note`: `PRIVATE+KEY+<name>+<id>+<base64>` |
//! | `checkpoint.pub` | its public part, `<name>+<id>+<base64>`: give it to everybody who is to check a receipt |
//! | `personal.key` | wraps the keys of personal data, which lie in `personal.db`; see [`crate::vault`] |
//! | `checkpoint.renew` | nothing: asks for a new key in the place of one that is lost for good |
//! | `witnesses` | public keys of witnesses whose cosignatures are taken, one a line; may be missing |

use crate::merkle::note::{COSIGNATURE, Checkpoint, ED25519, NoteError, VerifierKey, signature_line};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use std::io::Write;
use std::path::{Path, PathBuf};

/// First words of a private key file.
const PRIVATE: &str = "PRIVATE+KEY+";

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system says no.
    #[error("the key {path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It holds something else.
    #[error("{path} does not hold a key of this ledger")]
    Form {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: NoteError,
    },
    /// The private key is gone: its public part is there, or events were recorded while there was one.
    #[error("the private key {path} is missing")]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// Signs checkpoints.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    verifier: VerifierKey,
}

/// The origin of a ledger's checkpoints, and the name of its key: the ledger's id tells it from every other.
#[must_use]
pub fn origin(ledger: uuid::Uuid) -> String {
    format!("accord/{ledger}")
}

fn private_path(dir: &Path) -> PathBuf {
    dir.join("keys").join("checkpoint.key")
}

/// Where the public key is.
#[must_use]
pub fn public_path(dir: &Path) -> PathBuf {
    dir.join("keys").join("checkpoint.pub")
}

/// An operator who has lost the private key for good makes this file, and the next opening a new key.
#[must_use]
pub fn renewal_path(dir: &Path) -> PathBuf {
    dir.join("keys").join("checkpoint.renew")
}

/// Where the keys of witnesses are.
#[must_use]
pub fn witnesses_path(dir: &Path) -> PathBuf {
    dir.join("keys").join("witnesses")
}

impl Signer {
    /// Opens the key of a ledger; makes one where there has never been any, which only a ledger that is `empty` can say, and
    /// where an operator asked for a new one in the place of a lost one ([`renewal_path`]).
    ///
    /// # Errors
    /// [`KeyError::Missing`] when the ledger had a key: a new one must not take its place unseen.
    pub fn open_or_make(dir: &Path, ledger: uuid::Uuid, empty: bool) -> Result<Self, KeyError> {
        let (private, public) = (private_path(dir), public_path(dir));
        // One that may not be looked at is there for all that can be known: it is not lost.
        if private.try_exists().map_err(|source| KeyError::File { path: private.clone(), source })? {
            return Self::open(dir, ledger);
        }
        let renewal = renewal_path(dir);
        if public.exists() || !(empty || renewal.exists()) {
            return Err(KeyError::Missing { path: private });
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| KeyError::Random(error.to_string()))?;
        let signer = Self::from_seed(&origin(ledger), &seed)
            .map_err(|source| KeyError::Form { path: private.clone(), source })?;
        let keys = dir.join("keys");
        make_private_dir(&keys).map_err(|source| KeyError::File { path: keys.clone(), source })?;
        // The private key first: a crash in between is mended by the next opening.
        write_new(&private, &signer.secret())?;
        write_new(&public, &format!("{}\n", signer.verifier))?;
        if renewal.exists() {
            std::fs::remove_file(&renewal).map_err(|source| KeyError::File { path: renewal, source })?;
        }
        std::fs::File::open(&keys)
            .and_then(|keys| keys.sync_all())
            .map_err(|source| KeyError::File { path: keys, source })?;
        Ok(signer)
    }

    /// Opens the key of a ledger.
    ///
    /// # Errors
    /// [`KeyError::Missing`], [`KeyError::File`], and [`KeyError::Form`] when it is of another ledger.
    pub fn open(dir: &Path, ledger: uuid::Uuid) -> Result<Self, KeyError> {
        let path = private_path(dir);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(KeyError::Missing { path });
            }
            Err(source) => return Err(KeyError::File { path, source }),
        };
        let signer = Self::parse(text.trim(), &origin(ledger));
        let signer =
            signer.ok_or(KeyError::Form { path, source: NoteError::Form { what: "a private key" } })?;
        let public = public_path(dir);
        if !public.exists() {
            write_new(&public, &format!("{}\n", signer.verifier))?;
        }
        Ok(signer)
    }

    fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, ED25519, key.verifying_key())?;
        Ok(Self { key, verifier })
    }

    fn parse(text: &str, origin: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PRIVATE)?.splitn(3, '+');
        let (name, id, data) = (parts.next()?, parts.next()?, parts.next()?);
        let data = STANDARD.decode(data).ok()?;
        let seed: &[u8; 32] = data.strip_prefix(&[ED25519])?.try_into().ok()?;
        let signer = Self::from_seed(name, seed).ok()?;
        let fits = name == origin && format!("{:08x}", u32::from_be_bytes(signer.verifier.id())) == id;
        fits.then_some(signer)
    }

    fn secret(&self) -> String {
        let mut data = vec![ED25519];
        data.extend(self.key.as_bytes());
        let id = u32::from_be_bytes(self.verifier.id());
        format!("{PRIVATE}{}+{id:08x}+{}\n", self.verifier.name(), STANDARD.encode(data))
    }

    /// The public part.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// A signed checkpoint of this ledger. The same tree always gives the same bytes: Ed25519 draws nothing at random.
    #[must_use]
    pub fn checkpoint(&self, size: u64, root: crate::merkle::Hash) -> String {
        self.sign(Checkpoint { origin: self.verifier.name().to_owned(), size, root }.text())
    }

    /// A signed note over a digest, named by what it is of. It has two lines and a checkpoint three: neither can be taken
    /// for the other.
    #[must_use]
    pub fn attest(&self, what: &str, digest: crate::merkle::Hash) -> String {
        self.sign(format!("{what}\n{}\n", STANDARD.encode(digest)))
    }

    fn sign(&self, text: String) -> String {
        let line = signature_line(&self.verifier, &self.key.sign(text.as_bytes()).to_bytes());
        text + "\n" + &line
    }
}

/// The public key of a ledger.
///
/// # Errors
/// [`KeyError`] when there is none.
pub fn verifier(dir: &Path) -> Result<VerifierKey, KeyError> {
    let path = public_path(dir);
    let text =
        std::fs::read_to_string(&path).map_err(|source| KeyError::File { path: path.clone(), source })?;
    VerifierKey::parse(&text).map_err(|source| KeyError::Form { path, source })
}

/// The witnesses whose cosignatures are taken; none when nobody is named.
///
/// # Errors
/// [`KeyError`] for a line that is not a witness's key. Empty lines and those that begin with `#` are passed over.
pub fn witnesses(dir: &Path) -> Result<Vec<VerifierKey>, KeyError> {
    match read_witnesses(&witnesses_path(dir)) {
        Err(KeyError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// The witnesses named in a file of the same form, which must be there.
///
/// # Errors
/// As [`witnesses`].
pub fn read_witnesses(path: &Path) -> Result<Vec<VerifierKey>, KeyError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| KeyError::File { path: path.to_owned(), source })?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            VerifierKey::parse(line).and_then(|key| match key.algorithm() {
                COSIGNATURE => Ok(key),
                _ => Err(NoteError::Form { what: "a witness's key (signature type 0x04)" }),
            })
        })
        .collect::<Result<_, _>>()
        .map_err(|source| KeyError::Form { path: path.to_owned(), source })
}

pub(crate) fn make_private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file that is not there yet, for its owner only, and waits until it is on the disk.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<(), KeyError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|source| KeyError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::note::SignedNote;

    /// The example of Go's golang.org/x/mod/sumdb/note.
    const SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_published_example_of_go_is_read_signed_and_verified() {
        let signer = Signer::parse(SKEY, "PeterNeumann").unwrap();
        assert_eq!(signer.verifier().to_string(), VKEY);
        assert_eq!(signer.secret().trim(), SKEY);
        let note = SignedNote::parse(NOTE).unwrap();
        note.verify(&VerifierKey::parse(VKEY).unwrap()).unwrap();
        let line = signature_line(signer.verifier(), &signer.key.sign(note.text().as_bytes()).to_bytes());
        assert_eq!(format!("{}\n{line}", note.text()), NOTE);
    }

    #[test]
    fn what_is_attested_can_not_be_taken_for_a_checkpoint() {
        let signer = Signer::parse(SKEY, "PeterNeumann").unwrap();
        let note = SignedNote::parse(&signer.attest("PeterNeumann", [7; 32])).unwrap();
        note.verify(signer.verifier()).unwrap();
        assert!(Checkpoint::parse(note.text()).is_err());
        assert!(Checkpoint::parse(SignedNote::parse(&signer.checkpoint(3, [7; 32])).unwrap().text()).is_ok());
    }

    #[test]
    fn every_changed_character_of_a_note_is_noticed() {
        let key = VerifierKey::parse(VKEY).unwrap();
        for at in 0..NOTE.len() {
            let mut bytes = NOTE.as_bytes().to_vec();
            bytes[at] ^= 1;
            let held = String::from_utf8(bytes)
                .is_ok_and(|note| SignedNote::parse(&note).is_ok_and(|note| note.verify(&key).is_ok()));
            assert!(!held, "byte {at}");
        }
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_only_and_never_replaced_unseen() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = uuid::Uuid::from_u128(7);
        let made = Signer::open_or_make(dir.path(), ledger, true).unwrap();
        let again = Signer::open_or_make(dir.path(), ledger, false).unwrap();
        assert_eq!(made.verifier(), again.verifier());
        assert_eq!(made.verifier(), &verifier(dir.path()).unwrap());
        assert_eq!(made.checkpoint(3, [7; 32]), again.checkpoint(3, [7; 32]));
        #[cfg(unix)]
        for (name, mode) in [("keys", 0o700), ("keys/checkpoint.key", 0o600)] {
            use std::os::unix::fs::PermissionsExt;
            let about = std::fs::metadata(dir.path().join(name)).unwrap();
            assert_eq!(about.permissions().mode() & 0o777, mode, "{name}");
        }
        let foreign = Signer::open(dir.path(), uuid::Uuid::from_u128(8));
        assert!(matches!(foreign, Err(KeyError::Form { .. })));
        std::fs::remove_file(private_path(dir.path())).unwrap();
        let lost = |empty| Signer::open_or_make(dir.path(), ledger, empty);
        assert!(matches!(lost(true), Err(KeyError::Missing { .. })));
        std::fs::remove_dir_all(dir.path().join("keys")).unwrap();
        assert!(matches!(lost(false), Err(KeyError::Missing { .. })), "a ledger with events had a key");
        make_private_dir(&dir.path().join("keys")).unwrap();
        std::fs::write(renewal_path(dir.path()), "").unwrap();
        assert_ne!(lost(false).unwrap().verifier(), made.verifier(), "where it is asked for");
        assert!(!renewal_path(dir.path()).exists(), "once");
    }
}
