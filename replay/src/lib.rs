//! Questions answered from the log alone: nothing here trusts a view.
//!
//! [`state_as_of`], [`standing_as_of`] and [`history`] tell of one subject; [`census`] folds the whole ledger; [`diff`] says
//! what differs between two pairs of coordinates and which events did it; [`check`] says what is not as the rules have it; [`what_if`] says what would stand
//! otherwise; and [`verify`] compares what the views say with what the log says, and names every difference. [`bundle`]
//! makes and checks what leaves the house as evidence.

pub mod bundle;
mod census;
mod check;
mod diff;
mod subject;
mod subjects;
mod threads;
mod verify;
mod what_if;

pub use census::{census, census_in_rounds};
pub use check::{CheckPage, Checked, Checking, Mark, check, check_of, check_page, check_subject_page};
pub use diff::{Between, Differs, diff, diff_page, differs};
pub use subject::{history, standing_as_of, state_as_of, timeline_as_known};
pub use subjects::{Page, PageSize};
pub use verify::{Difference, Verified, verify};
pub use what_if::{Course, Numbers, Supposing, WhatIf, what_if, what_if_all, what_if_page};

/// Why a question could not be answered from the log.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The log says no, or holds something that this version cannot read.
    #[error("the log cannot be replayed")]
    Log(#[from] accord_store::LogError),
    /// The views it is compared with cannot be read.
    #[error("the views cannot be compared")]
    Views(#[from] accord_projections::ViewError),
    /// Cancelled by the caller.
    #[error("cancelled")]
    Cancelled,
    /// A working thread ended without an answer: a fault of this program.
    #[error("a working thread stopped")]
    Stopped,
}
