//! What a decision on one subject calls for on others.

use super::*;

const CHAIN: [&str; 3] = ["P37010090001", "P37010090002", "P37020090003"];
const BOSS: &str = "HY370100900009";

/// The pharmacies of a chain, run by one person, in force; then one is terminated for what the head office did.
fn chain() -> Vec<Json> {
    let mut lines = Vec::new();
    for code in CHAIN {
        let area = if code.starts_with("P3702") { "370200" } else { "370100" };
        let mut apply = act(
            "institution.apply",
            code,
            "2023-10-01",
            "institution",
            json!({ "area": area, "name": "某药房", "opened_on": "2018-01-01", "pharmacists": 2, "controllers": [BOSS] }),
        );
        apply["key"] = json!(format!("{code}-apply"));
        let terms = json!({ "area": area, "lines": ["basic"], "from": "2024-01-01", "until": "2027-01-01" });
        lines.push(apply);
        lines.push(act("institution.sign-agreement", code, "2024-01-01", "agency", terms));
    }
    lines.push(brought_down(CHAIN[0]));
    lines
}

fn brought_down(code: &str) -> Json {
    let data = json!({ "area": "370100", "ground": "总部串换药品", "reason_class": "illegality", "head_office": true,
        "responsible": [BOSS] });
    act("institution.terminate-agreement", code, "2025-03-01", "agency", data)
}

#[tokio::test]
async fn given_a_chain_when_the_head_office_brings_one_branch_down_then_the_others_follow_each_with_its_origin()
 {
    let world = World::new();
    for line in chain() {
        world.does("2025-03-02", &line).await;
    }
    // Whoever asks next is served after the reactions.
    world.does("2025-03-03", &sign(OTHER, "2025-03-03")).await;
    assert_eq!(
        tail(world.ledger(), 6).await,
        [
            "institution.agreement-terminated P37010090001 agency -",
            "institution.agreement-terminated P37010090002 system institution-P37010090001@2",
            "institution.agreement-terminated P37020090003 system institution-P37010090001@2",
            "institution.agreement-signed H37010090002 agency -",
        ]
    );
    assert_eq!(world.value(CHAIN[2], "agreement/370200/basic", "2025-02-28").await, "in_force");
    assert_eq!(world.value(CHAIN[2], "agreement/370200/basic", "2025-03-01").await, "terminated");
    let stored = world.ledger().log().read_all(7, 1).await.unwrap();
    let body: Json = serde_json::from_str(&stored[0].body).unwrap();
    assert_eq!((&body["rules"], &body["basis"][0]["article"]), (&json!(["R-214"]), &json!("40")));
    // The one to blame is known by now, wherever an institution names him.
    let named = apply(HOSPITAL, "2025-04-01", &[], Some(BOSS));
    assert_eq!(world.refuses("2025-04-01", &named).await, "person-barred");
    world.agrees().await;
}

#[tokio::test]
async fn nobody_acts_in_the_name_of_the_ledger() {
    let world = World::new();
    for line in &chain()[..6] {
        world.does("2025-03-02", line).await;
    }
    let mut forged = brought_down(CHAIN[1]);
    forged["actor"] = json!({ "authority": "system" });
    forged["data"]["origin"] = json!("institution-P37010090001@2");
    assert_eq!(world.refuses("2025-03-02", &forged).await, "wrong-authority");
    forged["actor"] = json!({ "authority": "agency" });
    assert_eq!(world.refuses("2025-03-02", &forged).await, "wrong-authority");
}

/// Committed, and fallen before anything followed: an import that was not finished.
fn fallen(lines: &[Json]) -> (tempfile::TempDir, Arc<ManualClock>) {
    let (dir, clock, _) = imported(lines);
    (dir, clock)
}

/// What an import that was finished recorded beyond its lines, sorted.
fn finished(lines: &[Json]) -> Vec<String> {
    let (dir, clock, importer) = imported(lines);
    importer.finish().unwrap();
    let ledger = Ledger::open(dir.path(), Access::ReadOnly, clock).unwrap();
    let mut told = accord_projections::wait_for(tail(&ledger, lines.len() as u64));
    told.sort();
    told
}

fn len(ledger: &Ledger) -> u64 {
    accord_projections::wait_for(ledger.log().len()).unwrap()
}

