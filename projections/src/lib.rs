//! Views: what stands, as known when, computed from the log and kept in `views.db`.
//!
//! Everything here can be deleted and computed again. [`Projector`] is the one writer; [`Views`] reads, from any thread
//! and any process; it never waits for the writer, unless opened by [`Views::open_after`], which waits for what was
//! announced before. Rows and the position they were computed from are written in one
//! transaction, so a reader sees the ledger as of one position and never half an event.
//!
//! The rows of `periods` are the spans of [`accord_domain::timeline`] with the recorded axis added: at every recorded
//! instant K the rows valid at K are exactly the timeline computed from the events recorded by K.

mod duty;
mod error;
mod fold;
mod grams;
mod key;
mod model;
mod names;
mod parked;
mod partitions;
mod people;
mod projector;
mod rebuild;
mod runner;
mod schema;
mod showing;
mod stretch;
mod under_way;
mod views;
mod wait;
mod write;

pub use error::ViewError;
pub use fold::home_area;
pub use model::{
    Axis, Census, CensusLine, Duty, Filter, Found, Health, Listed, Listing, Page, Parked, Period, PointEntry,
    Points, Reason, TrailEntry,
};
pub use partitions::Partitions;
pub use projector::{Opened, Options, Projector, Source};
pub use rebuild::{Progress, Rebuilt, Report, rebuild};
pub use showing::{Showing, UntilDropped};
pub use views::{Views, Worklist};
pub use wait::wait_for;
