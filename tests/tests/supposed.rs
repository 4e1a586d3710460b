//! What another course of one subject's acts would mean for the others, on a real ledger.

#![expect(clippy::unwrap_used, reason = "a fault of the test itself panics where it is")]
#![expect(clippy::needless_pass_by_value, reason = "JSON made at the call reads best without ampersands")]

use accord_api::answers::supposed::met;
use accord_domain::what_if::{Fork, Otherwise, Outcome, Unjudged};
use accord_domain::{AreaCode, Command, Event, Version};
use accord_replay::{Course, Supposing, WhatIf};
use accord_store::EventLog;
use accord_tests::program::{feed, run};
use accord_tests::world::{World, at, subject};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;

const HEAD: &str = "P37010090001";
const BRANCHES: [&str; 2] = ["P37010090002", "P37020090003"];
const STRANGER: &str = "P37010090004";
const HOSPITAL: &str = "H37010090001";
const BOSS: &str = "HY370100900009";
const AREA: &str = "370100";

fn act(command: &str, subject: &str, day: &str, authority: &str, data: Json) -> Json {
    json!({ "command": command, "subject": subject, "effective_at": day,
        "actor": { "authority": authority, "area": AREA }, "data": data })
}

fn area_of(code: &str) -> String {
    format!("{}00", &code[1..5])
}

fn apply(code: &str, day: &str, people: Json) -> Json {
    let mut data = json!({ "area": area_of(code), "name": "某机构", "opened_on": "2018-01-01", "pharmacists": 2, "physicians": 3 });
    data.as_object_mut().unwrap().extend(people.as_object().unwrap().clone());
    act("institution.apply", code, day, "institution", data)
}

fn sign(code: &str) -> Json {
    let terms =
        json!({ "area": area_of(code), "lines": ["basic"], "from": "2024-01-01", "until": "2027-01-01" });
    act("institution.sign-agreement", code, "2024-01-01", "agency", terms)
}

fn terminate(head_office: bool) -> Json {
    let data = json!({ "area": AREA, "ground": "总部串换药品", "reason_class": "illegality", "head_office": head_office,
        "responsible": [BOSS] });
    act("institution.terminate-agreement", HEAD, "2025-03-01", "agency", data)
}

/// Pharmacies run by one person, one run by nobody known, all in force; not yet what brings one down.
async fn chain() -> World {
    let world = World::new();
    for code in [HEAD, BRANCHES[0], BRANCHES[1]] {
        world.does("2024-01-01", &apply(code, "2023-10-01", json!({ "controllers": [BOSS] }))).await;
        world.does("2024-01-01", &sign(code)).await;
    }
    world.does("2024-01-01", &apply(STRANGER, "2023-10-01", json!({}))).await;
    world.does("2024-01-01", &sign(STRANGER)).await;
    world
}

/// What would stand otherwise of all, or of an area.
async fn supposed(world: &World, of: &str, fork: Fork, again: bool, area: Option<&str>) -> Vec<WhatIf> {
    supposed_knowing(world, of, fork, again, area, true).await
}

/// The same, told who is named by identity number, or not.
async fn supposed_knowing(
    world: &World,
    of: &str,
    fork: Fork,
    again: bool,
    area: Option<&str>,
    told: bool,
) -> Vec<WhatIf> {
    let ledger = world.ledger().clone();
    let (of, area) = (subject(of), area.map(|area| AreaCode::parse(area).unwrap()));
    let stored = ledger.log().read_stream(&of.stream(), 0, 100).await.unwrap();
    let asked = move || {
        let laws = ledger.laws();
        let (as_of, known_at) = (at("2025-12-01"), at("2030-01-01"));
        let supposing = Supposing { as_of, known_at, law: &laws, other: None, course: None, again };
        let others = met(&ledger, &stored, &fork, known_at).unwrap();
        let course = Course::of(&of, &stored, fork, others, &supposing).unwrap();
        let course = if told { ledger.informed(course, known_at).unwrap() } else { course };
        let supposing = Supposing { course: Some(&course), ..supposing };
        let mut found = Vec::new();
        let mut receive = |one| {
            found.push(one);
            ControlFlow::Continue(())
        };
        let log = ledger.event_log();
        accord_replay::what_if_all(&*log, &supposing, area, &mut receive, &mut |_| ControlFlow::Continue(()))
            .unwrap();
        // Of every one alone the same is told.
        for one in &found {
            if area.is_none() {
                assert_eq!(
                    &accord_replay::what_if(one.subject.clone(), &one.events, &supposing).unwrap(),
                    one
                );
            }
        }
        found
    };
    tokio::task::spawn_blocking(asked).await.unwrap()
}

