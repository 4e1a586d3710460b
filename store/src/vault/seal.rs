//! The sums: how a value about a person is sealed, compared, and found. Byte-exact in `docs/reference/format.md`.

use accord_domain::PersonalKind;
use accord_domain::personal::{Mark, Sealed};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Bytes of a key with its two halves: one seals, the other makes keyed hashes.
pub(super) const SECRET_BYTES: usize = 64;
const NONCE_BYTES: usize = 24;
const HASH_BYTES: usize = 16;
/// The part of the nonce that the key of a value is made with.
const OUTER_NONCE_BYTES: usize = 16;
const VALUE_KEY_BYTES: usize = 32;

/// Where a value stands: it can be opened there and nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The ledger's id.
    pub ledger: Uuid,
    /// The stream, `practitioner-D510105000123`.
    pub stream: &'a str,
    /// The event's version in its stream.
    pub version: u32,
    /// JSON pointer into the event.
    pub pointer: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        let Self { ledger, stream, version, pointer } = self;
        format!("accord-personal/1\n{ledger}\n{stream}\n{version}\n{pointer}\n").into_bytes()
    }
}

/// A value does not open where it stands: it was changed, moved from elsewhere, or sealed with another key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the sealed value does not open here: it was changed, moved from another place, or sealed with another key"
)]
pub struct NotOpened;

/// Sixty-four secret bytes. The first half is the key of XChaCha20-Poly1305, the second that of HMAC-SHA-256.
pub(super) struct Secret(Zeroizing<[u8; SECRET_BYTES]>);

impl Secret {
    pub(super) fn new(bytes: Zeroizing<[u8; SECRET_BYTES]>) -> Self {
        Self(bytes)
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut own = Zeroizing::new([0; SECRET_BYTES]);
        (bytes.len() == SECRET_BYTES).then(|| {
            own.copy_from_slice(bytes);
            Self(own)
        })
    }

    pub(super) fn bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// HMAC-SHA-256 under the second half, over a word that says what it is for and the parts.
    pub(super) fn hash(&self, what: &str, parts: &[&[u8]]) -> [u8; 32] {
        // A key of any length will do for HMAC, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0[32..]) else { return [0; 32] };
        mac.update(what.as_bytes());
        mac.update(b"\n");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    /// A hash of a value by what it says, as it is compared.
    pub(super) fn of_value(&self, what: &str, kind: PersonalKind, text: &str) -> [u8; HASH_BYTES] {
        let kind = kind.of(text);
        let normal = Zeroizing::new(kind.normal(text));
        let hash = self.hash(what, &[kind.word().as_bytes(), b"\n", normal.as_bytes()]);
        let mut short = [0; HASH_BYTES];
        short.copy_from_slice(&hash[..HASH_BYTES]);
        short
    }

    /// Nonce, ciphertext and tag. The nonce follows from the place and the text, so that no nonce is ever used for two
    /// texts, whatever becomes of the append.
    pub(super) fn encrypt(&self, aad: &[u8], text: &[u8]) -> Vec<u8> {
        let hash = self.hash("nonce", &[aad, text]);
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&hash[..NONCE_BYTES]);
        let mut sealed = nonce.to_vec();
        // Only a text of more than 256 GiB is refused.
        let made = self.cipher().encrypt(&XNonce::from(nonce), Payload { msg: text, aad });
        sealed.extend(made.unwrap_or_default());
        sealed
    }

    pub(super) fn decrypt(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        self.cipher().decrypt(&XNonce::from(nonce), Payload { msg: text, aad }).ok().map(Zeroizing::new)
    }

