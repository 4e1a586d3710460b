//! Finding a name by any part of it, Chinese ones too.
//!
//! A name is indexed as its pairs of neighbouring characters, so that any stretch of two or more is a phrase of pairs,
//! and one character is the beginning of a pair. SQLite's own trigram tokenizer finds nothing under three characters,
//! and two are the length of many a Chinese word.

/// The letters and digits of a name in lower case, everything else left out.
fn letters(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// What is indexed: the pairs, and the last character alone, which begins no pair.
pub(crate) fn grams(name: &str) -> String {
    let letters = letters(name);
    let mut out = String::with_capacity(name.len() * 3);
    for pair in letters.windows(2) {
        out.extend(pair);
        out.push(' ');
    }
    out.extend(letters.last());
    out
}

/// What is searched for; none when the text holds no letter or digit.
pub(crate) fn query(text: &str) -> Option<String> {
    let letters = letters(text);
    match letters.as_slice() {
        [] => None,
        [one] => Some(format!("\"{one}\"*")),
        more => {
            let pairs: Vec<String> = more.windows(2).map(|pair| pair.iter().collect()).collect();
            Some(format!("\"{}\"", pairs.join(" ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_pairs_and_a_search_is_a_phrase_of_them() {
        assert_eq!(grams("邵阳市 人民医院"), "邵阳 阳市 市人 人民 民医 医院 院");
        assert_eq!(query("民医院").unwrap(), "\"民医 医院\"");
        assert_eq!(query("院").unwrap(), "\"院\"*");
        assert_eq!(query(" \"*- "), None);
    }
}
