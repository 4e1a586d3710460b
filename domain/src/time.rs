//! Legal instants. A date means 00:00 in Asia/Shanghai; periods are half-open, so 「至 2025-11-03 24:00」 is
//! `until 2025-11-04T00:00:00+08:00`.

use crate::rejection::Words;
use chrono::{
    DateTime, Datelike, Duration, LocalResult, Months, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc,
};
use chrono_tz::Asia::Shanghai;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A point on either axis of time: microseconds since 1970-01-01T00:00:00Z.
///
/// Printed and stored as RFC 3339 in the offset of Asia/Shanghai. Only the years [`Instant::YEAR_MIN`] to
/// [`Instant::YEAR_MAX`] are accepted from outside: no act under these rules lies elsewhere, and a year such as 0205 is
/// a slip of the finger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Instant(i64);

/// Why a text is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Neither a date nor an RFC 3339 instant, or a day that does not exist.
    #[error("{0:?} is not a date (2025-08-04) or an instant with its offset (2025-08-04T09:30:00+08:00)")]
    Malformed(String),
    /// Outside the years that can be meant.
    #[error("the year of {0:?} is not between 1949 and 2199")]
    OutOfRange(String),
}

impl From<TimeError> for Words {
    fn from(error: TimeError) -> Self {
        error.words()
    }
}

impl TimeError {
    /// In words.
    #[must_use]
    pub fn words(&self) -> Words {
        let en = self.to_string();
        let zh = match self {
            Self::Malformed(text) => {
                format!("{text:?} 不是日期（2025-08-04）或带时差的时刻（2025-08-04T09:30:00+08:00）")
            }
            Self::OutOfRange(text) => format!("{text:?} 的年份不在 1949 至 2199 之间"),
        };
        Words { en, zh }
    }
}

/// From 1991-09-15T02:00 local time on there is no summer time in China: the offset is +08:00 for good.
const NO_SUMMER_TIME_SINCE: i64 = 684_900_000_000_000;
const OFFSET_MICROS: i64 = 8 * 3_600 * 1_000_000;

impl Instant {
    /// Before everything.
    pub const MIN: Instant = Instant(i64::MIN);
    /// After everything: the open end of a period.
    pub const MAX: Instant = Instant(i64::MAX);
    /// First year accepted from outside.
    pub const YEAR_MIN: i32 = 1949;
    /// Last year accepted from outside.
    pub const YEAR_MAX: i32 = 2199;

    /// From microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// `None` for the open end.
    #[must_use]
    pub fn bounded(self) -> Option<Instant> {
        (self != Self::MAX).then_some(self)
    }

    /// 00:00 of a day in Asia/Shanghai.
    #[must_use]
    pub fn from_date(date: NaiveDate) -> Self {
        Self::from_local(date.and_time(chrono::NaiveTime::MIN))
    }

