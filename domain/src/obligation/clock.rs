//! How the day is reckoned by which something is due.

use crate::calendar::{Calendar, Counted};
use crate::rejection::Words;
use crate::time::Instant;
use crate::words;
use chrono::Datelike;

/// From when, and how long.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Clock {
    /// No day: the rule says only "in time" (及时), or no rule says anything.
    InTime,
    /// The decision itself set the day.
    Set,
    /// So many days after; the first is not counted.
    Days(u32),
    /// So many working days after; the first is not counted.
    WorkingDays(u32),
    /// So many months after.
    Months(u32),
    /// So many months before.
    MonthsBefore(u32),
}

/// A clock that has been read, and on the recorded axis in `[known_from, known_until)` by which calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// From when the calendar it was read by was known; [`Instant::MIN`] where none is needed.
    pub known_from: Instant,
    /// Until when, without: [`Instant::MAX`] for the newest.
    pub known_until: Instant,
    /// The last day, at 00:00; none where there is no day.
    pub due: Option<Instant>,
    /// Whether a notice on public holidays may still move it.
    pub provisional: bool,
}

impl Clock {
    /// The last day from an instant on, as the newest calendar has it.
    #[must_use]
    pub fn last_day(self, start: Instant, calendar: &Calendar) -> Option<Instant> {
        self.readings(start, calendar, Instant::MAX).last().and_then(|reading| reading.due)
    }

    /// The last day, from an instant on, by each calendar that anybody could have read it by who knew of it since `known`:
    /// the one published by then, and every later one that counts the days otherwise. Their stretches follow one another.
    #[must_use]
    pub fn readings(self, start: Instant, calendar: &Calendar, known: Instant) -> Vec<Reading> {
        let due = match self {
            Self::InTime => None,
            Self::Set => start.bounded(),
            Self::Days(days) => Some(start.plus_days(i64::from(days))),
            Self::WorkingDays(days) => return counted(start, days, calendar, known),
            Self::Months(months) => Some(start.plus_months(months)),
            // A term until 1 January ends with 31 December, and what is due before it a day before as well.
            Self::MonthsBefore(months) => Some(start.minus_months(months).plus_days(-1)),
        };
        vec![Reading { known_from: Instant::MIN, known_until: Instant::MAX, due, provisional: false }]
    }

    /// The sum in words, by the calendar known at an instant: `2025-09-28 + 30 working days (calendar 2025-1, skipping
    /// 1–8 Oct)`; none where nothing is reckoned.
    #[must_use]
    pub fn words(self, start: Instant, calendar: &Calendar, known: Instant) -> Option<Words> {
        let day = start.words();
        match self {
            Self::InTime => None,
            Self::Set => Some(words!("set by the decision", "决定所定期限")),
            Self::Days(days) => Some(words!("{day} + {days} days", "{day} 起 {days} 日")),
            Self::Months(months) => Some(words!("{day} + {months} months", "{day} 起 {months} 个月")),
            Self::MonthsBefore(0) => Some(words!("before {day}", "{day} 之前")),
            Self::MonthsBefore(months) => {
                Some(words!("{months} months before {day}", "{day} 前 {months} 个月"))
            }
            Self::WorkingDays(days) => {
                let how = calendar.add_working_days(start.date(), days, known).words();
                let Words { en, zh } = how;
                Some(words!("{day} + {days} working days ({en})", "{day} 起 {days} 个工作日（{zh}）"))
            }
        }
    }

    /// The text form, as stored in views: `w30`.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::InTime => "t".to_owned(),
            Self::Set => "s".to_owned(),
            Self::Days(days) => format!("d{days}"),
            Self::WorkingDays(days) => format!("w{days}"),
            Self::Months(months) => format!("m{months}"),
            Self::MonthsBefore(months) => format!("b{months}"),
        }
    }

    /// From the text form.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        match key {
            "t" => return Some(Self::InTime),
            "s" => return Some(Self::Set),
            _ => {}
        }
        let number = key.get(1..)?.parse().ok()?;
        match key.as_bytes().first()? {
            b'd' => Some(Self::Days(number)),
            b'w' => Some(Self::WorkingDays(number)),
            b'm' => Some(Self::Months(number)),
            b'b' => Some(Self::MonthsBefore(number)),
            _ => None,
        }
    }
}

