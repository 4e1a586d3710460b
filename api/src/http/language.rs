//! Which language people read: `Accept-Language`, Chinese or English.

use crate::answers::Lang;
use axum::http::{HeaderMap, header};

/// The one of the two the caller likes best (RFC 9110 §12.5.4); English where both are liked the same, and where nothing
/// is said.
pub(crate) fn of(headers: &HeaderMap) -> Lang {
    let text = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut chinese = 0;
    let mut english = 0;
    for range in text.split(',') {
        let (tag, weight) = weighed(range);
        match tag.split('-').next().unwrap_or("").to_ascii_lowercase().as_str() {
            "zh" => chinese = chinese.max(weight),
            "en" => english = english.max(weight),
            _ => {}
        }
    }
    if chinese > english { Lang::Zh } else { Lang::En }
}

/// A language range and its weight in thousandths.
fn weighed(range: &str) -> (&str, u32) {
    let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
    let weight = match parameters.trim().strip_prefix("q=") {
        Some(text) => {
            let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
            let thousandths = format!("{part:0<3}").get(..3).and_then(|part| part.parse::<u32>().ok());
            let whole = whole.parse::<u32>().unwrap_or(0).min(1);
            (whole * 1_000 + thousandths.unwrap_or(0)).min(1_000)
        }
        None => 1_000,
    };
    (tag.trim(), weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(text: &'static str) -> Lang {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
        of(&headers)
    }

    #[test]
    fn the_heavier_language_wins_and_english_stands_for_the_rest() {
        assert_eq!(lang("zh-CN,zh;q=0.9,en;q=0.8"), Lang::Zh);
        assert_eq!(lang("en-GB, zh;q=0.3"), Lang::En);
        assert_eq!(lang("en;q=0.2, zh-Hans;q=0.25"), Lang::Zh);
        assert_eq!(lang("fr, de;q=0.7"), Lang::En);
        assert_eq!(lang("zh;q=0"), Lang::En);
        assert_eq!(of(&HeaderMap::new()), Lang::En);
    }
}
