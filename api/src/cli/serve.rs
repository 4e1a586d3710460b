//! `serve` and `demo`.

use super::Session;
use super::act::salt;
use super::exit::{Exit, Problem, Stop};
use crate::answers::Lang;
use crate::http::{self, ServeError};
use crate::ledger::{Access, Ledger};
use crate::samples::{self, SampleError};
use crate::text::words::chain;
use std::net::SocketAddr;
use std::sync::Arc;

/// Serves the ledger until told to stop.
pub(super) fn serve(session: &mut Session<'_, '_>, address: SocketAddr) -> Result<(), Stop> {
    refuse_others(address, session.lang())?;
    let ledger = session.open_to_write()?;
    listen(session, ledger, address)
}

/// Serves the published sample histories from a ledger that is gone afterwards.
pub(super) fn demo(session: &mut Session<'_, '_>, address: SocketAddr) -> Result<(), Stop> {
    let lang = session.lang();
    refuse_others(address, lang)?;
    let place = tempfile::Builder::new().prefix("accord-demo-").tempdir().map_err(|error| {
        Stop::problem(Problem::new(Exit::Usage, "no-temporary-directory", error.to_string()))
    })?;
    let dir = place.path().join("ledger");
    let report = samples::record(&dir, salt(), &session.clock).map_err(|error| not_made(&error, lang))?;
    let recorded = report.recorded;
    let ledger = Ledger::open(&dir, Access::ReadWrite, Arc::clone(&session.clock))
        .map_err(|error| Stop::open(&error, lang))?;
    let shown = dir.display();
    session.out.say(
        &format!("示例账本 {shown}：公开案例与虚构示例共 {recorded} 条命令。另开终端可问：\n  accord --ledger {shown} list\n停止服务（Ctrl-C）后即删除。"),
        &format!("sample ledger {shown}: {recorded} commands from published cases and made-up ones. Ask it from another terminal:\n  accord --ledger {shown} list\nIt is deleted when the server stops (Ctrl-C)."),
    );
    listen(session, ledger, address)
}

fn not_made(error: &SampleError, lang: Lang) -> Stop {
    match error {
        SampleError::Open(source) => Stop::open(source, lang),
        SampleError::Import(_) => Stop::problem(Problem::new(Exit::Usage, "import-stopped", chain(error))),
        SampleError::Rejected { .. } => {
            Stop::problem(Problem::new(Exit::Bug, "sample-rejected", chain(error)))
        }
    }
}

fn listen(session: &mut Session<'_, '_>, ledger: Ledger, address: SocketAddr) -> Result<(), Stop> {
    let lang = session.lang();
    let Session { out, runtime, .. } = session;
    let mut told = Ok(());
    let listening = |bound: SocketAddr| {
        let address = format!("http://{bound}");
        told = if out.json {
            out.document(&serde_json::json!({ "listening": address }))
        } else {
            out.text(&address)
        }
        .and_then(|()| out.flush());
    };
    let served = runtime.block_on(http::serve(ledger, address, listening));
    told?;
    served.map_err(|error| failed(&error, address, lang))
}

/// Said before the ledger is opened or made.
fn refuse_others(address: SocketAddr, lang: Lang) -> Result<(), Stop> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    Err(failed(&ServeError::NotLoopback(address), address, lang))
}

fn failed(error: &ServeError, address: SocketAddr, lang: Lang) -> Stop {
    let problem = match (error, lang) {
        (ServeError::NotLoopback(_), Lang::Zh) => Problem::new(
            Exit::Usage,
            "not-loopback",
            format!("{address} 可被其他机器访问，而尚未配置访问控制"),
        )
        .advice("请监听 127.0.0.1 或 [::1]"),
        (ServeError::NotLoopback(_), Lang::En) => Problem::new(
            Exit::Usage,
            "not-loopback",
            format!("{address} can be reached from other machines and no access control is configured"),
        )
        .advice("listen on 127.0.0.1 or [::1]"),
        (ServeError::Listen { .. }, _) => {
            Problem::new(Exit::Usage, "cannot-listen", chain(error)).advice(lang.of_two(
                "用 --listen 指定其他端口，端口 0 取空闲端口",
                "name another port with --listen; port 0 takes a free one",
            ))
        }
        (ServeError::Signal(_), _) => Problem::new(Exit::Usage, "server-failed", chain(error)),
    };
    Stop::problem(problem)
}
