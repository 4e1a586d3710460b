//! Query parameters, read strictly: unknown, repeated or empty ones are refused, and the refusal names what is known.
//!
//! A handler asks for each parameter by name and then calls [`Query::finish`]. What it asked for is what is known, so
//! the list cannot drift from the code.

use crate::http::problem::{Problem, catalogue};
use accord_domain::rejection::Words;
use accord_domain::{AreaCode, Instant, words};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The query of one request.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    asked: Vec<&'static str>,
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let text = parts.uri.query().unwrap_or("");
        text.split('&').try_for_each(decodable)?;
        Ok(Self::parse(text))
    }
}

/// Refuses a parameter that is no text once decoded: a reader that puts other characters for such bytes answers another
/// question than was asked.
fn decodable(pair: &str) -> Result<(), Problem> {
    let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
    let mut bytes = Vec::with_capacity(pair.len());
    let mut rest = pair.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            let en = "% stands without two hexadecimal digits after it; % itself is %25";
            return Err(invalid(name, en, "% 之后不是两位十六进制数字；% 本身写作 %25"));
        };
        bytes.extend(u8::try_from(high * 16 + low));
    }
    match std::str::from_utf8(&bytes) {
        Ok(_) => Ok(()),
        Err(_) => Err(invalid(name, "it is not UTF-8 text", "不是 UTF-8 文本")),
    }
}

impl Query {
    /// Takes a query string apart.
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        Self { pairs, asked: Vec::new() }
    }

    /// The text of a parameter.
    ///
    /// # Errors
    /// When it stands twice or is empty.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        self.asked.push(name);
        let mut values = self.pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(invalid(name, "it stands twice; give it once", "出现了两次，只能给一次"));
        }
        if value.trim().is_empty() {
            return Err(invalid(name, "it is empty; leave it out instead", "为空；如不需要请省略"));
        }
        Ok(Some(value.clone()))
    }

    /// A parameter of some form; `read` says what would be right where it is not.
    ///
    /// # Errors
    /// Those of [`Query::text`] and of `read`.
    pub(crate) fn read<T, E: Into<Words>>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match read(&text) {
            Ok(value) => Ok(Some(value)),
            Err(why) => {
                let why: Words = why.into();
                Err(invalid(name, &why.en, &why.zh))
            }
        }
    }

    /// As [`Query::read`], for a parameter that must be given.
    ///
    /// # Errors
    /// Also when it is missing.
    pub(crate) fn required<T, E: Into<Words>>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Problem> {
        self.read(name, read)?.ok_or_else(|| invalid(name, "it is missing", "缺少该参数"))
    }

    /// A date or an instant. A `+` that a client did not escape arrives as a blank and is put back: the offset of an
    /// instant is the only place where either can stand.
    ///
    /// # Errors
    /// As [`Query::read`].
    pub(crate) fn instant(&mut self, name: &'static str) -> Result<Option<Instant>, Problem> {
        self.read(name, |text| Instant::parse(&text.replace(' ', "+")))
    }

    /// A pooling area.
    ///
    /// # Errors
    /// As [`Query::read`].
    pub(crate) fn area(&mut self) -> Result<Option<AreaCode>, Problem> {
        self.read("area", AreaCode::parse)
    }

    /// `true` or `false`; false when left out.
    ///
    /// # Errors
    /// As [`Query::read`].
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool, Problem> {
        let flag = self.read(name, |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(words!("{other:?} is neither true nor false", "{other:?} 既不是 true 也不是 false")),
        })?;
        Ok(flag.unwrap_or(false))
    }

    /// A position of the log, or another whole number.
    ///
    /// # Errors
    /// As [`Query::read`].
    pub(crate) fn number(&mut self, name: &'static str) -> Result<Option<u64>, Problem> {
        self.read(name, |text| {
            let number = text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse::<u64>().ok());
            number.flatten().ok_or_else(|| {
                words!("{text:?} is not a whole number such as 4711", "{text:?} 不是整数（例如 4711）")
            })
        })
    }

    /// What was given and is not in `without`, sorted: two requests that ask the same give the same.
    pub(crate) fn filter(&self, without: &[&str]) -> String {
        let mut pairs: Vec<_> =
            self.pairs.iter().filter(|(name, _)| !without.contains(&name.as_str())).collect();
        pairs.sort();
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// The same query with one parameter set to another value.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let pairs = self.pairs.iter().filter(|(known, _)| known != name);
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).append_pair(name, value).finish()
    }

    /// Refuses what nobody asked for.
    ///
    /// # Errors
    /// Names the parameters that are not known, and those that are.
    pub(crate) fn finish(&self) -> Result<(), Problem> {
        let unknown: Vec<_> = self
            .pairs
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !self.asked.contains(&name.as_str()))
            .collect();
        let Some(first) = unknown.first() else { return Ok(()) };
        let known = if self.asked.is_empty() { "none".to_owned() } else { self.asked.join(", ") };
        let shown: String = first.chars().take(40).collect();
        let mut problem = Problem::new(
            &catalogue::INVALID_QUERY,
            words!(
                "there is no query parameter {shown:?} here; known: {known}",
                "此处没有查询参数 {shown:?}；可用参数：{known}"
            ),
        );
        for name in unknown {
            problem = problem.parameter(name, "unknown-parameter", words!("known: {known}", "可用：{known}"));
        }
        Err(problem.with("known", self.asked.as_slice()))
    }
}

