//! Working days: which days the yearly notices of the State Council make days off and days worked.
//!
//! The notices are dated data ([`Calendar::china`]): a year may have several versions, as some notices were amended after
//! they were published, and a question names when it was asked, so that a day can be counted as it was known then. Where
//! no notice reaches, only weekends are known and every count is provisional.

use crate::rejection::Words;
use crate::time::Instant;
use crate::words;
use chrono::{Datelike, NaiveDate, Weekday};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::LazyLock;

/// The data compiled in.
const CHINA: &str = include_str!("../calendar/china.toml");

static NATIONAL: LazyLock<Calendar> = LazyLock::new(|| {
    Calendar::read(CHINA).unwrap_or_else(|error| {
        // The text is compiled in and a test reads it: reaching this is a fault of the build.
        panic!("{error}")
    })
});

/// What a day is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DayKind {
    /// A working day.
    Working,
    /// A weekend or a public holiday.
    Off,
    /// A weekday of a year no notice was known for: worked, unless a notice to come says otherwise.
    Unknown,
}

/// What a notice says of a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Notice {
    Nothing,
    Off,
    Work,
}

/// The version of a year's calendar: `2020-2` is the second of 2020.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Edition {
    /// Year.
    pub year: i32,
    /// Counted from 1.
    pub number: u32,
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.year, self.number)
    }
}

/// One version of a year.
#[derive(Clone, PartialEq, Debug)]
struct Version {
    edition: Edition,
    /// When it was published; none where the source does not tell: then it counts as known at all times.
    known_from: Option<Instant>,
    /// What it says of each day of the year, 1 January first.
    days: Vec<Notice>,
}

/// Days off and days worked, year by year.
#[derive(Clone, PartialEq, Debug)]
pub struct Calendar {
    /// By year and number.
    versions: Vec<Version>,
    hash: Box<str>,
}

/// A count of working days.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    /// The last day of the count.
    pub day: NaiveDate,
    /// Whether a notice to come may still move it.
    pub provisional: bool,
    /// Public holidays passed over, neighbouring days as one: first and last.
    pub skipped: Vec<(NaiveDate, NaiveDate)>,
    /// Days of a weekend that were worked and so counted.
    pub worked: Vec<NaiveDate>,
    /// The version that the last day was counted by; none where no notice reaches.
    pub edition: Option<Edition>,
}

/// Bad calendar data: what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("calendar: {0}")]
pub struct CalendarError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Vec<VersionRead>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionRead {
    year: i32,
    number: u32,
    #[serde(default)]
    known_from: Option<Instant>,
    #[serde(default, rename = "notice")]
    _notice: Option<String>,
    off: Vec<String>,
    work: Vec<String>,
}

impl Calendar {
    /// The calendar compiled in: 2007 to 2026.
    #[must_use]
    pub fn china() -> &'static Calendar {
        &NATIONAL
    }

    /// Reads calendar data.
    ///
    /// # Errors
    /// [`CalendarError`] with the reason: text of another form, a day that does not exist or is said to be both, versions
    /// out of order.
    pub fn read(text: &str) -> Result<Self, CalendarError> {
        let file: File = toml::from_str(text).map_err(|error| CalendarError(error.to_string()))?;
        let versions: Vec<Version> = file.version.iter().map(version).collect::<Result<_, _>>()?;
        let order = |version: &Version| (version.edition, version.known_from);
        if !versions.is_sorted_by(|a, b| order(a) < order(b) && a.edition < b.edition) {
            return Err(CalendarError("versions are not in order of year and number".to_owned()));
        }
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let hash = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
        Ok(Self { versions, hash })
    }

    /// SHA-256 of the data, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The newest version of a year known by an instant.
    fn version(&self, year: i32, known: Instant) -> Option<&Version> {
        let first = self.versions.partition_point(|version| version.edition.year < year);
        let of_year = self.versions[first..].iter().take_while(|version| version.edition.year == year);
        of_year.filter(|version| version.known_from.is_none_or(|from| from <= known)).last()
    }

    fn notice(&self, day: NaiveDate, known: Instant) -> Option<(Notice, Edition)> {
        let version = self.version(day.year(), known)?;
        let notice = version.days.get(day.ordinal0() as usize).copied().unwrap_or(Notice::Nothing);
        Some((notice, version.edition))
    }

    /// From which instants after the first on a version of a year in a stretch of years was known, in order.
    pub(crate) fn published_after(
        &self,
        known: Instant,
        years: std::ops::RangeInclusive<i32>,
    ) -> Vec<Instant> {
        let of_years = self.versions.iter().filter(|version| years.contains(&version.edition.year));
        let mut published: Vec<Instant> =
            of_years.filter_map(|version| version.known_from).filter(|from| known < *from).collect();
        published.sort_unstable();
        published.dedup();
        published
    }

    /// What a day is, as known at an instant.
    #[must_use]
    pub fn day(&self, day: NaiveDate, known: Instant) -> DayKind {
        match (self.notice(day, known), is_weekend(day)) {
            (Some((Notice::Work, _)), _) | (Some((Notice::Nothing, _)), false) => DayKind::Working,
            (Some((Notice::Off, _)), _) | (Some((Notice::Nothing, _)) | None, true) => DayKind::Off,
            (None, false) => DayKind::Unknown,
        }
    }

    /// The day so many working days after another, as known at an instant. The first day is not counted.
    #[must_use]
    pub fn add_working_days(&self, from: NaiveDate, days: u32, known: Instant) -> Counted {
        let mut counted =
            Counted { day: from, provisional: false, skipped: Vec::new(), worked: Vec::new(), edition: None };
        let mut left = days;
        while left > 0 {
            let Some(day) = counted.day.succ_opt() else { break };
            counted.day = day;
            let notice = self.notice(day, known).map(|(notice, _)| notice);
            counted.provisional |= notice.is_none();
            match notice {
                Some(Notice::Off) => match counted.skipped.last_mut() {
                    Some((_, last)) if last.succ_opt() == Some(day) => *last = day,
                    Some(_) | None => counted.skipped.push((day, day)),
                },
                Some(Notice::Work) => {
                    counted.worked.push(day);
                    left -= 1;
                }
                Some(Notice::Nothing) | None if is_weekend(day) => {}
                Some(Notice::Nothing) | None => left -= 1,
            }
        }
        counted.edition = self.version(counted.day.year(), known).map(|version| version.edition);
        counted
    }
}

