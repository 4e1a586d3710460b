use super::*;

const INSTRUMENT: &str = "[[instrument]]\nkey = \"X\"\ntitle = \"某办法\"\nnumber = \"1号\"\nrank = \"normative-document\"\nconfidence = \"H\"\n";

fn rule(id: &str, rest: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\nparam = \"p\"\ninstrument = \"X\"\nconfidence = \"H\"\n{rest}\n")
}

fn read(rules: &str) -> Result<Rulebook, RulebookError> {
    Rulebook::read(&[("instruments.toml", INSTRUMENT), ("rules.toml", rules)])
}

fn refusal(rules: &str) -> String {
    read(rules).unwrap_err().to_string()
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

#[test]
fn the_rulebook_compiled_in_reads_and_every_rule_finds_itself() {
    let book = Rulebook::national();
    assert!(!book.rules().is_empty());
    assert_eq!(book.hash().len(), 64);
    for rule in book.rules() {
        for key in rule.keys() {
            let found = book.rule(&key, rule.from, rule.area).unwrap();
            assert_eq!(found.id, rule.id);
        }
        assert_eq!(book.citation(rule).id, rule.id);
        assert!(!book.citation(rule).basis.instrument.is_empty());
    }
}

#[test]
fn the_most_local_rule_in_force_wins_and_among_equals_the_latest() {
    let text = [
        rule("nation", "from = \"2025-01-01\"\nvalue = 1"),
        rule("nation-later", "from = \"2026-01-01\"\nvalue = 2"),
        rule("province", "from = \"2025-03-01\"\nuntil = \"2027-03-01\"\narea = \"430000\"\nvalue = 3"),
        rule("city", "from = \"2025-06-01\"\narea = \"430500\"\nvalue = 4"),
    ]
    .concat();
    let book = read(&text).unwrap();
    let value = |day: &str, area: Option<&str>| {
        book.number("p", at(day), area.map(|area| AreaCode::parse(area).unwrap())).map(|cited| cited.value)
    };
    assert_eq!(value("2024-12-31", None), None);
    assert_eq!(value("2025-01-01", None), Some(1));
    assert_eq!(value("2026-01-01", None), Some(2));
    assert_eq!(value("2025-02-28", Some("430500")), Some(1));
    assert_eq!(value("2025-03-01", Some("430500")), Some(3));
    assert_eq!(value("2025-06-01", Some("430521")), Some(4));
    assert_eq!(value("2025-06-01", Some("430200")), Some(3));
    assert_eq!(value("2027-03-01", Some("430200")), Some(2));
    assert_eq!(value("2025-06-01", Some("440100")), Some(1));
    let cited = book.number("p", at("2025-06-01"), None).unwrap();
    assert_eq!(&*cited.citation.basis.instrument, "某办法 (1号)");
}

#[test]
fn a_bad_rulebook_is_refused_with_file_line_and_reason() {
    let good = rule("a", "from = \"2025-01-01\"\nvalue = 1");
    let twice = refusal(&[good.clone(), rule("a", "from = \"2025-02-01\"\nvalue = 1")].concat());
    assert_eq!(twice, "rules.toml:8: rule a stands already at rules.toml:1");
    let conflict = refusal(&[good.clone(), rule("b", "from = \"2025-01-01\"\nvalue = 2")].concat());
    assert!(conflict.starts_with("rules.toml:8: rule b sets p from 2025-01-01 where rule a"), "{conflict}");
    let unknown = refusal(&good.replace("instrument = \"X\"", "instrument = \"Y\""));
    assert_eq!(unknown, "rules.toml:1: rule a: there is no instrument \"Y\"");
    let empty = refusal(&rule("a", "from = \"2025-01-01\"\nuntil = \"2025-01-01\"\nvalue = 1"));
    assert_eq!(empty, "rules.toml:1: rule a ends before it begins");
    let backwards = refusal(&rule("a", "from = \"2025-01-01\"\nvalue = { min = 6, max = 1 }"));
    assert!(backwards.starts_with("rules.toml:1: rule a: the range"), "{backwards}");
    let value = refusal(&rule("a", "from = \"2025-01-01\"\nvalue = \"six\""));
    assert!(value.starts_with("rules.toml:7: a value is true or false, a whole number"), "{value}");
    let field = refusal(&rule("a", "from = \"2025-01-01\"\nvalu = 1"));
    assert!(field.starts_with("rules.toml:7: unknown field `valu`"), "{field}");
    let day = refusal(&rule("a", "from = \"2025-02-30\"\nvalue = 1"));
    assert!(day.starts_with("rules.toml:6: \"2025-02-30\" is not a date"), "{day}");
    let doubled = Rulebook::read(&[("a.toml", INSTRUMENT), ("b.toml", INSTRUMENT)]).unwrap_err();
    assert_eq!(doubled.to_string(), "b.toml:1: instrument X stands already in the rulebook");
}

/// Instruments of each rank, and rules given as (id, instrument, rest).
fn ranked(rules: &[(&str, &str, &str)]) -> Rulebook {
    let mut text = String::new();
    for rank in
        ["law", "administrative-regulation", "departmental-rule", "local-regulation", "normative-document"]
    {
        text += &format!(
            "[[instrument]]\nkey = \"{rank}\"\ntitle = \"{rank}\"\nrank = \"{rank}\"\nconfidence = \"H\"\n"
        );
    }
    text += "[[instrument]]\nkey = \"notice\"\ntitle = \"notice\"\nrank = \"normative-document\"\nconfidence = \"H\"\n";
    for (id, instrument, rest) in rules {
        text += &rule(id, rest).replace("\"X\"", &format!("{instrument:?}"));
    }
    Rulebook::read(&[("ranked.toml", &text)]).unwrap()
}

fn area(text: &str) -> Option<AreaCode> {
    Some(AreaCode::parse(text).unwrap())
}

#[test]
fn higher_rank_holds_over_what_is_later_and_more_local() {
    let book = ranked(&[
        ("decree", "departmental-rule", "from = \"2021-02-01\"\nvalue = 2"),
        ("city", "normative-document", "from = \"2025-01-01\"\narea = \"620700\"\nvalue = 1"),
        (
            "regulation",
            "administrative-regulation",
            "from = \"2022-01-01\"\nuntil = \"2023-01-01\"\nvalue = 3",
        ),
    ]);
    let id = |day, place: Option<AreaCode>| book.rule("p", at(day), place).map(|rule| &*rule.id);
    assert_eq!(id("2021-06-01", None), Some("decree"));
    assert_eq!(id("2022-06-01", None), Some("regulation"));
    assert_eq!(id("2025-06-01", area("620700")), Some("decree"));
    assert!(book.rules().iter().all(|rule| book.citation(rule).conflicts_with.is_empty()));
}

#[test]
fn a_departmental_rule_and_a_local_regulation_are_both_reported() {
    let book = ranked(&[
        ("decree", "departmental-rule", "from = \"2021-02-01\"\nvalue = 2"),
        ("local", "local-regulation", "from = \"2025-03-01\"\narea = \"310000\"\nvalue = 3"),
        ("agreeing", "local-regulation", "from = \"2025-03-01\"\narea = \"330000\"\nvalue = 2"),
    ]);
    let cited = |place| book.number("p", at("2025-06-01"), place).unwrap();
    let shanghai = cited(area("310000"));
    assert_eq!((shanghai.value, &*shanghai.citation.id), (3, "local"));
    assert_eq!(*shanghai.citation.conflicts_with, ["decree".into()]);
    assert!(cited(area("110000")).citation.conflicts_with.is_empty());
    assert!(cited(area("330000")).citation.conflicts_with.is_empty());
    let listed = book.in_force(at("2025-06-01"), area("310000"));
    let ids = |rules: &[&Rule]| rules.iter().map(|rule| rule.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&listed[0].conflicts), ["decree"]);
    assert!(listed[0].overrides.is_empty());
    assert_eq!(listed[0].replaced.map(|rule| &*rule.id), Some("decree"));
}

