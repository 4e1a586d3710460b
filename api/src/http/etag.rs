//! `ETag`, `If-Match`, `If-None-Match`: the version of a stream, `"s-institution-H37010200001-12"`. Where it is of an answer
//! about what stands, a digest of the answer follows, `"s-institution-H37010200001-12.5f0c…"`: time alone changes what
//! stands, and so do acts of others.

use crate::http::problem::{Problem, catalogue};
use accord_domain::{Subject, Version, words};
use accord_store::merkle::hex;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use sha2::{Digest, Sha256};

/// Bytes of the digest: enough that two answers about one version do not share one.
const DIGEST_BYTES: usize = 12;

/// The strong entity tag of a stream at a version.
///
/// # Errors
/// None that the form of stream names does not rule out.
pub(crate) fn value(subject: &Subject, version: Version) -> Result<HeaderValue, Problem> {
    header_value(&format!("\"s-{}-{version}\"", subject.stream()))
}

/// The strong entity tag of an answer about what stands of a subject at a version.
pub(crate) fn of_answer(subject: &Subject, version: Version, answer: &[u8]) -> String {
    let digest = Sha256::digest(answer);
    format!("\"s-{}-{version}.{}\"", subject.stream(), hex(&digest[..DIGEST_BYTES]))
}

/// A tag as a header value.
///
/// # Errors
/// When it is not ASCII, which the form of our tags rules out.
pub(crate) fn header_value(tag: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(tag).map_err(|_| Problem::internal())
}

/// What `If-Match` asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Match {
    /// The header is not there.
    Any,
    /// `*`: something is recorded.
    Exists,
    /// The newest version is this one.
    Version(Version),
    /// Only tags of other streams: nothing can match.
    Nothing,
}

/// Reads `If-Match` for a write to a subject's stream. Comparison is strong: a weak tag matches nothing.
///
/// # Errors
/// When it is not a list of entity tags, or names several versions of the stream.
pub(crate) fn if_match(headers: &HeaderMap, subject: &Subject) -> Result<Match, Problem> {
    let Some(tags) = tags(headers, &header::IF_MATCH)? else { return Ok(Match::Any) };
    if tags == ["*"] {
        return Ok(Match::Exists);
    }
    let prefix = format!("\"s-{}-", subject.stream());
    let mut versions = tags.iter().filter_map(|tag| {
        let text = tag.strip_prefix(&prefix)?.strip_suffix('"')?;
        text.split_once('.').map_or(text, |(version, _)| version).parse::<Version>().ok()
    });
    match (versions.next(), versions.next()) {
        (None, _) => Ok(Match::Nothing),
        (Some(version), None) => Ok(Match::Version(version)),
        (Some(_), Some(_)) => Err(refuse("If-Match", "it names several versions", "其中有多个版本")),
    }
}

/// Whether `If-None-Match` names this tag, so that the caller has the answer already. Comparison is weak, as for every GET.
///
/// # Errors
/// When it is not a list of entity tags.
pub(crate) fn none_match(headers: &HeaderMap, own: &str) -> Result<bool, Problem> {
    let Some(tags) = tags(headers, &header::IF_NONE_MATCH)? else { return Ok(false) };
    Ok(tags.iter().any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == own))
}

/// The members of a list of entity tags; none without the header. A tag of ours holds no comma.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Vec<String>>, Problem> {
    let mut out = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| refuse(name.as_str(), "it is not ASCII", "不是 ASCII 文本"))?;
        out.extend(text.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()));
    }
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let quoted = |tag: &str| {
        let bare = tag.strip_prefix("W/").unwrap_or(tag);
        bare.len() >= 2 && bare.starts_with('"') && bare.ends_with('"')
    };
    if out == ["*"] || (!out.is_empty() && out.iter().all(|tag| quoted(tag))) {
        return Ok(Some(out));
    }
    Err(refuse(
        name.as_str(),
        "it is not an entity tag in double quotes, nor *",
        "既不是双引号内的实体标签，也不是 *",
    ))
}

fn refuse(name: &str, en: &str, zh: &str) -> Problem {
    Problem::new(
        &catalogue::INVALID_HEADER,
        words!("header {name} cannot be read: {en}", "无法读取标头 {name}：{zh}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_write_matches_the_version_of_its_own_stream_only() {
        let subject = Subject::parse("H37010200001").unwrap();
        let of = |value| if_match(&headers(header::IF_MATCH, value), &subject);
        assert_eq!(if_match(&HeaderMap::new(), &subject).unwrap(), Match::Any);
        assert_eq!(of("*").unwrap(), Match::Exists);
        assert_eq!(of("\"s-institution-H37010200001-12\"").unwrap(), Match::Version(12));
        assert_eq!(of("\"x\", \"s-institution-H37010200001-12\"").unwrap(), Match::Version(12));
        assert_eq!(of("W/\"s-institution-H37010200001-12\"").unwrap(), Match::Nothing);
        assert_eq!(of("\"s-institution-H37010200002-12\"").unwrap(), Match::Nothing);
        assert!(of("\"s-institution-H37010200001-1\",\"s-institution-H37010200001-2\"").is_err());
        assert_eq!(of("\"s-institution-H37010200001-12.5f0c\"").unwrap(), Match::Version(12));
        assert!(of("12").is_err());
        for nothing in ["", " ", ","] {
            assert!(of(nothing).is_err(), "a precondition that says nothing is not passed over");
        }
    }

    #[test]
    fn a_read_compares_weakly_and_by_the_answer() {
        let subject = Subject::parse("D510105000123").unwrap();
        let own = of_answer(&subject, 3, b"normal");
        let of = |value: &str| {
            let value = HeaderValue::from_str(value).unwrap();
            none_match(&HeaderMap::from_iter([(header::IF_NONE_MATCH, value)]), &own).unwrap()
        };
        assert!(own.starts_with("\"s-practitioner-D510105000123-3."), "{own}");
        assert!(of(&own) && of(&format!("W/{own}")) && of(&format!("\"x\", {own}")) && of("*"));
        assert!(!of("\"s-practitioner-D510105000123-3\""));
        assert!(!of(&of_answer(&subject, 3, b"suspended")) && !of(&of_answer(&subject, 4, b"normal")));
    }
}
