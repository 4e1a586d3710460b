//! Identifiers given by others than the medical-insurance administration: 统一社会信用代码 and 公民身份号码.
//!
//! A wrong check character is a slip and is refused. What only looks odd, a region that no list has or an inner check
//! that practice ignores, is a doubt: it is noted and never refuses ([`Doubt`]).

use crate::id::{AreaCode, IdError, code};
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

code!(
    /// 统一社会信用代码 (GB 32100-2015).
    Uscc,
    18,
    "a unified social credit code",
    "18 digits and capital letters without I, O, S, V and Z, the last one their check character (GB 32100), such as \
     91350100M000100Y43",
    |text| uscc_check(text.as_bytes()).is_some_and(|check| text.as_bytes().last() == Some(&check))
);

/// The alphabet of GB 32100; a character's value is its place.
const USCC_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The check character that belongs to the first 17 of 18 characters; none when the form is wrong.
fn uscc_check(text: &[u8]) -> Option<u8> {
    if text.len() != 18 || !text[2..8].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut sum = 0;
    let mut weight = 1;
    for byte in &text[..17] {
        sum += USCC_ALPHABET.iter().position(|known| known == byte)? * weight;
        weight = weight * 3 % 31;
    }
    // The outer remainder matters: 31 itself stands for 0.
    USCC_ALPHABET.get((31 - sum % 31) % 31).copied()
}

/// What looks odd about an identifier and does not make it wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// Positions 9 to 17 of a 统一社会信用代码 do not satisfy GB 11714. The two standards' alphabets differ, so real codes
    /// fail it.
    InnerCheck,
    /// No province has this number. Regions are those of the day the number was given: later lists lack some.
    UnknownRegion,
}

impl Doubt {
    /// The code of the finding.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InnerCheck => "uscc-inner-check",
            Self::UnknownRegion => "unknown-region",
        }
    }
}

impl Uscc {
    /// What looks odd about it.
    #[must_use]
    pub fn doubts(&self) -> Vec<Doubt> {
        let text = self.as_str().as_bytes();
        let mut doubts = Vec::new();
        if organisation_check(&text[8..16]) != text.get(16).copied() {
            doubts.push(Doubt::InnerCheck);
        }
        if !known_province(&self.as_str()[2..4]) {
            doubts.push(Doubt::UnknownRegion);
        }
        doubts
    }
}

/// The check character of an organisation code (GB 11714).
fn organisation_check(text: &[u8]) -> Option<u8> {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let mut sum = 0;
    for (byte, weight) in text.iter().zip(WEIGHTS) {
        sum += char::from(*byte).to_digit(36)? * weight;
    }
    match 11 - sum % 11 {
        10 => Some(b'X'),
        11 => Some(b'0'),
        digit => u8::try_from(digit).ok().map(|digit| b'0' + digit),
    }
}

/// Whether two digits are the number of a province (GB/T 2260).
fn known_province(digits: &str) -> bool {
    matches!(
        digits.parse::<u8>(),
        Ok(11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81 | 82)
    )
}

/// What looks odd about a region.
#[must_use]
pub fn region_doubt(region: Option<AreaCode>) -> Option<Doubt> {
    let known = region.is_some_and(|region| known_province(&region.to_string()[..2]));
    (!known).then_some(Doubt::UnknownRegion)
}

/// 公民身份号码 (GB 11643-1999). Personal data: it is neither printed nor written as JSON, only shown masked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CitizenNumber([u8; 18]);

impl CitizenNumber {
    /// Checks a number of 18 characters; one of 15 is brought to 18.
    ///
    /// # Errors
    /// [`IdError`] says what would be right, without repeating the number.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let refused = || IdError {
            text: "(not shown)".to_owned(),
            what: "a citizen identity number",
            expected: "17 digits with a real date of birth and their check character, a digit or X (GB 11643), such as \
                       34052419800101001X; or the older 15 digits",
        };
        let bytes = text.as_bytes();
        let full = match bytes.len() {
            18 => <[u8; 18]>::try_from(bytes).map_err(|_| refused())?,
            15 => lengthen(bytes).ok_or_else(refused)?,
            _ => return Err(refused()),
        };
        let number = Self(full);
        if citizen_check(&full) == Some(full[17]) && number.born().is_some() {
            Ok(number)
        } else {
            Err(refused())
        }
    }

    /// Date of birth.
    fn born(&self) -> Option<NaiveDate> {
        let digits = |from: usize, to: usize| self.full().get(from..to)?.parse::<u32>().ok();
        NaiveDate::from_ymd_opt(i32::try_from(digits(6, 10)?).ok()?, digits(10, 12)?, digits(12, 14)?)
    }

    fn full(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// With the date of birth hidden: `110105********002X`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{}********{}", &self.full()[..6], &self.full()[14..])
    }

    /// The number itself, for a keyed hash or for encryption.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.full()
    }

    /// The region where it was first given. Regions of the standard's own examples are missing from later lists, so this
    /// is never a reason to refuse.
    #[must_use]
    pub fn region_doubt(&self) -> Option<Doubt> {
        (!known_province(&self.full()[..2])).then_some(Doubt::UnknownRegion)
    }
}

