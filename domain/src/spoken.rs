//! What a reader of JSON says is wrong, in Chinese as well: its sentences are English and few.

use crate::rejection::Words;
use crate::time::TimeError;

/// A sentence with its Chinese.
pub(crate) fn both(en: String) -> Words {
    let zh = sentence(&en).unwrap_or_else(|| en.clone());
    Words { en, zh }
}

/// The Chinese of a fixed phrase; the phrase itself where it has none.
pub(crate) fn phrase(en: &'static str) -> &'static str {
    known(en).unwrap_or(en)
}

fn known(en: &str) -> Option<&'static str> {
    PHRASES.iter().find(|(known, _)| *known == en).map(|(_, zh)| *zh)
}

fn sentence(en: &str) -> Option<String> {
    if let Some(zh) = known(en) {
        return Some(zh.to_owned());
    }
    if let Some(field) = en.strip_prefix("missing field ") {
        return Some(format!("缺少字段 {field}"));
    }
    if let Some(field) = en.strip_prefix("duplicate field ") {
        return Some(format!("字段 {field} 重复"));
    }
    if let Some((field, rest)) = en.strip_prefix("unknown field ").and_then(named) {
        return Some(match rest.strip_prefix(", expected ") {
            Some(known) => format!("没有字段 {field}；可用字段：{}", choice(known)),
            None => format!("没有字段 {field}；此处不填任何字段"),
        });
    }
    if let Some((word, rest)) = en.strip_prefix("unknown variant ").and_then(named) {
        return Some(format!("没有 {word} 这个值；可用值：{}", choice(rest.strip_prefix(", expected ")?)));
    }
    for (beginning, zh) in
        [("invalid type: ", "类型不符"), ("invalid value: ", "值不符"), ("invalid length ", "长度不符")]
    {
        if let Some(rest) = en.strip_prefix(beginning) {
            let (found, expected) = rest.rsplit_once(", expected ")?;
            return Some(format!("{zh}：{}；应为{}", unexpected(found), form(expected)?));
        }
    }
    for (beginning, zh) in [("too large: at most ", "过大：至多 "), ("too small: at least ", "过小：至少 ")]
    {
        if let Some(limit) = en.strip_prefix(beginning) {
            return Some(format!("{zh}{limit}"));
        }
    }
    if let Some((sum, _)) = en.split_once(" fen; a sum lies between ") {
        let max = crate::limits::MONEY_FEN_MAX;
        return Some(format!("{sum} 分；金额应在 -{max} 至 {max} 分之间"));
    }
    identifier(en)
}

/// `"x" is not WHAT: FORM`, and the sentences on instants and UUIDs.
fn identifier(en: &str) -> Option<String> {
    let time = |text: &str, error: fn(String) -> TimeError| {
        let text: String = serde_json::from_str(text).ok()?;
        Some(error(text).words().zh)
    };
    if let Some((text, _)) = en.split_once(" is not a date (") {
        return time(text, TimeError::Malformed);
    }
    if let Some((text, _)) =
        en.strip_prefix("the year of ").and_then(|rest| rest.split_once(" is not between "))
    {
        return time(text, TimeError::OutOfRange);
    }
    if en.starts_with("UUID parsing failed") {
        return Some("不是事件标识，应为 UUID 的形式：8-4-4-4-12 位十六进制数字".to_owned());
    }
    let (text, rest) = en.split_once(" is not ")?;
    Some(format!("{text} 不是{}", form(rest)?))
}

/// What would be right: a phrase, or what it is and its form.
fn form(en: &str) -> Option<String> {
    if let Some(zh) = known(en) {
        return Some(zh.to_owned());
    }
    let (what, form) = en.split_once(": ")?;
    Some(format!("{}：{}", known(what)?, known(form)?))
}

/// A name in backticks, and what follows it.
fn named(text: &str) -> Option<(&str, &str)> {
    let end = text.strip_prefix('`')?.find('`')? + 2;
    text.split_at_checked(end)
}

/// `` `a` ``, `` `a` or `b` ``, ``one of `a`, `b` ``.
fn choice(en: &str) -> String {
    en.strip_prefix("one of ").unwrap_or(en).replace("`, `", "`、`").replace("` or `", "`、`")
}

