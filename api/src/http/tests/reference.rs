//! The reference and the code say the same.

use super::*;
use crate::http::openapi;

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut out = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            out.push((method.clone(), path.clone(), operation.clone()));
        }
    }
    out
}

/// The address of an operation with the examples of its path and required parameters filled in.
fn target(path: &str, operation: &Value, all: bool) -> String {
    let mut target = path.to_owned();
    let mut query = form_urlencoded::Serializer::new(String::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        let example = match &parameter["example"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match parameter["in"].as_str().unwrap() {
            "path" => target = target.replace(&format!("{{{name}}}"), &example),
            "query" if parameter["required"] == true || (all && name != "cursor") => {
                query.append_pair(name, &example);
            }
            _ => {}
        }
    }
    format!("{target}?{}", query.finish())
}

fn query_parameters(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut names: Vec<_> = parameters
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_parameters_documented_are_the_parameters_known() {
    let server = Server::with_histories().await;
    for (method, path, operation) in operations(&openapi()) {
        let target = format!("{}&no-such-parameter=1", target(&path, &operation, false));
        let request = if method == "get" {
            get(&target, &[])
        } else {
            post(&target, "application/json", "{}".to_owned(), &[])
        };
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{target}: {}", answer.text);
        let mut known: Vec<String> = serde_json::from_value(answer.json()["known"].clone())
            .unwrap_or_else(|_| panic!("{target}: {}", answer.text));
        known.sort();
        assert_eq!(known, query_parameters(&operation), "{method} {path}");
    }
}

#[tokio::test]
async fn every_documented_example_of_a_parameter_is_understood() {
    let server = Server::with_histories().await;
    for (method, path, operation) in operations(&openapi()) {
        if method != "get" || path == "/v1/events/stream" {
            continue;
        }
        let target = target(&path, &operation, true).replace("after=4711", "after=0");
        let answer = server.get(&target).await;
        assert_ne!(answer.status, StatusCode::BAD_REQUEST, "{target}: {}", answer.text);
        assert!(!answer.status.is_server_error(), "{target}: {}", answer.text);
    }
}

/// Every member of an answer is in its form, every required one is there, and types agree.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        return check(document, schema, value, place);
    }
    for word in ["oneOf", "allOf"] {
        if let Some(parts) = schema[word].as_array() {
            let fits =
                |part: &Value| std::panic::catch_unwind(|| check(document, part, value, place)).is_ok();
            if word == "allOf" {
                parts.iter().for_each(|part| check(document, part, value, place));
            } else {
                assert!(parts.iter().any(fits), "{place}: {value} fits none of {schema}");
            }
            return;
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one],
        _ => return,
    };
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(types.contains(&found), "{place}: {value} is not {types:?}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{place}: {value} is not one of {words:?}");
    }
    if let Value::Array(items) = value {
        for (index, item) in items.iter().enumerate() {
            check(document, &schema["items"], item, &format!("{place}/{index}"));
        }
    }
    if let (Value::Object(members), Some(properties)) = (value, schema["properties"].as_object()) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(members.contains_key(name), "{place}: {name} is missing in {value}");
        }
        for (name, member) in members {
            let property =
                properties.get(name).unwrap_or_else(|| panic!("{place}/{name} is not in the reference"));
            check(document, property, member, &format!("{place}/{name}"));
        }
    }
}

fn check_named(document: &Value, name: &str, answer: &Answer) {
    check(document, &json!({ "$ref": format!("#/components/schemas/{name}") }), &answer.json(), name);
}

