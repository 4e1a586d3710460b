use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

#[tokio::test]
async fn show_says_what_stands_at_the_coordinates_asked_and_echoes_them() {
    let server = Server::with_histories().await;
    let status = async |query: &str| {
        let answer = server.get(&format!("/v1/institutions/{PHARMACY}{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let show = answer.json();
        let agreements = show["agreements"].as_array().unwrap();
        let line =
            agreements.iter().find(|agreement| agreement["line"] == "special_outpatient").unwrap().clone();
        (
            line["status"].as_str().unwrap().to_owned(),
            show["coordinates"]["as_of"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(status("").await, ("suspended".to_owned(), "2025-08-20T10:00:00+08:00".to_owned()));
    assert_eq!(status("?as_of=2025-08-03").await.0, "in_force");
    assert_eq!(status("?as_of=2025-08-04").await.0, "suspended");
    assert_eq!(status("?as_of=2025-11-03T23:59:59+08:00").await.0, "suspended");
    assert_eq!(status("?as_of=2025-11-04T00:00:00%2B08:00").await.0, "in_force");
}

#[tokio::test]
async fn not_modified_is_said_of_what_the_caller_was_sent_under_that_tag() {
    let server = Server::with_histories().await;
    let target = format!("/v1/institutions/{PHARMACY}");
    let suspended = server.get(&target).await;
    let tag = suspended.header("etag");
    let again = server.get_with(&target, &[("if-none-match", tag)]).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    for name in ["etag", "cache-control", "vary"] {
        assert_eq!(again.header(name), suspended.header(name), "{name}");
    }
    assert_eq!(again.header("cache-control"), "private, no-cache");
    server.clock.set(at("2025-11-04T00:00:00+08:00"));
    let later = server.get_with(&target, &[("if-none-match", tag)]).await;
    assert_eq!(later.status, StatusCode::OK, "the suspension has ended without an event");
    assert_ne!(later.header("etag"), tag);
    let fixed = server.get_with(&format!("{target}?as_of=2025-08-20"), &[("if-none-match", tag)]).await;
    assert_eq!(fixed.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn what_begins_and_ends_after_it_was_recorded_is_not_passed_off_as_unchanged() {
    let server = Server::with_histories().await;
    let ordered = command(
        "area.start-moratorium",
        "430500",
        "2025-09-01",
        &json!({ "basis_agreement": false, "ground": "超规划", "until": "2025-10-01" }),
    );
    let started = server.post(&ordered).await;
    assert_eq!(started.status, StatusCode::OK, "{}", started.text);
    let target = "/v1/areas/430500";
    server.clock.set(at("2025-09-15T00:00:00+08:00"));
    let during = server.get(target).await;
    assert_eq!(during.json()["standing"][0]["value"], "on", "{}", during.text);
    server.clock.set(at("2025-10-02T00:00:00+08:00"));
    let after = server.get_with(target, &[("if-none-match", during.header("etag"))]).await;
    assert_eq!(after.status, StatusCode::OK, "as on the day it was recorded, but not as the caller was told");
    let same = server.get_with(target, &[("if-none-match", after.header("etag"))]).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn the_tag_of_what_was_shown_goes_with_a_write() {
    let server = Server::with_histories().await;
    let shown = server.get(&format!("/v1/institutions/{HOSPITAL}")).await;
    let act = suspend(HOSPITAL, "2025-09-10", "2025-10-10");
    let written = server.post_with(&act, &[("if-match", shown.header("etag"))]).await;
    assert_eq!(written.status, StatusCode::OK, "{}", written.text);
    let act = suspend(HOSPITAL, "2025-11-10", "2025-12-10");
    let stale = server.post_with(&act, &[("if-match", shown.header("etag"))]).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "{}", stale.text);
    let empty = server.post_with(&act, &[("if-match", "")]).await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST, "{}", empty.text);
}

#[tokio::test]
async fn payable_lists_every_reason_with_event_and_citation() {
    let server = Server::with_histories().await;
    let ask = async |query: &str| {
        let answer = server.get(&format!("/v1/payable?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    };
    let suspended =
        ask(&format!("institution={PHARMACY}&line=special_outpatient&at=2025-08-04&practitioner={DOCTOR}"))
            .await;
    assert_eq!(suspended["outcome"], "refused");
    assert_eq!(suspended["at"], "2025-08-04T00:00:00+08:00");
    let codes: Vec<_> = suspended["reasons"].as_array().unwrap().iter().map(|r| r["code"].clone()).collect();
    assert_eq!(codes, ["agreement-suspended", "practitioner-unregistered"]);
    assert_eq!(suspended["reasons"][0]["basis"][0]["article"], "58");
    assert!(suspended["reasons"][0]["event"].is_string());
    let payable = ask(&format!("institution={HOSPITAL}&at=2025-08-04&practitioner={DOCTOR}")).await;
    assert_eq!((payable["outcome"].as_str(), payable["area"].as_str()), (Some("payable"), Some("430500")));
    let never_heard_of = ask("institution=H99999999999&area=430500").await;
    assert_eq!(never_heard_of["reasons"][0]["code"], "no-agreement");
}

#[tokio::test]
async fn pages_of_a_listing_are_one_snapshot() {
    let server = Server::empty();
    for number in 0..5 {
        let answer = server.post(&sign(&format!("P4305030001{number}"), "2025-01-01", "2026-01-01")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    let first = server.get("/v1/institutions?line=basic&limit=2").await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let position = first.json()["coordinates"]["position"].clone();
    // What is recorded between two pages does not show on the later one.
    server.post(&sign("P43050300019", "2025-01-01", "2026-01-01")).await;
    let mut seen = Vec::new();
    let mut page = first;
    loop {
        let body = page.json();
        assert_eq!(body["coordinates"]["position"], position);
        seen.extend(
            body["items"].as_array().unwrap().iter().map(|row| row["subject"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = body["next_cursor"].as_str() else { break };
        let link = page.header("link").to_owned();
        assert!(link.contains(&format!("cursor={cursor}")) && link.ends_with("; rel=\"next\""), "{link}");
        let target = link.trim_start_matches('<').split_once('>').unwrap().0.to_owned();
        page = server.get(&target).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    }
    assert_eq!(page.header("link"), "");
    assert_eq!(seen, ["P43050300010", "P43050300011", "P43050300012", "P43050300013", "P43050300014"]);
}

#[tokio::test]
async fn a_history_can_be_paged_by_either_axis_and_bound_on_both() {
    let server = Server::with_histories().await;
    let target = format!("/v1/institutions/{PHARMACY}/history");
    let whole = server.get(&target).await.json();
    let count = whole["events"].as_array().unwrap().len();
    assert_eq!(count, 2);
    let first = server.get(&format!("{target}?axis=effective&limit=1")).await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = server.get(&format!("{target}?axis=effective&limit=1&cursor={cursor}")).await.json();
    assert_eq!(second["events"][0], whole["events"][1]);
    assert_eq!(second["next_cursor"], Value::Null);
    let early = server.get(&format!("{target}?as_of=2025-02-01")).await.json();
    assert_eq!(early["events"].as_array().unwrap().len(), 1);
    let unknown = server.get(&format!("{target}?known_at=2024-01-01")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn points_statistics_and_search_answer_from_the_same_ledger() {
    let server = Server::with_histories().await;
    let points = server.get(&format!("/v1/practitioners/{DOCTOR}/points?year=2025")).await;
    assert_eq!(points.status, StatusCode::OK, "{}", points.text);
    assert_eq!((points.json()["year"].as_i64(), points.json()["total"].as_i64()), (Some(2025), Some(0)));
    let census = server.get("/v1/statistics?area=430500").await;
    assert_eq!(census.status, StatusCode::OK, "{}", census.text);
    let counts = census.json()["counts"].as_array().unwrap().clone();
    let of = |line: &str, status: &str| {
        counts
            .iter()
            .find(|c| c["line"] == line && c["status"] == status)
            .map(|c| c["count"].as_u64().unwrap())
    };
    assert_eq!(of("basic", "in_force"), Some(2));
    assert_eq!(of("special_outpatient", "suspended"), Some(1));
    let found = server.get("/v1/search?q=%E8%8D%AF%E5%BA%97").await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text);
    assert!(
        found.json()["items"].as_array().unwrap().iter().any(|item| item["subject"] == PHARMACY),
        "{}",
        found.text
    );
    assert_eq!((&found.json()["more"], &found.json()["people_searched"]), (&json!(false), &json!(true)));
    let mut another = histories()[0].clone();
    another["subject"] = json!("P43050300013");
    another["key"] = json!("another");
    assert_eq!(server.post(&another).await.status, StatusCode::OK);
    server.clock.set(at("2025-08-20T11:00:00+08:00"));
    for (limit, told) in [(1, (1, true)), (2, (2, false))] {
        let found = server.get(&format!("/v1/search?q=P4305&limit={limit}")).await.json();
        assert_eq!(
            (found["items"].as_array().unwrap().len(), found["more"].as_bool().unwrap()),
            told,
            "{found}"
        );
    }
}

#[tokio::test]
async fn a_search_tells_when_people_could_not_be_looked_for() {
    let server = Server::with_histories().await;
    let data = json!({ "institution": HOSPITAL, "category": "doctor", "area": "430500", "name": "欧阳某某" });
    let register = command("practitioner.register", "D430500000077", "2025-01-01", &data);
    assert_eq!(server.post(&register).await.status, StatusCode::OK);
    let server = server.reopened(|dir| std::fs::remove_file(dir.join("keys/personal.key")).unwrap());
    let found = server.get("/v1/search?q=%E6%AC%A7%E9%98%B3%E6%9F%90%E6%9F%90").await;
    assert_eq!(
        (found.status, &found.json()["people_searched"]),
        (StatusCode::OK, &json!(false)),
        "{}",
        found.text
    );
    let another = command("practitioner.register", "D430500000078", "2025-01-01", &data);
    let refused = server.post(&another).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text);
    assert_eq!(
        (&refused.json()["code"], &refused.json()["retryable"]),
        (&json!("personal-keys"), &json!(false))
    );
}

#[tokio::test]
async fn a_search_and_a_list_tell_names_as_known_then() {
    let server = Server::with_histories().await;
    let search = async |text: &str, at: &str| {
        let answer = server.get(&format!("/v1/search?q={text}{at}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let items = answer.json()["items"].as_array().unwrap().clone();
        let told = |item: &Value| (item["subject"] == PHARMACY, item["current"].as_bool().unwrap());
        items.iter().filter(|item| item["subject"] == PHARMACY).map(told).collect::<Vec<_>>()
    };
    let listed = async |at: &str| {
        let answer = server.get(&format!("/v1/institutions?status=in_force{at}")).await;
        let items = answer.json()["items"].as_array().unwrap().clone();
        items.iter().find(|item| item["subject"] == PHARMACY).unwrap()["name"].clone()
    };
    let (before, after) = ("&known_at=2025-08-20T09:30:00%2B08:00", "&known_at=2025-08-20T10:30:00%2B08:00");
    // 邵阳某药店 becomes 资江大药房.
    let (old, new) = ("%E9%82%B5%E9%98%B3", "%E8%B5%84%E6%B1%9F");
    let data = json!({ "what": "name", "from": "邵阳某药店", "to": "资江大药房" });
    let renamed = command("institution.change-details", PHARMACY, "2025-08-10", &data);
    let renamed = server.post(&renamed).await;
    assert_eq!(renamed.status, StatusCode::OK, "{}", renamed.text);
    server.clock.set(at("2025-08-20T11:00:00+08:00"));
    assert_eq!(search(new, "").await, [(true, true)]);
    assert_eq!(search(old, "").await, [(true, false)]);
    assert_eq!(search(old, "&as_of=2025-08-09").await, [(true, true)]);
    assert_eq!(search(new, before).await, []);
    assert_eq!(search(old, before).await, [(true, true)]);
    assert_eq!(
        (listed("").await, listed("&as_of=2025-08-09").await, listed(before).await),
        (json!("资江大药房"), json!("邵阳某药店"), json!("邵阳某药店"))
    );
    let id = renamed.json()["events"][0]["event"].clone();
    let annulled = json!({ "event": id, "scope": "from_start" });
    let annulled = server.post(&command("institution.annul", PHARMACY, "2025-08-20", &annulled)).await;
    assert_eq!(annulled.status, StatusCode::OK, "{}", annulled.text);
    server.clock.set(at("2025-08-20T12:00:00+08:00"));
    assert_eq!((search(new, "").await, search(new, after).await), (vec![], vec![(true, true)]));
    assert_eq!((listed("").await, listed(after).await), (json!("邵阳某药店"), json!("资江大药房")));
}

#[tokio::test]
async fn the_log_is_listed_in_pages_and_filtered() {
    let server = Server::with_histories().await;
    let all = server.get("/v1/events").await.json();
    let events = all["events"].as_array().unwrap();
    assert_eq!(all["next_after"], Value::Null);
    assert_eq!(events[0]["specversion"], "1.0");
    assert_eq!(events[0]["sequence"], "0");
    assert_eq!(events[0]["data"]["subject"], PHARMACY);
    let mut walked = Vec::new();
    let mut target = "/v1/events?limit=1".to_owned();
    loop {
        let page = server.get(&target).await;
        walked.extend(page.json()["events"].as_array().unwrap().iter().map(|event| event["id"].clone()));
        let Some(after) = page.json()["next_after"].as_str().map(str::to_owned) else { break };
        target = format!("/v1/events?limit=1&after={after}");
    }
    assert_eq!(walked, events.iter().map(|event| event["id"].clone()).collect::<Vec<_>>());
    let one = server.get("/v1/events?types=institution.agreement-suspended").await.json();
    assert_eq!(one["events"].as_array().unwrap().len(), 1);
    let own = server.get(&format!("/v1/events?subject={PHARMACY}&limit=1")).await.json();
    assert_eq!(own["next_after"], "0");
    let rest = server.get(&format!("/v1/events?subject={PHARMACY}&after=0")).await.json();
    assert_eq!(rest["events"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next_after"], Value::Null);
}

#[tokio::test]
async fn an_event_is_given_as_it_was_stored_with_its_leaf_hash() {
    use sha2::{Digest, Sha256};
    let server = Server::with_histories().await;
    let listed = server.get("/v1/events?limit=1").await.json();
    let id = listed["events"][0]["id"].as_str().unwrap().to_owned();
    let one = server.get(&format!("/v1/events/{id}")).await;
    assert_eq!(one.status, StatusCode::OK, "{}", one.text);
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(one.text.as_bytes());
    let leaf: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(one.header("x-leaf-hash"), leaf);
    assert_eq!(one.header("x-position"), "0");
    let stored = server.ledger.log();
    let stored = accord_store::EventLog::read_all(&**stored, 0, 1).await.unwrap();
    assert_eq!(one.text, *stored[0].body);
    for tags in [
        one.header("etag"),
        &format!("W/{}", one.header("etag")),
        &format!("\"x\", {}", one.header("etag")),
        "*",
    ] {
        let again = server.get_with(&format!("/v1/events/{id}"), &[("if-none-match", tags)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{tags}");
        assert_eq!(again.header("cache-control"), one.header("cache-control"));
    }
}

#[tokio::test]
async fn health_is_progress() {
    let server = Server::with_histories().await;
    assert_eq!(server.get("/healthz").await.status, StatusCode::OK);
    let ready = server.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::OK, "{}", ready.text);
    let body = ready.json();
    assert_eq!((body["ready"].as_bool(), body["lag_events"].as_str()), (Some(true), Some("0")));
    assert_ne!(body["log_events"], "0");
    assert_eq!(body["hindered_by"], json!([]));
    let text = server.get("/metrics").await.text;
    for reason in ["views-behind", "writer-stopped", "overtaken"] {
        assert!(text.contains(&format!("accord_not_ready{{reason=\"{reason}\"}} 0")), "{text}");
    }
    assert!(text.contains("accord_commands_recorded_total 4"), "{text}");
    assert!(text.contains("route=\"/v1/commands\",status=\"200\"} 4"), "{text}");
    assert!(!text.contains(PHARMACY) && !text.contains(DOCTOR));
    drop(server.dir);
}

#[tokio::test]
async fn a_diff_tells_each_step_and_a_day_as_known_then() {
    let server = Server::with_histories().await;
    let target = format!("/v1/institutions/{PHARMACY}/diff");
    let between = server.get(&format!("{target}?from=2025-07-01&as_of=2025-12-01")).await.json();
    let steps = between["changes"][0]["steps"].as_array().unwrap();
    let why: Vec<_> =
        steps.iter().map(|step| (step["why"].clone(), step["after"]["value"].clone())).collect();
    assert_eq!(why, [(json!("took-effect"), json!("suspended")), (json!("day-came"), json!("in_force"))]);
    assert_eq!(steps[0]["by"][0], between["events"][1]["event"]);
    // On one day, known before anything was recorded against known now.
    let known =
        server.get(&format!("{target}?from=2025-09-01&as_of=2025-09-01&known_from=2025-08-20")).await.json();
    assert_eq!(known["changes"][1]["before"], Value::Null);
    assert_eq!(known["changes"][1]["steps"][1]["why"], "became-known");
    let missing = server.get(&target).await;
    assert_eq!(
        (missing.status, missing.json()["code"].clone()),
        (StatusCode::BAD_REQUEST, json!("invalid-query"))
    );
    let unknown = server.get("/v1/institutions/P43050300099/diff?from=2025-01-01").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

async fn suppose(server: &Server, body: &Value) -> Answer {
    server.send(post("/v1/what-if", "application/json", body.to_string(), &[])).await
}

#[tokio::test]
async fn what_if_answers_and_records_nothing() {
    let server = Server::with_histories().await;
    let events = server.get(&format!("/v1/institutions/{PHARMACY}/history")).await.json();
    let suspension = events["events"][1]["id"].clone();
    let answer = suppose(&server, &json!({ "without": suspension })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["acts"][0]["outcome"], "left-out");
    let field = &answer["fields"][0];
    assert_eq!(
        (field["actual"]["value"].as_str(), field["supposed"]["value"].as_str()),
        (Some("suspended"), Some("in_force"))
    );
    let of_all = suppose(&server, &json!({ "without": suspension, "all": true })).await.json();
    assert_eq!(of_all["items"], json!([answer]), "nobody else is reached");
    // Signed under the law of 2026 it would begin with a probation.
    let law = suppose(&server, &json!({ "subject": HOSPITAL, "as_if_law_of": "2026-01-01" })).await.json();
    assert!(
        law["fields"].as_array().unwrap().iter().any(|field| field["field"] == "probation/430500"),
        "{law}"
    );
    let late = suspend(PHARMACY, "2025-12-01", "2025-12-10");
    let more = suppose(&server, &json!({ "insert": late })).await.json();
    assert_eq!(more["acts"][0]["outcome"], "decided");
    assert_eq!(
        server.get(&format!("/v1/institutions/{PHARMACY}/history")).await.json()["events"],
        events["events"]
    );
}

/// Every page of a question over the whole ledger, from the one that `cursor` asks for.
async fn pages(mut ask: impl AsyncFnMut(&str) -> Value) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ask(&cursor).await;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

#[tokio::test]
async fn another_law_is_asked_of_all_page_by_page() {
    let server = Server::with_histories().await;
    let body = |of: Value| {
        let mut body = of;
        body["as_if_law_of"] = json!("2026-01-01");
        body
    };
    let all = body(json!({ "all": true })).to_string();
    let asked = async |cursor: &str| {
        let target = format!("/v1/what-if?limit=1{cursor}");
        let answer = server.send(post(&target, "application/json", all.clone(), &[])).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    };
    let items = pages(asked).await;
    let named: Vec<&str> = items.iter().map(|item| item["subject"].as_str().unwrap()).collect();
    assert!(named.contains(&HOSPITAL), "{named:?}");
    for item in &items {
        let one = suppose(&server, &body(json!({ "subject": item["subject"] }))).await.json();
        assert_eq!((&one["acts"], &one["fields"]), (&item["acts"], &item["fields"]));
    }
    let of_area = suppose(&server, &body(json!({ "area": "430500" }))).await.json();
    assert!(!of_area["items"].as_array().unwrap().is_empty());
    let elsewhere = suppose(&server, &body(json!({ "area": "650000" }))).await.json();
    assert_eq!(elsewhere["items"], json!([]));
    // A cursor is good for the question it was given for.
    let first = asked("").await;
    let other = format!("/v1/what-if?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let answer = server
        .send(post(&other, "application/json", body(json!({ "area": "430500" })).to_string(), &[]))
        .await;
    assert_eq!(answer.json()["code"], "cursor-filter-mismatch", "{}", answer.text);
}

#[tokio::test]
async fn what_changed_in_the_ledger_is_told_page_by_page() {
    let server = Server::with_histories().await;
    let target = "/v1/diff?from=2025-01-01&as_of=2025-12-01&limit=1";
    let asked = async |cursor: &str| {
        let answer = server.get(&format!("{target}{cursor}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    };
    let items = pages(asked).await;
    let named: Vec<&str> = items.iter().map(|item| item["subject"].as_str().unwrap()).collect();
    assert!(named.contains(&PHARMACY) && named.contains(&DOCTOR), "{named:?}");
    let one = server.get(&format!("/v1/institutions/{PHARMACY}/diff?from=2025-01-01&as_of=2025-12-01")).await;
    let of_all = items.iter().find(|item| item["subject"] == PHARMACY).unwrap();
    assert_eq!(one.json()["changes"], of_all["changes"]);
    let elsewhere = server.get("/v1/diff?from=2025-01-01&as_of=2025-12-01&area=650000").await.json();
    assert_eq!(elsewhere["items"], json!([]));
    // What was learnt since a moment: nothing between now and now.
    let known = "/v1/diff?from=2025-12-01&as_of=2025-12-01&known_from=";
    let moment = items[0]["to"]["known_at"].as_str().unwrap().replace('+', "%2B");
    assert_eq!(server.get(&format!("{known}{moment}")).await.json()["items"], json!([]));
    let before = server.get(&format!("{known}2020-01-01")).await.json();
    assert!(!before["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_supposition_that_cannot_be_is_a_problem_with_its_code() {
    let server = Server::with_histories().await;
    let nobody = "019aa423-c900-7007-8000-00000000ffff";
    for (body, status, code) in [
        (json!({}), StatusCode::BAD_REQUEST, "nothing-supposed"),
        (json!({ "with": 1 }), StatusCode::BAD_REQUEST, "unknown-field"),
        (json!({ "as_if_law_of": "2019-01-01" }), StatusCode::BAD_REQUEST, "subject-missing"),
        (json!({ "subject": "X", "as_if_law_of": "2019-01-01" }), StatusCode::BAD_REQUEST, "invalid-code"),
        (
            json!({ "subject": HOSPITAL, "rulebook": "[[rule]]\nid = 1" }),
            StatusCode::BAD_REQUEST,
            "invalid-rulebook",
        ),
        (
            json!({ "subject": HOSPITAL, "rulebook": "", "as_if_law_of": "2019-01-01" }),
            StatusCode::BAD_REQUEST,
            "two-laws",
        ),
        (json!({ "without": nobody }), StatusCode::NOT_FOUND, "unknown-event"),
        (json!({ "all": true }), StatusCode::BAD_REQUEST, "nothing-supposed"),
        (
            json!({ "all": true, "subject": HOSPITAL, "as_if_law_of": "2019-01-01" }),
            StatusCode::BAD_REQUEST,
            "whose",
        ),
        (json!({ "area": "43", "as_if_law_of": "2019-01-01" }), StatusCode::BAD_REQUEST, "invalid-value"),
        (json!({ "insert": { "command": "x" } }), StatusCode::BAD_REQUEST, "missing-field"),
        (json!({ "without": nobody, "insert": {} }), StatusCode::BAD_REQUEST, "two-courses"),
        (json!({ "subject": "P43050300099", "rulebook": "" }), StatusCode::NOT_FOUND, "unknown-subject"),
    ] {
        let answer = suppose(&server, &body).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (status, Some(code)),
            "{body}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn what_is_not_as_the_rules_have_it_is_paged_as_one_snapshot() {
    let server = Server::with_histories().await;
    let whole = server.get("/v1/check?as_of=2025-08-20").await;
    assert_eq!(whole.status, StatusCode::OK, "{}", whole.text);
    let whole = whole.json();
    let items = whole["items"].as_array().unwrap();
    assert!(items.len() > 4 && whole["next_cursor"].is_null(), "{whole}");
    server.clock.set(at("2025-08-20T11:00:00+08:00"));
    let (mut paged, mut next) = (Vec::new(), Some("/v1/check?as_of=2025-08-20&limit=2".to_owned()));
    while let Some(target) = next {
        let page = server.get(&target).await;
        let body = page.json();
        paged.extend(body["items"].as_array().unwrap().clone());
        // What is recorded in between does not move the pages.
        server.clock.set(at("2025-08-20T12:00:00+08:00"));
        server.post(&suspend(HOSPITAL, "2025-08-10", "2025-09-10")).await;
        let cursor = body["next_cursor"].as_str();
        next = cursor.map(|cursor| format!("/v1/check?as_of=2025-08-20&limit=2&cursor={cursor}"));
        assert_eq!(page.header("link").is_empty(), next.is_none());
    }
    assert!(paged == *items, "{} items in pages, {} at once", paged.len(), items.len());
    let of = |word: &str| items.iter().filter(|item| item["subject"] == word).cloned().collect::<Vec<_>>();
    let one = server.get(&format!("/v1/check?as_of=2025-08-20&subject={PHARMACY}")).await.json();
    assert_eq!(one["items"], json!(of(PHARMACY)));
    let late = server.get("/v1/check?as_of=2025-08-20&kind=recorded-late&late_days=100").await.json();
    let late = late["items"].as_array().unwrap();
    assert!(!late.is_empty() && late.iter().all(|item| item["days"].as_i64() >= Some(100)), "{late:?}");
    for (bad, status) in [
        ("kind=late", 400),
        ("late_days=-1", 400),
        ("subject=X1", 400),
        ("area=43", 400),
        ("cursor=e30", 400),
        ("subject=P43050300099", 404),
    ] {
        let answer = server.get(&format!("/v1/check?{bad}")).await;
        assert_eq!(answer.status.as_u16(), status, "{bad}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_bundle_is_given_as_a_file_that_holds() {
    use accord_replay::bundle::check;
    let server = Server::with_histories().await;
    let ask = async |target: &str| {
        let response = server.router.clone().oneshot(get(target, &[])).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts, body.collect().await.unwrap().to_bytes().to_vec())
    };
    let key = server.ledger.signer().unwrap().verifier().clone();
    let target = format!("/v1/institutions/{PHARMACY}/bundle?as_of=2025-09-01&exported_by=op-17");
    let (parts, bytes) = ask(&target).await;
    assert_eq!(parts.status, StatusCode::OK);
    assert_eq!(parts.headers["content-type"], "application/zip");
    assert_eq!(
        parts.headers["content-disposition"],
        format!("attachment; filename=\"accord-institution-{PHARMACY}-2025-09-01.zip\"")
    );
    let checked = check(&bytes, Some(&key)).unwrap();
    assert_eq!(checked.manifest.custody.exported_by.as_deref(), Some("op-17"));
    assert_eq!(bytes, ask(&target).await.1, "the clock stands still: the same bytes");
    // Withheld, by id; of another kind of subject; and what is wrong.
    let history = server.get(&format!("/v1/institutions/{PHARMACY}/history")).await.json();
    let id = history["events"][1]["id"].as_str().unwrap().to_owned();
    let (_, bytes) = ask(&format!("{target}&redact={id}&redact_reason=why")).await;
    assert_eq!(check(&bytes, Some(&key)).unwrap().withheld, 1);
    let (_, bytes) = ask(&format!("/v1/practitioners/{DOCTOR}/bundle")).await;
    assert_eq!(check(&bytes, None).unwrap().manifest.subject.kind, "practitioner");
    for (query, parameter) in [
        ("redact=x", "redact"),
        ("redact_reason=why", "redact_reason"),
        ("redact=0198f0a0-0000-7000-8000-000000000000", "redact"),
    ] {
        let answer = server.get(&format!("/v1/institutions/{PHARMACY}/bundle?{query}")).await;
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["parameter"]),
            (StatusCode::BAD_REQUEST, &json!(parameter)),
            "{}",
            answer.text
        );
    }
    let nobody = server.get("/v1/institutions/H43050300099/bundle").await;
    assert_eq!(
        (nobody.status, nobody.json()["code"].clone()),
        (StatusCode::NOT_FOUND, json!("unknown-subject"))
    );
}

#[tokio::test]
async fn whether_a_subject_is_known_does_not_hang_on_what_was_recorded_later() {
    let server = Server::empty();
    server.post(&sign(HOSPITAL, "2025-01-01", "2026-01-01")).await;
    let targets = [
        format!("/v1/institutions/{PHARMACY}?"),
        format!("/v1/institutions/{PHARMACY}/history?"),
        format!("/v1/institutions/{PHARMACY}/diff?from=2025-01-01&"),
        format!("/v1/check?subject={PHARMACY}&"),
    ];
    for is_there in [false, true] {
        for target in &targets {
            let answer = server.get(&format!("{target}known_at=2025-08-20T09:30:00%2B08:00")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{is_there} {target}: {}", answer.text);
            assert_eq!(answer.json()["code"], "unknown-subject");
        }
        server.clock.set(at("2025-08-20T10:00:00+08:00"));
        server.post(&sign(PHARMACY, "2025-01-01", "2026-01-01")).await;
    }
    for target in &targets {
        assert_eq!(server.get(target).await.status, StatusCode::OK, "{target}");
    }
}

#[tokio::test]
async fn records_echo_a_day_only_where_one_was_asked_for() {
    let server = Server::with_histories().await;
    server.post(&suspend(HOSPITAL, "2025-12-01", "2026-01-01")).await;
    for path in [format!("/v1/institutions/{HOSPITAL}/history"), "/v1/events".to_owned()] {
        let all = server.get(&path).await.json();
        assert!(all["coordinates"]["as_of"].is_null(), "{all}");
        let known_at = all["coordinates"]["known_at"].as_str().unwrap().replace('+', "%2B");
        assert_eq!(server.get(&format!("{path}?known_at={known_at}")).await.json(), all);
        let earlier = server.get(&format!("{path}?as_of=2025-11-01")).await.json();
        assert_eq!(earlier["coordinates"]["as_of"], "2025-11-01T00:00:00+08:00");
        let count = |page: &Value| page["events"].as_array().unwrap().len();
        assert_eq!(count(&earlier) + 1, count(&all), "{path}");
    }
}

#[tokio::test]
async fn a_cursor_that_was_never_given_out_is_refused() {
    let server = Server::with_histories().await;
    server.post(&suspend(PHARMACY, "2025-12-01", "2026-01-01")).await;
    let history = format!("/v1/institutions/{PHARMACY}/history");
    for path in ["/v1/institutions", &history] {
        let page = server.get(&format!("{path}?limit=1")).await.json();
        let given = page["next_cursor"].as_str().unwrap();
        let cursor: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(given).unwrap()).unwrap();
        let with = |member: &str, value: Value| {
            let mut edited = cursor.clone();
            edited[member] = value;
            URL_SAFE_NO_PAD.encode(edited.to_string())
        };
        let same = with("k", cursor["k"].clone());
        assert_eq!(server.get(&format!("{path}?limit=1&cursor={same}")).await.status, StatusCode::OK);
        let day = |text| at(text).as_micros();
        for (member, value) in [
            ("n", json!(day("2142-01-01"))),
            ("n", json!(i64::MIN)),
            ("n", json!(day("2025-08-01"))),
            ("a", json!(i64::MAX)),
            ("p", json!(99_999)),
            ("p", Value::Null),
            ("k", json!("garbled")),
        ] {
            let edited = with(member, value.clone());
            let answer = server.get(&format!("{path}?limit=1&cursor={edited}")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {member} {value}: {}", answer.text);
            assert_eq!(answer.json()["code"], "invalid-cursor");
        }
    }
}
