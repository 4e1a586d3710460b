//! How the day is reckoned by which something is due.

use crate::calendar::Calendar;
use crate::rejection::Words;
use crate::time::Instant;
use crate::words;

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

/// A clock that has been read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The last day, at 00:00; none where there is no day.
    pub due: Option<Instant>,
    /// Whether a notice on public holidays may still move it.
    pub provisional: bool,
}

impl Clock {
    /// The last day, from an instant on.
    #[must_use]
    pub fn read(self, start: Instant, calendar: &Calendar) -> Reading {
        let (due, provisional) = match self {
            Self::InTime => (None, false),
            Self::Set => (start.bounded(), false),
            Self::Days(days) => (Some(start.plus_days(i64::from(days))), false),
            Self::WorkingDays(days) => {
                let counted = calendar.add_working_days(start.date(), days, Instant::MAX);
                (Some(Instant::from_date(counted.day)), counted.provisional)
            }
            Self::Months(months) => (Some(start.plus_months(months)), false),
            // A term until 1 January ends with 31 December, and what is due before it a day before as well.
            Self::MonthsBefore(months) => (Some(start.minus_months(months).plus_days(-1)), false),
        };
        Reading { due, provisional }
    }

    /// The sum in words: `2025-09-28 + 30 working days (calendar 2025-1, skipping 1–8 Oct)`; none where nothing is reckoned.
    #[must_use]
    pub fn words(self, start: Instant, calendar: &Calendar) -> Option<Words> {
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
                let how = calendar.add_working_days(start.date(), days, Instant::MAX).words();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn due(clock: Clock, start: &str) -> String {
        let reading = clock.read(Instant::parse(start).unwrap(), Calendar::china());
        reading.due.map(Instant::words).unwrap_or_default()
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
