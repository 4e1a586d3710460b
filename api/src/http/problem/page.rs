//! `GET /problems` and `GET /problems/{slug}`: what each type of problem means and what to do.

use super::{Problem, catalogue};
use crate::http::html;
use accord_domain::words;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};

/// The routes.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> axum::Router<S> {
    axum::Router::new().route("/problems", get(list)).route("/problems/{slug}", get(one))
}

async fn list() -> Response {
    html::page(
        "Problems",
        &html! {
            h1 { "Problems · 错误类型" }
            p { "Errors are documents of type " code { "application/problem+json" } " (RFC 9457). " a href="/docs" { "Reference" } }
            @for kind in catalogue::ALL { (entry(kind)) }
        },
    )
}

async fn one(Path(slug): Path<String>) -> Result<Response, Problem> {
    let kind = catalogue::by_slug(&slug).ok_or_else(|| {
        Problem::new(&catalogue::NOT_FOUND, words!("there is no such type of problem", "没有该错误类型"))
    })?;
    Ok(html::page(
        kind.title_en,
        &html! { (entry(kind)) p { a href="/problems" { "All problems · 全部错误类型" } } },
    ))
}

fn entry(kind: &catalogue::Kind) -> Markup {
    html! {
        h2 id=(kind.slug) { (kind.title_en) " · " span lang="zh" { (kind.title_zh) } }
        p.quiet { code { (kind.slug) } ", HTTP " (kind.status.as_u16()) @if kind.retryable { ", may succeed later" } }
        p { (kind.help_en) }
        p lang="zh" { (kind.help_zh) }
    }
}
