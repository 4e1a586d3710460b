//! Every limit of the log in one place.

use crate::port::{Append, AppendError};

/// Largest stored body of one event, in bytes: its length is written in 16 bits where entries are served in bundles.
pub const BODY_BYTES_MAX: usize = 0xFFFF;
/// Longest stream name, in bytes of UTF-8.
pub const STREAM_NAME_BYTES_MAX: usize = 200;
/// Longest idempotency key, in bytes of UTF-8.
pub const KEY_BYTES_MAX: usize = 512;
/// Most events one request may append.
pub const EVENTS_PER_REQUEST_MAX: usize = 64;
/// Events of one commit on the bulk path.
pub const BULK_BATCH_EVENTS: usize = 5_000;
/// Batches waiting between the deciding thread and the writing thread of the bulk path.
pub const BULK_QUEUE_BATCHES: usize = 2;
/// Largest commit of which the tree's right edge before every event is remembered for receipts: an import needs none.
pub const FRONTIERS_PER_COMMIT_MAX: usize = 2_048;
/// Streams whose newest event is remembered by the writer, at most twice as many: about 60 bytes each.
pub const STREAMS_REMEMBERED: usize = 2_000_000;
/// Events in the index up to which a ledger that appends keeps a filter of its keys and names: two to four bytes of memory
/// each, so at most some 130 MB. An import keeps one of any size.
pub const FILTERED_EVENTS_MAX: u64 = 32_000_000;
/// Runs of 16 hashes of the tree above the leaves remembered for proofs, at most twice as many: about half a kilobyte each,
/// and all there are in a log of ten million events.
pub const RUNS_REMEMBERED: usize = 32_768;
/// Runs of 16 leaf hashes remembered, at most twice as many: one proof asks for parts of the same run.
pub const LEAF_RUNS_REMEMBERED: usize = 1_024;
/// What a WAL is cut back to once it has been moved into its file, in bytes.
pub const WAL_BYTES_KEPT: i64 = 64 << 20;
/// How much of a file a reader maps into its memory, in bytes: all of any. A lookup then copies nothing, and pages that are
/// asked for again and again stay where a kernel would let those of unmapped files go (ADR 18).
pub const MAPPED_BYTES_MAX: i64 = 1 << 40;
/// Rows one statement of a scan reads, so that a long scan does not hold back checkpoints.
pub const SCAN_CHUNK_ROWS: u64 = 8_192;
/// Bytes one append to a cluster holds at most, as [`crate::eventstore`] counts them: EventStoreDB takes a mebibyte unless
/// it is told otherwise, and counts a little differently.
#[cfg(feature = "eventstore")]
pub const CLUSTER_APPEND_BYTES_MAX: usize = 900_000;
/// Events asked of a cluster at once.
#[cfg(feature = "eventstore")]
pub const CLUSTER_PAGE_EVENTS: usize = 500;
/// How long one call to a cluster may take. The client's own deadline for an append, 10 seconds, passes first.
#[cfg(feature = "eventstore")]
pub const CLUSTER_CALL: std::time::Duration = std::time::Duration::from_secs(15);
/// Calls made to a cluster for one thing before it is given up, each on a new connection.
#[cfg(feature = "eventstore")]
pub const CLUSTER_CALLS_MAX: u32 = 6;
/// Wait before the second of those calls; it doubles with each further one.
#[cfg(feature = "eventstore")]
pub const CLUSTER_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);
/// How often requests are decided again because another node was first, before they are refused.
#[cfg(feature = "eventstore")]
pub const CLUSTER_DECISIONS_MAX: u32 = 32;
/// Reading connections kept open when nobody uses them.
pub const IDLE_READERS_MAX: usize = 8;

/// Checks a request against the limits.
///
/// # Errors
/// [`AppendError::Empty`] or [`AppendError::TooLarge`], naming the limit.
pub fn check(append: &Append) -> Result<(), AppendError> {
    let within = |what, size, max| {
        if size > max { Err(AppendError::TooLarge { what, size, max }) } else { Ok(()) }
    };
    if append.events.is_empty() {
        return Err(AppendError::Empty);
    }
    within("events in one request", append.events.len(), EVENTS_PER_REQUEST_MAX)?;
    within("bytes of the stream name", append.stream.len(), STREAM_NAME_BYTES_MAX)?;
    if let Some(request) = &append.request {
        within("bytes of the key", request.key.len(), KEY_BYTES_MAX)?;
    }
    append.events.iter().try_for_each(|event| within("bytes of an event", event.body.len(), BODY_BYTES_MAX))
}