    /// The key that XChaCha20-Poly1305 makes for a nonce: HChaCha20 of the key and the first half of the nonce. Nonces of
    /// this ledger are keyed hashes, so no two values share it; and as HChaCha20 hides its key, it leads to no other.
    pub(super) fn of_nonce(&self, sealed: &[u8]) -> Option<ValueKey> {
        let outer: &[u8; OUTER_NONCE_BYTES] = sealed.first_chunk()?;
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&self.0[..32]);
        let mut made = chacha20::hchacha::<chacha20::R20>((&*key).into(), outer.into());
        let own = ValueKey(Zeroizing::new(made.into()));
        zeroize::Zeroize::zeroize(made.as_mut_slice());
        Some(own)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&self.0[..32]);
        XChaCha20Poly1305::new((&*key).into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

/// The key of a subject: what it seals is gone when it is destroyed.
#[derive(Debug)]
pub struct SubjectKey(pub(super) Secret);

impl SubjectKey {
    /// The mark that a value carries at every place of this subject: tells whether it is recorded without opening anything.
    #[must_use]
    pub fn mark(&self, kind: PersonalKind, text: &str) -> Mark {
        let mark = URL_SAFE_NO_PAD.encode(self.0.of_value("mark", kind, text));
        // Sixteen bytes are always 22 characters.
        Mark::parse(&mark).unwrap_or(Mark::NONE)
    }

    /// Seals a value for its place.
    #[must_use]
    pub fn seal(&self, place: &Place<'_>, kind: PersonalKind, text: &str) -> Sealed {
        let mark = self.mark(kind, text);
        let sealed = URL_SAFE_NO_PAD.encode(self.0.encrypt(&place.bytes(), text.as_bytes()));
        Sealed { mark, sealed: sealed.into() }
    }

    /// Opens a value at its place.
    ///
    /// # Errors
    /// [`NotOpened`] when it is not what was sealed for that place with this key.
    pub fn open(&self, place: &Place<'_>, sealed: &Sealed) -> Result<Zeroizing<String>, NotOpened> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed.sealed.as_bytes()).map_err(|_| NotOpened)?;
        let text = self.0.decrypt(&place.bytes(), &bytes).ok_or(NotOpened)?;
        std::str::from_utf8(&text).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| NotOpened)
    }

    /// The key of one value, if it opens at its place. It opens nothing else: neither another value nor, should the subject's
    /// key be destroyed, this one at another place.
    #[must_use]
    pub fn key_of(&self, place: &Place<'_>, sealed: &Sealed) -> Option<ValueKey> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed.sealed.as_bytes()).ok()?;
        let key = self.0.of_nonce(&bytes)?;
        key.open(place, sealed).is_ok().then_some(key)
    }

    /// Tells a repeated request with personal data from another one, as SHA-256 does for those without.
    #[must_use]
    pub fn digest(&self, canonical: &[u8]) -> [u8; 32] {
        self.0.hash("request", &[canonical])
    }
}

/// The key of one value, for handing out that value with the proof that it is what was sealed. The subject's key cannot be
/// computed from it.
#[derive(Clone, PartialEq, Eq)]
pub struct ValueKey(Zeroizing<[u8; VALUE_KEY_BYTES]>);

impl ValueKey {
    /// From 43 characters of base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let mut own = Zeroizing::new([0; VALUE_KEY_BYTES]);
        (bytes.len() == VALUE_KEY_BYTES).then(|| {
            own.copy_from_slice(&bytes);
            Self(own)
        })
    }

    /// As written.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(*self.0))
    }

    /// Opens the value at its place.
    ///
    /// # Errors
    /// [`NotOpened`] when it is another value, or stands elsewhere.
    pub fn open(&self, place: &Place<'_>, sealed: &Sealed) -> Result<Zeroizing<String>, NotOpened> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed.sealed.as_bytes()).map_err(|_| NotOpened)?;
        let (nonce, text) = bytes.split_at_checked(NONCE_BYTES).ok_or(NotOpened)?;
        let mut inner = [0; 12];
        inner[4..].copy_from_slice(&nonce[OUTER_NONCE_BYTES..]);
        let cipher = ChaCha20Poly1305::new((&*self.0).into());
        let payload = Payload { msg: text, aad: &place.bytes() };
        let text = cipher.decrypt(&Nonce::from(inner), payload).map(Zeroizing::new);
        let text = text.map_err(|_| NotOpened)?;
        std::str::from_utf8(&text).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| NotOpened)
    }
}

/// Never the key: what is printed for debugging ends in logs.
impl std::fmt::Debug for ValueKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ValueKey(not shown)")
    }
}