#[test]
fn fallen_between_a_commit_and_what_follows_it_is_made_up_at_the_next_opening_and_once() {
    let (dir, clock) = fallen(&chain());
    let reader = Ledger::open(dir.path(), Access::ReadOnly, clock.clone()).unwrap();
    assert_eq!(len(&reader), 7, "whoever only reads changes nothing");
    drop(reader);
    for views_lost in [false, false, true, false] {
        if views_lost {
            std::fs::remove_file(dir.path().join("views.db")).unwrap();
        }
        let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock.clone()).unwrap();
        let told = accord_projections::wait_for(tail(&ledger, 7));
        assert_eq!(
            told,
            [
                "institution.agreement-terminated P37010090002 system institution-P37010090001@2",
                "institution.agreement-terminated P37020090003 system institution-P37010090001@2",
            ]
        );
    }
}

#[test]
fn an_import_ends_with_what_follows_from_it_whatever_the_order_of_its_lines() {
    let mut lines = chain();
    // One branch becomes known only after the termination it must follow.
    let late: Vec<Json> = lines.drain(2..4).collect();
    lines.extend(late);
    // An application of that branch, decided after the termination is known, still took effect before it.
    let told = finished(&lines);
    assert_eq!(
        told,
        [
            "institution.agreement-terminated P37010090002 system institution-P37010090001@2",
            "institution.agreement-terminated P37020090003 system institution-P37010090001@2",
        ]
    );
}

#[test]
fn a_refused_reaction_is_a_review_that_people_see_and_is_not_tried_again() {
    let (first, clock) = fallen(&chain());
    let ledger = Ledger::open(first.path(), Access::ReadWrite, clock).unwrap();
    let stored = accord_projections::wait_for(ledger.log().read_all(7, 1)).unwrap();
    let body: Json = serde_json::from_str(&stored[0].body).unwrap();
    // The same ledger again, where somebody has used the very key meanwhile for something else.
    let mut squatting = sign(OTHER, "2025-05-01");
    squatting["key"] = body["key"].clone();
    let mut lines = chain();
    lines.push(squatting);
    let (second, clock) = fallen(&lines);
    for _ in 0..2 {
        let ledger = Ledger::open(second.path(), Access::ReadWrite, clock.clone()).unwrap();
        let mut told = accord_projections::wait_for(tail(&ledger, 7));
        told.retain(|line| line.contains("P370"));
        assert_eq!(
            told,
            [
                "institution.review-raised P37010090002 system institution-P37010090001@2",
                "institution.agreement-terminated P37020090003 system institution-P37010090001@2",
            ]
        );
    }
    let ledger = Ledger::open(second.path(), Access::ReadOnly, clock).unwrap();
    let area = accord_domain::AreaCode::parse("370100").unwrap();
    let subject = Subject::parse(CHAIN[1]).unwrap();
    let events =
        accord_projections::wait_for(accord_api::ledger::history(&*ledger.event_log(), &subject)).unwrap();
    let (laws, ever) = (ledger.laws(), accord_domain::Instant::MAX);
    let due = accord_domain::obligation::obligations(&subject, &events, at("2025-06-01"), ever, &laws);
    let review = due.iter().find(|due| due.kind.name() == "review-elsewhere").unwrap();
    assert_eq!(review.area, Some(area));
    assert!(review.sum.en.contains("refused here: key-reused"), "{}", review.sum.en);
}

#[tokio::test]
async fn the_annulment_of_what_was_followed_calls_for_a_review_of_each_that_followed() {
    let world = World::new();
    for line in chain() {
        world.does("2025-03-02", &line).await;
    }
    let cause = world.events(CHAIN[0]).await[2].id;
    let annul = json!({ "event": cause, "scope": "from_start" });
    world.does("2025-06-01", &act("institution.annul", CHAIN[0], "2025-06-01", "court", annul)).await;
    assert_eq!(
        tail(world.ledger(), 9).await,
        [
            "institution.decision-annulled P37010090001 court -",
            "institution.review-raised P37010090002 system institution-P37010090001@2",
            "institution.review-raised P37020090003 system institution-P37010090001@2",
        ]
    );
    world.agrees().await;
}

#[tokio::test]
async fn a_ban_calls_for_a_review_where_the_person_runs_an_institution() {
    let world = World::new();
    for line in &chain()[..6] {
        world.does("2025-03-02", line).await;
    }
    let ban = act("practitioner.ban-manager", BOSS, "2025-04-01", "bureau", json!({}));
    world.does("2025-04-02", &ban).await;
    let reviews: Vec<String> = CHAIN
        .iter()
        .map(|code| format!("institution.review-raised {code} system practitioner-{BOSS}@0"))
        .collect();
    assert_eq!(tail(world.ledger(), 7).await, reviews);
    world.agrees().await;
}