/// The refusal of a parameter.
pub(crate) fn invalid(name: &str, en: &str, zh: &str) -> Problem {
    Problem::new(&catalogue::INVALID_QUERY, words!("query parameter {name}: {en}", "查询参数 {name}：{zh}"))
        .parameter(name, "invalid-value", words!("{en}", "{zh}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unescaped_plus_of_an_offset_is_understood() {
        let expected = Instant::parse("2025-07-15T09:00:00+08:00").unwrap();
        for text in ["known_at=2025-07-15T09:00:00+08:00", "known_at=2025-07-15T09%3A00%3A00%2B08%3A00"] {
            assert_eq!(Query::parse(text).instant("known_at").unwrap(), Some(expected));
        }
    }

    #[test]
    fn repeated_empty_and_unknown_parameters_are_refused() {
        assert!(Query::parse("a=1&a=2").text("a").is_err());
        assert!(Query::parse("a=").text("a").is_err());
        let mut query = Query::parse("a=1&b=2");
        query.text("a").unwrap();
        assert!(query.finish().is_err());
        query.text("b").unwrap();
        assert!(query.finish().is_ok());
    }

    #[test]
    fn what_cannot_be_decoded_is_refused_by_name() {
        for good in ["q=%E6%AC%A7+x", "q=100%25", "q", "", "=", "q=a=b"] {
            assert!(decodable(good).is_ok(), "{good}");
        }
        for bad in ["q=%ff%fe", "q=100%", "q=%4", "q=%zz", "%ff=x", "q=%E6%AC", "q=%+1"] {
            assert!(decodable(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_are_digits_only() {
        for bad in ["n=-1", "n=%2B1", "n=1.0", "n=99999999999999999999", "n=0x1"] {
            assert!(Query::parse(bad).number("n").is_err(), "{bad}");
        }
        assert_eq!(Query::parse("n=0047").number("n").unwrap(), Some(47));
    }

    #[test]
    fn the_filter_does_not_depend_on_order() {
        let a = Query::parse("status=suspended&area=430500&cursor=x");
        let b = Query::parse("area=430500&status=suspended");
        assert_eq!(a.filter(&["cursor"]), b.filter(&["cursor"]));
        assert_eq!(b.with("cursor", "y z"), "area=430500&status=suspended&cursor=y+z");
    }
}
