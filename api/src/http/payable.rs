//! `GET /v1/payable`: may this claim be paid, with every reason.

use super::app::{App, At, json};
use super::problem::Problem;
use super::query::Query;
use crate::answers::{ClaimAsked, Payable};
use accord_domain::rejection::Words;
use accord_domain::{InstitutionCode, Line, PractitionerCode, words};
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(payable))
}

/// May this claim be paid?
///
/// `payable`, `held` (the money waits and may still be paid) or `refused`, with every reason, not only the first.
#[utoipa::path(
    get,
    path = "/v1/payable",
    tag = "Read",
    params(
        ("institution" = String, Query, description = "Where the service was given.", example = "H37010200001"),
        ("practitioner" = Option<String>, Query, description = "Who gave it.", example = "D510105000123"),
        ("area" = Option<String>, Query, description = "Pooling area that pays; may be left out where the institution has agreements in one area only.", example = "370100"),
        ("line" = Option<String>, Query, description = "`basic` (the default), `outpatient_pooling`, `special_outpatient`, `dual_channel`, `cross_region` or `internet`.", example = "basic"),
        ("department" = Option<String>, Query, description = "Department that gave it.", example = "骨科"),
        ("emergency" = Option<bool>, Query, description = "急诊、抢救.", example = false),
        ("at" = Option<String>, Query, description = "When the service was given: a date (00:00 in Asia/Shanghai) or an instant. The effective coordinate; `as_of` means the same.", example = "2025-08-04"),
    ),
    responses((status = 200, body = ref("#/components/schemas/Payable"), description = "The answer."))
)]
pub(crate) async fn payable(State(app): State<App>, mut query: Query) -> Result<Response, Problem> {
    let institution = query.required("institution", InstitutionCode::parse)?;
    let practitioner = query.read("practitioner", PractitionerCode::parse)?;
    let area = query.area()?;
    let line = query.read("line", line)?.unwrap_or(Line::Basic);
    let department = query.text("department")?.map(Into::into);
    let emergency = query.flag("emergency")?;
    let at = At::read_at(&mut query)?;
    query.finish()?;
    let coordinates = app.coordinates_of_views(at).await?;
    let asked = ClaimAsked { institution, practitioner, area, line, department, emergency };
    let ledger = app.ledger().clone();
    let answer =
        app.views(move |views| Ok(Payable::ask(views, &ledger.laws(), &asked, coordinates))).await??;
    Ok(json(&answer))
}

pub(crate) fn line(word: &str) -> Result<Line, Words> {
    Line::parse(word).ok_or_else(|| {
        let known: Vec<_> = Line::ALL.iter().map(|line| line.name()).collect();
        let known = known.join(", ");
        words!("{word:?} is not a line; known: {known}", "{word:?} 不是业务线；可用：{known}")
    })
}
