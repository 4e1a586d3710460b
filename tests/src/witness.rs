//! A witness of checkpoints (c2sp.org/tlog-cosignature, version 1), as somebody else would run it.

use accord_store::merkle::note::{COSIGNATURE, SignedNote, VerifierKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};

/// A witness with a key of its own.
#[derive(Debug)]
pub struct Witness {
    secret: SigningKey,
    key: VerifierKey,
}

impl Witness {
    /// One of a name; the number makes its key.
    ///
    /// # Panics
    /// When the name cannot be one of a key.
    #[must_use]
    pub fn new(name: &str, number: u8) -> Self {
        let secret = SigningKey::from_bytes(&[number; 32]);
        let key = VerifierKey::new(name, COSIGNATURE, secret.verifying_key()).expect("a name");
        Self { secret, key }
    }

    /// Its public key, as `keys/witnesses` has it.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The line it adds to a checkpoint at a time, in seconds since 1970.
    ///
    /// # Panics
    /// When it is no checkpoint.
    #[must_use]
    pub fn line(&self, checkpoint: &str, at_s: u64) -> String {
        let text = SignedNote::parse(checkpoint).expect("a checkpoint").text().to_owned();
        let signature = self.secret.sign(format!("cosignature/v1\ntime {at_s}\n{text}").as_bytes());
        let data = [&self.key.id()[..], &at_s.to_be_bytes(), &signature.to_bytes()].concat();
        format!("— {} {}\n", self.key.name(), STANDARD.encode(data))
    }
}

/// The line with one byte of what stands behind the id changed: 0 to 7 is the time, the rest the signature.
///
/// # Panics
/// When it is no line of a signature.
#[must_use]
pub fn altered(line: &str, byte: usize) -> String {
    let (head, data) = line.trim_end().rsplit_once(' ').expect("a line");
    let mut data = STANDARD.decode(data).expect("base64");
    data[4 + byte] ^= 1;
    format!("{head} {}\n", STANDARD.encode(data))
}
