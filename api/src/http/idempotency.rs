//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): the same as `key` in a command.
//!
//! A structured-field string (RFC 9651 §3.3.3) or display string (§3.3.8, for keys such as 邵医保-2025-0804-2); bare text
//! is accepted too, since many clients send it so.

use crate::http::problem::{Problem, catalogue};
use accord_domain::limits::KEY_BYTES_MAX;
use accord_domain::rejection::Words;
use accord_domain::words;
use axum::http::HeaderMap;

/// Name of the header.
pub(crate) const HEADER: &str = "idempotency-key";

/// The key a request carries in its header.
///
/// # Errors
/// A problem that says what would be right.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<Box<str>>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refuse("it stands twice", "该标头出现了两次"));
    }
    let text = std::str::from_utf8(value.as_bytes())
        .map_err(|_| refuse("it is not UTF-8", "不是 UTF-8 文本"))?
        .trim();
    let key = if let Some(inner) = text.strip_prefix('"') {
        quoted(inner)
    } else if let Some(inner) = text.strip_prefix("%\"") {
        displayed(inner)
    } else {
        (!text.contains(['"', ';', ','])).then(|| text.to_owned())
    };
    let key = key.ok_or_else(|| {
        refuse(
            "it is not a string such as \"2025-0804-2\" in double quotes",
            "不是双引号字符串，例如 \"2025-0804-2\"",
        )
    })?;
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(Problem::new(
            &catalogue::INVALID_HEADER,
            words!(
                "Idempotency-Key has {} bytes; 1 to {KEY_BYTES_MAX} are accepted",
                "Idempotency-Key 为 {} 字节，允许 1 至 {KEY_BYTES_MAX} 字节",
                key.len()
            ),
        ));
    }
    Ok(Some(key.into()))
}

/// For what takes neither a key nor a version for the whole request: the headers are not passed over in silence.
///
/// # Errors
/// A problem that says what would be right.
pub(crate) fn not_meant(headers: &HeaderMap, instead: &Words) -> Result<(), Problem> {
    for (name, said) in
        [(HEADER, "Idempotency-Key"), ("if-match", "If-Match"), ("if-none-match", "If-None-Match")]
    {
        if headers.contains_key(name) {
            let (en, zh) = (&instead.en, &instead.zh);
            let detail = words!("{said} has no meaning here: {en}", "{said} 在此无意义：{zh}");
            return Err(Problem::new(&catalogue::INVALID_HEADER, detail));
        }
    }
    Ok(())
}

fn refuse(en: &str, zh: &str) -> Problem {
    Problem::new(
        &catalogue::INVALID_HEADER,
        words!("Idempotency-Key cannot be read: {en}", "无法读取 Idempotency-Key：{zh}"),
    )
}

/// The rest of a quoted string: printable ASCII, `\"` and `\\` escaped, nothing after the closing quote.
fn quoted(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(next) = chars.next() {
        match next {
            '"' => return chars.as_str().is_empty().then_some(out),
            '\\' => out.push(chars.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            ' '..='~' => out.push(next),
            // Not in the standard; an unescaped Chinese key in quotes has one meaning only.
            _ if !next.is_control() => out.push(next),
            _ => return None,
        }
    }
    None
}

/// The rest of a display string: percent-encoded UTF-8 in lower-case hexadecimal.
fn displayed(text: &str) -> Option<String> {
    let inner = text.strip_suffix('"')?;
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                out.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
            }
            b'"' => return None,
            b' '..=b'~' => out.push(byte),
            _ => return None,
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(bytes: &[u8]) -> Result<Option<Box<str>>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_bytes(bytes).unwrap());
        key(&headers)
    }

    #[test]
    fn quoted_display_and_bare_keys_mean_the_same() {
        let key = "邵医保-2";
        assert_eq!(of("\"邵医保-2\"".as_bytes()).unwrap().as_deref(), Some(key));
        assert_eq!(of(b"%\"%e9%82%b5%e5%8c%bb%e4%bf%9d-2\"").unwrap().as_deref(), Some(key));
        assert_eq!(of("邵医保-2".as_bytes()).unwrap().as_deref(), Some(key));
        assert_eq!(of(br#""a \"b\" \\c""#).unwrap().as_deref(), Some(r#"a "b" \c"#));
        assert_eq!(key_of_none(), None);
    }

    fn key_of_none() -> Option<Box<str>> {
        key(&HeaderMap::new()).unwrap()
    }

    #[test]
    fn what_is_no_string_is_refused() {
        for bad in [
            &b"\"open"[..],
            b"\"a\"b",
            b"\"a\\n\"",
            b"",
            b"\"\"",
            b"%\"%zz\"",
            b"%\"%ff\"",
            b"a;b=1",
            b"\xff\xfe",
            &[b'a'; 201],
        ] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
    }
}
