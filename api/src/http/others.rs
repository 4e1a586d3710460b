//! `GET /v1/{enterprises|insured|areas|cases}`, `…/{code}`, `…/{code}/history` and `…/{code}/diff`: the same questions as
//! for institutions and practitioners.

use super::app::App;
use super::diff::diff;
use super::history::history;
use super::list::list;
use super::problem::Problem;
use super::query::Query;
use super::show::show;
use accord_domain::SubjectKind;
use accord_projections::Filter;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    [enterprises::routes(), insured::routes(), areas::routes(), cases::routes()]
        .into_iter()
        .fold(OpenApiRouter::new(), OpenApiRouter::merge)
}

/// The operations of a kind of subject.
macro_rules! operations {
    (
        $module:ident, $kind:ident, $base:literal, $one:literal, $trail:literal, $diff:literal, $statuses:literal, $status:literal,
        $example:literal, $(#[$list:meta])* ; $(#[$show:meta])* ; $(#[$history:meta])* ; $(#[$changed:meta])*
    ) => {
        mod $module {
            use super::*;

            pub(super) fn routes() -> OpenApiRouter<App> {
                OpenApiRouter::new()
                    .routes(routes!(listed))
                    .routes(routes!(shown))
                    .routes(routes!(trail))
                    .routes(routes!(changed))
            }

            $(#[$list])*
            #[utoipa::path(
                get,
                path = $base,
                tag = "Read",
                params(
                    ("area" = Option<String>, Query, description = "Pooling area of the first act.", example = "430500"),
                    ("status" = Option<String>, Query, description = $statuses, example = $status),
                ),
                responses((status = 200, body = ref("#/components/schemas/List"), description = "A page."))
            )]
            pub(crate) async fn listed(State(app): State<App>, query: Query) -> Result<Response, Problem> {
                list(&app, Filter { kind: Some(SubjectKind::$kind), ..Filter::default() }, query).await
            }

            $(#[$show])*
            #[utoipa::path(
                get,
                path = $one,
                tag = "Read",
                params(("code" = String, Path, description = "Code.", example = $example)),
                responses((status = 200, body = ref("#/components/schemas/Other"), description = "What stands. `ETag` is the version of its history."))
            )]
            pub(crate) async fn shown(
                State(app): State<App>,
                Path(code): Path<String>,
                headers: HeaderMap,
                query: Query,
            ) -> Result<Response, Problem> {
                show(&app, SubjectKind::$kind, &code, &headers, query).await
            }

            $(#[$history])*
            #[utoipa::path(
                get,
                path = $trail,
                tag = "Read",
                params(
                    ("code" = String, Path, description = "Code.", example = $example),
                    ("axis" = Option<String>, Query, description = "`recorded` (记录, the default) or `effective` (生效).", example = "effective"),
                ),
                responses((status = 200, body = ref("#/components/schemas/History"), description = "A page of the trail."))
            )]
            pub(crate) async fn trail(
                State(app): State<App>,
                Path(code): Path<String>,
                query: Query,
            ) -> Result<Response, Problem> {
                history(&app, SubjectKind::$kind, &code, query).await
            }

            $(#[$changed])*
            #[utoipa::path(
                get,
                path = $diff,
                tag = "Read",
                params(
                    ("code" = String, Path, description = "Code.", example = $example),
                    ("from" = String, Query, description = "The first day (生效).", example = "2025-01-01"),
                    ("known_from" = Option<String>, Query, description = "What was known at the first (记录); as `known_at` when left out.", example = "2025-08-20T09:00:00+08:00"),
                ),
                responses((status = 200, body = ref("#/components/schemas/Diff"), description = "What changed."))
            )]
            pub(crate) async fn changed(
                State(app): State<App>,
                Path(code): Path<String>,
                query: Query,
            ) -> Result<Response, Problem> {
                diff(&app, SubjectKind::$kind, &code, query).await
            }
        }
    };
}

operations! {
    enterprises, Enterprise, "/v1/enterprises", "/v1/enterprises/{code}", "/v1/enterprises/{code}/history",
    "/v1/enterprises/{code}/diff",
    "A grade: `grade_a` … `grade_e`, `dishonest seriously_dishonest extremely_dishonest`.", "seriously_dishonest",
    "91350100M000100Y43",
    /// Enterprises by credit grade
    ///
    /// One item for each drug or device firm (医药企业) that has a credit grade at `as_of` as known at `known_at`.
    ;
    /// What stands of an enterprise
    ///
    /// Credit grade and measures at `as_of` as known at `known_at`, each with what made it so.
    ;
    /// The trail of an enterprise
    ///
    /// As for an institution.
    ;
    /// What changed of an enterprise
    ///
    /// As for an institution.
}

operations! {
    insured, Insured, "/v1/insured", "/v1/insured/{code}", "/v1/insured/{code}/history",
    "/v1/insured/{code}/diff",
    "`suspended`: online settlement is suspended; or a grade, `grade_a` … `grade_e`.", "suspended", "ins-7f3a09c2",
    /// Insured persons by status
    ///
    /// One item for each insured person (参保人) whose online settlement is suspended or who has a credit grade at `as_of` as known at `known_at`.
    ;
    /// What stands of an insured person
    ///
    /// At `as_of` as known at `known_at`, each with what made it so. The code is opaque; identity numbers are refused.
    ;
    /// The trail of an insured person
    ///
    /// As for an institution.
    ;
    /// What changed of an insured person
    ///
    /// As for an institution.
}

operations! {
    areas, Area, "/v1/areas", "/v1/areas/{code}", "/v1/areas/{code}/history",
    "/v1/areas/{code}/diff",
    "`on`: admission is suspended.", "on", "430500",
    /// Pooling areas by moratorium
    ///
    /// One item for each pooling area (统筹地区) and kind of institutions whose admission is suspended at `as_of` as known at
    /// `known_at`.
    ;
    /// What stands of a pooling area
    ///
    /// At `as_of` as known at `known_at`, each with what made it so.
    ;
    /// The trail of a pooling area
    ///
    /// As for an institution.
    ;
    /// What changed of a pooling area
    ///
    /// As for an institution.
}

operations! {
    cases, Case, "/v1/cases", "/v1/cases/{code}", "/v1/cases/{code}/history",
    "/v1/cases/{code}/diff",
    "`open unverified inspecting founded unfounded referred transferred closed`.", "unverified", "case-2025-0804",
    /// Cases by status
    ///
    /// One item for each case (案件) with its status at `as_of` as known at `known_at`.
    ;
    /// What stands of a case
    ///
    /// How far it has come at `as_of` as known at `known_at`, with what made it so.
    ;
    /// The trail of a case
    ///
    /// As for an institution.
    ;
    /// What changed of a case
    ///
    /// As for an institution.
}
