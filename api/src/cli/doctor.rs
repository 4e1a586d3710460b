//! `doctor`: looks whether everything is as it should be. Every line of it is a check with a result.

use super::Session;
use super::ask;
use super::exit::{Exit, Problem, Stop};
use super::replay::compare;
use crate::answers::Lang;
use crate::ledger::Ledger;
use crate::text::words::{chain, difference, many};
use accord_projections::{Health, Parked, ViewError, wait_for};
use accord_store::keys::{KeyError, Signer, public_path};
use accord_store::vault::{Use, Vault};
use accord_store::verify::{FlawKind, Verified};
use accord_store::{EventLog, LogError, SqliteLog};
use serde::Serialize;
use std::path::Path;

/// Places and subjects named; further ones are only counted.
const NAMED_MAX: usize = 20;

/// Events read at once.
const PAGE: usize = 1_000;

/// What was found.
#[derive(Serialize)]
struct Report {
    healthy: bool,
    checks: Vec<Check>,
}

/// One check.
#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
}

impl Check {
    fn new(name: &'static str, ok: bool, detail: String) -> Self {
        Self { name, ok, detail }
    }
}

/// Runs every check; one that fails does not stop the others.
pub(super) fn doctor(session: &mut Session<'_, '_>) -> Result<(), Stop> {
    let lang = session.lang();
    let mut checks = vec![environment()];
    checks.extend(permissions(&session.ledger, lang));
    // First: of a file that cannot be read at all it says what is the matter.
    let verified = super::verify::run(session)?;
    if let Some(check) = index(&verified, lang) {
        // Whatever else is looked at is found through the index.
        checks.extend([hashes(&verified, lang), check]);
        return conclude(session, checks);
    }
    let records = ask::records(session)?;
    let log = records.log();
    let length = session.runtime.block_on(log.len()).map_err(|error| Stop::log(&error, lang))?;
    let events = lang.of_two("个事件", "events");
    checks.push(Check::new("ledger", true, format!("{} · {length} {events}", log.ledger_id())));
    checks.push(hashes(&verified, lang));
    let vault = Vault::new(&session.ledger, log.ledger_id(), Use::ReadOnly);
    checks.push(session.runtime.block_on(keys(&session.ledger, log, &vault, lang)));
    if let Some(ends) = records.law_ends() {
        // Without the law the views can neither be followed nor compared.
        checks.push(Check::new("law", false, lang.pick(&ends.words()).to_owned()));
        checks.push(erasures(&vault, lang));
    } else {
        let ledger = ask::open(session)?;
        let health = ledger.views().health();
        checks.push(lag(&health, log, length, lang));
        checks.extend(health.ok().map(|health| reactions(&health, lang)));
        checks.push(erasures(&vault, lang));
        checks.push(agreement(&ledger, lang));
    }
    conclude(session, checks)
}

fn conclude(session: &mut Session<'_, '_>, checks: Vec<Check>) -> Result<(), Stop> {
    let lang = session.lang();
    let healthy = checks.iter().all(|check| check.ok);
    let report = Report { healthy, checks };
    session.out.answer(&report, text)?;
    if healthy {
        return Ok(());
    }
    let message = lang.of_two("有检查未通过", "a check failed").to_owned();
    Err(Stop::told(Problem::new(Exit::Unverified, "unhealthy", message)))
}

fn text(report: &Report, lang: Lang) -> String {
    let line = |check: &Check| {
        let mark = if check.ok { "✓" } else { "✗" };
        format!("{mark} {}  {}\n", name(check.name, lang), check.detail)
    };
    report.checks.iter().map(line).collect()
}