/// What stood there.
fn unexpected(en: &str) -> String {
    for (kind, zh) in [
        ("string ", "文本 "),
        ("integer ", "整数 "),
        ("floating point ", "小数 "),
        ("boolean ", "布尔值 "),
        ("character ", "字符 "),
    ] {
        if let Some(rest) = en.strip_prefix(kind) {
            return format!("{zh}{rest}");
        }
    }
    let zh = match en {
        "null" | "unit value" => "空值",
        "map" => "对象",
        "sequence" => "列表",
        other => other,
    };
    zh.to_owned()
}

/// Sentences and parts of sentences that are always the same: of the reader of JSON, and of this program's own forms.
const PHRASES: &[(&str, &str)] = &[
    // Where the text is no JSON.
    ("EOF while parsing a list", "文本在列表中途结束"),
    ("EOF while parsing an object", "文本在对象中途结束"),
    ("EOF while parsing a string", "文本在字符串中途结束"),
    ("EOF while parsing a value", "文本在值之前结束"),
    ("expected `:`", "此处应为 `:`"),
    ("expected `,` or `]`", "此处应为 `,` 或 `]`"),
    ("expected `,` or `}`", "此处应为 `,` 或 `}`"),
    ("expected ident", "此处应为 `true`、`false` 或 `null`"),
    ("expected value", "此处应为一个值"),
    ("expected `\"`", "此处应为 `\"`"),
    ("invalid escape", "转义字符有误"),
    ("invalid number", "数字有误"),
    ("number out of range", "数字超出范围"),
    ("invalid unicode code point", "不是有效的字符编码"),
    (
        "control character (\\u0000-\\u001F) found while parsing a string",
        "字符串中有控制字符，应写成转义形式",
    ),
    ("key must be a string", "字段名应为字符串，写在引号内"),
    ("lone leading surrogate in hex escape", "转义的字符编码不完整"),
    ("trailing comma", "多了一个逗号"),
    ("trailing characters", "对象之后还有内容"),
    ("unexpected end of hex escape", "转义的字符编码不完整"),
    ("recursion limit exceeded", "嵌套过深"),
    // What would be right.
    ("a string", "文本"),
    ("a borrowed string", "文本"),
    ("a text", "文本"),
    ("a sequence", "列表"),
    ("a map", "对象"),
    ("an object", "对象"),
    ("a boolean", "`true` 或 `false`"),
    ("a whole number", "整数"),
    ("a whole number from 0 to 255", "0 至 255 的整数"),
    ("a whole number from 0 to 65535", "0 至 65535 的整数"),
    ("a whole number from 0 to 4294967295", "0 至 4294967295 的整数"),
    ("a whole number from 0 to 18446744073709551615", "0 至 18446744073709551615 的整数"),
    ("a formatted UUID string", "UUID 形式的文本：8-4-4-4-12 位十六进制数字"),
    (
        "a date such as \"2025-08-04\" or an instant such as \"2025-08-04T09:30:00+08:00\"",
        "日期，如 \"2025-08-04\"，或时刻，如 \"2025-08-04T09:30:00+08:00\"",
    ),
    (
        "a pooling area as text of six digits, such as \"430500\"",
        "统筹地区代码，为 6 位数字的文本，如 \"430500\"",
    ),
    // Codes: what they are, and their forms.
    ("an institution code", "机构编码"),
    (
        "H (medical institution) or P (pharmacy), 6 digits of a region and 5 digits, such as H37010200001",
        "`H`（医疗机构）或 `P`（零售药店）加 6 位区划代码和 5 位数字，如 `H37010200001`",
    ),
    ("a practitioner code", "人员编码"),
    (
        "D or N and 12 digits, or HY or HJ and 12 digits, such as D510105000123",
        "`D`、`N` 或 `HY`、`HJ` 加 12 位数字，如 `D510105000123`",
    ),
    ("a pooling area", "统筹地区代码"),
    ("six digits not starting with 0, such as 430500", "6 位数字，首位不为 0，如 `430500`"),
    ("a unified social credit code", "统一社会信用代码"),
    (
        "18 digits and capital letters without I, O, S, V and Z, the last one their check character (GB 32100), such as \
         91350100M000100Y43",
        "18 位数字与大写字母（不含 `I`、`O`、`S`、`V`、`Z`），末位为校验码（`GB 32100`），如 `91350100M000100Y43`",
    ),
    ("an insured person", "参保人编号"),
    (
        "ins- and 8 to 36 letters, digits, hyphens and underscores without 15 digits in a row, such as ins-7f3a09c2; never an \
         identity number",
        "`ins-` 加 8 至 36 个字母、数字、连字符或下划线，不得有连续 15 位数字，如 `ins-7f3a09c2`；不得使用身份号码",
    ),
    ("a citizen identity number", "公民身份号码"),
    (
        "17 digits with a real date of birth and their check character, a digit or X (GB 11643), such as \
         34052419800101001X; or the older 15 digits",
        "17 位数字（含真实出生日期）加校验码，为数字或 `X`（`GB 11643`），如 `34052419800101001X`；或旧式 15 位数字",
    ),
    ("a case", "案件编号"),
    (
        "case- and 1 to 59 letters, digits, hyphens and underscores, such as case-2025-0804",
        "`case-` 加 1 至 59 个字母、数字、连字符或下划线，如 `case-2025-0804`",
    ),
    ("a subject", "主体编码"),
    (
        "an institution such as H37010200001 or P43050300012, a practitioner such as D510105000123, an \
         enterprise such as 91350100M000100Y43, an insured person such as ins-7f3a09c2, a pooling area such as \
         430500, or a case such as case-2025-0804",
        "机构如 `H37010200001`、`P43050300012`，人员如 `D510105000123`，企业如 `91350100M000100Y43`，参保人如 `ins-7f3a09c2`，\
         统筹地区如 `430500`，案件如 `case-2025-0804`",
    ),
    // Personal data.
    ("a number; write it as a text, in quotes", "这是数字；请写成文本，加引号"),
    ("not the mark of a sealed value", "不是密封值的标记"),
    ("not a sealed value", "不是密封值"),
    ("not a member of a sealed value", "不是密封值的字段"),
    ("a sealed value has a mark and the sealed bytes", "密封值应有标记与密文"),
    ("empty; leave it out instead", "内容为空；请省略该字段"),
    ("longer than the 400 bytes accepted", "超过可接受的 400 字节"),
    (
        "not a citizen identity number: 17 digits with a real date of birth and their check character (GB 11643), or \
         the older 15 digits",
        "不是公民身份号码：应为 17 位数字（含真实出生日期）加校验码（`GB 11643`），或旧式 15 位数字",
    ),
    (
        "not a telephone number: 5 to 20 digits, with blanks, hyphens, brackets and a leading +",
        "不是电话号码：应为 5 至 20 位数字，可含空格、连字符、括号与开头的 +",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AreaCode, CaseCode, InstitutionCode, InsuredCode, PractitionerCode, Subject};
    use crate::identifiers::{CitizenNumber, Uscc};

    #[test]
    fn every_kind_of_code_has_chinese_words() {
        for error in [
            InstitutionCode::parse("x").unwrap_err(),
            PractitionerCode::parse("x").unwrap_err(),
            AreaCode::parse("x").unwrap_err(),
            InsuredCode::parse("x").unwrap_err(),
            CaseCode::parse("x").unwrap_err(),
            Uscc::parse("x").unwrap_err(),
            CitizenNumber::parse("x").unwrap_err(),
            Subject::parse("x").unwrap_err(),
        ] {
            assert!(known(error.what).is_some() && known(error.expected).is_some(), "{error}");
        }
    }

    #[test]
    fn a_choice_is_told_with_its_words_as_they_are() {
        let zh = |en: &str| both(en.to_owned()).zh;
        assert_eq!(zh("unknown field `a`, expected `b` or `c`"), "没有字段 `a`；可用字段：`b`、`c`");
        assert_eq!(zh("unknown field `a`, there are no fields"), "没有字段 `a`；此处不填任何字段");
        assert_eq!(
            zh("unknown variant `a`, expected one of `b`, `c`, `d`"),
            "没有 `a` 这个值；可用值：`b`、`c`、`d`"
        );
        assert_eq!(
            zh("invalid type: string \"x, expected y\", expected a sequence"),
            "类型不符：文本 \"x, expected y\"；应为列表"
        );
        assert_eq!(zh("something never said before"), "something never said before");
    }
}