/// The ledger opened again, and once more with its views lost, ends with the same acts from `before` on.
async fn nothing_more_follows(mut world: World, before: u64, told: &[String]) {
    for views_lost in [false, true] {
        world = if views_lost { world.without_views() } else { world.reopened() };
        assert_eq!(tail(world.ledger(), before).await, told, "views lost: {views_lost}");
    }
    world.agrees().await;
}

/// A chain brought down before the second of its branches is known, and what makes that branch known.
async fn one_branch_not_known() -> (World, Vec<Json>) {
    let world = World::new();
    let mut lines = chain();
    let late = lines.drain(2..4).collect();
    for line in lines {
        world.does("2025-03-02", &line).await;
    }
    (world, late)
}

/// What follows the termination in the branch that became known late.
const FOLLOWED: &str = "institution.agreement-terminated P37010090002 system institution-P37010090001@2";

#[tokio::test]
async fn a_branch_that_becomes_known_after_its_chain_was_brought_down_follows_then_and_once() {
    let (world, late) = one_branch_not_known().await;
    let before = world.ledger().log().len().await.unwrap();
    for line in &late {
        world.does("2025-06-01", line).await;
    }
    // Whoever asks next is served after the reactions.
    world.does("2025-06-02", &sign(OTHER, "2025-05-01")).await;
    let told = tail(world.ledger(), before).await;
    assert_eq!(
        told,
        [
            "institution.applied P37010090002 institution -",
            "institution.agreement-signed P37010090002 agency -",
            FOLLOWED,
            "institution.agreement-signed H37010090002 agency -",
        ]
    );
    // In force as of the termination it follows, known from when the branch was.
    assert_eq!(world.value(CHAIN[1], "agreement/370100/basic", "2025-02-28").await, "in_force");
    assert_eq!(world.value(CHAIN[1], "agreement/370100/basic", "2025-03-01").await, "terminated");
    let followed = world.events(CHAIN[1]).await.pop().unwrap();
    assert!(at("2025-06-01") <= followed.recorded_at);
    world.agrees().await;
    nothing_more_follows(world, before, &told).await;
}

#[tokio::test]
async fn who_ran_a_branch_may_become_known_after_its_chain_was_brought_down_too() {
    let world = World::new();
    let mut lines = chain();
    lines[2]["data"]["controllers"] = json!(["HY370100900001"]);
    for line in &lines {
        world.does("2025-03-02", line).await;
    }
    let before = world.ledger().log().len().await.unwrap();
    let change = |day: &str| {
        let data = json!({ "what": "controller", "from": "HY370100900001", "to": BOSS });
        act("institution.change-details", CHAIN[1], day, "institution", data)
    };
    // He took it over after it was too late to be reached, as far as is known at first.
    world.does("2025-06-01", &change("2025-04-01")).await;
    world.does("2025-06-02", &change("2024-12-01")).await;
    world.does("2025-06-03", &sign(OTHER, "2025-06-03")).await;
    let told = tail(world.ledger(), before).await;
    assert_eq!(told.iter().filter(|line| **line == FOLLOWED).count(), 1, "{told:?}");
    assert_eq!(told[2], FOLLOWED, "{told:?}");
    world.agrees().await;
}

#[tokio::test]
async fn what_becomes_known_late_is_reached_by_a_ban_and_not_by_what_is_annulled() {
    let world = World::new();
    let lines = chain();
    let ban = act("practitioner.ban-manager", BOSS, "2025-04-01", "bureau", json!({}));
    for line in lines[..2].iter().chain([&lines[6], &ban]) {
        world.does("2025-04-02", line).await;
    }
    let cause = world.events(CHAIN[0]).await[2].id;
    let annul = json!({ "event": cause, "scope": "from_start" });
    world.does("2025-05-01", &act("institution.annul", CHAIN[0], "2025-05-01", "court", annul)).await;
    let before = world.ledger().log().len().await.unwrap();
    for line in &lines[2..4] {
        world.does("2025-06-01", line).await;
    }
    world.does("2025-06-02", &sign(OTHER, "2025-06-02")).await;
    let review = format!("institution.review-raised {} system practitioner-{BOSS}@0", CHAIN[1]);
    let told = tail(world.ledger(), before).await;
    let by_itself = told.iter().filter(|line| line.contains(" system ")).count();
    assert_eq!((&told[2], by_itself), (&review, 1), "{told:?}");
    nothing_more_follows(world, before, &told).await;
}

