//! The keys of personal data: one for each subject, kept beside the log, because what is in the log can never be removed
//! and a key can. Destroying it is how personal data is erased.
//!
//! | file | holds |
//! |---|---|
//! | `personal.db` | the subjects' keys, each wrapped by the ledger's; what was asked to be erased; keyed hashes for search |
//! | `keys/personal.key` | the ledger's key: wraps the others and makes the hashes for search |
//!
//! Both are made when the first personal data comes. A subject's key is on the disk before anything is sealed with it.

mod file;
mod seal;
#[cfg(test)]
mod tests;

pub use seal::{NotOpened, Place, SubjectKey, ValueKey};

use crate::keys::KeyError;
use accord_domain::PersonalKind;
use accord_domain::personal::Mark;
use file::{File, Row};
use seal::{SECRET_BYTES, Secret};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Keys kept in memory between commands.
const KEYS_KEPT_MAX: usize = 10_000;

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The ledger's key cannot be used.
    #[error("the key of the personal data cannot be used")]
    Key(#[from] KeyError),
    /// The database says no.
    #[error("the keys in {path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The ledger has a key for wrapping subjects' keys, and what it wrapped is gone.
    #[error("{path} is missing, and with it the keys of the personal data that is sealed in the log")]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// Something is sealed in the log for which there is no key.
    #[error("there is no key for what is sealed of {stream}: the keys of the personal data are missing")]
    NoKey {
        /// Whose.
        stream: String,
    },
    /// It belongs to another ledger, or to a newer version.
    #[error("{path} does not hold the keys of this ledger, or a newer version wrote it")]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// A subject's key does not come out of its wrapping.
    #[error("the key of {stream} is damaged, or wrapped by another key than keys/personal.key")]
    Damaged {
        /// Whose.
        stream: String,
    },
    /// Opened for questions only.
    #[error("the ledger is open for reading only")]
    ReadOnly,
}

/// What there is of a subject's key.
#[derive(Clone, Debug)]
pub enum Held {
    /// There never was one.
    Nothing,
    /// The key.
    Key(Arc<SubjectKey>),
    /// It was destroyed.
    Destroyed,
}

/// A subject about to be spoken of, and what of.
#[derive(Debug)]
pub struct Wanted {
    /// The stream.
    pub stream: String,
    /// What it shall be found by.
    pub values: Vec<(PersonalKind, Zeroizing<String>)>,
}

/// An identity number that was brought of a subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Number {
    /// The mark it has there: whether an event carries it tells whether it was recorded.
    pub mark: Mark,
    /// The other streams of which the same number was brought, and the mark it has in each.
    pub elsewhere: Vec<(String, Mark)>,
}

/// What a vault may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// Everything.
    ReadWrite,
    /// Search only.
    ReadOnly,
    /// Everything, and nothing of it is kept: new keys are forgotten with the vault.
    Rehearsal,
}

/// The keys of the personal data of a ledger. Sharing it shares them.
#[derive(Debug)]
pub struct Vault {
    dir: PathBuf,
    ledger: Uuid,
    usage: Use,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    file: Option<File>,
    ledger_key: Option<Secret>,
    keys: HashMap<String, Arc<SubjectKey>>,
    /// Keys made in a rehearsal.
    rehearsed: HashMap<String, Arc<SubjectKey>>,
}

impl Vault {
    /// The keys of the ledger in a directory. Nothing is read or made before it is needed.
    #[must_use]
    pub fn new(dir: &Path, ledger: Uuid, usage: Use) -> Self {
        Self { dir: dir.to_owned(), ledger, usage, inner: Mutex::default() }
    }

    /// The ledger's id.
    #[must_use]
    pub fn ledger(&self) -> Uuid {
        self.ledger
    }

    /// Where the keys are.
    #[must_use]
    pub fn path(dir: &Path) -> PathBuf {
        dir.join("personal.db")
    }

