//! The number of an article, read from the ways in which it is commonly written.

/// The number of the one article that a text names, with or without paragraph and item: `38`, `38(1)`, `第38条`,
/// `第三十八条第一款第（二）项`. None where it names several, or none that can be told.
pub(super) fn number(text: &str) -> Option<u32> {
    let lower = text.trim().to_ascii_lowercase();
    let strip = |text: &str, word: &str| text.strip_prefix(word).map(|rest| rest.trim_start().to_owned());
    let text = ["article", "art.", "art-", "art", "条例"].iter().find_map(|word| strip(&lower, word));
    let text = text.unwrap_or(lower);
    let (marked, text) = match text.strip_prefix('第') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, &*text),
    };
    let end = text.find(|sign| digit(sign).is_none() && unit(sign).is_none()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('条') {
        Some(rest) => rest.trim_start(),
        None if marked => return None,
        None => rest,
    };
    // 第三十八条之一 is another article, and a second one may follow.
    let inside = |sign: char| {
        digit(sign).is_some()
            || unit(sign).is_some()
            || "()（）第款项目.".contains(sign)
            || sign.is_whitespace()
    };
    let is_part = rest.is_empty() || rest.starts_with(['(', '（', '第', '.']);
    if is_part && rest.chars().all(inside) { value(digits) } else { None }
}

fn value(digits: &str) -> Option<u32> {
    if digits.is_empty() || digits.chars().count() > 6 {
        return None;
    }
    let (mut whole, mut last) = (0, None);
    for sign in digits.chars() {
        match (digit(sign), unit(sign)) {
            (Some(digit), _) => last = Some(last.unwrap_or(0) * 10 + digit),
            (None, Some(unit)) => whole += last.take().unwrap_or(1) * unit,
            (None, None) => return None,
        }
    }
    Some(whole + last.unwrap_or(0))
}

/// What a digit is worth: Arabic, of full width, or Chinese.
fn digit(sign: char) -> Option<u32> {
    let found = |digits: &str| digits.chars().position(|known| known == sign);
    let at = found("0123456789")
        .or_else(|| found("０１２３４５６７８９"))
        .or_else(|| found("零一二三四五六七八九"));
    at.or((sign == '〇').then_some(0)).and_then(|at| u32::try_from(at).ok())
}

const fn unit(sign: char) -> Option<u32> {
    match sign {
        '十' => Some(10),
        '百' => Some(100),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn an_article_is_read_however_it_is_written() {
        for text in [
            "38",
            " 38 ",
            "３８",
            "38(1)",
            "38（一）",
            "38.1",
            "38条",
            "第38条",
            "第 38 条第1款",
            "第三十八条",
            "三十八条",
            "第三十八条第一款第（二）项",
            "第三十八条 (1)",
            "art-38",
            "Art. 38(2)",
            "Article 38",
            "条例第三十八条",
        ] {
            assert_eq!(number(text), Some(38), "{text}");
        }
        assert_eq!(
            ["第四十条", "四十", "第十条", "第一百零二条"].map(number),
            [Some(40), Some(40), Some(10), Some(102)]
        );
    }

    #[test]
    fn what_names_another_article_several_or_none_is_not_read() {
        for text in [
            "",
            "第条",
            "38-1",
            "第三十八条之一",
            "38、40",
            "38(1)、40",
            "第三十八条、第四十条",
            "38 40",
            "第38款",
            "医保条例",
            "138999999",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(number("380"), Some(380));
    }
}