fn acts(acts: &[Otherwise]) -> String {
    let told = acts.iter().map(|act| {
        let outcome = match &act.outcome {
            Outcome::LeftOut => "left out".to_owned(),
            Outcome::WithoutObject => "without its object".to_owned(),
            Outcome::WithoutCause => "without its cause".to_owned(),
            Outcome::Refused(rejection) => format!("refused {}", rejection.code),
            Outcome::Decided(decision) => {
                decision.iter().map(|new| new.data.event_type().name()).collect::<Vec<_>>().join(" ")
            }
        };
        let act_of = act.act.map_or_else(|| "+".to_owned(), |version| format!("#{version}"));
        let because = act.because.as_ref().map_or("-", |because| &*because.0);
        format!("{act_of} {outcome} {because}")
    });
    told.collect::<Vec<_>>().join("; ")
}

/// A line a subject: its code, the acts, where another value would stand, what would be due and what not.
fn told(found: &[WhatIf]) -> String {
    let mut out = String::new();
    for one in found {
        out += &format!("{}: {}\n", one.subject.code(), acts(&one.acts));
        if !one.to_reconsider.is_empty() {
            out += &format!("  to reconsider: {}\n", acts(&one.to_reconsider));
        }
        for stretch in &one.stretches {
            let says = |says: &Option<(Box<str>, Version)>| {
                says.as_ref().map_or("—".into(), |(value, _)| value.clone())
            };
            out += &format!(
                "  {} from {}: {} | {}\n",
                stretch.field,
                stretch.from.words(),
                says(&stretch.actual),
                says(&stretch.supposed)
            );
        }
        for (sign, list) in [("-", &one.no_longer_due), ("+", &one.newly_due)] {
            list.iter().for_each(|due| out += &format!("  {sign} {}\n", due.kind.name()));
        }
    }
    out
}

fn command(json: Json) -> Box<Command> {
    Box::new(Command::parse(&json.to_string()).unwrap())
}

fn last(events: &[Event]) -> Version {
    events.last().unwrap().version
}

#[tokio::test]
async fn without_the_termination_of_the_head_office_the_branches_would_stand() {
    let world = chain().await;
    let cause = last(&world.does("2025-03-02", &terminate(true)).await);
    let found = supposed(&world, HEAD, Fork::Without(cause), false, None).await;
    insta::assert_snapshot!(told(&found));
    assert!(found[0].may_reach_others && !found[1].may_reach_others);
    let there = supposed(&world, HEAD, Fork::Without(cause), false, Some("370200")).await;
    assert_eq!(there.iter().map(|one| one.subject.code()).collect::<Vec<_>>(), [BRANCHES[1]]);
}

/// The ledger itself is asked beside it.
#[tokio::test]
async fn an_act_supposed_meets_what_stands_of_others_as_a_real_one_would() {
    let world = chain().await;
    let apply_in = |area: &str, day: &str, people: Json| {
        let mut apply = apply(STRANGER, day, people);
        apply["data"]["area"] = json!(area);
        apply["actor"]["area"] = json!(area);
        apply
    };
    let boss = || json!({ "controllers": [BOSS] });
    let supposed_of = async |fork: Fork| {
        let found = supposed(&world, STRANGER, fork, false, None).await;
        let own = found.iter().find(|one| one.subject.code() == STRANGER).unwrap();
        acts(&own.acts)
    };
    let inserted = || Fork::Insert(command(apply_in("370300", "2025-06-01", boss())));
    let early = last(&world.does("2025-02-01", &apply_in("370200", "2025-02-01", json!({}))).await);
    assert_eq!(supposed_of(inserted()).await, "+ institution.applied -");
    world.does("2025-03-02", &terminate(true)).await;
    let late = last(&world.does("2025-05-01", &apply_in("370400", "2025-05-01", json!({}))).await);

    let refused = world.refuses("2025-06-01", &apply_in("370300", "2025-06-01", boss())).await;
    assert_eq!(supposed_of(inserted()).await, format!("+ refused {refused} -"));
    let replaced = Fork::Replace(late, command(apply_in("370400", "2025-05-01", boss())));
    assert_eq!(supposed_of(replaced).await, format!("#{late} refused {refused} -"));
    // Recorded when nobody knew of it.
    let replaced = Fork::Replace(early, command(apply_in("370200", "2025-02-01", boss())));
    assert_eq!(supposed_of(replaced).await, format!("#{early} institution.applied -"));
}

