//! Which language people read: `Accept-Language`, Chinese or English.

use accord_domain::rejection::Words;
use axum::http::{HeaderMap, header};

/// The language of titles and details. Codes are never translated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// 简体中文.
    Chinese,
    /// English, also when nothing else is asked for.
    #[default]
    English,
}

impl Language {
    /// The one the caller likes best of the two (RFC 9110 §12.5.4); English where both are liked the same.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
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
        if chinese > english { Self::Chinese } else { Self::English }
    }

    /// The tag for `Content-Language`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// The sentence in this language.
    #[must_use]
    pub fn pick(self, words: &Words) -> &str {
        match self {
            Self::Chinese => &words.zh,
            Self::English => &words.en,
        }
    }
}

/// A language range and its weight in thousandths.
fn weighed(range: &str) -> (&str, u32) {
    let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
    let weight = match parameters.trim().strip_prefix("q=") {
        Some(text) => {
            let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
            let thousandths = format!("{part:0<3}").get(..3).and_then(|part| part.parse::<u32>().ok());
            whole.parse::<u32>().map_or(0, |whole| whole * 1_000 + thousandths.unwrap_or(0)).min(1_000)
        }
        None => 1_000,
    };
    (tag.trim(), weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
        Language::of(&headers)
    }

    #[test]
    fn the_heavier_language_wins_and_english_stands_for_the_rest() {
        assert_eq!(of("zh-CN,zh;q=0.9,en;q=0.8"), Language::Chinese);
        assert_eq!(of("en-GB, zh;q=0.3"), Language::English);
        assert_eq!(of("en;q=0.2, zh-Hans;q=0.25"), Language::Chinese);
        assert_eq!(of("fr, de;q=0.7"), Language::English);
        assert_eq!(of("zh;q=0"), Language::English);
        assert_eq!(Language::of(&HeaderMap::new()), Language::English);
    }
}
