//! What follows elsewhere: given some subjects, when something happens to one, then these commands for the others.

use super::*;
use crate::testing::{Story, act};
use serde_json::{Value, json};

const HEAD: &str = "P43050000001";
const BRANCH: &str = "P43050000002";
const CITY: &str = "430500";

/// A pharmacy with an agreement in an area, run by somebody.
fn pharmacy(code: &str, area: &str, controllers: &[&str]) -> Story {
    let apply = json!({ "area": area, "lines": ["basic"], "name": "某药房", "opened_on": "2020-01-01", "pharmacists": 2,
        "controllers": controllers });
    let sign = json!({ "area": area, "lines": ["basic"], "name": "某药房", "from": "2024-01-01", "until": "2027-01-01" });
    Story::of(code).given(act("institution.apply", "2023-10-01", apply)).given(act(
        "institution.sign-agreement",
        "2024-01-01",
        sign,
    ))
}

fn terminated(more: &Value) -> Story {
    let mut data = json!({ "area": CITY, "ground": "总部串换药品", "reason_class": "illegality", "head_office": true,
        "responsible": ["HY430500000007"] });
    for (name, value) in more.as_object().into_iter().flatten() {
        data[name] = value.clone();
    }
    pharmacy(HEAD, CITY, &["HY430500000007"]).given(act(
        "institution.terminate-agreement",
        "2025-03-01",
        data,
    ))
}

fn reactions(story: &Story, others: &[&Story]) -> Vec<Command> {
    react_to(story, story.events().last().unwrap(), others)
}

fn react_to(story: &Story, event: &Event, others: &[&Story]) -> Vec<Command> {
    let subject = Subject::parse(HEAD).unwrap();
    let candidates: Vec<Candidate> = others
        .iter()
        .map(|other| Candidate {
            subject: other.subject().clone(),
            events: other.events().to_vec(),
            marked: Vec::new(),
        })
        .collect();
    react(&subject, event, Authority::Agency, story.events(), &candidates, Rulebook::national())
}

fn told(commands: &[Command]) -> Vec<String> {
    commands
        .iter()
        .map(|command| {
            let mut data = Vec::new();
            match &command.act {
                Act::Institution(act) => act.write(&mut data).unwrap(),
                other => panic!("{other:?}"),
            }
            let data = String::from_utf8(data).unwrap();
            format!("{} {} {data}", command.act.name(), command.subject.code())
        })
        .collect()
}

#[test]
fn a_branch_run_by_the_same_people_is_terminated_with_the_one_the_head_office_brought_down() {
    let cause = terminated(&json!({}));
    let branch = pharmacy(BRANCH, CITY, &["HY430500000006", "HY430500000007"]);
    let commands = reactions(&cause, &[&branch, &pharmacy("P43050000003", CITY, &["HY430500000008"])]);
    assert_eq!(
        told(&commands),
        [
            r#"institution.terminate-agreement P43050000002 {"area":"430500","ground":"总部串换药品","origin":"institution-P43050000001@2","reason_class":"illegality"}"#
        ]
    );
    let envelope = &commands[0].envelope;
    assert_eq!(envelope.actor.authority, Authority::System);
    assert_eq!(envelope.effective_at, Some(Instant::parse("2025-03-01").unwrap()));
    assert_eq!(envelope.basis[0].article.as_deref(), Some("40"));
    let key = Uuid::parse_str(envelope.key.as_deref().unwrap()).unwrap();
    assert_eq!(key.get_version_num(), 5);
    assert_eq!(reactions(&cause, &[&branch]), commands, "asked again, the same");
}

#[test]
fn without_the_head_office_or_anybody_named_nothing_follows() {
    let branch = pharmacy(BRANCH, CITY, &["HY430500000007"]);
    for more in [json!({ "head_office": false }), json!({ "responsible": [] })] {
        assert!(reactions(&terminated(&more), &[&branch]).is_empty());
    }
}

#[test]
fn who_is_only_named_alike_is_nobody_the_ledger_knows() {
    let branch = pharmacy(BRANCH, CITY, &["张三", "c-7", "430500199001011234"]);
    assert!(reactions(&terminated(&json!({})), &[&branch]).is_empty());
    let elsewhere = pharmacy("P43010000002", "430100", &["HY430500000007"]);
    assert!(
        told(&reactions(&terminated(&json!({})), &[&elsewhere]))[0]
            .starts_with("institution.terminate-agreement")
    );
}

