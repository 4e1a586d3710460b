//! Every row of `rulebook/rows.toml` has a home, and `docs/reference/coverage.md` says which.
//!
//! `domain/rulebook/rows.toml` lists the rows with the commands, obligations and tests that carry them. Rules and
//! provisions are found by their ids: row `R-113` has the rules `R-113.4`, `R-113.5`, … The page is written anew with
//! `UPDATE_COVERAGE=1 cargo test -p accord-domain --test coverage`.

use accord_domain::rulebook::{Provision, Rule, RuleValue, Rulebook};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    row: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    #[serde(default)]
    commands: Vec<String>,
    #[serde(default)]
    obligations: Vec<String>,
    #[serde(default)]
    tests: Vec<String>,
    #[serde(default)]
    note: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn rows() -> Vec<Row> {
    toml::from_str::<Rows>(&read("domain/rulebook/rows.toml")).unwrap_or_else(|error| panic!("{error}")).row
}

/// Whether an id is of a row: the row's own, or with a number after a dot.
fn is_of(id: &str, row: &str) -> bool {
    id.strip_prefix(row).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn rules_of(row: &Row) -> Vec<&'static Rule> {
    Rulebook::national().rules().iter().filter(|rule| is_of(&rule.id, &row.id)).collect()
}

fn provisions_of(row: &Row) -> Vec<&'static Provision> {
    Rulebook::national().provisions().iter().filter(|provision| is_of(&provision.id, &row.id)).collect()
}

