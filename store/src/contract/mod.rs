//! One suite of promises for every adapter. To run it on a new one: implement [`Fixture`] and call
//! [`contract_tests!`](crate::contract_tests) with a function that makes one.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests, made public for every adapter"
)]

mod append;
mod crowd;
mod model;
mod read;
mod sample;
mod tree;

pub use append::*;
pub use crowd::*;
pub use model::*;
pub use read::*;
pub use sample::*;
pub use tree::*;

use crate::clock::ManualClock;
use crate::port::{Answer, Append, AppendError, EventLog};
use std::sync::Arc;

/// An empty log under test, its clock, and a way to close and open it.
pub trait Fixture: Send {
    /// The log.
    fn log(&self) -> Arc<dyn EventLog>;
    /// The clock it was given.
    fn clock(&self) -> &ManualClock;
    /// Closes the log and opens it anew; an adapter that keeps nothing does nothing.
    fn reopen(&mut self) {}
}

/// Appends one request.
pub(crate) async fn one(log: &dyn EventLog, append: Append) -> Result<Answer, AppendError> {
    log.append(vec![append]).await.pop().unwrap()
}

/// Makes a test of every promise for the adapter that a function makes: `contract_tests!(fixture)`.
#[macro_export]
macro_rules! contract_tests {
    ($fixture:expr) => {
        $crate::contract_tests!(@each $fixture;
            an_empty_log_has_nothing
            the_first_append_gives_version_0_and_position_0
            every_condition_holds_and_fails_as_named
            what_is_foretold_is_what_is_recorded
            an_append_without_events_is_refused
            limits_are_reached_and_not_passed
            one_refused_request_harms_no_neighbour_and_leaves_no_hole
            conditions_see_earlier_requests_of_the_same_batch
            the_same_request_gets_the_same_answer
            a_key_used_for_something_else_is_refused
            the_same_key_twice_in_one_batch_is_written_once
            a_key_is_remembered_after_reopening
            the_numbers_go_on_after_reopening
            a_clock_that_steps_back_does_not_take_recorded_at_with_it
            microseconds_and_early_dates_survive
            any_text_survives_in_names_keys_and_bodies
            the_bytes_returned_are_the_bytes_hashed
            ids_carry_the_position_and_find_the_event
            a_stream_is_read_in_pages_of_any_size
            a_missing_stream_is_empty
            the_streams_of_areas_are_found
            the_log_is_read_in_pages_of_any_size
            a_scan_sees_what_reading_sees
            two_scans_run_at_once_and_appends_go_on
            what_was_known_is_told_by_recorded_at
            subscribers_learn_the_length
            racing_writers_leave_no_gap_and_a_racing_reader_skips_nothing
            two_racers_for_one_version_one_wins
            two_racers_with_one_key_write_once
            a_reader_sees_whole_requests_only
            random_batches_agree_with_a_plain_model
            the_tree_is_that_of_the_leaves
        );
    };
    (@each $fixture:expr; $($name:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                $crate::contract::$name(&mut $fixture()).await;
            }
        )*
    };
}
