//! Identifiers. Patterns are exact; the region inside a code is history, not address, so an unknown one only warns.
//! Published forms: institution `H37010200001`, physician `D510105000123`; pharmacy, nurse, pharmacist and technician
//! codes follow the same notice.

use crate::identifiers::Uscc;
use crate::rejection::Words;
use crate::spoken::phrase;
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
    /// 医药企业.
    Enterprise,
    /// 参保人.
    Insured,
    /// 统筹地区.
    Area,
    /// 案件.
    Case,
}

impl SubjectKind {
    /// All kinds.
    pub const ALL: [SubjectKind; 6] =
        [Self::Institution, Self::Practitioner, Self::Enterprise, Self::Insured, Self::Area, Self::Case];

    /// The word used in stream names, commands and event types.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Institution => "institution",
            Self::Practitioner => "practitioner",
            Self::Enterprise => "enterprise",
            Self::Insured => "insured",
            Self::Area => "area",
            Self::Case => "case",
        }
    }

    /// The word used in addresses: `/v1/institutions`.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Institution => "institutions",
            Self::Practitioner => "practitioners",
            Self::Enterprise => "enterprises",
            Self::Insured => "insured",
            Self::Area => "areas",
            Self::Case => "cases",
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

impl From<IdError> for Words {
    fn from(error: IdError) -> Self {
        error.words()
    }
}

impl IdError {
    /// In words.
    #[must_use]
    pub fn words(&self) -> Words {
        let (text, what, expected) = (&self.text, phrase(self.what), phrase(self.expected));
        Words { en: self.to_string(), zh: format!("{text:?} 不是{what}：{expected}") }
    }
}

pub(crate) fn refuse(text: &str, what: &'static str, expected: &'static str) -> IdError {
    IdError { text: shown(text).chars().take(40).collect(), what, expected }
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

    /// Whether a body of this area stands over another area: the area itself, its prefecture or its province.
    #[must_use]
    pub fn covers(self, inner: Self) -> bool {
        self == inner || self == inner.prefecture() || self == inner.province()
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

code!(
    /// A pooling area as a subject: the text of its [`AreaCode`].
    AreaSubject,
    6,
    "a pooling area",
    "six digits not starting with 0, such as 430500",
    |text| AreaCode::parse(text).is_ok()
);

impl AreaSubject {
    /// The subject that an area is.
    #[must_use]
    pub fn of(area: AreaCode) -> Self {
        let mut bytes = [b'0'; 6];
        let mut rest = area.number();
        for digit in bytes.iter_mut().rev() {
            *digit += (rest % 10).to_le_bytes()[0];
            rest /= 10;
        }
        Self { bytes, len: 6 }
    }

    /// The area.
    #[must_use]
    pub fn area(&self) -> AreaCode {
        AreaCode(self.bytes.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }
}

/// A code of free length behind a fixed beginning, kept out of line: few subjects have one.
macro_rules! prefixed {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expected:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks the form.
            ///
            /// # Errors
            /// [`IdError`] says what would be right.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(text) { Ok(Self(text.into())) } else { Err(refuse(text, $what, $expected)) }
            }

            /// The code as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(de::Error::custom)
            }
        }
    };
}

prefixed!(
    /// An insured person (参保人), by an opaque number of the agency's own. Never an identity number: fifteen digits in a
    /// row, which every identity number has, are refused.
    InsuredCode,
    "an insured person",
    "ins- and 8 to 36 letters, digits, hyphens and underscores without 15 digits in a row, such as ins-7f3a09c2; never an \
     identity number",
    |text| after(text, "ins-", 8, 36) && !has_digits_in_a_row(text, 15)
);
prefixed!(
    /// A case (案件), which ties acts on several subjects together.
    CaseCode,
    "a case",
    "case- and 1 to 59 letters, digits, hyphens and underscores, such as case-2025-0804",
    |text| after(text, "case-", 1, 59) && !text.starts_with("case-case-")
);

/// A refused code as it may be repeated: what may be an identity number is not.
fn shown(text: &str) -> &str {
    if has_digits_in_a_row(text, 15) { "(not shown)" } else { text }
}

