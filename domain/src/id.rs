//! Identifiers. Patterns are exact; the region inside a code is history, not address, so an unknown one only warns.
//! Published forms: institution `H37010200001`, physician `D510105000123`; pharmacy, nurse, pharmacist and technician
//! codes follow the same notice.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// The position of an event inside its stream, from 0.
pub type Version = u32;

/// What kind of subject a stream tells of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SubjectKind {
    /// 定点医疗机构 or 定点零售药店.
    Institution,
    /// 相关人员.
    Practitioner,
}

impl SubjectKind {
    /// All kinds.
    pub const ALL: [SubjectKind; 2] = [Self::Institution, Self::Practitioner];

    /// The word used in stream names, commands and event types.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Institution => "institution",
            Self::Practitioner => "practitioner",
        }
    }

    /// The word used in addresses: `/v1/institutions`.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Institution => "institutions",
            Self::Practitioner => "practitioners",
        }
    }

    /// From either word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word || kind.plural() == word)
    }
}

/// Why a text is no identifier of its kind: what was read and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}: {expected}")]
pub struct IdError {
    /// What was given, cut to 40 characters.
    pub text: String,
    /// What it should have been.
    pub what: &'static str,
    /// The form that would be right, with an example.
    pub expected: &'static str,
}

pub(crate) fn refuse(text: &str, what: &'static str, expected: &'static str) -> IdError {
    IdError { text: text.chars().take(40).collect(), what, expected }
}

fn digits_after(text: &str, prefix: &str, count: usize) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == count && rest.bytes().all(|b| b.is_ascii_digit()))
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $len_max:literal, $what:literal, $expected:literal, $accepts:expr) => {
        $(#[$doc])*
        ///
        /// Kept in place, without allocation: a state, a track and a claim each hold several.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            /// ASCII, filled up with zeros.
            bytes: [u8; $len_max],
            len: u8,
        }

        impl $name {
            /// Checks the form.
            ///
            /// # Errors
            /// [`IdError`] says what would be right.
            pub fn parse(text: &str) -> Result<Self, $crate::id::IdError> {
                let accepts: fn(&str) -> bool = $accepts;
                let mut bytes = [0; $len_max];
                match (u8::try_from(text.len()), bytes.get_mut(..text.len())) {
                    (Ok(len), Some(slot)) if accepts(text) => {
                        slot.copy_from_slice(text.as_bytes());
                        Ok(Self { bytes, len })
                    }
                    _ => Err($crate::id::refuse(text, $what, $expected)),
                }
            }

            /// The code as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!($what, ": ", $expected))
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }
    };
}

pub(crate) use code;

code!(
    /// Code of a designated medical institution (`H`) or retail pharmacy (`P`).
    InstitutionCode,
    12,
    "an institution code",
    "H (medical institution) or P (pharmacy), 6 digits of a region and 5 digits, such as H37010200001",
    |text| digits_after(text, "H", 11) || digits_after(text, "P", 11)
);
code!(
    /// Code of a practitioner: physician `D`, nurse `N`, pharmacist `HY`, technician `HJ`.
    PractitionerCode,
    14,
    "a practitioner code",
    "D or N and 12 digits, or HY or HJ and 12 digits, such as D510105000123",
    |text| ["D", "N", "HY", "HJ"].iter().any(|prefix| digits_after(text, prefix, 12))
);

impl InstitutionCode {
    /// 定点零售药店 rather than 定点医疗机构.
    #[must_use]
    pub fn is_pharmacy(&self) -> bool {
        self.bytes[0] == b'P'
    }

    /// The region inside the code: where the number was given, not where the institution is now.
    #[must_use]
    pub fn region(&self) -> Option<AreaCode> {
        AreaCode::parse(self.as_str().get(1..7)?).ok()
    }
}

impl PractitionerCode {
    /// The region inside the code: where the number was given.
    #[must_use]
    pub fn region(&self) -> Option<AreaCode> {
        let digits = self.as_str().trim_start_matches(|letter: char| letter.is_ascii_uppercase());
        AreaCode::parse(digits.get(..6)?).ok()
    }
}

/// A pooling area: six digits, GB/T 2260 plus pooling units such as 439900 (省本级).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AreaCode(u32);

impl AreaCode {
    /// Checks the form.
    ///
    /// # Errors
    /// [`IdError`] says what would be right.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.len() == 6
            && text.bytes().all(|b| b.is_ascii_digit())
            && let Ok(number) = text.parse::<u32>()
            && number >= 100_000
        {
            return Ok(Self(number));
        }
        Err(refuse(text, "a pooling area", "six digits not starting with 0, such as 430500"))
    }

    /// The code as a number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// From a number made by [`AreaCode::number`].
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The province: the first two digits and 0000.
    #[must_use]
    pub const fn province(self) -> Self {
        Self(self.0 / 10_000 * 10_000)
    }

    /// The prefecture: the first four digits and 00.
    #[must_use]
    pub const fn prefecture(self) -> Self {
        Self(self.0 / 100 * 100)
    }

    /// A whole province, or a prefecture: an agency of this area stands at prefecture level or above.
    #[must_use]
    pub const fn is_prefecture_or_above(self) -> bool {
        self.0.is_multiple_of(100)
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl Serialize for AreaCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AreaCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = AreaCode;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pooling area as text of six digits, such as \"430500\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<AreaCode, E> {
                AreaCode::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// Whose stream it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// An institution.
    Institution(InstitutionCode),
    /// A practitioner.
    Practitioner(PractitionerCode),
}

impl Subject {
    /// Which kind.
    #[must_use]
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::Institution(_) => SubjectKind::Institution,
            Self::Practitioner(_) => SubjectKind::Practitioner,
        }
    }

    /// The code without the kind.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Institution(code) => code.as_str(),
            Self::Practitioner(code) => code.as_str(),
        }
    }

    /// The region inside the code: where the number was given.
    #[must_use]
    pub fn region(&self) -> Option<AreaCode> {
        match self {
            Self::Institution(code) => code.region(),
            Self::Practitioner(code) => code.region(),
        }
    }

    /// The name of its stream, `institution-H37010200001`.
    #[must_use]
    pub fn stream(&self) -> String {
        format!("{}-{}", self.kind().name(), self.code())
    }

    /// A code of a known kind.
    ///
    /// # Errors
    /// [`IdError`] says what would be right.
    pub fn parse_as(kind: SubjectKind, code: &str) -> Result<Self, IdError> {
        match kind {
            SubjectKind::Institution => InstitutionCode::parse(code).map(Self::Institution),
            SubjectKind::Practitioner => PractitionerCode::parse(code).map(Self::Practitioner),
        }
    }

    /// A code whose first letters tell its kind, or a stream name.
    ///
    /// # Errors
    /// [`IdError`] says what would be right.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if let Some((kind, code)) = text.split_once('-')
            && let Some(kind) = SubjectKind::parse(kind)
        {
            return Self::parse_as(kind, code);
        }
        InstitutionCode::parse(text)
            .map(Self::Institution)
            .or_else(|_| PractitionerCode::parse(text).map(Self::Practitioner))
            .map_err(|_| {
                refuse(
                    text,
                    "a subject",
                    "an institution such as H37010200001 or P43050300012, or a practitioner such as D510105000123",
                )
            })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
