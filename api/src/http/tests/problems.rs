use super::*;
use crate::limits::Bounds;
use insta::assert_json_snapshot;

/// The document, after checking what every problem has.
async fn problem(server: &Server, request: Request<Body>, status: u16) -> Value {
    let answer = server.send(request).await;
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
    let document = shown(&answer);
    assert_eq!(document["status"], status);
    let page = server.get(document["type"].as_str().unwrap()).await;
    assert_eq!(page.status, StatusCode::OK, "{document}");
    document
}

macro_rules! snapshot {
    ($name:literal, $server:expr, $request:expr, $status:literal) => {
        assert_json_snapshot!($name, problem(&$server, $request, $status).await)
    };
}

fn command_body(body: &str) -> Request<Body> {
    post("/v1/commands", "application/json", body.to_owned(), &[])
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let server = Server::with_histories().await;
    snapshot!("unknown_parameter", server, get("/v1/statistics?aera=430500", &[]), 400);
    snapshot!("impossible_date", server, get("/v1/institutions?as_of=2025-02-30", &[]), 400);
    snapshot!("bad_limit", server, get("/v1/institutions?limit=501", &[]), 400);
    snapshot!("unknown_status", server, get("/v1/institutions?status=paused", &[]), 400);
    snapshot!("missing_parameter", server, get("/v1/payable", &[]), 400);
    snapshot!("unknown_event_type", server, get("/v1/events?types=institution.suspended", &[]), 400);
    snapshot!("bad_cursor", server, get("/v1/institutions?cursor=abc", &[]), 400);
    snapshot!("bad_code", server, get("/v1/institutions/H1", &[]), 400);
    snapshot!("bad_event_id", server, get("/v1/events/1", &[]), 400);
    snapshot!("bad_last_event_id", server, get("/v1/events/stream", &[("last-event-id", "x")]), 400);
    snapshot!("no_address", server, get("/v1/nothing", &[]), 404);
    snapshot!("no_subject", server, get("/v1/institutions/H99999999999", &[]), 404);
    let id = "0198f0a0-0000-7000-8000-00000000ffff";
    snapshot!("no_event", server, get(&format!("/v1/events/{id}"), &[]), 404);
    snapshot!("foreign_host", server, get("/v1/statistics", &[("host", "evil.example")]), 421);
}