#[tokio::test]
async fn an_act_supposed_has_the_reactions_it_would_have_had() {
    let world = chain().await;
    let inserted = supposed(&world, HEAD, Fork::Insert(command(terminate(true))), false, None).await;
    insta::assert_snapshot!("inserted", told(&inserted));
    let cause = last(&world.does("2025-03-02", &terminate(false)).await);
    let replaced = supposed(&world, HEAD, Fork::Replace(cause, command(terminate(true))), false, None).await;
    insta::assert_snapshot!("replaced", told(&replaced));
}

#[tokio::test]
async fn a_reaction_is_decided_again_when_its_cause_would_say_something_else() {
    let world = chain().await;
    let cause = last(&world.does("2025-03-02", &terminate(true)).await);
    let mut other = terminate(true);
    other["data"]["reason_class"] = json!("breach");
    let found = supposed(&world, HEAD, Fork::Replace(cause, command(other)), false, None).await;
    insta::assert_snapshot!(told(&found));
    // The same again: nothing would be otherwise anywhere.
    let found = supposed(&world, HEAD, Fork::Replace(cause, command(terminate(true))), false, None).await;
    assert_eq!(told(&found), format!("{HEAD}: #{cause} institution.agreement-terminated -\n"));
}

#[tokio::test]
async fn a_branch_that_became_known_later_is_reached_then() {
    let world = chain().await;
    let late = "P37010090005";
    let cause = last(&world.does("2025-03-02", &terminate(true)).await);
    world.does("2025-06-01", &apply(late, "2023-10-01", json!({ "controllers": [BOSS] }))).await;
    world.does("2025-06-02", &sign(late)).await;
    let mut other = terminate(true);
    other["data"]["reason_class"] = json!("breach");
    let told_of = |found: &[WhatIf]| -> Vec<String> {
        found.iter().filter(|one| one.subject.code() == late).map(|one| acts(&one.acts)).collect()
    };
    let replaced = supposed(&world, HEAD, Fork::Replace(cause, command(other)), false, None).await;
    assert_eq!(told_of(&replaced), ["#2 institution.agreement-terminated institution-P37010090001@2"]);
    let without = supposed(&world, HEAD, Fork::Without(cause), false, None).await;
    assert_eq!(told_of(&without), ["#2 without its cause institution-P37010090001@2"]);
    // Where nothing followed, it would have, once it was known.
    let world = chain().await;
    let cause = last(&world.does("2025-03-02", &terminate(false)).await);
    world.does("2025-06-01", &apply(late, "2023-10-01", json!({ "controllers": [BOSS] }))).await;
    world.does("2025-06-02", &sign(late)).await;
    let replaced = supposed(&world, HEAD, Fork::Replace(cause, command(terminate(true))), false, None).await;
    assert_eq!(told_of(&replaced), ["+ institution.agreement-terminated institution-P37010090001@2"]);
}

#[tokio::test]
async fn without_a_ban_nothing_is_to_be_reviewed_where_the_person_manages() {
    let person = "D370100900001";
    let world = World::new();
    world.does("2024-01-01", &apply(HOSPITAL, "2023-10-01", json!({ "principal": person }))).await;
    world.does("2024-01-01", &sign(HOSPITAL)).await;
    let ban = act("practitioner.ban-manager", person, "2024-06-01", "bureau", json!({}));
    let cause = last(&world.does("2024-06-01", &ban).await);
    let found = supposed(&world, person, Fork::Without(cause), false, None).await;
    insta::assert_snapshot!(told(&found));
}

#[tokio::test]
async fn without_the_annulment_of_its_origin_nothing_is_to_be_looked_at_again() {
    let world = chain().await;
    world.does("2025-03-02", &terminate(true)).await;
    let annul = json!({ "event": world.events(HEAD).await[2].id, "scope": "from_start" });
    let annulled =
        last(&world.does("2025-08-01", &act("institution.annul", HEAD, "2025-08-01", "court", annul)).await);
    let found = supposed(&world, HEAD, Fork::Without(annulled), false, None).await;
    insta::assert_snapshot!(told(&found));
}