/// Whether so many letters, digits, hyphens and underscores follow a beginning.
fn after(text: &str, prefix: &str, min: usize, max: usize) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        (min..=max).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    })
}

/// Whether that many digits follow one another, hyphens and underscores between them left out.
fn has_digits_in_a_row(text: &str, count: usize) -> bool {
    let mut run = 0;
    text.bytes().any(|byte| {
        match byte {
            b'0'..=b'9' => run += 1,
            b'-' | b'_' => {}
            _ => run = 0,
        }
        run >= count
    })
}

/// Whose stream it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// An institution.
    Institution(InstitutionCode),
    /// A practitioner.
    Practitioner(PractitionerCode),
    /// A drug or device firm.
    Enterprise(Uscc),
    /// An insured person.
    Insured(InsuredCode),
    /// A pooling area.
    Area(AreaSubject),
    /// A case.
    Case(CaseCode),
}

impl Subject {
    /// Which kind.
    #[must_use]
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::Institution(_) => SubjectKind::Institution,
            Self::Practitioner(_) => SubjectKind::Practitioner,
            Self::Enterprise(_) => SubjectKind::Enterprise,
            Self::Insured(_) => SubjectKind::Insured,
            Self::Area(_) => SubjectKind::Area,
            Self::Case(_) => SubjectKind::Case,
        }
    }

    /// The code without the kind.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Institution(code) => code.as_str(),
            Self::Practitioner(code) => code.as_str(),
            Self::Enterprise(code) => code.as_str(),
            Self::Insured(code) => code.as_str(),
            Self::Area(code) => code.as_str(),
            Self::Case(code) => code.as_str(),
        }
    }

    /// The region inside the code: where the number was given; none where a code has none.
    #[must_use]
    pub fn region(&self) -> Option<AreaCode> {
        match self {
            Self::Institution(code) => code.region(),
            Self::Practitioner(code) => code.region(),
            Self::Enterprise(code) => AreaCode::parse(code.as_str().get(2..8)?).ok(),
            Self::Area(code) => Some(code.area()),
            Self::Insured(_) | Self::Case(_) => None,
        }
    }

    /// The name of its stream, `institution-H37010200001`.
    #[must_use]
    pub fn stream(&self) -> String {
        [self.kind().name(), "-", self.code()].concat()
    }

    /// A code of a known kind.
    ///
    /// # Errors
    /// [`IdError`] says what would be right.
    pub fn parse_as(kind: SubjectKind, code: &str) -> Result<Self, IdError> {
        match kind {
            SubjectKind::Institution => InstitutionCode::parse(code).map(Self::Institution),
            SubjectKind::Practitioner => PractitionerCode::parse(code).map(Self::Practitioner),
            SubjectKind::Enterprise => Uscc::parse(code).map(Self::Enterprise),
            SubjectKind::Insured => InsuredCode::parse(code).map(Self::Insured),
            SubjectKind::Area => AreaSubject::parse(code).map(Self::Area),
            SubjectKind::Case => CaseCode::parse(code).map(Self::Case),
        }
    }

    /// A code, whose form alone tells its kind, or a stream name.
    ///
    /// # Errors
    /// [`IdError`] says what would be right.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if let Some((kind, code)) = text.split_once('-')
            && let Some(kind) = SubjectKind::parse(kind)
        {
            match Self::parse_as(kind, code) {
                // The code of a case begins as the name of its stream does.
                Err(_) if kind == SubjectKind::Case => {}
                parsed => return parsed,
            }
        }
        SubjectKind::ALL.into_iter().find_map(|kind| Self::parse_as(kind, text).ok()).ok_or_else(|| {
            refuse(
                text,
                "a subject",
                "an institution such as H37010200001 or P43050300012, a practitioner such as D510105000123, an \
                 enterprise such as 91350100M000100Y43, an insured person such as ins-7f3a09c2, a pooling area such as \
                 430500, or a case such as case-2025-0804",
            )
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests;
