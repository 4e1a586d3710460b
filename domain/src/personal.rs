//! Personal data (个人信息): names, identity numbers, telephone numbers and certificates of natural persons.
//!
//! A command brings them as they are. Before an act is decided the service seals them with the key of their subject, so
//! that decisions, events, views and answers only ever see sealed values; nothing here knows a key. A sealed value carries
//! a [`Mark`], by which two values of one subject can be told equal or different without opening either. When the subject's
//! key is destroyed, value and mark mean nothing any more.

mod acts;
mod holders;
mod plainly;

pub use acts::{
    PersonalAct, PersonalErased, PersonalErasing, PersonalRead, PersonalReading, ReadEvent, fence,
};
pub(crate) use acts::{decide, not_fenced};
pub(crate) use holders::names;
pub use holders::{Visit, personal_change};
pub(crate) use plainly::looks_personal;

use crate::identifiers::CitizenNumber;
use crate::institution::facts::Text;
use crate::limits::PERSONAL_BYTES_MAX;
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What is said of a number where a text is meant.
const NOT_A_TEXT: &str = "a number; write it as a text, in quotes";
/// Shortest sealed value in base64: nonce and tag alone.
const SEALED_TEXT_MIN: usize = 54;
/// Longest sealed value in base64: a nonce, a tag and the longest value.
const SEALED_TEXT_MAX: usize = 4 * (PERSONAL_BYTES_MAX + 40).div_ceil(3);

/// What a value says of a person. Marks and search differ by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PersonalKind {
    /// 姓名.
    Name,
    /// 公民身份号码.
    IdentityNumber,
    /// 联系电话.
    Phone,
    /// Number of a certificate.
    Certificate,
    /// 住址, and whatever else is known of a person.
    Other,
}

impl PersonalKind {
    /// The word for it: in keyed hashes and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::IdentityNumber => "identity-number",
            Self::Phone => "phone",
            Self::Certificate => "certificate",
            Self::Other => "other",
        }
    }

    /// By its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Name, Self::IdentityNumber, Self::Phone, Self::Certificate, Self::Other]
            .into_iter()
            .find(|kind| kind.word() == word)
    }

    /// What a text given as this kind is: who is named by an identity number is found by it.
    #[must_use]
    pub fn of(self, text: &str) -> Self {
        match self {
            Self::Name if CitizenNumber::parse(&upper(text)).is_ok() => Self::IdentityNumber,
            Self::Name | Self::IdentityNumber | Self::Phone | Self::Certificate | Self::Other => self,
        }
    }

    /// The form that is compared and searched: two ways to write the same come out equal.
    #[must_use]
    pub fn normal(self, text: &str) -> String {
        let without_blanks = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        match self {
            Self::IdentityNumber => {
                let text = upper(text);
                CitizenNumber::parse(&text).map_or(text, |number| number.reveal().to_owned())
            }
            Self::Phone => {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                match digits.strip_prefix("86") {
                    Some(own) if own.len() == 11 => own.to_owned(),
                    Some(_) | None => digits,
                }
            }
            Self::Name | Self::Certificate | Self::Other => without_blanks(text).to_lowercase(),
        }
    }

    /// What is wrong with a value of this kind, without repeating it; none when it will do.
    #[must_use]
    pub fn fault(self, text: &str) -> Option<&'static str> {
        if text.trim().is_empty() {
            return Some("empty; leave it out instead");
        }
        if text.len() > PERSONAL_BYTES_MAX {
            return Some("longer than the 400 bytes accepted");
        }
        match self {
            Self::IdentityNumber if CitizenNumber::parse(&upper(text)).is_err() => Some(
                "not a citizen identity number: 17 digits with a real date of birth and their check character (GB 11643), or \
                 the older 15 digits",
            ),
            Self::Phone if !is_phone(text) => {
                Some("not a telephone number: 5 to 20 digits, with blanks, hyphens, brackets and a leading +")
            }
            Self::Name | Self::IdentityNumber | Self::Phone | Self::Certificate | Self::Other => None,
        }
    }
}

fn upper(text: &str) -> String {
    text.trim().to_ascii_uppercase()
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (5..=20).contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || " -+()（）".contains(c))
}

/// Tells whether two sealed values of one subject and kind are equal: a keyed hash, 128 bits in base64url. It says nothing
/// across subjects, and nothing at all to who has not the subject's key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark([u8; 22]);