impl Counted {
    /// By what it was counted: `calendar 2025-1, skipping 1–8 Oct`.
    #[must_use]
    pub fn words(&self) -> Words {
        let mut words = match self.edition {
            Some(edition) => words!("calendar {edition}", "{edition} 版放假安排"),
            None => words!("holidays not yet published, weekends only", "放假安排尚未公布，仅计周末"),
        };
        let mut add = |en: String, zh: String| {
            words.en.push_str(&en);
            words.zh.push_str(&zh);
        };
        if self.provisional && self.edition.is_some() {
            add(", partly weekends only".to_owned(), "，部分仅计周末".to_owned());
        }
        if !self.skipped.is_empty() {
            let list = |show: fn(NaiveDate, NaiveDate) -> String| -> Vec<String> {
                self.skipped.iter().map(|(first, last)| show(*first, *last)).collect()
            };
            add(
                format!(", skipping {}", list(range_en).join(", ")),
                format!("，跳过{}", list(range_zh).join("、")),
            );
        }
        if !self.worked.is_empty() {
            let list = |show: fn(NaiveDate, NaiveDate) -> String| -> Vec<String> {
                self.worked.iter().map(|day| show(*day, *day)).collect()
            };
            add(
                format!(", counting {}", list(range_en).join(", ")),
                format!("，计入调休上班的{}", list(range_zh).join("、")),
            );
        }
        words
    }
}

fn range_en(first: NaiveDate, last: NaiveDate) -> String {
    if first == last {
        first.format("%-d %b").to_string()
    } else if first.month() == last.month() {
        format!("{}–{}", first.day(), last.format("%-d %b"))
    } else {
        format!("{}–{}", first.format("%-d %b"), last.format("%-d %b"))
    }
}