fn name(name: &'static str, lang: Lang) -> &'static str {
    match name {
        "environment" => lang.of_two("环境", "environment"),
        "permissions" => lang.of_two("权限", "permissions"),
        "ledger" => lang.of_two("账本", "ledger"),
        "hashes" => lang.of_two("哈希与列", "hashes and columns"),
        "index" => lang.of_two("索引", "index"),
        "keys" => lang.of_two("密钥", "keys"),
        "law" => lang.of_two("采用的规则", "rules adopted"),
        "lag" => lang.of_two("视图进度", "views' progress"),
        "reactions" => lang.of_two("对其他主体的后续处理", "reactions on others"),
        "erasures" => lang.of_two("个人信息删除", "erasures of personal data"),
        "agreement" => lang.of_two("视图与日志一致", "views agree with the log"),
        other => other,
    }
}

fn environment() -> Check {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let (version, sqlite) = (env!("CARGO_PKG_VERSION"), rusqlite::version());
    Check::new("environment", true, format!("accord {version} · SQLite {sqlite} · {os} {arch}"))
}

/// The ledger holds facts about people: nobody but its owner may read it.
#[cfg(unix)]
fn permissions(dir: &Path, lang: Lang) -> Option<Check> {
    use std::os::unix::fs::PermissionsExt;
    let mut open = Vec::new();
    for name in [
        ".",
        "log.db",
        "index.db",
        "views.db",
        "personal.db",
        "keys",
        "keys/checkpoint.key",
        "keys/personal.key",
    ] {
        let path = dir.join(name);
        if let Ok(about) = std::fs::metadata(&path)
            && about.permissions().mode() & 0o077 != 0
        {
            open.push(format!("{name} {:o}", about.permissions().mode() & 0o777));
        }
    }
    let detail = if open.is_empty() {
        lang.of_two("只有所有者可读", "only the owner can read it").to_owned()
    } else {
        format!("{} {}", lang.of_two("他人可读：", "others can read:"), open.join(", "))
    };
    Some(Check::new("permissions", open.is_empty(), detail))
}

#[cfg(not(unix))]
fn permissions(_dir: &Path, _lang: Lang) -> Option<Check> {
    None
}

/// What is wrong with the index of a log that is sound; nothing where it agrees.
fn index(verified: &Verified, lang: Lang) -> Option<Check> {
    let flaw = verified.flaws.iter().find(|flaw| flaw.kind == FlawKind::Index)?;
    Some(Check::new("index", false, super::verify::sentence(flaw, lang)))
}

/// What the check of the whole log came to, as `verify` makes it.
fn hashes(verified: &Verified, lang: Lang) -> Check {
    let sound = verified.flaws.iter().all(|flaw| flaw.kind == FlawKind::Index);
    let detail = if sound {
        match lang {
            Lang::Zh => format!("{} 个事件逐一核对", verified.events),
            Lang::En => format!("{}, each one hashed again", many(verified.events, "event")),
        }
    } else {
        let named = verified.flaws.iter().take(NAMED_MAX).map(|flaw| super::verify::sentence(flaw, lang));
        format!("{}: {}", verified.count, named.collect::<Vec<_>>().join("; "))
    };
    Check::new("hashes", sound, detail)
}

/// Whether the keys of the ledger are there and can be used: what signs, and what personal data is sealed with.
async fn keys(dir: &Path, log: &SqliteLog, vault: &Vault, lang: Lang) -> Check {
    let mut wrong = Vec::new();
    match (Signer::open(dir, log.ledger_id()), log.len().await) {
        (Ok(_), Ok(_)) => {}
        // It is made with the first opening for writing.
        (Err(KeyError::Missing { .. }), Ok(0)) if !public_path(dir).exists() => {}
        (Err(error), _) => wrong.push(chain(&error)),
        (_, Err(error)) => wrong.push(chain(&error)),
    }
    if let Err(error) = vault.look() {
        wrong.push(chain(&error));
    } else if !vault.is_there() {
        match sealed_without_keys(log).await {
            Ok(None) => {}
            Ok(Some(position)) => wrong.push(match lang {
                Lang::Zh => format!("位置 {position} 有封存的个人信息，而 personal.db 与 keys/personal.key 均缺失"),
                Lang::En => format!(
                    "personal data is sealed at position {position}, and personal.db and keys/personal.key are missing"
                ),
            }),
            Err(error) => wrong.push(chain(&error)),
        }
    }
    if wrong.is_empty() {
        let detail = lang.of_two("齐全可用", "there and usable");
        return Check::new("keys", true, detail.to_owned());
    }
    Check::new("keys", false, wrong.join("; "))
}

/// Where something is first sealed.
async fn sealed_without_keys(log: &dyn EventLog) -> Result<Option<u64>, LogError> {
    let mut from = 0;
    loop {
        let page = log.read_all(from, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        from = last.position + 1;
        let sealed = page.iter().find(|stored| {
            // Most events are passed by without being taken apart.
            stored.body.contains("\"sealed\":")
                && stored.decode().is_ok_and(|event| !event.data.sealed().is_empty())
        });
        if let Some(sealed) = sealed {
            return Ok(Some(sealed.position));
        }
    }
}

/// How far the views have come, and which subjects they set aside for an event that cannot be understood.
fn lag(health: &Result<Health, ViewError>, log: &SqliteLog, length: u64, lang: Lang) -> Check {
    match health {
        Ok(health) => {
            // Beside a writer the log has grown since its length was read, and the views with it.
            let now = wait_for(log.len()).unwrap_or(length);
            let as_far = (length..=now.max(length)).contains(&health.position);
            let detail = format!("{} / {length}{}", health.position, parked(health, lang));
            Check::new("lag", as_far && health.parked_count == 0, detail)
        }
        Err(error) => Check::new("lag", false, chain(error)),
    }
}

/// How many events have reactions on others to come. In itself no fault: views made anew have them all again, and the next
/// opening for writing finds them done. What stays is kept back by something that another check tells.
fn reactions(health: &Health, lang: Lang) -> Check {
    let detail = match (health.pending_reactions, lang) {
        (0, Lang::Zh) => "没有待处理的".to_owned(),
        (0, Lang::En) => "none to come".to_owned(),
        (count, Lang::Zh) => format!(
            "{count} 个事件对其他主体的后续处理尚未完成：下次以可写方式打开账本时处理；仍未完成的，须待无法读取的事件或密钥恢复"
        ),
        (count, Lang::En) => format!(
            "those to {count} events are to come: the next opening of the ledger for writing carries them out; what stays \
             waits for an event or a key that cannot be read"
        ),
    };
    Check::new("reactions", true, detail)
}

/// Which subjects were set aside and why, and what brings them back; nothing where none is.
fn parked(health: &Health, lang: Lang) -> String {
    if health.parked_count == 0 {
        return String::new();
    }
    let named = health.parked.iter().take(NAMED_MAX).map(|parked| {
        let Parked { stream, position, error } = parked;
        match lang {
            Lang::Zh => format!("{stream}（位置 {position}：{error}）"),
            Lang::En => format!("{stream} (position {position}: {error})"),
        }
    });
    let (count, named) = (health.parked_count, named.collect::<Vec<_>>().join("; "));
    match lang {
        Lang::Zh => {
            format!(
                " · {count} 个主体因事件无法读懂而搁置：{named}；能读懂该事件的程序以可写方式打开账本时自动恢复"
            )
        }
        Lang::En => format!(
            " · {count} set aside for an event that cannot be understood: {named}; they come back when a program that \
             understands it opens the ledger for writing"
        ),
    }
}

/// Personal data whose erasing was begun and not brought to its end: nothing opens it, and its key is still there.
fn erasures(vault: &Vault, lang: Lang) -> Check {
    match vault.unfinished() {
        Ok(streams) if streams.is_empty() => {
            let detail = lang.of_two("没有未完成的删除", "none was begun and not finished");
            Check::new("erasures", true, detail.to_owned())
        }
        Ok(streams) => {
            let (count, named) = (streams.len(), streams.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>());
            let named = named.join(", ");
            let detail = match lang {
                Lang::Zh => format!("{count} 项删除未完成：{named}；下次以可写方式打开账本时继续"),
                Lang::En => format!(
                    "{count} begun and not finished: {named}; the next opening of the ledger for writing goes on with it"
                ),
            };
            Check::new("erasures", false, detail)
        }
        Err(error) => Check::new("erasures", false, chain(&error)),
    }
}

fn agreement(ledger: &Ledger, lang: Lang) -> Check {
    match compare(ledger) {
        Ok(verified) if verified.differences.is_empty() => {
            Check::new("agreement", true, lang.of_two("无差异", "no difference").to_owned())
        }
        Ok(verified) => {
            let found = verified.differences;
            let named = found.iter().take(NAMED_MAX).map(|found| difference(found, lang));
            let named = named.collect::<Vec<_>>();
            Check::new("agreement", false, format!("{}: {}", found.len(), named.join("; ")))
        }
        Err(error) => Check::new("agreement", false, chain(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_set_aside_is_named_with_the_reason_and_what_brings_it_back() {
        let nobody = Health {
            position: 9,
            recorded_at: None,
            parked_count: 0,
            parked: Vec::new(),
            pending_reactions: 0,
        };
        assert_eq!(parked(&nobody, Lang::En), "");
        let stream = "institution-H43050000001".to_owned();
        let one = Parked { stream, position: 7, error: "schema version 9 is not known".to_owned() };
        let some = Health { parked_count: 1, parked: vec![one], ..nobody };
        assert_eq!(
            parked(&some, Lang::En),
            " · 1 set aside for an event that cannot be understood: institution-H43050000001 (position 7: schema \
             version 9 is not known); they come back when a program that understands it opens the ledger for writing"
        );
        assert_eq!(
            parked(&some, Lang::Zh),
            " · 1 个主体因事件无法读懂而搁置：institution-H43050000001（位置 7：schema version 9 is not known）；\
             能读懂该事件的程序以可写方式打开账本时自动恢复"
        );
    }
}