#[test]
fn only_branches_in_force_at_that_moment_and_run_by_them_then_follow() {
    let gone = pharmacy(BRANCH, CITY, &["HY430500000007"]).given(act(
        "institution.withdraw",
        "2024-06-01",
        json!({ "area": CITY, "from": "2024-10-01" }),
    ));
    assert!(reactions(&terminated(&json!({})), &[&gone]).is_empty());
    let sold = |day: &str| {
        let change = json!({ "what": "controller", "from": "HY430500000007", "to": "HY430500000009", "approved_on": day });
        pharmacy(BRANCH, CITY, &["HY430500000007"]).given(act("institution.change-details", day, change))
    };
    assert!(reactions(&terminated(&json!({})), &[&sold("2025-02-01")]).is_empty());
    assert_eq!(reactions(&terminated(&json!({})), &[&sold("2025-04-01")]).len(), 1);
}

#[test]
fn before_the_rule_was_in_force_nothing_follows() {
    let old = |code: &str| {
        let sign = json!({ "area": CITY, "lines": ["basic"], "name": "某药房", "from": "2019-01-01", "until": "2022-01-01" });
        let apply = json!({ "area": CITY, "name": "某药房", "controllers": ["HY430500000007"] });
        Story::of(code).given(act("institution.apply", "2018-10-01", apply)).given(act(
            "institution.sign-agreement",
            "2019-01-01",
            sign,
        ))
    };
    let data = json!({ "area": CITY, "ground": "x", "reason_class": "breach", "head_office": true, "responsible": ["HY430500000007"] });
    let cause = old(HEAD).given(act("institution.terminate-agreement", "2020-03-01", data));
    assert!(reactions(&cause, &[&old(BRANCH)]).is_empty());
}

#[test]
fn the_branch_decides_it_with_its_origin_and_its_rule_and_nobody_else_may_ask_for_it() {
    let branch = pharmacy(BRANCH, CITY, &["HY430500000007"]);
    let follow = json!({ "area": CITY, "ground": "总部串换药品", "origin": "institution-P43050000001@2", "reason_class": "illegality" });
    let by_system = act("institution.terminate-agreement", "2025-03-01", follow.clone()).by("system");
    let outcome = branch.clone().when(by_system);
    assert_eq!(outcome.findings(), ["no-rule-for-a-bar"]);
    assert_eq!(outcome.accepted()[0].rules, ["R-214".into()]);
    let story = outcome.then(&["institution.agreement-terminated"]);
    assert_eq!(story.value("agreement/430500/basic", "2025-03-01"), "terminated");
    let event = story.events().last().unwrap();
    assert!(!concerns(&event.data), "a reaction leads to no other");
    branch
        .clone()
        .when(act("institution.terminate-agreement", "2025-03-01", follow))
        .refused("wrong-authority");
    let call = json!({ "area": CITY, "origin": "institution-P43050000001@2", "what": "chain-termination" });
    branch.when(act("institution.raise-review", "2025-03-01", call)).refused("wrong-authority");
}

#[test]
fn a_review_stands_on_the_worklist_until_somebody_closes_it_or_terminates() {
    let call = json!({ "area": CITY, "origin": "institution-P43050000001@2", "refusal": "not-in-force", "what": "chain-termination" });
    let story = pharmacy(BRANCH, CITY, &["HY430500000007"])
        .given(act("institution.raise-review", "2025-03-01", call).by("system"));
    let due = |story: &Story| {
        story
            .obligations_of(crate::obligation::ObligationKind::ReviewElsewhere, "2025-06-01")
            .iter()
            .map(|due| format!("{:?} {:?} {}", due.state, due.rule.as_ref().map(|rule| &rule.id), due.sum.zh))
            .collect::<Vec<_>>()
    };
    let words = "同一连锁企业的分支药店因总部原因被解除协议（此处未能办理：not-in-force）：因其他主体或其他统筹地区的事件，应予复核并作出决定（430500）";
    assert_eq!(due(&story), [format!("Open Some(\"R-214\") {words}")]);
    let closing = json!({ "event": "@2", "obligation": "review-elsewhere", "outcome": "not-called-for", "reason": "并非同一人" });
    let closed = story.clone().given(act("institution.close-obligation", "2025-04-01", closing));
    assert_eq!(due(&closed), [format!("Closed Some(\"R-214\") {words}")]);
    let data = json!({ "area": CITY, "ground": "核实为同一人", "reason_class": "illegality" });
    let ended = story.given(act("institution.terminate-agreement", "2025-04-01", data));
    assert_eq!(due(&ended), [format!("Met Some(\"R-214\") {words}")]);
}

