//! `ETag`, `If-Match`, `If-None-Match`: the version of a stream, `"s-institution-H37010200001-12"`.

use crate::http::problem::{Problem, catalogue};
use accord_domain::{Subject, Version, words};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The strong entity tag of a stream at a version.
pub(crate) fn tag(subject: &Subject, version: Version) -> String {
    format!("\"s-{}-{version}\"", subject.stream())
}

/// The tag as a header value.
pub(crate) fn value(subject: &Subject, version: Version) -> Result<HeaderValue, Problem> {
    // A stream name is ASCII by its form.
    HeaderValue::from_str(&tag(subject, version)).map_err(|_| Problem::internal())
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
    let mut versions =
        tags.iter().filter_map(|tag| tag.strip_prefix(&prefix)?.strip_suffix('"')?.parse::<Version>().ok());
    match (versions.next(), versions.next()) {
        (None, _) => Ok(Match::Nothing),
        (Some(version), None) => Ok(Match::Version(version)),
        (Some(_), Some(_)) => Err(refuse("If-Match", "it names several versions", "其中有多个版本")),
    }
}

/// Whether `If-None-Match` names this version of the subject's stream, so that the caller has it already. Comparison is
/// weak, as for every GET.
///
/// # Errors
/// When it is not a list of entity tags.
pub(crate) fn none_match(headers: &HeaderMap, subject: &Subject, version: Version) -> Result<bool, Problem> {
    let Some(tags) = tags(headers, &header::IF_NONE_MATCH)? else { return Ok(false) };
    let own = tag(subject, version);
    Ok(tags.iter().any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == own))
}

/// The members of a list of entity tags. A tag of ours holds no comma.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Vec<String>>, Problem> {
    let mut out = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| refuse(name.as_str(), "it is not ASCII", "不是 ASCII 文本"))?;
        out.extend(text.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()));
    }
    if out.is_empty() {
        return Ok(None);
    }
    let quoted = |tag: &str| {
        let bare = tag.strip_prefix("W/").unwrap_or(tag);
        bare.len() >= 2 && bare.starts_with('"') && bare.ends_with('"')
    };
    if out == ["*"] || out.iter().all(|tag| quoted(tag)) {
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
        assert!(of("12").is_err());
    }

    #[test]
    fn a_read_compares_weakly() {
        let subject = Subject::parse("D510105000123").unwrap();
        let of = |value| none_match(&headers(header::IF_NONE_MATCH, value), &subject, 3).unwrap();
        assert!(of("\"s-practitioner-D510105000123-3\""));
        assert!(of("W/\"s-practitioner-D510105000123-3\""));
        assert!(of("*"));
        assert!(!of("\"s-practitioner-D510105000123-4\""));
    }
}
