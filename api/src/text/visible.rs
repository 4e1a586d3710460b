//! Recorded texts on a terminal. What steers a terminal, breaks a line or turns the direction of writing is printed as an
//! escape, so that no text can hide or forge a line; JSON says it in its own way.

use std::borrow::Cow;

/// A text for one line or a cell: line breaks too are printed as escapes.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, steers)
}

/// A text of several lines.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && steers(c))
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_escaped(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Control characters, line and paragraph separators, marks of direction, and the byte order mark.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_everything_else_left_as_it_is() {
        for text in ["", "示例医院 · ✓ é", "a – b"] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
        }
        assert_eq!(
            visible("a\u{1b}[2Kb\n\u{202e}c\0\u{9b}\u{7f}"),
            r"a\u{1b}[2Kb\u{a}\u{202e}c\u{0}\u{9b}\u{7f}"
        );
        assert_eq!(lines("a\r\nb"), "a\\u{d}\nb");
    }
}
