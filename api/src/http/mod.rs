//! The HTTP face. One file an endpoint: route, words of the reference, handler.
//!
//! A handler reads its query strictly ([`query::Query`]), asks the ledger, and answers with data from
//! [`crate::answers`] or with a [`problem::Problem`]. What surrounds every request (limits, host check, problem documents,
//! security headers, metrics, span) is in one layer, [`scope`].

mod app;
mod arrival;
mod bundle;
mod check;
mod commands;
mod connection;
mod cursor;
mod diff;
mod docs;
mod etag;
mod events;
mod health;
mod history;
mod home;
mod html;
mod idempotency;
mod import;
mod language;
mod list;
mod log;
mod media;
mod metrics;
mod obligations;
mod openapi;
mod others;
mod paging;
mod payable;
mod personal;
mod points;
pub mod problem;
mod query;
mod rules;
mod scope;
mod search;
mod serve;
mod show;
mod statistics;
#[cfg(test)]
mod tests;
mod what_if;

pub use app::App;
pub use openapi::document as openapi;
pub use serve::{ServeError, serve, serve_until};

use axum::Router;
use axum::middleware::from_fn_with_state;
use problem::{Problem, catalogue};
use utoipa_axum::router::OpenApiRouter;

/// Everything that is in the reference.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(commands::routes())
        .merge(import::routes())
        .merge(list::routes())
        .merge(show::routes())
        .merge(history::routes())
        .merge(diff::routes())
        .merge(bundle::routes())
        .merge(what_if::routes())
        .merge(others::routes())
        .merge(obligations::routes())
        .merge(check::routes())
        .merge(points::routes())
        .merge(payable::routes())
        .merge(statistics::routes())
        .merge(rules::routes())
        .merge(search::routes())
        .merge(personal::routes())
        .merge(events::routes())
        .merge(log::routes())
        .merge(health::routes())
}

/// The whole application.
pub fn router(app: App) -> Router {
    let (api, _) = api().split_for_parts();
    api.merge(openapi::routes())
        .merge(docs::routes())
        .merge(home::routes())
        .merge(html::routes())
        .merge(log::tiles())
        .merge(problem::pages())
        .fallback(nothing_here)
        .layer(from_fn_with_state(app.clone(), scope::scope))
        .with_state(app)
}

async fn nothing_here() -> Problem {
    Problem::new(
        &catalogue::NOT_FOUND,
        accord_domain::words!("there is nothing at this address; see /docs", "该地址不存在；参见 /docs"),
    )
}
