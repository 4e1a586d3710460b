//! A limit on everything that comes from outside, in one place.

use serde::{Deserialize, Deserializer, de};

/// Longest command text, in bytes.
pub const COMMAND_BYTES_MAX: usize = 256 * 1024;
/// Longest idempotency key, case id, operator, office or other short text of the envelope, in bytes.
pub const KEY_BYTES_MAX: usize = 200;
/// Longest text in the facts or the envelope (reason, ground, name), in bytes.
pub const TEXT_BYTES_MAX: usize = 4_000;
/// Longest value about a person that is sealed, in bytes.
pub const PERSONAL_BYTES_MAX: usize = 400;
/// Longest list (bases, pieces of evidence, lines, findings, portions).
pub const LIST_ITEMS_MAX: usize = 1_000;
/// Deepest nesting of objects and lists in a command, counted from the command's own object.
pub const NESTING_MAX: usize = 16;
/// Largest sum of money, in fen: one trillion yuan (一万亿元), far beyond any year of any fund,
/// and within what canonical JSON writes exactly (2^53).
pub const MONEY_FEN_MAX: i64 = 100_000_000_000_000;
/// 一个自然年度内记分上限 (row R-317): the bound of what can be counted. The rulebook holds it as a rule for decisions.
pub const POINTS_MAX: u8 = 12;
/// Natural years back for which an event of a pooling area still calls for work that nobody recorded: what is older is no
/// longer put on a worklist.
pub const WORK_YEARS_BACK_MAX: i32 = 10;

/// Reads a sum of money, which lies within [`MONEY_FEN_MAX`] on either side of nothing.
pub(crate) fn fen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let sum = i64::deserialize(deserializer)?;
    if (-MONEY_FEN_MAX..=MONEY_FEN_MAX).contains(&sum) {
        return Ok(sum);
    }
    Err(de::Error::custom(format_args!(
        "{sum} fen; a sum lies between -{MONEY_FEN_MAX} and {MONEY_FEN_MAX} fen"
    )))
}

/// The same where the sum may be unknown.
pub(crate) fn fen_if_known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    struct Fen(#[serde(deserialize_with = "fen")] i64);
    Option::<Fen>::deserialize(deserializer).map(|sum| sum.map(|Fen(sum)| sum))
}