#[test]
fn two_instruments_of_equal_rank_place_and_date_are_both_reported_and_one_instrument_is_refused() {
    let book = ranked(&[
        ("first", "normative-document", "from = \"2025-01-01\"\nvalue = 1"),
        ("second", "notice", "from = \"2025-01-01\"\nvalue = 2"),
    ]);
    for (id, other) in [("first", "second"), ("second", "first")] {
        assert_eq!(book.conflicts(id), [other.into()]);
    }
    let later = ranked(&[
        ("first", "normative-document", "from = \"2025-01-01\"\nvalue = 1"),
        ("second", "notice", "from = \"2025-01-02\"\nvalue = 2"),
    ]);
    assert!(later.conflicts("second").is_empty());
}

#[test]
fn a_rule_for_everybody_is_found_by_who_asks_for_one_kind() {
    let book = ranked(&[
        ("both", "normative-document", "from = \"2018-11-29\"\nvalue = 3"),
        ("medical", "departmental-rule", "from = \"2021-02-01\"\napplies_to = [\"medical\"]\nvalue = 2"),
    ]);
    let id = |key, day| book.rule(key, at(day), None).map(|rule| &*rule.id);
    assert_eq!(id("p.medical", "2020-01-01"), Some("both"));
    assert_eq!(id("p.medical", "2022-01-01"), Some("medical"));
    assert_eq!(id("p", "2022-01-01"), Some("both"));
    let listed = book.in_force(at("2022-01-01"), None);
    let medical = listed.iter().find(|entry| &*entry.rule.id == "medical").unwrap();
    assert_eq!(medical.replaced.map(|rule| &*rule.id), Some("both"));
    assert_eq!(medical.overrides.len(), 1);
}