#[test]
fn a_ban_calls_for_a_review_wherever_the_person_runs_an_institution() {
    let person = Story::of("HY430500000001")
        .given(act("practitioner.ban-manager", "2025-03-01", json!({})).by("bureau"));
    let subject = Subject::parse("HY430500000001").unwrap();
    let of = |controllers: &[&str]| {
        let other = pharmacy(BRANCH, "430100", controllers);
        Candidate { subject: other.subject().clone(), events: other.events().to_vec(), marked: Vec::new() }
    };
    let candidates = [of(&["HY430500000001"]), of(&["HY430500000002"])];
    let commands = react(
        &subject,
        &person.events()[0],
        Authority::Bureau,
        person.events(),
        &candidates,
        Rulebook::national(),
    );
    assert_eq!(
        told(&commands),
        [
            r#"institution.raise-review P43050000002 {"area":"430100","origin":"practitioner-HY430500000001@0","what":"manager-ban"}"#
        ]
    );
}

#[test]
fn the_annulment_of_a_termination_calls_for_a_review_where_it_was_followed() {
    let cause = terminated(&json!({}));
    let follow = json!({ "area": CITY, "ground": "总部串换药品", "origin": "institution-P43050000001@2", "reason_class": "illegality" });
    let followed = pharmacy(BRANCH, CITY, &["HY430500000007"])
        .given(act("institution.terminate-agreement", "2025-03-01", follow).by("system"));
    let annul = json!({ "event": "@2", "scope": "from_start" });
    let annulled = cause.given(act("institution.annul", "2025-06-01", annul).by("court"));
    let commands = reactions(&annulled, &[&followed, &pharmacy("P43050000003", CITY, &["HY430500000007"])]);
    assert_eq!(
        told(&commands),
        [
            r#"institution.raise-review P43050000002 {"area":"430500","origin":"institution-P43050000001@2","what":"origin-annulled"}"#
        ]
    );
}

#[test]
fn a_decision_that_was_annulled_in_anything_reaches_nobody_more() {
    let branch = pharmacy(BRANCH, CITY, &["HY430500000007"]);
    let cause = terminated(&json!({}));
    for annul in [
        json!({ "event": "@2", "scope": "from_start" }),
        json!({ "event": "@2", "scope": "from_date", "date": "2025-05-01" }),
    ] {
        let annulled = cause.clone().given(act("institution.annul", "2025-06-01", annul).by("court"));
        let commands = react_to(&annulled, &annulled.events()[2], &[&branch]);
        assert!(commands.is_empty(), "{:?}", told(&commands));
    }
}

#[test]
fn a_corrected_decision_reaches_as_corrected_on_the_occasion_of_its_correction_too() {
    let branch = pharmacy(BRANCH, CITY, &["HY430500000007"]);
    let cause = terminated(&json!({}));
    let before = reactions(&cause, &[&branch]);
    let changes = json!({ "event": "@2", "changes": { "/data/ground": "串换药品" } });
    let corrected = cause.given(act("institution.correct", "2025-06-01", changes));
    for event in &corrected.events()[2..] {
        let commands = react_to(&corrected, event, &[&branch]);
        assert_eq!(commands.len(), 1);
        assert!(told(&commands)[0].contains(r#""ground":"串换药品""#), "{:?}", told(&commands));
        assert_eq!(commands[0].envelope.effective_at, before[0].envelope.effective_at);
        assert_eq!(commands[0].envelope.key, before[0].envelope.key, "the same reaction");
    }
}

#[test]
fn a_refused_reaction_becomes_a_review_and_a_review_nothing_more() {
    let cause = terminated(&json!({}));
    let reaction = reactions(&cause, &[&pharmacy(BRANCH, CITY, &["HY430500000007"])]).remove(0);
    let rejection = Rejection::new("not-in-force", crate::words!("no", "否"));
    let review = refused(&reaction, &rejection).unwrap();
    assert_eq!(
        told(std::slice::from_ref(&review)),
        [
            r#"institution.raise-review P43050000002 {"area":"430500","origin":"institution-P43050000001@2","refusal":"not-in-force","what":"chain-termination"}"#
        ]
    );
    assert_ne!(review.envelope.key, reaction.envelope.key);
    assert_eq!(refused(&review, &rejection), None);
}

#[test]
fn an_act_of_the_ledger_itself_has_no_reactions() {
    let cause = terminated(&json!({}));
    let branch = pharmacy(BRANCH, CITY, &["HY430500000007"]);
    let candidates = [Candidate {
        subject: branch.subject().clone(),
        events: branch.events().to_vec(),
        marked: Vec::new(),
    }];
    let event = cause.events().last().unwrap();
    let subject = Subject::parse(HEAD).unwrap();
    let law = Rulebook::national();
    assert!(react(&subject, event, Authority::System, cause.events(), &candidates, law).is_empty());
    assert_eq!(react(&subject, event, Authority::Agency, cause.events(), &candidates, law).len(), 1);
}