    fn from_local(local: NaiveDateTime) -> Self {
        let quick = local.and_utc().timestamp_micros() - OFFSET_MICROS;
        if quick >= NO_SUMMER_TIME_SINCE {
            return Self(quick);
        }
        let at = match Shanghai.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at,
            // A time that summer time skipped: the first one after it.
            LocalResult::None => match Shanghai.from_local_datetime(&(local + Duration::hours(1))) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at,
                LocalResult::None => return Self(quick),
            },
        };
        Self(at.timestamp_micros())
    }

    fn local(self) -> NaiveDateTime {
        if self.0 >= NO_SUMMER_TIME_SINCE {
            return DateTime::<Utc>::from_timestamp_micros(self.0.saturating_add(OFFSET_MICROS))
                .map_or(NaiveDateTime::MAX, |at| at.naive_utc());
        }
        DateTime::<Utc>::from_timestamp_micros(self.0)
            .map_or(NaiveDateTime::MIN, |at| at.with_timezone(&Shanghai).naive_local())
    }

    /// Hours of the offset in force in Shanghai: 8, or 9 in the summers of 1986 to 1991 (and some of the 1940s).
    fn offset_hours(self) -> i64 {
        if self.0 >= NO_SUMMER_TIME_SINCE {
            return 8;
        }
        (self.local().and_utc().timestamp_micros() - self.0) / 3_600_000_000
    }

    /// The calendar day in Shanghai.
    #[must_use]
    pub fn date(self) -> NaiveDate {
        self.local().date()
    }

    /// The calendar year in Shanghai.
    #[must_use]
    pub fn year(self) -> i32 {
        self.date().year()
    }

    /// The same time of day `months` later on the calendar, the end of the month clipped (31 January + 1 = 28 or 29 February).
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        self.local().checked_add_months(Months::new(months)).map_or(Self::MAX, Self::from_local)
    }

    /// The same time of day `months` earlier on the calendar, the end of the month clipped.
    #[must_use]
    pub fn minus_months(self, months: u32) -> Self {
        self.local().checked_sub_months(Months::new(months)).map_or(Self::MIN, Self::from_local)
    }

    /// The same time of day `years` later on the calendar.
    #[must_use]
    pub fn plus_years(self, years: u32) -> Self {
        self.plus_months(years.saturating_mul(12))
    }

    /// The same time of day `days` later on the calendar.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Duration::try_days(days)
            .and_then(|days| self.local().checked_add_signed(days))
            .map_or(Self::MAX, Self::from_local)
    }

    /// Whole days since an instant; negative where that one is later.
    #[must_use]
    pub const fn days_since(self, earlier: Self) -> i64 {
        const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
        self.0.saturating_sub(earlier.0).div_euclid(DAY_MICROS)
    }

    /// 00:00 on the first day of the next month.
    #[must_use]
    pub fn next_month(self) -> Self {
        let first = self.date().with_day(1).unwrap_or_else(|| self.date());
        Self::from_date(first).plus_months(1)
    }

    /// 00:00 on 1 January of the next year, when points start afresh.
    #[must_use]
    pub fn next_year(self) -> Self {
        Self::first_of_year(self.year() + 1).unwrap_or(Self::MAX)
    }

    /// 00:00 on 1 January of a year; none for one that no calendar has.
    #[must_use]
    pub fn first_of_year(year: i32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, 1, 1).map(Self::from_date)
    }

    /// A date (00:00 in Shanghai) or an RFC 3339 instant with its offset.
    ///
    /// # Errors
    /// [`TimeError`], with what would be right.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let malformed = || TimeError::Malformed(text.chars().take(40).collect());
        let at = if text.len() == 10 {
            Self::from_date(day(text).ok_or_else(malformed)?)
        } else {
            let at = DateTime::parse_from_rfc3339(text).map_err(|_| malformed())?;
            Self(at.timestamp_micros())
        };
        if !(Self::YEAR_MIN..=Self::YEAR_MAX).contains(&at.year()) {
            return Err(TimeError::OutOfRange(text.to_owned()));
        }
        Ok(at)
    }

    /// RFC 3339 with exactly six digits of the second: 32 bytes, the form of `recorded_at` in stored events.
    #[must_use]
    pub fn to_fixed(self) -> [u8; 32] {
        let mut out = *b"0000-00-00T00:00:00.000000+08:00";
        let local = self.local();
        let mut put = |at: usize, width: usize, mut value: u32| {
            for slot in out[at..at + width].iter_mut().rev() {
                *slot = b'0' + u8::try_from(value % 10).unwrap_or(0);
                value /= 10;
            }
        };
        put(0, 4, u32::try_from(local.year()).unwrap_or(9999));
        put(5, 2, local.month());
        put(8, 2, local.day());
        put(11, 2, local.hour());
        put(14, 2, local.minute());
        put(17, 2, local.second());
        put(20, 6, local.nanosecond() / 1_000);
        put(27, 2, u32::try_from(self.offset_hours()).unwrap_or(8));
        out
    }

    /// As a date when it is 00:00 in Shanghai, else with the time: what people read.
    #[must_use]
    pub fn words(self) -> String {
        if self == Self::MAX {
            return "—".to_owned();
        }
        let local = self.local();
        if local.time() == chrono::NaiveTime::MIN { local.date().to_string() } else { self.to_string() }
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fixed = self.to_fixed();
        let text = std::str::from_utf8(&fixed).map_err(|_| fmt::Error)?;
        if &text[20..26] == "000000" {
            f.write_str(&text[..19])?;
            f.write_str(&text[26..])
        } else {
            f.write_str(text)
        }
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fixed = self.to_fixed();
        let mut short = [0_u8; 25];
        let bytes: &[u8] = if &fixed[20..26] == b"000000" {
            short[..19].copy_from_slice(&fixed[..19]);
            short[19..].copy_from_slice(&fixed[26..]);
            &short
        } else {
            &fixed
        };
        serializer.serialize_str(std::str::from_utf8(bytes).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Instant;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a date such as \"2025-08-04\" or an instant such as \"2025-08-04T09:30:00+08:00\"",
                )
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Instant, E> {
                fast(text).map_or_else(|| Instant::parse(text).map_err(E::custom), Ok)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// A number in plain digits.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0_u32, |sum, d| d.is_ascii_digit().then(|| sum * 10 + u32::from(d - b'0')))
}

/// A day that the calendar has, as `2025-08-04` in exactly ten bytes.
fn day(text: &str) -> Option<NaiveDate> {
    let b: &[u8; 10] = text.as_bytes().try_into().ok()?;
    if b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(digits(&b[..4])?).ok()?, digits(&b[5..7])?, digits(&b[8..])?)
}