    /// Makes the keys that are missing, and lets the subjects be found by what is about to be said of them. Durable when it
    /// returns. A subject whose key was destroyed gets none.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn prepare(&self, wanted: &[Wanted]) -> Result<(), VaultError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let mut inner = self.inner();
        let inner = &mut *inner;
        if self.usage == Use::Rehearsal {
            for wanted in wanted {
                let held = inner.held(self, &wanted.stream)?;
                if matches!(held, Held::Nothing) && !inner.rehearsed.contains_key(&wanted.stream) {
                    let key = Arc::new(SubjectKey(random()?));
                    inner.rehearsed.insert(wanted.stream.clone(), key);
                }
            }
            return Ok(());
        }
        if self.usage == Use::ReadOnly {
            return Err(VaultError::ReadOnly);
        }
        inner.make_file(self)?;
        inner.load_ledger_key(self, true)?;
        let (Some(file), Some(ledger_key)) = (&mut inner.file, &inner.ledger_key) else { return Ok(()) };
        let mut made = Vec::new();
        file.write(&mut |rows| {
            for wanted in wanted {
                let (id, key) = match rows.find(&wanted.stream)? {
                    Some((_, Row { wrapped: None, had_key: true })) => continue,
                    Some((id, Row { wrapped: Some(wrapped), .. })) => (id, Key::Wrapped(wrapped)),
                    Some((_, Row { wrapped: None, had_key: false })) | None => {
                        let key = Arc::new(SubjectKey(random().map_err(file::Stop::Vault)?));
                        let aad = wrapping(self.ledger, &wanted.stream);
                        let id = rows.add(&wanted.stream, &ledger_key.encrypt(&aad, key.0.bytes()))?;
                        made.push((wanted.stream.clone(), Arc::clone(&key)));
                        (id, Key::Made(key))
                    }
                };
                for (kind, text) in &wanted.values {
                    let token = ledger_key.of_value("token", *kind, text);
                    rows.add_token(&token, id)?;
                    if kind.of(text) == PersonalKind::IdentityNumber {
                        let mark = key.opened(self.ledger, ledger_key, &wanted.stream)?.mark(*kind, text);
                        rows.add_number(&token, id, mark.as_str())?;
                    }
                }
            }
            Ok(())
        })?;
        for (stream, key) in made {
            inner.remember(stream, key);
        }
        Ok(())
    }

    /// The key of a subject.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn key(&self, stream: &str) -> Result<Held, VaultError> {
        self.inner().held(self, stream)
    }

    /// Streams of which such a value was brought before, and perhaps recorded: that is for the caller to look up. By a keyed
    /// hash of the value as it is compared.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn find(&self, kind: PersonalKind, text: &str) -> Result<Vec<String>, VaultError> {
        let mut inner = self.inner();
        if !inner.open_file(self)? {
            return Ok(Vec::new());
        }
        inner.load_ledger_key(self, false)?;
        match (&inner.file, &inner.ledger_key) {
            (Some(file), Some(key)) => file.streams_of(&key.of_value("token", kind, text)),
            _ => Ok(Vec::new()),
        }
    }

    /// Other subjects of which something was brought that was also brought of this one: the same person by name, identity
    /// number or telephone number. For looking up relations without opening anything.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn related(&self, stream: &str) -> Result<Vec<String>, VaultError> {
        let mut inner = self.inner();
        if !inner.open_file(self)? {
            return Ok(Vec::new());
        }
        inner.file.as_ref().map_or(Ok(Vec::new()), |file| file.related(stream))
    }

    /// The identity numbers that were brought of a subject, and perhaps recorded: nothing of them is told but where else the
    /// same was brought. What was brought before version 2 of the file is not known here until it is brought again.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn numbers(&self, stream: &str) -> Result<Vec<Number>, VaultError> {
        let mut inner = self.inner();
        if !inner.open_file(self)? {
            return Ok(Vec::new());
        }
        let Some(file) = &inner.file else { return Ok(Vec::new()) };
        let mut numbers = Vec::new();
        for (token, mark) in file.numbers(stream)? {
            let elsewhere = file.with_number(&token)?.into_iter().filter(|(other, _)| other != stream);
            let elsewhere = elsewhere.map(|(other, mark)| (other, mark_of(&mark))).collect();
            numbers.push(Number { mark: mark_of(&mark), elsewhere });
        }
        Ok(numbers)
    }

    /// Says that a subject is about to be fenced. Durable when it returns: whatever happens next, [`Vault::unfinished`]
    /// names it until it is destroyed or kept.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn begin_erasure(&self, stream: &str) -> Result<(), VaultError> {
        if self.usage != Use::ReadWrite {
            return Ok(());
        }
        let mut inner = self.inner();
        inner.make_file(self)?;
        inner.file.as_mut().map_or(Ok(()), |file| file.write(&mut |rows| rows.mark_erasing(stream, true)))
    }

    /// Subjects whose erasure was begun and not ended.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn unfinished(&self) -> Result<Vec<String>, VaultError> {
        let mut inner = self.inner();
        if !inner.open_file(self)? {
            return Ok(Vec::new());
        }
        inner.file.as_ref().map_or(Ok(Vec::new()), File::erasing)
    }

    /// The erasure did not come to pass: nothing was recorded.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn keep(&self, stream: &str) -> Result<(), VaultError> {
        let mut inner = self.inner();
        inner.open_file(self)?;
        inner.file.as_mut().map_or(Ok(()), |file| file.write(&mut |rows| rows.mark_erasing(stream, false)))
    }

    /// Destroys the key of a subject and what it was found by, in memory, in the file and in its write-ahead log. That it
    /// was destroyed stays known.
    ///
    /// # Errors
    /// [`VaultError`]; then it is still named by [`Vault::unfinished`].
    pub fn destroy(&self, stream: &str) -> Result<(), VaultError> {
        let mut inner = self.inner();
        inner.open_file(self)?;
        inner.keys.remove(stream);
        let Some(file) = &mut inner.file else { return Ok(()) };
        file.write(&mut |rows| rows.destroy(stream))?;
        file.flush()?;
        file.write(&mut |rows| rows.mark_erasing(stream, false))
    }

    /// Looks whether the keys can be used, where there are any.
    ///
    /// # Errors
    /// [`VaultError`] when they are missing, in part or altogether, or cannot be read.
    pub fn look(&self) -> Result<(), VaultError> {
        let mut inner = self.inner();
        if !inner.open_file(self)? {
            return Ok(());
        }
        match &inner.file {
            Some(file) if !file.is_empty()? => inner.load_ledger_key(self, false),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether keys of personal data were ever made here, as far as the directory tells.
    #[must_use]
    pub fn is_there(&self) -> bool {
        Self::path(&self.dir).exists() || self.ledger_key_path().exists()
    }

    fn ledger_key_path(&self) -> PathBuf {
        self.dir.join("keys").join("personal.key")
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Whatever a panic interrupted was a transaction.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Opens the file where there is one. The ledger's key is made after it and only then: where there is a key and no file,
    /// the file is lost, and a new one must not take its place unseen.
    fn open_file(&mut self, vault: &Vault) -> Result<bool, VaultError> {
        if self.file.is_some() {
            return Ok(true);
        }
        let path = Vault::path(&vault.dir);
        if path.exists() {
            self.file = Some(File::open(&path, vault.ledger, vault.usage)?);
        } else if vault.ledger_key_path().exists() {
            return Err(VaultError::Missing { path });
        }
        Ok(self.file.is_some())
    }

    fn make_file(&mut self, vault: &Vault) -> Result<(), VaultError> {
        if !self.open_file(vault)? {
            self.file = Some(File::make(&Vault::path(&vault.dir), vault.ledger)?);
        }
        Ok(())
    }

    /// Loads the ledger's key. One is made only while nothing was wrapped yet: a new one must not take its place unseen.
    fn load_ledger_key(&mut self, vault: &Vault, make: bool) -> Result<(), VaultError> {
        if self.ledger_key.is_some() {
            return Ok(());
        }
        let path = vault.ledger_key_path();
        let may_make = make && self.file.as_ref().is_some_and(|file| file.is_empty().unwrap_or(false));
        self.ledger_key = Some(file::ledger_key(&path, vault.ledger, may_make)?);
        Ok(())
    }

    fn held(&mut self, vault: &Vault, stream: &str) -> Result<Held, VaultError> {
        if let Some(key) = self.keys.get(stream).or_else(|| self.rehearsed.get(stream)) {
            return Ok(Held::Key(Arc::clone(key)));
        }
        if !self.open_file(vault)? {
            return Ok(Held::Nothing);
        }
        let row = match &self.file {
            Some(file) => file.row(stream)?,
            None => None,
        };
        let wrapped = match row {
            None => return Ok(Held::Nothing),
            Some(Row { wrapped: None, had_key: true }) => return Ok(Held::Destroyed),
            Some(Row { wrapped: None, had_key: false }) => return Ok(Held::Nothing),
            Some(Row { wrapped: Some(wrapped), .. }) => wrapped,
        };
        self.load_ledger_key(vault, false)?;
        let Some(ledger_key) = &self.ledger_key else { return Ok(Held::Nothing) };
        let key = Arc::new(unwrapped(vault.ledger, ledger_key, stream, &wrapped)?);
        self.remember(stream.to_owned(), Arc::clone(&key));
        Ok(Held::Key(key))
    }

    fn remember(&mut self, stream: String, key: Arc<SubjectKey>) {
        if self.keys.len() >= KEYS_KEPT_MAX {
            self.keys.clear();
        }
        self.keys.insert(stream, key);
    }
}

/// A subject's key while subjects are prepared: taken out of its wrapping only where it is needed.
enum Key {
    Made(Arc<SubjectKey>),
    Wrapped(Vec<u8>),
}

impl Key {
    fn opened(&self, ledger: Uuid, by: &Secret, stream: &str) -> Result<Arc<SubjectKey>, file::Stop> {
        match self {
            Self::Made(key) => Ok(Arc::clone(key)),
            Self::Wrapped(wrapped) => {
                unwrapped(ledger, by, stream, wrapped).map(Arc::new).map_err(file::Stop::Vault)
            }
        }
    }
}

/// A subject's key out of its wrapping.
fn unwrapped(
    ledger: Uuid,
    ledger_key: &Secret,
    stream: &str,
    wrapped: &[u8],
) -> Result<SubjectKey, VaultError> {
    let secret = ledger_key.decrypt(&wrapping(ledger, stream), wrapped);
    let secret = secret.and_then(|secret| Secret::from_slice(&secret));
    secret.map(SubjectKey).ok_or_else(|| VaultError::Damaged { stream: stream.to_owned() })
}

/// A mark as it is kept.
fn mark_of(text: &str) -> Mark {
    Mark::parse(text).unwrap_or(Mark::NONE)
}

/// What a wrapped key is bound to.
fn wrapping(ledger: Uuid, stream: &str) -> Vec<u8> {
    format!("accord-subject-key/1\n{ledger}\n{stream}\n").into_bytes()
}

fn random() -> Result<Secret, VaultError> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    getrandom::fill(&mut *bytes).map_err(|error| KeyError::Random(error.to_string()))?;
    Ok(Secret::new(bytes))
}
