//! Every limit of an evidence bundle, in one place. Nothing is read beyond them.

/// Largest bundle, in bytes. It is held in memory while it is checked.
pub const BUNDLE_BYTES_MAX: u64 = 64 << 20;
/// Most members of a bundle: two for each event, and a handful besides.
pub const MEMBERS_MAX: usize = 20_000;
/// Largest member, in bytes.
pub const MEMBER_BYTES_MAX: u64 = 16 << 20;
/// Longest name of a member, in bytes.
pub const NAME_BYTES_MAX: usize = 100;
/// Most events of a subject that one bundle carries.
pub const EVENTS_MAX: usize = 9_000;