/// A count of working days by each calendar since `known`, those that say the same as one.
fn counted(start: Instant, days: u32, calendar: &Calendar, known: Instant) -> Vec<Reading> {
    let count = |known| calendar.add_working_days(start.date(), days, known);
    // No notice makes more of a year days off than are worked in it, so the last day lies in these years.
    let years = start.date().year()..=start.plus_days(2 * i64::from(days)).date().year() + 1;
    let mut told: Vec<(Instant, Counted)> = vec![(known, count(known))];
    for published in calendar.published_after(known, years) {
        let next = count(published);
        if told.last().is_none_or(|(_, before)| *before != next) {
            told.push((published, next));
        }
    }
    let ends = told.iter().skip(1).map(|(from, _)| *from).chain([Instant::MAX]);
    let read = |((known_from, counted), known_until): (&(Instant, Counted), Instant)| Reading {
        known_from: *known_from,
        known_until,
        due: Some(Instant::from_date(counted.day)),
        provisional: counted.provisional,
    };
    told.iter().zip(ends).map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(clock: Clock, start: &str) -> String {
        let due = clock.last_day(Instant::parse(start).unwrap(), Calendar::china());
        due.map(Instant::words).unwrap_or_default()
    }

    /// From when it is known, the last day, whether it may still move.
    fn readings(clock: Clock, start: &str, known: &str) -> Vec<(String, String, bool)> {
        let [start, known] = [start, known].map(|text| Instant::parse(text).unwrap());
        let readings = clock.readings(start, Calendar::china(), known);
        assert!(readings.windows(2).all(|pair| pair[0].known_until == pair[1].known_from));
        assert_eq!(readings.last().unwrap().known_until, Instant::MAX);
        let told = |reading: &Reading| {
            (reading.known_from.words(), reading.due.unwrap().words(), reading.provisional)
        };
        readings.iter().map(told).collect()
    }

    #[test]
    fn a_count_of_working_days_is_read_by_each_calendar_published_since() {
        let told = |list: &[(&str, &str, bool)]| -> Vec<(String, String, bool)> {
            list.iter().map(|(from, due, open)| ((*from).to_owned(), (*due).to_owned(), *open)).collect()
        };
        // The holiday of the New Year of 2020 was lengthened on 2020-01-27.
        let amended = readings(Clock::WorkingDays(5), "2020-01-20", "2020-01-21");
        assert_eq!(
            amended,
            told(&[("2020-01-21", "2020-02-01", false), ("2020-01-27", "2020-02-04", false)])
        );
        let after = readings(Clock::WorkingDays(5), "2020-01-20", "2020-01-28");
        assert_eq!(after, told(&[("2020-01-28", "2020-02-04", false)]));
        // In September 2025 nobody knew the holidays of 2026.
        let over_new_year = readings(Clock::WorkingDays(30), "2025-12-01", "2025-09-01");
        assert_eq!(over_new_year.len(), 2);
        assert_eq!((over_new_year[0].2, over_new_year[1].2), (true, false));
        assert_ne!(over_new_year[0].1, over_new_year[1].1);
        assert_eq!(readings(Clock::Days(7), "2025-12-28", "2025-09-01").len(), 1);
    }

    #[test]
    fn the_last_day_is_reckoned_by_the_kind_of_clock() {
        assert_eq!(due(Clock::Days(7), "2025-07-01"), "2025-07-08");
        assert_eq!(due(Clock::WorkingDays(30), "2025-09-28"), "2025-11-14");
        assert_eq!(due(Clock::Months(6), "2025-08-31"), "2026-02-28");
        assert_eq!(due(Clock::MonthsBefore(3), "2026-01-01"), "2025-09-30");
        assert_eq!(due(Clock::InTime, "2026-01-01"), "");
    }

    #[test]
    fn a_clock_comes_back_from_its_text() {
        for clock in [
            Clock::InTime,
            Clock::Set,
            Clock::Days(7),
            Clock::WorkingDays(30),
            Clock::Months(3),
            Clock::MonthsBefore(3),
        ] {
            assert_eq!(Clock::parse(&clock.key()), Some(clock));
        }
        assert_eq!(Clock::parse("x3"), None);
        assert_eq!(Clock::parse(""), None);
    }
}
