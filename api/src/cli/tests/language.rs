//! Which language is spoken, and to whom.

use super::*;
use crate::cli::{language_asked, system_language, wrong_value};

#[test]
fn the_language_follows_the_environment() {
    let of = |set: &'static [(&str, &str)]| {
        system_language(|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(of(&[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
    assert_eq!(of(&[("LC_ALL", "en_GB.UTF-8"), ("LANG", "zh_CN.UTF-8")]), Lang::En);
    assert_eq!(of(&[("LC_ALL", ""), ("LANG", "zh_TW.UTF-8")]), Lang::Zh);
    assert_eq!(of(&[]), Lang::En);
}

#[test]
fn a_value_that_is_none_of_its_kind_is_told_in_chinese_too() {
    let told = |arguments: &[&str]| {
        let typed = ["accord"].iter().chain(arguments);
        wrong_value(&Cli::try_parse_from(typed).unwrap_err())
    };
    assert_eq!(
        told(&["show", "H37010200001", "--as-of", "2025-02-30"]).unwrap(),
        "accord: --as-of <D>：\"2025-02-30\" 不是日期（2025-08-04）或带时差的时刻（2025-08-04T09:30:00+08:00） (usage)"
    );
    assert!(told(&["show", "X"]).unwrap().starts_with("accord: <SUBJECT>：\"X\" 不是主体编码："));
    let known = "accord: --line <LINE>：可用值：basic、outpatient_pooling、special_outpatient、dual_channel、cross_region、internet (usage)";
    assert_eq!(told(&["list", "--line", "x"]).unwrap(), known);
    assert_eq!(told(&["show"]), None, "left out is not a value of the wrong kind");
}

#[test]
fn the_language_is_known_where_the_arguments_are_not() {
    let asked = |arguments: &[&str]| language_asked(arguments.iter().map(Into::into));
    assert_eq!(asked(&["--lang", "zh", "show", "X"]), Some(Lang::Zh));
    assert_eq!(asked(&["show", "X", "--lang=en"]), Some(Lang::En));
    assert_eq!(asked(&["show", "X"]), None);
    assert_eq!(asked(&["show", "--lang"]), None);
}
