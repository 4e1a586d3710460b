//! Why a text is not of the form it should be, in both languages.

use accord_domain::id::IdError;
use accord_domain::rejection::Words;
use accord_domain::time::TimeError;

/// Something that can say what is wrong and what would be right.
pub(crate) trait Why {
    /// In words.
    fn words(&self) -> Words;
}

impl Why for Words {
    fn words(&self) -> Words {
        self.clone()
    }
}

impl Why for TimeError {
    fn words(&self) -> Words {
        let en = self.to_string();
        let zh = match self {
            Self::Malformed(text) => {
                format!("{text:?} 不是日期（2025-08-04）或带时差的时刻（2025-08-04T09:30:00+08:00）")
            }
            Self::OutOfRange(text) => format!("{text:?} 的年份不在 1949 至 2199 之间"),
        };
        Words { en, zh }
    }
}

impl Why for IdError {
    fn words(&self) -> Words {
        let (what, expected) = match self.what {
            "an institution code" => {
                ("机构编码", "H（医疗机构）或 P（零售药店）加 6 位区划代码和 5 位数字，如 H37010200001")
            }
            "a practitioner code" => ("人员编码", "D、N 或 HY、HJ 加 12 位数字，如 D510105000123"),
            "a pooling area" => ("统筹地区代码", "6 位数字，首位不为 0，如 430500"),
            "a subject" => ("主体编码", "机构如 H37010200001、P43050300012，人员如 D510105000123"),
            other => (other, self.expected),
        };
        let text = &self.text;
        Words { en: self.to_string(), zh: format!("{text:?} 不是{what}：{expected}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_domain::{AreaCode, InstitutionCode, PractitionerCode, Subject};

    #[test]
    fn every_kind_of_code_has_chinese_words() {
        for error in [
            InstitutionCode::parse("x").unwrap_err(),
            PractitionerCode::parse("x").unwrap_err(),
            AreaCode::parse("x").unwrap_err(),
            Subject::parse("x").unwrap_err(),
        ] {
            let words = error.words();
            assert!(!words.zh.contains(error.what) && words.zh.contains("如"), "{}", words.zh);
        }
    }
}
