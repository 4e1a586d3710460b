//! The answers: what the ledger says to a question, as data. The command line and HTTP both give these, so they say the same.
//!
//! An answer is built in two steps. First the facts are gathered, from the log or from the views ([`gather`]); then a pure
//! function arranges them. Nothing here prints, and nothing here decides.
//!
//! Positions are text in JSON, because they outgrow what a JavaScript number holds. Instants are RFC 3339 in the offset of
//! Asia/Shanghai; an open end is `null`.

mod census;
pub mod check;
mod coordinates;
mod diff;
mod done;
mod due;
mod error;
pub mod gather;
pub(crate) mod history;
pub mod list;
mod payable;
mod personal;
mod points;
mod reason;
mod refusal;
pub mod rules;
mod show;
pub mod supposed;
#[cfg(test)]
pub(crate) mod testing;
mod what_if;

pub use census::{Census, Count};
pub use check::Breach;
pub use coordinates::{Asked, Coordinates, RecordCoordinates, coordinates};
pub use diff::{Diff, FieldChange, Says, StepTaken};
pub use done::{Done, Receipt, Recorded};
pub use due::{Due, Ended, Task};
pub use error::AnswerError;
pub use gather::{Gathered, PersonalData};
pub use history::{Axis, Entry, entries};
pub use payable::{ClaimAsked, Payable, PayableReason, default_area};
pub use personal::{OpenedValue, PersonalOpened};
pub use points::{PointEntry, PointKind, Points};
pub use reason::Reason;
pub use refusal::Refusal;
pub use rules::Rules;
pub use show::{
    Agreement, Bar, Department, HoldStanding, InstitutionShow, OtherShow, PointsNow, PractitionerShow,
    Probation, Qualification, Show, Site, Standing,
};
pub use what_if::{ActOtherwise, EventSupposed, FieldOtherwise, NotJudged, ValueOf, WhatIf};

use serde::{Serialize, Serializer};

/// A place in the log, written as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position(pub u64);

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Two languages; the first is that of the law.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lang {
    /// 中文.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// From a language tag or a locale: `zh-CN`, `zh_CN.UTF-8`, `en`. Chinese for those of Chinese, English for the rest.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        if tag.to_ascii_lowercase().starts_with("zh") { Self::Zh } else { Self::En }
    }

    /// The tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The sentence in this language.
    #[must_use]
    pub fn pick(self, words: &accord_domain::rejection::Words) -> &str {
        match self {
            Self::Zh => &words.zh,
            Self::En => &words.en,
        }
    }

    /// The one of two constant texts that is in this language.
    #[must_use]
    pub const fn of_two(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}