fn range_zh(first: NaiveDate, last: NaiveDate) -> String {
    let day = |day: NaiveDate| format!("{}月{}日", day.month(), day.day());
    if first == last {
        day(first)
    } else if first.month() == last.month() {
        format!("{}至{}日", day(first), last.day())
    } else {
        format!("{}至{}", day(first), day(last))
    }
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

fn version(read: &VersionRead) -> Result<Version, CalendarError> {
    let edition = Edition { year: read.year, number: read.number };
    let mut days = vec![Notice::Nothing; 366];
    let lists = [(&read.off, Notice::Off), (&read.work, Notice::Work)];
    for (listed, notice) in lists.into_iter().flat_map(|(list, notice)| list.iter().map(move |l| (l, notice)))
    {
        let wrong =
            || CalendarError(format!("{edition}: {listed:?} is no day or stretch of days, or stands twice"));
        let (first, last) = listed.split_once("..").unwrap_or((listed, listed));
        let day = |text: &str| NaiveDate::parse_from_str(&format!("{}-{text}", read.year), "%Y-%m-%d").ok();
        let (first, last) =
            day(first).zip(day(last)).filter(|(first, last)| first <= last).ok_or_else(wrong)?;
        for slot in &mut days[first.ordinal0() as usize..=last.ordinal0() as usize] {
            if *slot != Notice::Nothing {
                return Err(wrong());
            }
            *slot = notice;
        }
    }
    Ok(Version { edition, known_from: read.known_from, days })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn count(from: &str, days: u32) -> Counted {
        Calendar::china().add_working_days(date(from), days, Instant::MAX)
    }

    #[test]
    fn every_year_is_there_and_later_ones_are_unknown() {
        let calendar = Calendar::china();
        for year in 2007..=2026 {
            assert!(calendar.version(year, Instant::MAX).is_some(), "{year}");
        }
        assert_eq!(calendar.day(date("2027-01-04"), Instant::MAX), DayKind::Unknown);
        assert_eq!(calendar.day(date("2027-01-03"), Instant::MAX), DayKind::Off);
        assert_eq!(calendar.day(date("2006-12-29"), Instant::MAX), DayKind::Unknown);
    }

    #[test]
    fn days_as_the_notices_say_them() {
        let day = |text: &str| Calendar::china().day(date(text), Instant::MAX);
        assert_eq!(day("2025-09-28"), DayKind::Working, "a Sunday worked");
        for holiday in 1..=8 {
            assert_eq!(day(&format!("2025-10-{holiday:02}")), DayKind::Off);
        }
        assert_eq!(day("2025-10-09"), DayKind::Working);
        assert_eq!(day("2025-10-11"), DayKind::Working, "a Saturday worked");
        assert_eq!(day("2015-09-04"), DayKind::Off);
        assert_eq!(day("2026-02-23"), DayKind::Off);
        assert_eq!(day("2024-02-09"), DayKind::Working, "New Year's Eve of 2024 was no holiday");
    }

    #[test]
    fn an_amended_notice_counts_from_the_day_it_was_published() {
        let calendar = Calendar::china();
        let day = date("2020-01-31");
        assert_eq!(calendar.day(day, at("2020-01-26")), DayKind::Working);
        assert_eq!(calendar.day(day, at("2020-01-27")), DayKind::Off);
        assert_eq!(calendar.day(date("2020-02-01"), at("2020-01-26")), DayKind::Working, "a Saturday");
        let before = calendar.add_working_days(date("2020-01-20"), 5, at("2020-01-26"));
        let after = calendar.add_working_days(date("2020-01-20"), 5, at("2020-01-27"));
        assert_eq!((before.day, after.day), (date("2020-02-01"), date("2020-02-04")));
        assert_eq!(after.edition.unwrap().to_string(), "2020-2");
        assert_eq!(calendar.day(date("2019-05-02"), at("2019-03-21")), DayKind::Working);
        assert_eq!(calendar.day(date("2019-05-02"), at("2019-03-22")), DayKind::Off);
        assert_eq!(calendar.day(date("2019-01-02"), at("2018-12-05")), DayKind::Unknown, "not yet published");
        assert_eq!(calendar.day(date("2026-02-16"), at("2025-11-03")), DayKind::Unknown);
        assert_eq!(calendar.day(date("2026-02-16"), at("2025-11-04")), DayKind::Off);
    }

    #[test]
    fn a_count_over_the_national_day_tells_what_it_skips() {
        let counted = count("2025-09-26", 30);
        assert_eq!(counted.day, date("2025-11-13"));
        assert!(!counted.provisional);
        let words = counted.words();
        assert_eq!(words.en, "calendar 2025-1, skipping 1–8 Oct, counting 28 Sep, 11 Oct");
        assert_eq!(words.zh, "2025-1 版放假安排，跳过10月1日至8日，计入调休上班的9月28日、10月11日");
        assert_eq!(count("2025-06-06", 5).day, date("2025-06-13"));
        assert_eq!(count("2025-06-07", 0).day, date("2025-06-07"));
    }

    #[test]
    fn a_count_beyond_the_last_notice_is_provisional() {
        let counted = count("2026-12-25", 10);
        assert!(counted.provisional);
        assert_eq!((counted.day, counted.edition), (date("2027-01-08"), None));
        assert!(counted.words().en.contains("weekends only"));
        assert!(!count("2026-12-01", 10).provisional);
    }

    #[test]
    fn bad_data_is_refused() {
        let read = |off: &str| {
            Calendar::read(&format!(
                "[[version]]\nyear = 2025\nnumber = 1\noff = [{off}]\nwork = [\"01-04\"]\n"
            ))
        };
        assert!(read("\"01-01\"").is_ok());
        for bad in ["\"02-29\"", "\"01-03..01-05\"", "\"03-02..03-01\"", "\"x\""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
