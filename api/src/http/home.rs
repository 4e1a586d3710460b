//! `GET /`: what this is, and where to go.

use super::app::App;
use super::html;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::html;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/", get(home))
}

async fn home() -> Response {
    html::page(
        "Accord",
        &html! {
            h1 { "Accord" }
            p { "A ledger of medical-insurance agreements and payment qualifications. Every act is kept as it was recorded, with the day it took effect and the moment it became known." }
            p lang="zh" { "医保服务协议与医保支付资格账本。每一项行为按记录原样保存，并载明生效日期与记录时间。" }
            table {
                tr { td { a href="/docs" { "/docs" } } td { "Reference · 接口说明" } }
                tr { td { a href="/openapi.json" { "/openapi.json" } } td { "OpenAPI 3.1" } }
                tr { td { a href="/v1/institutions" { "/v1/institutions" } } td { "Institutions by status · 定点医药机构" } }
                tr { td { a href="/v1/practitioners" { "/v1/practitioners" } } td { "Practitioners by status · 相关人员" } }
                tr { td { a href="/v1/statistics" { "/v1/statistics" } } td { "How many stand where · 统计" } }
                tr { td { a href="/v1/events" { "/v1/events" } } td { "The log · 事件日志" } }
                tr { td { a href="/problems" { "/problems" } } td { "Problems · 错误类型" } }
                tr { td { a href="/readyz" { "/readyz" } } td { "Is it ready · 运行状态" } }
                tr { td { a href="/metrics" { "/metrics" } } td { "Counters · 计数" } }
            }
        },
    )
}
