use super::diff::both;
use super::*;

const DOCTOR: &str = "D500100000001";
const SITE: &str = "H50010000001";

fn of_doctor(name: &str, effective_at: &str, data: &Value) -> Value {
    let mut command = command(name, effective_at, effective_at, data);
    command["subject"] = json!(DOCTOR);
    command["actor"]["area"] = json!("500100");
    command["basis"] = json!([{ "instrument": "医保支付资格管理制度实施细则", "article": "18" }]);
    command
}

fn points(on: &str, points: u8, months: Option<u32>) -> Value {
    let mut data = json!({ "points": points, "behaviour": "分解住院", "institution": SITE, "area": "500100",
                           "measure": "处理决定〔2025〕1号" });
    if let Some(months) = months {
        data["suspend_months"] = json!(months);
    }
    of_doctor("practitioner.deduct-points", on, &data)
}

/// Ten points in March with two months of suspension, five in October: twelve in the year, terminated.
fn desk() -> Desk {
    let desk = Desk::told();
    let data = json!({ "institution": SITE, "category": "doctor", "name": "甲" });
    let commands = [
        of_doctor("practitioner.register", "2025-01-01", &data),
        points("2025-03-10", 10, Some(2)),
        points("2025-10-10", 5, None),
    ];
    let lines = commands.map(|command| command.to_string()).join("\n");
    let file = desk.file("doctor.jsonl", lines);
    let ended = desk.run(&["import", &file]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
    desk
}

fn event(desk: &Desk, version: usize) -> String {
    let trail = desk.run(&["--json", "history", DOCTOR]).data;
    let entry: Value = serde_json::from_str(trail.lines().nth(version).unwrap()).unwrap();
    entry["id"].as_str().unwrap().to_owned()
}

#[test]
fn without_an_act_the_rest_is_kept_and_what_rests_on_it_is_named() {
    let desk = desk();
    let march = event(&desk, 1);
    assert_snapshot!("what_if_without", both(&desk, &["what-if", "--without", &march]));
    assert_snapshot!("what_if_again", both(&desk, &["what-if", DOCTOR, "--without", &march, "--again"]));
    assert_snapshot!("what_if_json", {
        let ended = desk.run(&["--json", "what-if", "--without", &march, "--again"]);
        serde_json::to_string_pretty(&ended.json()).unwrap()
    });
    // Asked of all, nobody else is reached.
    assert_snapshot!("what_if_without_of_all", both(&desk, &["what-if", "--all", "--without", &march]));
    // Nothing was written.
    assert_eq!(desk.run(&["--json", "history", DOCTOR]).data.lines().count(), 5);
}

#[test]
fn with_another_act_in_its_place_or_one_more() {
    let desk = desk();
    let march = event(&desk, 1);
    let milder = desk.file("milder.json", points("2025-03-10", 6, None).to_string());
    assert_snapshot!("what_if_replace", both(&desk, &["what-if", "--again", "--replace", &march, &milder]));
    let data = json!({ "institution": "H50010000002" });
    let site = desk.file("site.json", of_doctor("practitioner.add-site", "2025-11-01", &data).to_string());
    assert_snapshot!("what_if_refused", both(&desk, &["what-if", "--insert", &site]));
}

#[test]
fn under_the_law_of_another_day_or_an_amended_one_for_everybody() {
    let desk = desk();
    let before = ["what-if", "--all", "--as-if-law-of", "2020-06-01", "--as-of", "2025-12-01"];
    assert_snapshot!("what_if_law_of_a_day", both(&desk, &before));
    let law = accord_domain::rulebook::Rulebook::national();
    let at = Instant::parse("2025-10-10").unwrap();
    let area = accord_domain::AreaCode::parse("500100").ok();
    let rule = law.rule("practitioner.points.terminate", at, area).unwrap();
    let draft = format!(
        "[[rule]]\nid = {:?}\nparam = {:?}\ninstrument = {:?}\nfrom = \"2025-01-01\"\nvalue = 15\nconfidence = \"L\"\n",
        rule.id, rule.param, rule.instrument
    );
    let draft = desk.file("draft.toml", draft);
    assert_snapshot!("what_if_rulebook", both(&desk, &["what-if", DOCTOR, "--rulebook", &draft]));
    let same = desk.run(&["what-if", "--all", "--rulebook", &desk.file("empty.toml", "")]);
    assert!(same.talk.contains("otherwise: 0"), "{}{}", same.data, same.talk);
}

#[test]
fn suppositions_that_cannot_be_are_refused_with_what_would_be_right() {
    let desk = desk();
    let suspension = event(&desk, 2);
    let undated = {
        let mut command = points("2025-03-10", 6, None);
        command.as_object_mut().unwrap().remove("effective_at");
        desk.file("undated.json", command.to_string())
    };
    let bad = desk.file("bad.toml", "[[rule]]\nid = 1\n");
    let other = desk.file("other.json", suspension_of_pharmacy());
    let march = event(&desk, 1);
    let told = [
        vec!["what-if", "--without", &suspension],
        vec!["what-if", "--without", "019aa423-c900-7007-8000-00000000ffff"],
        vec!["what-if", "P43050300012", "--without", &march],
        vec!["what-if", "--insert", &undated],
        vec!["what-if", "--replace", &march, &other],
        vec!["what-if", "--replace", "x", &other],
        vec!["what-if", "--all", "--rulebook", &bad],
        vec!["what-if", "--as-if-law-of", "2020-06-01"],
    ]
    .map(|arguments| {
        let ended = desk.run(&arguments);
        assert_eq!(ended.data, "");
        format!("{:?} {}", ended.exit, ended.talk)
    });
    assert_snapshot!("what_if_wrong", told.join(""));
    assert!(Cli::try_parse_from(["accord", "what-if", DOCTOR]).is_err(), "nothing is supposed");
}

fn suspension_of_pharmacy() -> String {
    suspension().to_string()
}