/// The stored form (`…+08:00`, after 1991) without the general parser: replay reads hundreds of thousands of these a
/// second. Anything unusual gives `None` and takes the general way.
fn fast(text: &str) -> Option<Instant> {
    let b = text.as_bytes();
    if !(b.len() == 25 || b.len() == 32) || &b[b.len() - 6..] != b"+08:00" || b[10] != b'T' {
        return None;
    }
    if b[13] != b':' || b[16] != b':' {
        return None;
    }
    let date = text.get(..10).and_then(day)?;
    if !(1992..=Instant::YEAR_MAX).contains(&date.year()) {
        return None;
    }
    let micros = if b.len() == 32 {
        if b[19] != b'.' {
            return None;
        }
        digits(&b[20..26])?
    } else {
        0
    };
    let (hour, minute, second) = (digits(&b[11..13])?, digits(&b[14..16])?, digits(&b[17..19])?);
    let local = date.and_hms_micro_opt(hour, minute, second, micros)?;
    Some(Instant(local.and_utc().timestamp_micros() - OFFSET_MICROS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_midnight_in_shanghai_also_in_the_summers_of_1986_to_1991() {
        assert_eq!(Instant::parse("2025-08-04").unwrap().to_string(), "2025-08-04T00:00:00+08:00");
        assert_eq!(Instant::parse("1988-07-01").unwrap().to_string(), "1988-07-01T00:00:00+09:00");
        assert_eq!(Instant::parse("1991-09-15").unwrap().to_string(), "1991-09-15T00:00:00+09:00");
        assert_eq!(Instant::parse("1991-09-16").unwrap().to_string(), "1991-09-16T00:00:00+08:00");
    }

    #[test]
    fn instants_keep_microseconds_and_equal_whatever_the_offset() {
        let a = Instant::parse("2025-08-04T01:30:00.123456Z").unwrap();
        let b = Instant::parse("2025-08-04T09:30:00.123456+08:00").unwrap();
        assert_eq!(a, b);
        assert_eq!(a.to_string(), "2025-08-04T09:30:00.123456+08:00");
        let read: Instant = serde_json::from_str(&serde_json::to_string(&a).unwrap()).unwrap();
        assert_eq!(read, a);
    }

    #[test]
    fn impossible_dates_are_refused_with_words() {
        for text in ["2025-02-30", "2025-8-4", "20250804", "", "2025-08-04T00:00:00", "2025-08-04 00:00"] {
            let error = Instant::parse(text).unwrap_err().to_string();
            assert!(error.contains("is not a date"), "{error}");
        }
        assert!(Instant::parse("0205-08-04").unwrap_err().to_string().contains("1949"));
    }

    #[test]
    fn calendar_sums_clip_the_end_of_the_month() {
        let at = |text| Instant::parse(text).unwrap();
        assert_eq!(at("2025-08-31").plus_months(6), at("2026-02-28"));
        assert_eq!(at("2024-02-29").plus_years(1), at("2025-02-28"));
        assert_eq!(at("2025-12-31").next_year(), at("2026-01-01"));
        assert_eq!(at("2025-12-31").next_month(), at("2026-01-01"));
    }
}