#[tokio::test]
async fn an_act_is_decided_on_what_it_would_have_known_of_others() {
    let world = World::new();
    let stop = |day: &str| {
        act(
            "area.start-moratorium",
            AREA,
            day,
            "bureau",
            json!({ "basis_agreement": true, "ground": "强监管期间" }),
        )
    };
    let started = last(&world.does("2024-06-01", &stop("2024-09-01")).await);
    world.does("2024-07-01", &apply(HOSPITAL, "2024-07-01", json!({}))).await;
    let earlier = Fork::Replace(started, command(stop("2024-06-01")));
    let kept = supposed(&world, AREA, earlier.clone(), false, None).await;
    insta::assert_snapshot!("kept", told(&kept));
    let again = supposed(&world, AREA, earlier, true, None).await;
    insta::assert_snapshot!("again", told(&again));
    // Another one at the end of the record is known to no act before it.
    let late = supposed(&world, AREA, Fork::Insert(command(stop("2024-05-01"))), true, None).await;
    assert!(late.iter().all(|one| one.subject.code() == AREA), "{}", told(&late));
}

#[tokio::test]
async fn without_an_adoption_acts_are_decided_under_the_law_without_it() {
    let text = "[[instrument]]\nkey = \"jn\"\ntitle = \"某市医疗保障条例\"\nnumber = \"第3号\"\nrank = \"local-regulation\"\nconfidence = \"H\"\n\n\
         [[rule]]\nid = \"jn-12\"\nparam = \"institution.suspension.on_request_days\"\ninstrument = \"jn\"\narticle = \"12\"\n\
         from = \"2024-01-01\"\nvalue = 200\nconfidence = \"H\"\n";
    let sha256: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let adopt = act(
        "area.adopt-rules",
        AREA,
        "2025-01-01",
        "bureau",
        json!({ "name": "jn.toml", "sha256": sha256, "text": text }),
    );
    let world = chain().await;
    let adopted = last(&world.does("2025-01-02", &adopt).await);
    let asked = json!({ "area": AREA, "until": "2025-09-10", "ground": "自行申请", "at_request": true });
    world
        .does("2025-03-01", &act("institution.suspend-agreement", HEAD, "2025-03-01", "agency", asked))
        .await;
    let found = supposed(&world, AREA, Fork::Without(adopted), false, None).await;
    insta::assert_snapshot!(told(&found));
}

const PERSON: &str = "D370100900001";
const NUMBER: &str = "11010519491231002X";

/// Somebody registered with an identity number.
fn registered() -> Json {
    let data = json!({ "category": "doctor", "institution": HOSPITAL, "identity_number": NUMBER });
    act("practitioner.register", PERSON, "2024-01-01", "agency", data)
}

fn ban(day: &str) -> Json {
    act("practitioner.ban-manager", PERSON, day, "bureau", json!({}))
}

fn acts_of(found: &[WhatIf], code: &str) -> String {
    found.iter().find(|one| one.subject.code() == code).map(|one| acts(&one.acts)).unwrap_or_default()
}

#[tokio::test]
async fn whom_an_application_names_by_number_is_reached_as_far_as_the_keys_tell() {
    let review = format!("+ institution.review-raised practitioner-{PERSON}@1");
    // Whichever of the two was recorded first; a number recorded after the ban is not matched, here or there.
    for registered_first in [true, false] {
        let world = World::new();
        let mut lines = vec![apply(HOSPITAL, "2023-10-01", json!({ "principal": NUMBER })), sign(HOSPITAL)];
        lines.insert(if registered_first { 0 } else { 2 }, registered());
        for line in &lines {
            world.does("2024-01-02", line).await;
        }
        let banned = Fork::Insert(command(ban("2024-06-01")));
        let found = supposed(&world, PERSON, banned.clone(), false, None).await;
        assert_eq!(acts_of(&found, HOSPITAL), review);
        assert_eq!(found.iter().flat_map(|one| &one.unjudged).count(), 0);
        // Not told who is named by number, it says that it does not know.
        let found = supposed_knowing(&world, PERSON, banned, false, None, false).await;
        assert_eq!(acts_of(&found, HOSPITAL), "");
        assert_eq!(found[0].unjudged, [Unjudged::NumbersUnknown]);
        // What the ledger itself does is the same.
        let banned = last(&world.does("2024-06-01", &ban("2024-06-01")).await);
        let raised = world.events(HOSPITAL).await.pop().unwrap();
        assert_eq!(raised.data.event_type().name(), "institution.review-raised");
        let found = supposed(&world, PERSON, Fork::Without(banned), false, None).await;
        assert_eq!(acts_of(&found, HOSPITAL), format!("#2 without its cause practitioner-{PERSON}@{banned}"));
    }
}

