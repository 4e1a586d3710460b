//! `GET /openapi.json`: the reference for machines, OpenAPI 3.1.
//!
//! Paths and their own parameters come from the handlers; forms of answers from `schemas.json`, which a test holds
//! against real answers; what all operations share (coordinates, problems) is added here. The result is committed as
//! `api/openapi.json`, and a test compares.

use super::app::App;
use super::problem::{MEDIA_TYPE, catalogue};
use crate::limits::PAGE_ITEMS_MAX;
use accord_domain::SubjectKind;
use axum::Router;
use axum::http::header;
use axum::routing::get;
use catalogue::Kind;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const SCHEMAS: &str = include_str!("schemas.json");

static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));

pub(super) fn routes() -> Router<App> {
    Router::new().route(
        "/openapi.json",
        get(|| async { ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()) }),
    )
}

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let (_, api) = super::api().split_for_parts();
    // Both are made at build time; a test reads them, so neither fallback is ever seen.
    let api = serde_json::to_value(&api).unwrap_or_default();
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let mut paths = api.get("paths").cloned().unwrap_or_default();
    for (path, item) in paths.as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Value::Object(operation) = operation {
                complete(path, method, operation);
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Accord",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A ledger of medical-insurance agreements and payment qualifications (医保协议与支付资格)",
            "description": "Every act is an immutable fact with two dates: from when it holds in law (`effective_at`, 生效) \
                and when the ledger learnt it (`recorded_at`, 记录). Every read takes the same two as coordinates, `as_of` \
                and `known_at`; both default to now. A date means 00:00 in Asia/Shanghai. Errors are problem documents \
                (RFC 9457), in Chinese or English by Accept-Language; `code` is never translated. Query parameters that do not exist are \
                refused.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "tags": [
            { "name": "Record", "description": "Acts, one or many." },
            { "name": "Read", "description": "What stands, what stood, what was known." },
            { "name": "Log", "description": "The events themselves." },
            { "name": "Operate", "description": "For those who run it." },
        ],
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

/// Adds what operations share.
fn complete(path: &str, method: &str, operation: &mut Map<String, Value>) {
    operation.insert("operationId".to_owned(), json!(operation_id(path, method)));
    let shared = shared_parameters(path);
    if !shared.is_empty() {
        match operation.entry("parameters").or_insert_with(|| json!([])) {
            Value::Array(parameters) => parameters.extend(shared),
            other => *other = Value::Array(shared),
        }
    }
    if has_tag(path, method)
        && let Some(Value::Array(parameters)) = operation.get_mut("parameters")
    {
        parameters.push(json!({
            "name": "If-None-Match",
            "in": "header",
            "required": false,
            "description": "The `ETag` of an answer, or several with commas between: with the same there is no body.",
            "schema": { "type": "string" },
        }));
    }
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        if has_tag(path, method) {
            responses.insert("304".to_owned(), json!({ "description": "As in the answer of that `ETag`." }));
        }
        for (status, kinds) in problems(path, method) {
            let titles: Vec<_> =
                kinds.iter().map(|kind| format!("{} (`{}`)", kind.title_en, kind.slug)).collect();
            responses.entry(status.to_string()).or_insert_with(|| {
                json!({
                    "description": format!("{}.", titles.join("; ")),
                    "content": { MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
                })
            });
        }
    }
}

/// Whether answers carry a tag by which a caller may ask for another one only.
fn has_tag(path: &str, method: &str) -> bool {
    let of_a_kind = |kind: SubjectKind| path == format!("/v1/{}/{{code}}", kind.plural());
    method == "get" && (path == "/v1/events/{id}" || SubjectKind::ALL.into_iter().any(of_a_kind))
}

/// `get /v1/institutions/{code}` is `getInstitutionsByCode`.
fn operation_id(path: &str, method: &str) -> String {
    let mut id = method.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != "v1") {
        let (prefix, word) = match part.strip_prefix('{') {
            Some(inner) => ("By", inner.trim_end_matches('}')),
            None => ("", part.trim_end_matches(".json")),
        };
        id.push_str(prefix);
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    id
}

fn parameter(name: &str, description: &str, example: &Value, schema: &Value) -> Value {
    json!({
        "name": name,
        "in": "query",
        "required": false,
        "description": description,
        "schema": schema,
        "example": example,
    })
}

fn shared_parameters(path: &str) -> Vec<Value> {
    let text = json!({ "type": "string" });
    let mut out = Vec::new();
    if !path.starts_with("/v1/")
        || matches!(path, "/v1/commands" | "/v1/import" | "/v1/events/stream" | "/v1/events/{id}")
        || path == "/v1/events/{id}/proof"
        || path.ends_with("/personal-data")
        || path.starts_with("/v1/log/")
    {
        return out;
    }
    out.push(parameter(
        "as_of",
        "生效: the day the answer is about, a date (00:00 in Asia/Shanghai) or an RFC 3339 instant; now when left out.",
        &json!("2025-08-04"),
        &text,
    ));
    out.push(parameter(
        "known_at",
        "记录: what was known by then; now when left out. A later instant than now means now.",
        &json!("2025-08-20T09:00:00+08:00"),
        &text,
    ));
    out.push(parameter(
        "min_position",
        "Wait, up to 5 seconds, until the views show this position: the `X-Position` of a write.",
        &json!("0"),
        &text,
    ));
    let list = path
        .strip_prefix("/v1/")
        .is_some_and(|word| SubjectKind::ALL.iter().any(|kind| kind.plural() == word));
    let paged = list
        || matches!(path, "/v1/obligations" | "/v1/check" | "/v1/diff" | "/v1/what-if")
        || path.ends_with("/history");
    if paged {
        let description = "`next_cursor` of the page before. All pages are of the coordinates of the first.";
        out.push(parameter("cursor", description, &json!("eyJrIjoi…"), &text));
    }
    if paged || matches!(path, "/v1/search" | "/v1/events") {
        let schema = json!({ "type": "integer", "minimum": 1, "maximum": PAGE_ITEMS_MAX });
        out.push(parameter("limit", "Items on the page.", &json!(100), &schema));
    }
    out
}

