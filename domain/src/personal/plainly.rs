//! What plainly is personal data in a text that is not sealed.

use super::PersonalKind;

/// Digits of a mobile number: 1, then 3 to 9, then nine more.
const MOBILE_DIGITS: usize = 11;
/// Characters of a citizen identity number.
const IDENTITY_LENGTH: usize = 18;

/// Whether a text holds what plainly is personal data: a citizen identity number of 18 characters whose date of birth and
/// check character are right, or a mobile number, neither of them part of a longer run of letters and digits. Names cannot
/// be told from other words. The text may also be JSON: what an escape puts before a number does not belong to it.
pub(crate) fn looks_personal(text: &str) -> Option<PersonalKind> {
    let bytes = text.as_bytes();
    // So many digits in a row cover a place divisible by their number: only those places are looked at.
    let mut at = MOBILE_DIGITS - 1;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += MOBILE_DIGITS;
            continue;
        }
        let before = bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let after = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let begin = at - before;
        let escape = match (bytes[..begin].last(), bytes[begin]) {
            (Some(b'\\'), b'u') => 5,
            (Some(b'\\'), b'b' | b'f' | b'n' | b'r' | b't') => 1,
            _ => 0,
        };
        let found = text.get(begin + escape..at + after).and_then(of_run);
        if found.is_some() {
            return found;
        }
        at += after.next_multiple_of(MOBILE_DIGITS);
    }
    None
}

fn of_run(run: &str) -> Option<PersonalKind> {
    if is_mobile(run) {
        return Some(PersonalKind::Phone);
    }
    let is_number = run.len() == IDENTITY_LENGTH && PersonalKind::IdentityNumber.fault(run).is_none();
    is_number.then_some(PersonalKind::IdentityNumber)
}

fn is_mobile(run: &str) -> bool {
    let own = if run.len() == MOBILE_DIGITS + 2 { run.strip_prefix("86").unwrap_or(run) } else { run };
    let bytes = own.as_bytes();
    bytes.len() == MOBILE_DIGITS
        && bytes[0] == b'1'
        && (b'3'..=b'9').contains(&bytes[1])
        && bytes.iter().all(u8::is_ascii_digit)
}