const SITE: &str =
    "[[instrument]]\nkey = \"site\"\ntitle = \"市办法\"\nrank = \"normative-document\"\nconfidence = \"H\"\n";

fn adopt(base: &Rulebook, rules: &str) -> Result<Rulebook, RulebookError> {
    let text = format!("{SITE}{}", rules.replace("\"X\"", "\"site\""));
    base.with_overlay("site.toml", &text, area("620700").unwrap(), at("2025-06-01"))
}

#[test]
fn an_area_adopts_rules_for_itself_from_the_day_of_adoption_on() {
    let base = ranked(&[("nation", "normative-document", "from = \"2025-01-01\"\nvalue = 1")]);
    let book = adopt(&base, &rule("site", "from = \"2025-03-01\"\nvalue = 2")).unwrap();
    let value = |day, place| book.number("p", at(day), place).map(|cited| cited.value);
    assert_eq!(value("2025-05-31", area("620700")), Some(1));
    assert_eq!(value("2025-06-01", area("620700")), Some(2));
    assert_eq!(value("2025-06-01", area("620702")), Some(2));
    assert_eq!(value("2025-06-01", area("620800")), Some(1));
    assert_eq!(value("2025-06-01", None), Some(1));
    assert_ne!(book.hash(), base.hash());
    let again = adopt(&base, &rule("site", "from = \"2025-03-01\"\nvalue = 2")).unwrap();
    assert_eq!(book, again);
    let listed = book.in_force(at("2025-06-01"), area("620702"));
    assert_eq!(&*listed[0].rule.file, "site.toml");
    assert_eq!(listed[0].overrides.len(), 1);
}

#[test]
fn an_area_cannot_adopt_what_is_not_its_own_to_set() {
    let base = ranked(&[("decree", "departmental-rule", "from = \"2021-02-01\"\nvalue = 2")]);
    let refusal = |rules: &str| adopt(&base, rules).unwrap_err().to_string();
    let good = "from = \"2025-03-01\"\nvalue = 9";
    assert_eq!(
        refusal(&rule("site", good)),
        "site.toml:6: rule site: p is set by decree (departmental-rule), which a normative-document cannot change"
    );
    let elsewhere = refusal(&rule("site", &format!("{good}\narea = \"620800\"")));
    assert_eq!(elsewhere, "site.toml:6: rule site: 620800 does not lie in 620700, which adopts it");
    let unknown = refusal(&rule("site", good).replace("\"p\"", "\"q\""));
    assert_eq!(unknown, "site.toml:6: rule site: nothing asks for \"q\"");
    let foreign = refusal(&rule("site", good).replace("\"X\"", "\"law\""));
    assert_eq!(foreign, "site.toml:6: rule site: the file has no instrument \"law\" of its own");
    let law = SITE.replace("normative-document", "law");
    let rank = base.with_overlay("site.toml", &law, area("620700").unwrap(), at("2025-06-01")).unwrap_err();
    assert!(rank.to_string().starts_with("site.toml:1: instrument site: an area adopts"), "{rank}");
    let broken = base.with_overlay("site.toml", "[[rule", area("620700").unwrap(), at("2025-06-01"));
    assert_eq!(broken.unwrap_err().line, 1);
}
