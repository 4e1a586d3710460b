//! `GET /docs`: the reference for people, made from the same document as `/openapi.json`.

use super::app::App;
use super::{html, openapi};
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde_json::{Map, Value};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/docs", get(docs))
}

async fn docs() -> Response {
    let document = openapi::document();
    let body = html! {
        h1 { (text(&document["info"]["title"])) " " span.quiet { (text(&document["info"]["version"])) } }
        p { (marked(text(&document["info"]["summary"]))) }
        p { (marked(text(&document["info"]["description"]))) }
        p { a href="/openapi.json" { "openapi.json" } " · " a href="/problems" { "Problems · 错误类型" } }
        @for tag in document["tags"].as_array().into_iter().flatten() {
            h2 { (text(&tag["name"])) }
            p.quiet { (text(&tag["description"])) }
            @for (path, method, operation) in operations(&document, text(&tag["name"])) {
                (entry(path, method, operation))
            }
        }
        h2 id="schemas" { "Forms" }
        @for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
            (form(name, schema))
        }
    };
    html::page("Accord: reference", &body)
}

fn operations<'a>(document: &'a Value, tag: &str) -> Vec<(&'a str, &'a str, &'a Value)> {
    let mut out = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|known| known == tag)) {
                out.push((path.as_str(), method.as_str(), operation));
            }
        }
    }
    out
}

fn entry(path: &str, method: &str, operation: &Value) -> Markup {
    html! {
        h3 id=(text(&operation["operationId"])) { span.method { (method.to_uppercase()) } " " code { (path) } }
        p { b { (text(&operation["summary"])) } ". " (marked(text(&operation["description"]))) }
        @if let Some(parameters) = operation["parameters"].as_array() {
            table {
                @for parameter in parameters {
                    tr {
                        td { code { (text(&parameter["name"])) } @if parameter["required"] == true { " *" } }
                        td.quiet { (text(&parameter["in"])) }
                        td { (marked(text(&parameter["description"]))) }
                    }
                }
            }
        }
        @if let Some(content) = operation["requestBody"]["content"].as_object() {
            p { "Body: " (content_of(content)) }
        }
        table {
            @for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                tr {
                    td { code { (status) } }
                    td { (marked(text(&response["description"]))) }
                    td { @if let Some(content) = response["content"].as_object() { (content_of(content)) } }
                }
            }
        }
    }
}

fn content_of(content: &Map<String, Value>) -> Markup {
    html! {
        @for (media_type, body) in content {
            span.quiet { (media_type) } " " (kind(&body["schema"]))
        }
    }
}

fn form(name: &str, schema: &Value) -> Markup {
    html! {
        h3 id={ "schema-" (name) } { (name) }
        p { (marked(text(&schema["description"]))) }
        @if let Some(properties) = schema["properties"].as_object() {
            table {
                @for (member, value) in properties {
                    tr {
                        td { code { (member) } @if required(schema, member) { " *" } }
                        td { (kind(value)) }
                        td { (marked(text(&value["description"]))) }
                    }
                }
            }
        }
        @for example in schema["examples"].as_array().into_iter().flatten().filter(|example| example.is_object()) {
            pre { (format!("{example:#}")) }
        }
    }
}

fn required(schema: &Value, member: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|name| name == member))
}

/// The type of a schema in a few words, with a link where it has a name.
fn kind(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return html! { a href={ "#schema-" (name) } { (name) } };
    }
    for word in ["oneOf", "allOf"] {
        if let Some(parts) = schema[word].as_array() {
            return html! { @for (index, part) in parts.iter().enumerate() { @if index > 0 { " or " } (kind(part)) } };
        }
    }
    if schema["type"] == "array" {
        return html! { "list of " (kind(&schema["items"])) };
    }
    if let Some(words) = schema["enum"].as_array() {
        return html! { @for word in words { code { (text(word)) } " " } };
    }
    match &schema["type"] {
        Value::Array(types) => html! { (types.iter().map(text).collect::<Vec<_>>().join(" or ")) },
        other => html! { (text(other)) },
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

/// Text with `code` in back quotes.
fn marked(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