#[tokio::test]
async fn what_is_wrong_is_said_in_chinese_to_who_reads_chinese() {
    let server = Server::with_histories().await;
    for target in [
        "/v1/institutions?as_of=2025-02-30",
        "/v1/institutions?status=paused",
        "/v1/institutions?line=x",
        "/v1/institutions?area=1",
        "/v1/institutions?limit=0",
        "/v1/institutions?limit=x",
        "/v1/institutions?no=1",
        "/v1/institutions/H1",
        "/v1/institutions/H99999999999",
        "/v1/practitioners/D510105000123/points?year=1",
        "/v1/payable",
        "/v1/payable?institution=H1",
        "/v1/payable?institution=H37010200001&emergency=maybe",
        "/v1/events?types=x",
        "/v1/events?subject=x",
        "/v1/events/x",
        "/v1/events/stream?after=x",
        "/v1/nothing",
    ] {
        let answer = server.get_with(target, &[("accept-language", "zh-CN")]).await;
        assert!(answer.status.is_client_error(), "{target}");
        assert_eq!(answer.header("content-language"), "zh-CN", "{target}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        let chinese = detail.chars().filter(|letter| ('\u{4e00}'..='\u{9fff}').contains(letter)).count();
        assert!(chinese >= 4 && !detail.contains(" is not "), "{target}: {detail}");
    }
}

#[tokio::test]
async fn a_ledger_open_for_reading_takes_no_commands() {
    let server = Server::with_histories().await;
    let reader = Ledger::open(server.dir.path(), Access::ReadOnly, server.clock.clone()).unwrap();
    let server = Server { router: router(App::new(reader)), ..server };
    assert_eq!(server.get(&format!("/v1/institutions/{PHARMACY}")).await.status, StatusCode::OK);
    let command = suspend(HOSPITAL, "2025-08-10", "2025-09-10");
    snapshot!("read_only", server, command_body(&command.to_string()), 403);
    snapshot!("target_too_long", server, get(&format!("/v1/search?q={}", "x".repeat(5_000)), &[]), 414);
}

#[tokio::test]
async fn odd_addresses_are_answered_and_never_with_a_fault() {
    let server = Server::with_histories().await;
    let odd = [
        "%00",
        "%ff%fe",
        "..%2f..%2fetc",
        "'%20OR%201=1--",
        "%F0%9F%98%80",
        "-1",
        "18446744073709551616",
        "%25",
        "*",
    ];
    for path in crate::http::openapi()["paths"].as_object().unwrap().keys() {
        for text in odd {
            let mut targets = vec![path.replace("{code}", text).replace("{id}", text)];
            for name in
                ["as_of", "known_at", "limit", "cursor", "q", "area", "status", "subject", "types", "after"]
            {
                let code = if path.contains("institutions") { PHARMACY } else { DOCTOR };
                targets.push(format!("{}?{name}={text}", path.replace("{code}", code).replace("{id}", "x")));
            }
            for target in targets.into_iter().filter(|target| !target.contains("/events/stream")) {
                let answer = server.get(&target).await;
                assert!(!answer.status.is_server_error(), "{target}: {} {}", answer.status, answer.text);
                if answer.status.is_client_error() {
                    assert_eq!(answer.header("content-type"), "application/problem+json", "{target}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_listing_only() {
    let server = Server::with_histories().await;
    let page = server.get("/v1/institutions?limit=1").await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    snapshot!(
        "cursor_filter_mismatch",
        server,
        get(&format!("/v1/institutions?status=suspended&cursor={cursor}"), &[]),
        400
    );
    let moved = get(&format!("/v1/institutions?as_of=2025-01-01&cursor={cursor}"), &[]);
    assert_eq!(problem(&server, moved, 400).await["code"], "cursor-filter-mismatch");
}

#[tokio::test]
async fn a_bad_body_is_named_by_pointer_line_and_column() {
    let server = Server::with_histories().await;
    snapshot!(
        "malformed_json",
        server,
        command_body("{\n  \"command\": \"institution.apply\",\n  oops\n}"),
        400
    );
    let mut unknown = suspend(PHARMACY, "2025-08-04", "2025-11-04");
    unknown["data"]["untill"] = json!("2025-11-04");
    snapshot!("unknown_field", server, command_body(&unknown.to_string()), 400);
    let mut wrong = suspend(PHARMACY, "2025-08-04", "2025-11-04");
    wrong["command"] = json!("institution.suspend");
    snapshot!("unknown_command", server, command_body(&wrong.to_string()), 400);
    let not_json = post("/v1/commands", "text/plain", "{}".to_owned(), &[]);
    snapshot!("unsupported_media_type", server, not_json, 415);
    let large = command_body(&format!("{{\"reason\": \"{}\"}}", "x".repeat(300_000)));
    snapshot!("too_large", server, large, 413);
    let mut keyed = suspend(PHARMACY, "2025-08-04", "2025-11-04");
    keyed["key"] = json!("a");
    let keys = post("/v1/commands", "application/json", keyed.to_string(), &[("idempotency-key", "\"b\"")]);
    snapshot!("two_keys", server, keys, 400);
}

/// What a problem says of the first place, in both languages.
async fn place(server: &Server, target: &str, body: impl Into<Body>) -> String {
    let body = axum::body::to_bytes(body.into(), usize::MAX).await.unwrap();
    let mut said = Vec::new();
    for lang in ["en", "zh"] {
        let mut request = post(target, "application/json", String::new(), &[("accept-language", lang)]);
        *request.body_mut() = Body::from(body.clone());
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        let (whole, first) = (answer.json(), &answer.json()["errors"][0]);
        let kind = whole["type"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let place = format!("{}:{}", first["line"], first["column"]);
        said.push(match lang {
            "en" => format!("{kind} {} {} {place} {}", first["code"], first["pointer"], first["detail"]),
            _ => format!("    {}", whole["detail"]),
        });
    }
    said.join("\n")
}

#[tokio::test]
async fn a_body_that_brings_a_command_or_a_checkpoint_is_refused_with_its_own_places() {
    let server = Server::with_histories().await;
    let mut out = String::new();
    let id = "0198f0a0-0000-7000-8000-00000000ffff";
    for (target, body) in [
        ("/v1/what-if", r#"["H37010200001",null]"#.to_owned()),
        ("/v1/what-if", "{\n  \"subjet\": 1}".to_owned()),
        ("/v1/what-if", r#"{"all": 1}"#.to_owned()),
        ("/v1/what-if", r#"{"all": true, "all": false}"#.to_owned()),
        ("/v1/what-if", r#"{"without": "x"}"#.to_owned()),
        ("/v1/what-if", "{\"all\": true,\n oops}".to_owned()),
        ("/v1/what-if", "{\"insert\":\n  {\"command\": \"institution.applly\"}}".to_owned()),
        ("/v1/what-if", "{\"insert\": {\n  \"command\": \"institution.apply\", \"no\": 1}}".to_owned()),
        ("/v1/what-if", r#"{"insert": "x"}"#.to_owned()),
        (
            "/v1/what-if",
            format!("{{\"replace\": {{\"event\": \"{id}\",\n \"command\": {}}}}}", {
                let mut command = suspend(PHARMACY, "2025-08-04", "2025-11-04");
                command["data"]["line"] = json!("x");
                command
            }),
        ),
        ("/v1/log/cosignatures", r#"["x"]"#.to_owned()),
        ("/v1/log/cosignatures", r#"{"checkpoint": 1}"#.to_owned()),
        ("/v1/log/cosignatures", r#"{"checkpont": "x"}"#.to_owned()),
    ] {
        let said = place(&server, target, body.clone()).await;
        out.push_str(&format!("{} {said}\n", body.replace('\n', " ")));
    }
    for target in ["/v1/commands", "/v1/what-if", "/v1/log/cosignatures"] {
        let said = place(&server, target, b"{\n  \"a\": \"\xff\"}".to_vec()).await;
        out.push_str(&format!("not UTF-8 {said}\n"));
    }
    insta::assert_snapshot!("bodies_with_their_own_places", out);
    let refused = place_free(&server, r#"{"checkpoint": "x"}"#).await;
    assert_eq!(refused, "检查点未被接受：格式不符");
}

/// The Chinese detail of a checkpoint refused as a whole.
async fn place_free(server: &Server, body: &str) -> String {
    let zh = &[("accept-language", "zh")];
    let answer = server.send(post("/v1/log/cosignatures", "application/json", body.to_owned(), zh)).await;
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_body_that_is_encoded_or_of_a_form_that_is_not_read_is_refused_before_it_is_read() {
    let server = Server::with_histories().await;
    let body = suspend(HOSPITAL, "2025-09-10", "2025-10-10").to_string();
    for (target, media_type) in [("/v1/commands", "application/json"), ("/v1/import", "application/x-ndjson")]
    {
        for coding in ["gzip", "identity, br"] {
            let encoded = post(target, media_type, body.clone(), &[("content-encoding", coding)]);
            let answer = server.send(encoded).await;
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{}", answer.text);
            assert_eq!(answer.json()["code"], "unsupported-content-encoding");
            assert_eq!(answer.header("accept-encoding"), "identity");
        }
    }
    let records = post("/v1/import", "application/json-seq", format!("\u{1e}{body}\n"), &[]);
    let answer = server.send(records).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{}", answer.text);
    assert_eq!(answer.header("accept-encoding"), "", "it is about the type");
    let plain = post("/v1/commands", "application/json", body, &[("content-encoding", "Identity")]);
    assert_eq!(server.send(plain).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_position_that_the_log_does_not_have_is_refused_with_its_end() {
    let server = Server::with_histories().await;
    let end: u64 = server.get("/readyz").await.json()["log_events"].as_str().unwrap().parse().unwrap();
    let last = (end - 1).to_string();
    let beyond = end.to_string();
    for (target, header) in [
        (format!("/v1/events/stream?after={beyond}"), None),
        ("/v1/events/stream".to_owned(), Some(beyond.as_str())),
        ("/v1/events/stream?after=0".to_owned(), Some("18446744073709551615")),
        (format!("/v1/events?after={beyond}"), None),
        (format!("/v1/events?subject={PHARMACY}&after=99999"), None),
    ] {
        let headers: Vec<_> = header.iter().map(|value| ("last-event-id", *value)).collect();
        let refused = server.get_with(&target, &headers).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{target}: {}", refused.text);
        assert_eq!(refused.json()["code"], "no-such-position", "{target}");
        assert_eq!(refused.json()["position"], last, "{target}");
    }
    let waiting = server.get(&format!("/v1/events?after={last}")).await;
    assert_eq!((waiting.status, &waiting.json()["events"]), (StatusCode::OK, &json!([])));
    let stream = get(&format!("/v1/events/stream?after={last}"), &[]);
    assert_eq!(server.router.clone().oneshot(stream).await.unwrap().status(), StatusCode::OK);
    let refused = Server::empty().get("/v1/events/stream?after=0").await.json();
    assert_eq!((&refused["code"], &refused["position"]), (&json!("no-such-position"), &Value::Null));
}

#[tokio::test]
async fn a_query_or_a_host_that_can_be_read_in_two_ways_is_refused() {
    let server = Server::with_histories().await;
    for query in ["q=%ff%fe", "q=100%", "%ff=x"] {
        let refused = server.get(&format!("/v1/search?{query}")).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (StatusCode::BAD_REQUEST, &json!("invalid-query"))
        );
    }
    let mut two = get("/healthz", &[]);
    two.headers_mut().append("host", HeaderValue::from_static("evil.example"));
    let none = Request::get("/healthz").body(Body::empty()).unwrap();
    for request in [two, none] {
        let refused = server.send(request).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (StatusCode::BAD_REQUEST, &json!("invalid-header"))
        );
    }
}

#[tokio::test]
async fn the_wrong_method_is_told_the_right_ones() {
    let server = Server::empty();
    let request = Request::delete("/v1/commands").header("host", "localhost").body(Body::empty()).unwrap();
    let answer = server.send(request).await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    assert_json_snapshot!("wrong_method", shown(&answer));
}

#[tokio::test]
async fn a_refusal_carries_rule_citation_and_what_would_be_accepted_in_the_callers_language() {
    let server = Server::with_histories().await;
    let data = json!({ "area": "430500", "at_request": true, "until": "2026-06-01", "ground": "装修" });
    let again = command("institution.suspend-agreement", HOSPITAL, "2025-09-01", &data);
    snapshot!("refused_en", server, command_body(&again.to_string()), 422);
    let chinese =
        post("/v1/commands", "application/json", again.to_string(), &[("accept-language", "zh-CN")]);
    let answer = server.send(chinese).await;
    assert_eq!(answer.header("content-language"), "zh-CN");
    assert_json_snapshot!("refused_zh", shown(&answer));
}

#[tokio::test]
async fn conflicts_are_told_apart() {
    let server = Server::with_histories().await;
    let mut stale = suspend(PHARMACY, "2025-12-01", "2025-12-10");
    stale["expected_version"] = json!(0);
    snapshot!("conflict", server, command_body(&stale.to_string()), 409);
    let mut keyed = suspend(HOSPITAL, "2025-08-10", "2025-09-10");
    keyed["key"] = json!("a");
    assert_eq!(server.post(&keyed).await.status, StatusCode::OK);
    keyed["data"]["until"] = json!("2025-09-11");
    snapshot!("key_reused", server, command_body(&keyed.to_string()), 409);
    let any = post(
        "/v1/commands",
        "application/json",
        suspend("P43050300077", "2025-08-10", "2025-09-10").to_string(),
        &[("if-match", "*")],
    );
    snapshot!("if_match_any_without_history", server, any, 412);
}

#[tokio::test]
async fn a_position_that_does_not_come_is_behind() {
    let server = Server::with_histories().await;
    let bounds = Bounds { behind_wait: std::time::Duration::from_millis(20), ..Bounds::default() };
    let app = App::bounded(server.ledger.clone(), bounds);
    let server = Server { router: router(app), ..server };
    let answer = server.get("/v1/statistics?min_position=999").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
    assert_eq!(answer.header("retry-after"), "1");
    assert_json_snapshot!("behind", shown(&answer));
}

#[tokio::test]
async fn a_panic_becomes_a_problem_without_details() {
    let server = Server::empty();
    let app = App::new(server.ledger.clone());
    async fn broken() -> &'static str {
        panic!("the secret is 42")
    }
    let router = Router::new()
        .route("/broken", axum::routing::get(broken))
        .layer(axum::middleware::from_fn_with_state(app, crate::http::scope::scope));
    let server = Server { router, ..server };
    let answer = server.get("/broken").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!answer.text.contains("secret"));
    assert_json_snapshot!("internal", shown(&answer));
}

#[tokio::test]
async fn too_many_at_once_are_told_to_come_back() {
    let server = Server::empty();
    let app = App::new(server.ledger.clone());
    let all = app
        .requests()
        .clone()
        .acquire_many_owned(u32::try_from(crate::limits::IN_FLIGHT_MAX).unwrap())
        .await
        .unwrap();
    let server = Server { router: router(app), ..server };
    snapshot_of_429(&server).await;
    assert_eq!(server.get("/healthz").await.status, StatusCode::OK, "now it is needed most");
    drop(all);
    assert_eq!(server.get("/v1/statistics").await.status, StatusCode::OK);
}

async fn snapshot_of_429(server: &Server) {
    let answer = server.get("/v1/statistics").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.text);
    assert_eq!(answer.header("retry-after"), "1");
    assert_json_snapshot!("too_many_requests", shown(&answer));
}