impl fmt::Debug for CitizenNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CitizenNumber({})", self.masked())
    }
}

/// 15 digits to 18: the century of those numbers is the twentieth.
fn lengthen(old: &[u8]) -> Option<[u8; 18]> {
    let mut full = [b'0'; 18];
    full[..6].copy_from_slice(old.get(..6)?);
    full[6..8].copy_from_slice(b"19");
    full[8..17].copy_from_slice(old.get(6..)?);
    full[17] = citizen_check(&full)?;
    Some(full)
}

/// The check character of the first 17 (ISO 7064 MOD 11-2); none unless they are digits.
fn citizen_check(full: &[u8; 18]) -> Option<u8> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let mut sum = 0;
    for (byte, weight) in full.iter().zip(WEIGHTS) {
        sum += char::from(*byte).to_digit(10)? * weight;
    }
    b"10X98765432".get(usize::try_from(sum % 11).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_social_credit_codes_are_accepted() {
        for code in ["91350100M000100Y43", "12110000400686291H", "92370102MA3M9AG94X", "911100007812865730"] {
            assert_eq!(Uscc::parse(code).unwrap().as_str(), code);
        }
        assert_eq!(Uscc::parse("91350100M000100Y43").unwrap().doubts(), []);
    }

    #[test]
    fn the_inner_check_and_the_region_only_raise_doubts() {
        let odd = with_check("9199010012345678A");
        assert_eq!(Uscc::parse(&odd).unwrap().doubts(), [Doubt::InnerCheck, Doubt::UnknownRegion]);
    }

    #[test]
    fn what_is_no_social_credit_code_is_refused_with_what_would_be_right() {
        for code in [
            "91350100M000100Y44",
            "91350100m000100y43",
            "91350100M000100Y4",
            "91350100M000100Y433",
            "91350100I000100Y43",
            "9135A100M000100Y43",
            "",
            "信用代码信用代码",
        ] {
            let error = Uscc::parse(code).unwrap_err().to_string();
            assert!(error.contains("GB 32100"), "{error}");
        }
    }

    #[test]
    fn citizen_numbers_of_the_standard_are_accepted_also_from_regions_no_list_has() {
        for number in ["11010519491231002X", "440524188001010014", "34052419800101001X"] {
            assert_eq!(CitizenNumber::parse(number).unwrap().reveal(), number);
        }
        assert_eq!(CitizenNumber::parse("110105491231002").unwrap().reveal(), "11010519491231002X");
    }

    #[test]
    fn a_citizen_number_is_never_shown_whole() {
        let number = CitizenNumber::parse("11010519491231002X").unwrap();
        assert_eq!(format!("{number:?}"), "CitizenNumber(110105********002X)");
        let error = CitizenNumber::parse("110105194912310021").unwrap_err().to_string();
        assert!(!error.contains("19491231002"), "{error}");
    }

    #[test]
    fn a_citizen_number_needs_a_real_date() {
        // 1949-02-30 with a check character that fits.
        let mut full = *b"110105194902300020";
        full[17] = citizen_check(&full).unwrap();
        assert!(CitizenNumber::parse(std::str::from_utf8(&full).unwrap()).is_err());
        for wrong in ["11010519491231002x", "1101051949123100", "１１０１０５", "11010519491231X02X", ""]
        {
            assert!(CitizenNumber::parse(wrong).is_err(), "{wrong}");
        }
    }

    fn with_check(first: &str) -> String {
        let check = uscc_check(format!("{first}0").as_bytes()).unwrap();
        format!("{first}{}", char::from(check))
    }

    proptest! {
        #[test]
        fn any_single_slip_in_a_social_credit_code_is_noticed(
            first in "[1-9][0-9]{7}[0-9A-HJ-NP-RTUWXY]{9}", at in 0_usize..18, other in 0_usize..31,
        ) {
            let code = with_check(&first);
            prop_assert!(Uscc::parse(&code).is_ok());
            let mut slipped = code.clone().into_bytes();
            slipped[at] = USCC_ALPHABET[other];
            let slipped = String::from_utf8(slipped).unwrap();
            prop_assert_eq!(Uscc::parse(&slipped).is_ok(), slipped == code);
        }

        #[test]
        fn any_single_slip_in_a_citizen_number_is_noticed(
            days in 0_i64..40_000, serial in 0_u32..1000, at in 0_usize..18, other in "[0-9X]",
        ) {
            let born = NaiveDate::from_ymd_opt(1910, 1, 1).unwrap() + chrono::Duration::days(days);
            let mut full = [b'0'; 18];
            full[..17].copy_from_slice(format!("110105{}{serial:03}", born.format("%Y%m%d")).as_bytes());
            full[17] = citizen_check(&full).unwrap();
            let number = std::str::from_utf8(&full).unwrap();
            prop_assert!(CitizenNumber::parse(number).is_ok());
            let mut slipped = number.to_owned();
            slipped.replace_range(at..=at, &other);
            prop_assert_eq!(CitizenNumber::parse(&slipped).is_ok(), slipped == number);
        }
    }
}
