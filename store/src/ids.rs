//! Event ids: UUIDv7 (RFC 9562) that carry the position, so no index from id to position is needed.
//!
//! 48 bits of milliseconds of `recorded_at`, version 7, 12 bits of the ledger's salt, variant, 22 more bits of the salt,
//! 40 bits of the position. The salt is drawn once per ledger, so two ledgers do not make the same ids.

use accord_domain::Instant;
use uuid::Uuid;

const POSITION_BITS: u32 = 40;
/// The largest position an id can carry.
pub const POSITION_MAX: u64 = (1 << POSITION_BITS) - 1;

/// The id of the event at a position.
#[must_use]
pub fn event_id(recorded_at: Instant, position: u64, salt: u64) -> Uuid {
    let millis = u64::try_from(recorded_at.as_micros() / 1_000).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    let high = (millis << 16) | (0x7 << 12) | (salt & 0xFFF);
    let low = (0b10 << 62) | (((salt >> 12) & 0x3F_FFFF) << POSITION_BITS) | (position & POSITION_MAX);
    Uuid::from_u64_pair(high, low)
}

/// The position an id carries; the event there must still be compared by id.
#[must_use]
pub fn position_of(id: Uuid) -> u64 {
    id.as_u64_pair().1 & POSITION_MAX
}

/// The instant that an id was made of, to the millisecond.
#[must_use]
pub fn time_of(id: Uuid) -> Instant {
    // 48 bits of milliseconds are far from the bounds of microseconds.
    Instant::from_micros((id.as_u64_pair().0 >> 16).cast_signed() * 1_000)
}