#[test]
fn an_import_ends_without_what_would_follow_from_what_it_annuls() {
    let mut lines = chain();
    let late: Vec<Json> = lines.drain(2..4).collect();
    let ban = act("practitioner.ban-manager", BOSS, "2025-04-01", "bureau", json!({}));
    lines.last_mut().unwrap()["key"] = json!("down");
    let annul = json!({ "event": "@down", "scope": "from_start" });
    lines.extend([act("institution.annul", CHAIN[0], "2025-05-01", "court", annul), ban]);
    lines.extend(late);
    let told = finished(&lines);
    let review = |code: &&str| format!("institution.review-raised {code} system practitioner-{BOSS}@0");
    assert_eq!(told, CHAIN.iter().map(review).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_corrected_decision_is_followed_once_by_those_it_reached_before_and_by_who_becomes_known_later() {
    let (world, late) = one_branch_not_known().await;
    let cause = world.events(CHAIN[0]).await[2].id;
    let changes = json!({ "event": cause, "changes": { "/data/ground": "骗取医疗保障基金" } });
    world.does("2025-04-01", &act("institution.correct", CHAIN[0], "2025-04-01", "agency", changes)).await;
    let before = world.ledger().log().len().await.unwrap();
    let contact = json!({ "what": "contact", "to": "某甲" });
    let contact = act("institution.change-details", CHAIN[2], "2025-05-01", "institution", contact);
    for line in late.iter().chain([&contact]) {
        world.does("2025-06-01", line).await;
    }
    world.does("2025-06-02", &sign(OTHER, "2025-05-01")).await;
    let told = tail(world.ledger(), before).await;
    assert_eq!(
        told,
        [
            "institution.applied P37010090002 institution -",
            "institution.agreement-signed P37010090002 agency -",
            FOLLOWED,
            "institution.details-changed P37020090003 institution -",
            "institution.agreement-signed H37010090002 agency -",
        ]
    );
    nothing_more_follows(world, before, &told).await;
}

/// The form of the event at a position becomes one that no program knows, or the one it was again.
fn disfigure(world: &World, position: i64, from: &str, to: &str) {
    let db = rusqlite::Connection::open(world.dir().join("log.db")).unwrap();
    let triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'events'";
    let mut statement = db.prepare(triggers).unwrap();
    let rows =
        statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    let triggers: Vec<(String, String)> = rows.map(Result::unwrap).collect();
    for (name, _) in &triggers {
        db.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    let body = "SELECT CAST(body AS TEXT) FROM events WHERE position = ?1";
    let body: String = db.query_row(body, [position], |row| row.get(0)).unwrap();
    assert!(body.contains(from), "{body}");
    let changed = body.replace(from, to).into_bytes();
    db.execute("UPDATE events SET body = ?2 WHERE position = ?1", (position, changed)).unwrap();
    for (_, sql) in &triggers {
        db.execute_batch(sql).unwrap();
    }
}

#[tokio::test]
async fn a_subject_that_cannot_be_read_keeps_back_the_reactions_on_itself_and_on_nobody_else() {
    let mut world = World::new();
    let lines = chain();
    let run = [apply(OTHER, "2024-01-01", &[], Some(PERSON)), sign(OTHER, "2024-01-02")];
    let interview = act("institution.interview", CHAIN[1], "2025-02-01", "agency", json!({}));
    for line in lines[..6].iter().chain(&run).chain([&interview]) {
        world.does("2025-03-01", line).await;
    }
    let (read, unread) = ("\"schema\":2,", "\"schema\":99,");
    disfigure(&world, 8, read, unread);
    world = world.reopened();
    let told = [
        "institution.agreement-terminated P37010090001 agency -".to_owned(),
        "institution.agreement-terminated P37020090003 system institution-P37010090001@2".to_owned(),
        format!("practitioner.manager-banned {PERSON} bureau -"),
        format!("institution.review-raised {OTHER} system practitioner-{PERSON}@0"),
    ];
    for line in [&lines[6], &ban()] {
        world.does("2025-03-02", line).await;
    }
    let pending = |world: &World| world.ledger().views().health().unwrap().pending_reactions;
    for _ in 0..2 {
        assert_eq!(tail(world.ledger(), 9).await, told);
        assert_eq!(pending(&world), 1, "the termination");
        world = world.reopened();
    }
    disfigure(&world, 8, unread, read);
    world = world.reopened();
    assert_eq!(tail(world.ledger(), 13).await, [FOLLOWED]);
    assert_eq!(pending(&world), 0);
}

#[tokio::test]
async fn a_ban_calls_for_a_review_where_the_person_is_named_by_identity_number_only() {
    // Whichever of the two was recorded first.
    for registered_first in [true, false] {
        let world = World::new();
        let mut lines = vec![
            apply(HOSPITAL, "2024-01-01", &[], Some(" 11010519491231002x ")),
            sign(HOSPITAL, "2024-01-02"),
            apply("H37010090003", "2024-01-01", &[], Some("440524188001010014")),
            sign("H37010090003", "2024-01-02"),
        ];
        lines.insert(if registered_first { 0 } else { 4 }, registered());
        for line in &lines {
            world.does("2024-05-02", line).await;
        }
        world.does("2024-06-01", &ban()).await;
        world.does("2024-06-02", &sign(OTHER, "2024-06-02")).await;
        let told = tail(world.ledger(), 6).await;
        let review = format!("institution.review-raised {HOSPITAL} system practitioner-{PERSON}@1");
        assert_eq!(told, [review, format!("institution.agreement-signed {OTHER} agency -")]);
        let read = world.ledger().log().read_all(0, 100).await.unwrap();
        assert!(read.iter().all(|stored| !stored.kind.name().ends_with("personal-data-read")));
        world.agrees().await;
    }
}

#[tokio::test]
async fn who_no_longer_runs_it_and_whose_data_is_erased_is_not_found_by_number() {
    let named =
        || [apply(HOSPITAL, "2024-01-01", &[], Some(NUMBER)), sign(HOSPITAL, "2024-01-02"), registered()];
    let left = act(
        "institution.change-details",
        HOSPITAL,
        "2024-05-10",
        "institution",
        json!({ "what": "principal", "to": "440524188001010014" }),
    );
    let mut erased = act("practitioner.erase-personal-data", PERSON, "2024-05-10", "agency", json!({}));
    erased["basis"] = json!([{ "instrument": "个人信息保护法", "article": "47" }]);
    for meanwhile in [left, erased] {
        let world = World::new();
        for line in named().iter().chain([&meanwhile]) {
            world.does("2024-05-12", line).await;
        }
        world.does("2024-06-01", &ban()).await;
        world.does("2024-06-02", &sign(OTHER, "2024-06-02")).await;
        let told = tail(world.ledger(), 0).await;
        assert!(told.iter().all(|line| !line.contains("review-raised")), "{told:?}");
    }
}

#[tokio::test]
async fn a_change_of_details_that_puts_a_banned_person_in_charge_is_recorded_and_calls_for_a_review() {
    for who in [PERSON, NUMBER] {
        let world = World::new();
        for line in [registered(), sign(HOSPITAL, "2024-01-02"), ban()] {
            world.does("2024-06-01", &line).await;
        }
        let change = |day: &str, what: &str| {
            act(
                "institution.change-details",
                HOSPITAL,
                day,
                "institution",
                json!({ "what": what, "to": who }),
            )
        };
        // Before the ban, and in no position that it is about.
        world.does("2024-06-02", &change("2024-05-31", "principal")).await;
        let before = world.ledger().log().len().await.unwrap();
        let events = world.does("2024-07-01", &change("2024-07-01", "legal_representative")).await;
        assert_eq!(events.len(), 2);
        let told = tail(world.ledger(), before).await;
        let origin = format!("practitioner-{PERSON}@1");
        assert_eq!(told[1], format!("institution.review-raised {HOSPITAL} institution {origin}"));
        let body = &world.ledger().log().read_all(before, 1).await.unwrap()[0].body;
        let body: Json = serde_json::from_str(body).unwrap();
        assert_eq!(body["findings"][0], json!({ "code": "manager-banned", "rule": "R-022" }));
        assert_eq!(
            (&body["others"][0]["event"], &body["others"][0]["person"]),
            (&json!(origin), &json!(PERSON))
        );
        assert!(!body.to_string().contains(NUMBER), "the number is sealed");
        // Over by then.
        let later = world.does("2029-07-01", &change("2029-07-01", "principal")).await;
        assert_eq!(later.len(), 1);
        world.agrees().await;
    }
}
