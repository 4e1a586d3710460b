//! Every limit of what faces outside, in one place. Units stand last in the names.

use std::time::Duration;

/// Longest command body, in bytes: as much as the domain reads.
pub use accord_domain::limits::COMMAND_BYTES_MAX;
/// Longest import body, in bytes. Larger histories go through the command line, which has no such limit.
pub const IMPORT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most commands in one import body.
pub const IMPORT_LINES_MAX: usize = 20_000;
/// Longest request target (path and query), in bytes.
pub const TARGET_BYTES_MAX: usize = 4_096;
/// Items on a page when `limit` is left out.
pub const PAGE_ITEMS_DEFAULT: usize = 100;
/// Most items on a page.
pub const PAGE_ITEMS_MAX: usize = 500;
/// Longest text to search for, in characters.
pub const SEARCH_CHARS_MAX: usize = 100;
/// Events looked at for one page of a filtered event list: a rare filter gives a short page, never a slow one.
pub const EVENTS_SCANNED_MAX: usize = 20_000;
/// Subjects looked at for one page of a question over the whole ledger: where little is found a page is short, never slow.
pub const SUBJECTS_LOOKED_AT_MAX: usize = 5_000;
/// Events listed as having come since the version a caller had seen.
pub const SINCE_EVENTS_MAX: usize = 50;
/// Requests answered at once; one more is told to come back (429).
pub const IN_FLIGHT_MAX: usize = 512;
/// Live streams open at once.
pub const STREAMS_MAX: usize = 128;
/// Events a live stream reads from the log at a time.
pub const STREAM_BATCH_EVENTS: usize = 256;
/// Silence on a live stream after which a comment is sent.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a browser waits before it connects to a live stream again, in milliseconds.
pub const STREAM_RETRY: Duration = Duration::from_millis(3_000);
/// Longest time to answer a request other than an import or a live stream.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// Imports taken at once: they may last, and are not to keep others out.
pub const IMPORTS_MAX: usize = 16;
/// Connections open at once, for all requests and live streams there may be and some that wait.
pub const CONNECTIONS_MAX: usize = 768;
/// Connections beyond that, for those who run it: one request each, and only the routes that are needed then.
pub const CONNECTIONS_SPARE: usize = 32;
/// Longest time the head of a request takes, from the connection or the answer before; ends idle connections too.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(15);
/// Longest silence in the middle of a request's body.
pub const BODY_SILENCE_MAX: Duration = Duration::from_secs(10);
/// Longest time a client takes nothing of what is sent to it.
pub const ANSWER_STALL_MAX: Duration = Duration::from_secs(60);
/// Longest time a read waits for `min_position`.
pub const BEHIND_WAIT_MAX: Duration = Duration::from_secs(5);
/// Longest time open requests are given when the server is told to stop.
pub const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(10);
/// Seconds a caller who is told to come back should wait.
pub const RETRY_AFTER_SECONDS: u32 = 1;
/// Positions the views may be behind the log before the server says it is not ready.
pub const READY_LAG_EVENTS_MAX: u64 = 10_000;
/// Bytes of a checkpoint with cosignatures that is handed in.
pub const CHECKPOINT_BYTES_MAX: usize = 16 * 1024;

/// Of these limits, those that a server may be given otherwise: tests do not wait.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// [`BEHIND_WAIT_MAX`].
    pub behind_wait: Duration,
    /// [`HEAD_TIME_MAX`].
    pub head_time: Duration,
    /// [`BODY_SILENCE_MAX`].
    pub body_silence: Duration,
    /// [`ANSWER_TIME_MAX`].
    pub answer_time: Duration,
    /// [`ANSWER_STALL_MAX`].
    pub answer_stall: Duration,
    /// [`IMPORTS_MAX`].
    pub imports: usize,
    /// [`CONNECTIONS_MAX`].
    pub connections: usize,
    /// [`CONNECTIONS_SPARE`].
    pub spare: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            behind_wait: BEHIND_WAIT_MAX,
            head_time: HEAD_TIME_MAX,
            body_silence: BODY_SILENCE_MAX,
            answer_time: ANSWER_TIME_MAX,
            answer_stall: ANSWER_STALL_MAX,
            imports: IMPORTS_MAX,
            connections: CONNECTIONS_MAX,
            spare: CONNECTIONS_SPARE,
        }
    }
}