#[tokio::test]
async fn real_answers_are_of_the_documented_forms() {
    let server = Server::with_histories().await;
    let document = openapi();
    let done = server.post(&suspend(HOSPITAL, "2025-08-10", "2025-09-10")).await;
    check_named(&document, "Done", &done);
    let ids = server.get("/v1/events").await;
    check_named(&document, "Events", &ids);
    let id = ids.json()["events"][0]["id"].as_str().unwrap().to_owned();
    for (name, target) in [
        ("Institution", format!("/v1/institutions/{PHARMACY}")),
        ("Practitioner", format!("/v1/practitioners/{DOCTOR}")),
        ("History", format!("/v1/institutions/{PHARMACY}/history")),
        ("History", format!("/v1/practitioners/{DOCTOR}/history?axis=effective")),
        ("Diff", format!("/v1/institutions/{PHARMACY}/diff?from=2025-07-01&as_of=2025-12-01")),
        ("Diff", format!("/v1/practitioners/{DOCTOR}/diff?from=2025-01-01")),
        ("Points", format!("/v1/practitioners/{DOCTOR}/points")),
        ("List", "/v1/institutions?limit=2".to_owned()),
        ("List", "/v1/practitioners".to_owned()),
        ("Worklist", "/v1/obligations?limit=5".to_owned()),
        ("Breaches", "/v1/check?late_days=0".to_owned()),
        (
            "Payable",
            format!("/v1/payable?institution={PHARMACY}&line=special_outpatient&practitioner={DOCTOR}"),
        ),
        ("Statistics", "/v1/statistics".to_owned()),
        ("Rules", "/v1/rules?at=2025-08-04&area=210100".to_owned()),
        ("Search", "/v1/search?q=430503".to_owned()),
        ("StoredEvent", format!("/v1/events/{id}")),
        ("Alive", "/healthz".to_owned()),
        ("Ready", "/readyz".to_owned()),
        ("Problem", "/v1/payable".to_owned()),
    ] {
        let answer = server.get(&target).await;
        check_named(&document, name, &answer);
    }
    for body in [
        json!({ "insert": suspend(HOSPITAL, "2025-12-01", "2025-12-10") }),
        json!({ "subject": HOSPITAL, "as_if_law_of": "2019-01-01" }),
        json!({ "insert": register(DOCTOR, HOSPITAL, "2025-06-01") }),
    ] {
        let answer = server.send(post("/v1/what-if", "application/json", body.to_string(), &[])).await;
        check_named(&document, "WhatIf", &answer);
    }
    let lines = format!("{}\n{{", suspend(PHARMACY, "2025-12-01", "2025-12-10"));
    let report = server.send(post("/v1/import", "application/jsonl", lines, &[])).await;
    check_named(&document, "ImportReport", &report);
}

#[test]
fn every_kind_of_obligation_is_documented() {
    let names: Vec<_> =
        accord_domain::ObligationKind::ALL.iter().map(|kind| kind.name().to_owned()).collect();
    for form in ["Obligation", "Task"] {
        let kinds = &openapi()["components"]["schemas"][form]["properties"]["kind"]["enum"];
        assert_eq!(*kinds, json!(names), "{form}");
    }
}

#[test]
fn every_kind_of_breach_is_documented() {
    let names: Vec<_> = accord_domain::compliance::BreachKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(openapi()["components"]["schemas"]["Breach"]["properties"]["kind"]["enum"], json!(names));
    let parameters = openapi()["paths"]["/v1/check"]["get"]["parameters"].to_string();
    assert!(names.iter().all(|name| parameters.contains(name)), "{parameters}");
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere() {
    let server = Server::empty();
    for target in ["/", "/docs", "/problems", "/problems/refused"] {
        let page = server.get(target).await;
        assert_eq!(page.status, StatusCode::OK, "{target}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.header("content-security-policy").contains("style-src 'self'"));
        assert!(
            !page.text.contains("http://")
                && !page.text.contains("https://")
                && !page.text.contains("<script"),
            "{target}"
        );
    }
    let docs = server.get("/docs").await.text;
    for (_, path, _) in operations(&openapi()) {
        assert!(docs.contains(&path), "{path}");
    }
    assert_eq!(server.get("/style.css").await.header("content-type"), "text/css; charset=utf-8");
}