impl Mark {
    /// Of nothing.
    pub const NONE: Mark = Mark([b'A'; 22]);

    /// From 22 characters of base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = <[u8; 22]>::try_from(text.as_bytes()).ok()?;
        bytes.iter().all(|byte| is_base64url(*byte)).then_some(Self(bytes))
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mark({})", self.as_str())
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// A value that only the holder of its subject's key can read.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Equal for equal values of one subject and kind.
    pub mark: Mark,
    /// Nonce, ciphertext and tag in base64url; empty where only the mark is kept.
    pub sealed: Box<str>,
}

/// Equal when what they hide is: by their marks. The same value is sealed to other bytes at every place.
impl PartialEq for Sealed {
    fn eq(&self, other: &Self) -> bool {
        self.mark == other.mark
    }
}

impl Eq for Sealed {}

/// A value about a person.
#[derive(Clone, PartialEq, Eq)]
pub enum Personal {
    /// As a command brings it, and as events of older forms hold it.
    Plain(Text),
    /// As events hold it.
    Sealed(Box<Sealed>),
}

impl Personal {
    /// The text, where it is not sealed.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Sealed(_) => None,
        }
    }

    /// The sealed value, where it is one.
    #[must_use]
    pub fn sealed(&self) -> Option<&Sealed> {
        match self {
            Self::Plain(_) => None,
            Self::Sealed(sealed) => Some(sealed),
        }
    }

    /// What a state keeps of it: a sealed value shrinks to its mark, which is all that can be compared.
    #[must_use]
    pub(crate) fn kept(&self) -> Self {
        match self {
            Self::Plain(text) => Self::Plain(text.clone()),
            Self::Sealed(sealed) => {
                Self::Sealed(Box::new(Sealed { mark: sealed.mark, sealed: Box::default() }))
            }
        }
    }

    /// In a list of differences: a sealed value by the beginning of its mark, so that a change of it shows.
    #[must_use]
    pub(crate) fn shown(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Plain(text) => (&**text).into(),
            Self::Sealed(sealed) => format!("封存 sealed:{}", &sealed.mark.as_str()[..8]).into(),
        }
    }
}

impl From<&str> for Personal {
    fn from(text: &str) -> Self {
        Self::Plain(text.into())
    }
}

impl From<String> for Personal {
    fn from(text: String) -> Self {
        Self::Plain(text.into())
    }
}

/// Never the text itself: what is printed for debugging ends in logs.
impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(not shown)"),
            Self::Sealed(sealed) => write!(f, "Sealed({})", sealed.mark.as_str()),
        }
    }
}

impl Serialize for Personal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(text) => serializer.serialize_str(text),
            Self::Sealed(sealed) => {
                let mut members = serializer.serialize_struct("Sealed", 2)?;
                members.serialize_field("mark", sealed.mark.as_str())?;
                members.serialize_field("sealed", &sealed.sealed)?;
                members.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Personal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Personal, E> {
                Ok(Personal::Plain(text.into()))
            }

            // Serde repeats a number that stands where a text is meant; a telephone number is not to be repeated.
            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Personal, E> {
                Err(E::custom(NOT_A_TEXT))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Personal, E> {
                Err(E::custom(NOT_A_TEXT))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Personal, E> {
                Err(E::custom(NOT_A_TEXT))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Personal, A::Error> {
                let (mut mark, mut sealed) = (None, None);
                while let Some(name) = members.next_key::<String>()? {
                    let text = members.next_value::<String>()?;
                    match name.as_str() {
                        "mark" if mark.is_none() => {
                            let parsed = Mark::parse(&text);
                            mark = Some(
                                parsed.ok_or_else(|| de::Error::custom("not the mark of a sealed value"))?,
                            );
                        }
                        "sealed" if sealed.is_none() => {
                            let fits = (SEALED_TEXT_MIN..=SEALED_TEXT_MAX).contains(&text.len());
                            if !fits || !text.bytes().all(is_base64url) {
                                return Err(de::Error::custom("not a sealed value"));
                            }
                            sealed = Some(text);
                        }
                        _ => return Err(de::Error::custom("not a member of a sealed value")),
                    }
                }
                match (mark, sealed) {
                    (Some(mark), Some(sealed)) => {
                        Ok(Personal::Sealed(Box::new(Sealed { mark, sealed: sealed.into() })))
                    }
                    _ => Err(de::Error::custom("a sealed value has a mark and the sealed bytes")),
                }
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests;