/// The problems an operation can answer with, by status.
fn problems(path: &str, method: &str) -> BTreeMap<u16, Vec<&'static Kind>> {
    use catalogue::{
        BEHIND, CONFLICT, CURSOR_FILTER_MISMATCH, INTERNAL, INVALID_CHECKPOINT, INVALID_CODE,
        INVALID_COMMAND, INVALID_CURSOR, INVALID_HEADER, INVALID_QUERY, INVALID_SUPPOSITION, KEY_REUSED,
        NOT_FOUND, PERSONAL_KEYS, PRECONDITION_FAILED, READ_ONLY, REFUSED, REQUEST_TIMEOUT, TIMED_OUT,
        TOO_LARGE, TOO_MANY_REQUESTS, UNAVAILABLE, UNKNOWN_EVENT, UNKNOWN_HOST, UNKNOWN_SUBJECT,
        UNSUPPORTED_MEDIA_TYPE,
    };
    let mut kinds: Vec<&'static Kind> = vec![
        &INVALID_QUERY,
        &INVALID_HEADER,
        &UNKNOWN_HOST,
        &TOO_MANY_REQUESTS,
        &INTERNAL,
        &UNAVAILABLE,
        &TIMED_OUT,
    ];
    if method == "post" {
        kinds.extend([&TOO_LARGE, &UNSUPPORTED_MEDIA_TYPE, &REQUEST_TIMEOUT]);
    }
    if path == "/v1/commands" {
        kinds.extend([
            &INVALID_COMMAND,
            &UNKNOWN_EVENT,
            &CONFLICT,
            &KEY_REUSED,
            &PRECONDITION_FAILED,
            &REFUSED,
            &READ_ONLY,
            &PERSONAL_KEYS,
        ]);
    }
    if path.ends_with("/personal-data") || (path.ends_with("/bundle") && method == "post") {
        kinds.extend([&INVALID_COMMAND, &UNKNOWN_EVENT, &CONFLICT, &REFUSED, &READ_ONLY, &PERSONAL_KEYS]);
    }
    if path == "/v1/check" {
        kinds.push(&UNKNOWN_SUBJECT);
    }
    if path == "/v1/what-if" {
        kinds.extend([
            &INVALID_SUPPOSITION,
            &INVALID_COMMAND,
            &INVALID_CODE,
            &UNKNOWN_EVENT,
            &UNKNOWN_SUBJECT,
        ]);
    }
    match path {
        "/v1/log/cosignatures" => kinds.extend([&INVALID_CHECKPOINT, &READ_ONLY]),
        "/v1/log/checkpoint" => kinds.push(&NOT_FOUND),
        _ => {}
    }
    if path.contains("{code}") {
        kinds.extend([&INVALID_CODE, &UNKNOWN_SUBJECT]);
    }
    if path.contains("{id}") {
        kinds.extend([&INVALID_CODE, &UNKNOWN_EVENT]);
    }
    let parameters = shared_parameters(path);
    let takes = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
    if takes("min_position") {
        kinds.push(&BEHIND);
    }
    if takes("cursor") {
        kinds.extend([&INVALID_CURSOR, &CURSOR_FILTER_MISMATCH]);
    }
    let mut by_status: BTreeMap<u16, Vec<&'static Kind>> = BTreeMap::new();
    for kind in kinds {
        by_status.entry(kind.status.as_u16()).or_default().push(kind);
    }
    by_status
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_domain::Command;

    #[test]
    fn the_committed_document_is_the_one_served() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(path, TEXT.as_str()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == *TEXT,
            "api/openapi.json is not what the code serves; run the tests once with UPDATE_OPENAPI=1 and look at the difference"
        );
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_its_own_name() {
        let document = document();
        let mut references = Vec::new();
        collect(&document, &mut references);
        assert!(references.len() > 100);
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        let mut ids = Vec::new();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                ids.push(operation["operationId"].as_str().unwrap().to_owned());
                assert!(
                    operation["summary"].is_string() && operation["description"].is_string(),
                    "{operation}"
                );
            }
        }
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    fn collect(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                out.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| collect(value, out));
            }
            Value::Array(list) => list.iter().for_each(|value| collect(value, out)),
            _ => {}
        }
    }

    #[test]
    fn no_schema_requires_a_member_twice() {
        fn look(value: &Value, place: &str) {
            if let Some(required) = value["required"].as_array() {
                let mut names: Vec<_> = required.iter().map(|name| name.as_str().unwrap()).collect();
                names.sort_unstable();
                assert!(names.windows(2).all(|two| two[0] != two[1]), "{place}: {names:?}");
            }
            match value {
                Value::Object(members) => {
                    members.iter().for_each(|(name, value)| look(value, &format!("{place}/{name}")));
                }
                Value::Array(list) => list.iter().for_each(|value| look(value, place)),
                _ => {}
            }
        }
        look(&document()["components"]["schemas"], "");
    }

    #[test]
    fn every_example_of_a_command_is_one() {
        let document = document();
        let examples = document["components"]["schemas"]["Command"]["examples"].as_array().unwrap();
        assert!(!examples.is_empty());
        for example in examples {
            Command::parse(&example.to_string()).unwrap();
        }
    }
}