/// The text of every source file below a folder.
fn sources(folder: &str) -> String {
    fn walk(dir: &Path, text: &mut String) {
        let Ok(entries) = fs::read_dir(dir) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() {
                walk(&path, text);
            } else if path.extension().is_some_and(|end| end == "rs") {
                text.push_str(&fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    let mut text = String::new();
    walk(&root().join(folder), &mut text);
    text
}

/// `file-change` as an identifier of code: `FileChange`.
fn camel(word: &str) -> String {
    word.split('-')
        .flat_map(|part| {
            let mut letters = part.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_row_has_a_home() {
    for row in rows() {
        let home = !rules_of(&row).is_empty()
            || !provisions_of(&row).is_empty()
            || !row.commands.is_empty()
            || !row.obligations.is_empty()
            || !row.tests.is_empty()
            || row.note.is_some();
        assert!(home, "{} stands nowhere", row.id);
    }
}

#[test]
fn the_rows_stand_each_once_and_every_rule_is_of_one() {
    let rows = rows();
    let ids: BTreeSet<&str> = rows.iter().map(|row| &*row.id).collect();
    assert_eq!(ids.len(), rows.len(), "a row stands twice");
    for (prefix, last) in [
        ("S0-", 54),
        ("S1-", 46),
        ("S2-", 31),
        ("S3-", 17),
        ("S4-", 35),
        ("J-", 17),
        ("K-", 12),
        ("C-", 20),
        ("G-", 9),
    ] {
        for number in 1..=last {
            assert!(ids.contains(&*format!("{prefix}{number:02}")), "{prefix}{number:02} is missing");
        }
    }
    let norms = [
        1..=31,
        40..=45,
        60..=71,
        100..=114,
        120..=124,
        130..=141,
        200..=216,
        230..=235,
        300..=308,
        310..=319,
        320..=324,
        330..=340,
        350..=357,
    ];
    for number in norms.into_iter().flatten() {
        assert!(ids.contains(&*format!("R-{number:03}")), "R-{number:03} is missing");
    }
    let book = Rulebook::national();
    let own = book.rules().iter().map(|rule| &*rule.id);
    for id in own.chain(book.provisions().iter().map(|provision| &*provision.id)) {
        // Numbers that the parameter sheet has and no row: by the key of their instrument.
        let of_instrument = book.instruments().iter().any(|instrument| is_of(id, &instrument.key));
        assert!(of_instrument || rows.iter().any(|row| is_of(id, &row.id)), "{id} is of no row");
    }
}

#[test]
fn what_the_rows_name_exists() {
    let reference = read("docs/reference/commands.md");
    let obligations = sources("domain/src/obligation")
        + &fs::read_to_string(root().join("domain/src/obligation.rs")).unwrap_or_default();
    let tests: String =
        ["domain", "api/src", "replay", "projections", "store", "tests"].into_iter().map(sources).collect();
    for row in rows() {
        for command in &row.commands {
            assert!(reference.contains(&format!("`{command}`")), "{}: there is no command {command}", row.id);
        }
        for kind in &row.obligations {
            let known = obligations.contains(&format!("\"{kind}\"")) || obligations.contains(&camel(kind));
            assert!(known, "{}: there is no obligation {kind}", row.id);
        }
        for test in &row.tests {
            assert!(tests.contains(&format!("fn {test}(")), "{}: there is no test {test}", row.id);
        }
    }
}

#[test]
fn every_parameter_of_a_rule_has_a_name_and_numbers_have_a_unit() {
    let book = Rulebook::national();
    for rule in book.rules() {
        let parameter = book.parameter(&rule.param);
        let unit = parameter.map(|parameter| parameter.unit.is_some());
        assert_eq!(unit, Some(!matches!(rule.value, RuleValue::Flag(_))), "{}: {}", rule.id, rule.param);
    }
}

#[test]
fn the_page_says_where_each_row_is_carried() {
    let page = page(&rows());
    let path = root().join("docs/reference/coverage.md");
    if std::env::var_os("UPDATE_COVERAGE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/reference/coverage.md is not what the rulebook and rows.toml say; write it anew with UPDATE_COVERAGE=1"
    );
}

const HEAD: &str = "# Where each norm is carried

Made from `domain/rulebook/`; a test compares. A row is one norm, listed in `domain/rulebook/rows.toml`: its id names the rules and words
in `domain/rulebook/` made from it. It is carried by rules that set a parameter, by its words (kept as a provision and
shown by `accord rules`), by commands that record it, by obligations that fall due, by tests, or it says why not. `?` marks a rule or
wording whose original was not read; every answer that rests on one says so.

Class: a institution, b practitioner, c insured person, d enterprise, e obligation, f record of inspection or assessment, g referral,
report and publicity, h settlement, i data feed. What is of class i comes from other systems: the ledger keeps what is recorded of it
and decides nothing by it.
";

const CHAPTERS: &[(&str, &str)] = &[
    ("R-", "National norms"),
    ("APL-", "From the old and the lighter law"),
    ("J-", "Places"),
    ("S0-", "Notice of 2025-05-28"),
    ("S1-", "国办发〔2023〕17号"),
    ("S2-", "医保办发〔2018〕21号"),
    ("S3-", "Article of April 2025"),
    ("S4-", "Zhangye"),
    ("K-", "Credit"),
    ("C-", "Contradictions"),
    ("G-", "Gaps"),
];

fn page(rows: &[Row]) -> String {
    let mut out = HEAD.to_owned();
    for (prefix, title) in CHAPTERS {
        let _ = write!(out, "\n## {title}\n\n| Row | Class | Carried by |\n|---|---|---|\n");
        for row in rows.iter().filter(|row| row.id.starts_with(prefix)) {
            let _ = writeln!(out, "{}", line(row));
        }
    }
    out
}

fn line(row: &Row) -> String {
    let mark = |verified: bool| if verified { "" } else { "?" };
    let provisions = provisions_of(row);
    let class = provisions.first().map_or("", |provision| &provision.class);
    let mut parts = Vec::new();
    let rules: Vec<_> = rules_of(row)
        .iter()
        .map(|rule| format!("`{}`{}", rule.param, mark(rule.confidence.is_verified())))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    if !rules.is_empty() {
        parts.push(format!("rules {}", rules.join(" ")));
    }
    if let Some(provision) = provisions.first() {
        parts.push(format!("words{}", mark(provision.confidence.is_verified())));
    }
    for (title, names) in
        [("commands", &row.commands), ("obligations", &row.obligations), ("tests", &row.tests)]
    {
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            parts.push(format!("{title} {}", names.join(" ")));
        }
    }
    parts.extend(row.note.clone());
    format!("| {} | {class} | {} |", row.id, parts.join("; "))
}