#[tokio::test]
async fn an_application_is_decided_on_what_it_would_have_known_of_whom_it_names_by_number() {
    let world = World::new();
    world.does("2024-01-01", &registered()).await;
    let banned = last(&world.does("2024-06-01", &ban("2024-09-01")).await);
    world.does("2024-07-01", &apply(HOSPITAL, "2024-07-01", json!({ "principal": NUMBER }))).await;
    let earlier = Fork::Replace(banned, command(ban("2024-06-01")));
    let found = supposed(&world, PERSON, earlier.clone(), true, None).await;
    assert_eq!(acts_of(&found, HOSPITAL), format!("#0 refused manager-banned practitioner-{PERSON}@1"));
    let found = supposed_knowing(&world, PERSON, earlier, true, None, false).await;
    assert_eq!(acts_of(&found, HOSPITAL), "");
    assert_eq!(found[0].unjudged, [Unjudged::NumbersUnknown]);
}

#[tokio::test]
async fn an_act_that_says_a_number_itself_leaves_open_what_was_matched_by_it() {
    let world = World::new();
    world.does("2024-01-01", &registered()).await;
    world.does("2024-01-01", &apply(HOSPITAL, "2023-10-01", json!({ "principal": NUMBER }))).await;
    world.does("2024-01-01", &apply(HEAD, "2023-10-01", json!({ "principal": "欧阳某某" }))).await;
    let open = async |of: &str, fork: Fork| supposed(&world, of, fork, false, None).await[0].unjudged.clone();
    for of in [PERSON, HOSPITAL] {
        assert_eq!(open(of, Fork::Without(0)).await, [Unjudged::NamedByNumber], "{of}");
    }
    assert!(open(HEAD, Fork::Without(0)).await.is_empty(), "a name matches nobody");
    let put_in_charge = |to: &str| {
        let data = json!({ "what": "principal", "to": to });
        Fork::Insert(command(act("institution.change-details", HEAD, "2024-02-01", "institution", data)))
    };
    assert_eq!(open(HEAD, put_in_charge(NUMBER)).await, [Unjudged::NamedByNumber]);
    assert!(open(HEAD, put_in_charge(BOSS)).await.is_empty());
}

#[test]
fn the_program_says_what_it_cannot_judge_without_the_keys() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run(dir, &["init"]).expect(0, &[]);
    for line in [registered(), apply(HOSPITAL, "2023-10-01", json!({ "principal": NUMBER })), sign(HOSPITAL)]
    {
        feed(dir, &["do", "-"], &line.to_string()).expect(0, &[]);
    }
    std::fs::write(dir.join("ban.json"), ban("2024-06-01").to_string()).unwrap();
    let of_all = ["what-if", "--all", "--insert", "ban.json"];
    let told = run(dir, &of_all).expect(0, &[HOSPITAL]);
    assert!(!told.out.contains("not judged") && !told.err.contains("not judged"), "{told:?}");
    for name in ["personal.db", "personal.db-wal", "personal.db-shm"] {
        drop(std::fs::remove_file(dir.join("accord-ledger").join(name)));
    }
    let told = run(dir, &of_all);
    assert!(
        told.err.contains("not judged: other subjects may name") && !told.out.contains(HOSPITAL),
        "{told:?}"
    );
    run(dir, &["--lang", "zh", "what-if", "--insert", "ban.json"])
        .expect(0, &["未作判断", "numbers-unknown"]);
    let json = run(dir, &["--json", "what-if", "--insert", "ban.json"]).expect(0, &[]).json();
    assert_eq!(json["not_judged"][0]["code"], "numbers-unknown");
}
