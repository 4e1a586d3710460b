use super::*;
use accord_store::EventLog;

#[tokio::test]
async fn a_command_is_answered_with_events_status_position_and_version() {
    let server = Server::empty();
    let answer = server.post(&sign(PHARMACY, "2025-01-01", "2026-01-01")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let done = answer.json();
    assert_eq!(done["subject"], PHARMACY);
    assert_eq!(done["events"][0]["type"], "institution.agreement-signed");
    assert_eq!(done["status"]["agreements"][0]["status"], "in_force");
    let version = done["version"].as_u64().unwrap();
    assert_eq!(answer.header("etag"), format!("\"s-institution-{PHARMACY}-{version}\""));
    assert_eq!(answer.header("x-position"), done["position"].as_str().unwrap());
    assert_eq!(done["receipt"]["leaf"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn the_same_key_and_command_gives_the_first_answer_byte_for_byte() {
    let server = Server::with_histories().await;
    let command = suspend(HOSPITAL, "2025-08-10", "2025-09-10");
    let first = server.post_with(&command, &[("idempotency-key", "\"邵医保-1\"")]).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    assert_eq!(first.header("idempotent-replayed"), "");
    server.clock.set(at("2025-08-21T09:00:00+08:00"));
    let resumed = json!({ "area": "430500", "line": "special_outpatient" });
    let other = server.post(&command_of_resume(&resumed)).await;
    assert_eq!(other.status, StatusCode::OK, "{}", other.text);
    let again = server.post_with(&command, &[("idempotency-key", "邵医保-1")]).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let mut in_body = command;
    in_body["key"] = json!("邵医保-1");
    assert_eq!(server.post(&in_body).await.text, first.text);
}

fn command_of_resume(data: &Value) -> Value {
    command("institution.resume-agreement", HOSPITAL, "2025-08-21", data)
}

#[tokio::test]
async fn if_match_lets_only_the_version_seen_through_and_tells_what_came_since() {
    let server = Server::with_histories().await;
    let seen = server.get(&format!("/v1/institutions/{HOSPITAL}")).await;
    let tag = seen.header("etag").to_owned();
    let first = server.post_with(&suspend(HOSPITAL, "2025-08-10", "2025-09-10"), &[("if-match", &tag)]).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let resumed = json!({ "area": "430500", "line": "special_outpatient" });
    let late = server.post_with(&command_of_resume(&resumed), &[("if-match", &tag)]).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED, "{}", late.text);
    let problem = late.json();
    assert_eq!(problem["since"][0]["type"], "institution.agreement-suspended");
    assert_eq!(problem["since"].as_array().unwrap().len(), 1);
    let current = first.header("etag").to_owned();
    assert_eq!(format!("\"s-institution-{HOSPITAL}-{}\"", problem["version"]), current);
    let now = server.post_with(&command_of_resume(&resumed), &[("if-match", &current)]).await;
    assert_eq!(now.status, StatusCode::OK, "{}", now.text);
}

#[tokio::test]
async fn a_write_can_be_read_at_once_by_its_position() {
    let server = Server::empty();
    let answer = server.post(&sign(PHARMACY, "2025-01-01", "2026-01-01")).await;
    let position = answer.header("x-position").to_owned();
    let read = server.get(&format!("/v1/institutions?min_position={position}")).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.text);
    assert_eq!(read.json()["items"][0]["subject"], PHARMACY);
    assert_eq!(read.json()["coordinates"]["position"], position);
}

#[tokio::test]
async fn an_import_keeps_good_lines_and_names_bad_ones() {
    let server = Server::empty();
    let mut first = sign(PHARMACY, "2025-01-01", "2026-01-01");
    first["key"] = json!("a");
    let lines = [
        first.to_string(),
        String::new(),
        "  {\"command\": \"institution.suspend\", }".to_owned(),
        suspend(PHARMACY, "2025-08-04", "2025-11-04").to_string(),
        suspend("P43050300099", "2025-08-04", "2025-11-04").to_string(),
        first.to_string(),
    ];
    // As editors on Windows begin a file.
    let body = format!("\u{feff}{}", lines.join("\n"));
    let answer = server.send(post("/v1/import", "application/x-ndjson", body, &[])).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let report = answer.json();
    let results: Vec<_> = report["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["line"].as_u64().unwrap(), line["result"].as_str().unwrap()))
        .collect();
    assert_eq!(
        results,
        [(1, "recorded"), (3, "rejected"), (4, "recorded"), (5, "rejected"), (6, "repeated")],
        "{}",
        answer.text
    );
    assert_eq!((report["recorded"].as_u64(), report["rejected"].as_u64()), (Some(2), Some(2)));
    let malformed = &report["results"][1]["problem"];
    assert_eq!(malformed["code"], "malformed-json");
    let place = &malformed["errors"][0];
    assert_eq!(
        (&place["line"], &place["column"]),
        (&json!(3), &json!(38)),
        "where it stands in the body: {place}"
    );
    let history = server.get(&format!("/v1/institutions/{PHARMACY}/history")).await.json();
    assert_eq!(history["events"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_import_sent_again_records_nothing_twice_though_its_lines_have_no_keys() {
    let server = Server::empty();
    let data = json!({ "institution": HOSPITAL, "category": "doctor", "area": "430500", "name": "张三" });
    let lines = [
        sign(PHARMACY, "2025-01-01", "2026-01-01"),
        command("institution.interview", PHARMACY, "2025-08-04", &json!({})),
        command("practitioner.register", DOCTOR, "2025-03-01", &data),
    ];
    let body = lines.map(|line| line.to_string()).join("\n");
    for (recorded, repeated) in [(3, 0), (0, 3)] {
        let report = server.send(post("/v1/import", "application/x-ndjson", body.clone(), &[])).await.json();
        assert_eq!(
            (&report["recorded"], &report["repeated"]),
            (&json!(recorded), &json!(repeated)),
            "{report}"
        );
    }
    let ledger = &server.ledger;
    assert_eq!(ledger.log().len().await.unwrap(), 3);
    let stored = ledger.log().read_all(1, 1).await.unwrap();
    let body: Value = serde_json::from_str(&stored[0].body).unwrap();
    assert!(body["key"].as_str().unwrap().starts_with("content:"), "as `accord import` does: {body}");
}

#[tokio::test]
async fn a_key_or_version_for_what_takes_none_is_refused_and_not_passed_over() {
    let server = Server::with_histories().await;
    let before = server.ledger.log().len().await.unwrap();
    let reading =
        json!({ "actor": { "authority": "agency", "area": "430500" }, "reason": "核对" }).to_string();
    let personal = format!("/v1/practitioners/{DOCTOR}/personal-data");
    let line = command("institution.interview", PHARMACY, "2025-08-04", &json!({})).to_string();
    for header in [("idempotency-key", "\"k\""), ("if-match", "*"), ("if-none-match", "*")] {
        for (path, media_type, body) in
            [("/v1/import", "application/x-ndjson", &line), (personal.as_str(), "application/json", &reading)]
        {
            let answer = server.send(post(path, media_type, body.clone(), &[header])).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
            assert_eq!(answer.json()["code"], "invalid-header", "{}", answer.text);
        }
    }
    assert_eq!(server.ledger.log().len().await.unwrap(), before);
}

#[tokio::test]
async fn what_was_closed_is_off_the_worklist_from_then_on_and_stands_on_it_before() {
    let server = Server::empty();
    server.post(&sign(PHARMACY, "2025-01-01", "2026-01-01")).await;
    let page = server.get("/v1/obligations?as_of=2025-01-31").await.json();
    let listed =
        page["items"].as_array().unwrap().iter().find(|item| item["kind"] == "publish-list").unwrap();
    let data = json!({ "event": listed["raised_by"], "obligation": listed["kind"], "outcome": "done" });
    let close = command("institution.close-obligation", PHARMACY, "2025-02-01", &data);
    let done = server.post(&close).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(done.json()["events"][0]["type"], "institution.obligation-closed");
    let position = done.header("x-position").to_owned();
    let listed = async |day: &str| {
        let page = server.get(&format!("/v1/obligations?as_of={day}&min_position={position}")).await.json();
        page["items"].as_array().unwrap().iter().any(|item| item["kind"] == "publish-list")
    };
    assert!(listed("2025-01-31").await);
    assert!(!listed("2025-02-01").await);
    let again = server.post(&close).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.text);
    assert_eq!(again.json()["code"], "obligation-not-open", "{}", again.text);
    assert!(!again.json()["allowed"]["open"].as_array().unwrap().is_empty(), "{}", again.text);
}

#[tokio::test]
async fn personal_data_is_sealed_in_answers_read_by_a_post_that_is_recorded_and_erased_by_a_command() {
    let server = Server::with_histories().await;
    let person = "D430500000077";
    let data = json!({ "institution": HOSPITAL, "category": "doctor", "area": "430500", "name": "欧阳某某", "phone": "13812345678" });
    let register = command("practitioner.register", person, "2025-01-01", &data);
    let done = server.post(&register).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert!(!done.text.contains("欧阳某某") && !done.text.contains("13812345678"), "{}", done.text);
    assert_eq!(done.json()["status"]["personal_data"], "sealed");
    let found = server.get("/v1/search?q=%E6%AC%A7%E9%98%B3%E6%9F%90%E6%9F%90").await.json();
    assert_eq!((&found["items"][0]["subject"], &found["items"][0]["name"]), (&json!(person), &Value::Null));

    let address = format!("/v1/practitioners/{person}/personal-data");
    let read = |body: Value| server.send(post(&address, "application/json", body.to_string(), &[]));
    let actor = json!({ "authority": "agency", "area": "430500", "operator": "op-17" });
    let without_reason = read(json!({ "actor": actor.clone() })).await;
    assert_eq!(without_reason.status, StatusCode::BAD_REQUEST, "{}", without_reason.text);
    assert_eq!(without_reason.json()["errors"][0]["pointer"], "/reason");
    let opened = read(json!({ "actor": actor.clone(), "reason": "核对身份" })).await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.text);
    assert_eq!(opened.header("cache-control"), "no-store");
    assert_eq!(opened.json()["values"][0]["value"], "欧阳某某");
    let trail = server.get(&format!("/v1/practitioners/{person}/history")).await;
    assert_eq!(trail.json()["events"][1]["type"], "practitioner.personal-data-read");
    assert!(!trail.text.contains("欧阳某某"), "{}", trail.text);

    let erase = command("practitioner.erase-personal-data", person, "2025-08-20", &json!({}));
    let erased = server.post(&erase).await;
    assert_eq!(erased.json()["status"]["personal_data"], "erased", "{}", erased.text);
    let refused = read(json!({ "actor": actor, "reason": "核对身份" })).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("personal-data-erased"))
    );
}

#[tokio::test]
async fn no_more_personal_data_is_opened_than_was_asked_for_in_so_many_words() {
    let server = Server::with_histories().await;
    let person = "D430500000077";
    let data = json!({ "institution": HOSPITAL, "category": "doctor", "area": "430500", "name": "欧阳某某" });
    let done = server.post(&command("practitioner.register", person, "2025-01-01", &data)).await.json();
    let event = done["events"][0]["event"].as_str().unwrap().to_owned();
    let who = r#"{"actor":{"authority":"agency","area":"430500"},"reason":"核对身份""#;
    let send = async |address: &str, more: &str| {
        let target = format!("/v1/practitioners/{person}/{address}");
        server.send(post(&target, "application/json", format!("{who}{more}}}"), &[])).await
    };
    let mut out = String::new();
    for more in [
        format!(r#","data":{{"events":["{event}"]}}"#),
        r#","data":{"foo":1}"#.to_owned(),
        format!(r#","events":["{event}"],"events":[]"#),
        r#","command":"practitioner.erase-personal-data","subject":"X""#.to_owned(),
        r#","reason":"other""#.to_owned(),
        r#","events":[]"#.to_owned(),
        r#","events":null"#.to_owned(),
        ",\n\"events\": [\n  7]".to_owned(),
        ",\n\"events\": [\n  \"7\"]".to_owned(),
        ", oops".to_owned(),
    ] {
        for address in ["personal-data", "bundle"] {
            let refused = send(address, &more).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{more}: {}", refused.text);
            let (said, error) = (refused.json(), &refused.json()["errors"][0]);
            let line = format!(
                "{}: {} {} {}:{} {}\n",
                more.replace(&event, "…").replace('\n', " "),
                said["code"].as_str().unwrap(),
                error["pointer"].as_str().unwrap(),
                error["line"],
                error["column"],
                error["detail"].as_str().unwrap()
            );
            if !out.ends_with(&line) {
                out.push_str(&line);
            }
        }
    }
    insta::assert_snapshot!("personal_data_asked_wrongly", out);
    let opened = send("personal-data", &format!(r#","events":["{event}"]"#)).await;
    assert_eq!(opened.json()["values"][0]["value"], "欧阳某某", "{}", opened.text);
    let trail = server.get(&format!("/v1/practitioners/{person}/history")).await.json();
    assert_eq!(trail["events"].as_array().unwrap().len(), 2, "what was refused is not recorded: {trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_fault_of_the_views_the_server_reads_on_refuses_to_record_and_is_not_ready() {
    let server = Server::with_histories().await;
    assert_eq!(server.get("/readyz").await.status, StatusCode::OK);
    drop(server.ledger.fail_views());
    while server.ledger.is_writable() {
        tokio::task::yield_now().await;
    }
    let ready = server.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["ready"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(false)));
    assert_eq!(
        (&ready.json()["writable"], &ready.json()["hindered_by"]),
        (&json!(false), &json!(["writer-stopped"]))
    );
    assert!(server.get("/metrics").await.text.contains("accord_not_ready{reason=\"writer-stopped\"} 1"));
    assert_eq!(server.get("/healthz").await.status, StatusCode::OK, "it is alive");
    let act = command("institution.interview", PHARMACY, "2025-08-12", &json!({}));
    for (lang, said) in [("en", "it must be started again; nothing was recorded"), ("zh", "须重新启动服务")]
    {
        let refused = server.post_with(&act, &[("accept-language", lang)]).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text);
        assert!(refused.text.contains(said), "{}", refused.text);
    }
    let shown = server.get(&format!("/v1/institutions/{PHARMACY}")).await;
    assert_eq!((shown.status, shown.json()["version"].as_u64()), (StatusCode::OK, Some(1)));
    assert_eq!(server.get("/v1/institutions?status=in_force").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_line_names_the_event_of_an_earlier_line_by_its_key() {
    let server = Server::with_histories().await;
    let mut first = suspend(PHARMACY, "2025-12-01", "2025-12-10");
    first["key"] = json!("暂停-9");
    let correct = |key: &str, ground: &str| {
        json!({ "command": "institution.correct", "subject": PHARMACY, "effective_at": "2025-12-05",
            "actor": { "authority": "agency", "area": "430500" },
            "data": { "event": format!("@{key}"), "changes": { "/data/ground": ground } } })
    };
    let lines = format!("{first}\n{}\n{}\n", correct("暂停-9", "@更正"), correct("暂停-8", "x"));
    let report = server.send(post("/v1/import", "application/x-ndjson", lines, &[])).await.json();
    let results: Vec<&str> =
        report["results"].as_array().unwrap().iter().map(|line| line["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["recorded", "recorded", "rejected"], "{report}");
    assert!(report["results"][2].to_string().contains("unknown-key"), "{report}");
    let alone = server
        .send(post("/v1/commands", "application/json", correct("暂停-9", "再更正").to_string(), &[]))
        .await;
    assert_eq!(alone.status, StatusCode::OK, "{}", alone.text);
}
