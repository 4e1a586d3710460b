//! Acts: `init` and `do`.

use super::Session;
use super::args::Init;
use super::exit::{Exit, Problem, Stop};
use super::out::Out;
use super::progress::shown;
use crate::answers::{Done, Lang};
use crate::ledger::{Access, Ledger};
use crate::text;
use accord_domain::limits::COMMAND_BYTES_MAX;
use accord_domain::{Command, CommandError};
use accord_store::replica::Place;
use std::hash::{BuildHasher, Hasher};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Makes an empty ledger, or a copy of one that is kept in a cluster.
pub(super) fn init(session: &mut Session<'_, '_>, asked: Init) -> Result<(), Stop> {
    let lang = session.lang();
    let open = |error| Stop::open(&error, lang);
    let (dir, clock) = (session.ledger.clone(), Arc::clone(&session.clock));
    let is_new = match asked.cluster {
        None => Ledger::init(&dir, salt(), &*clock).map(|()| true),
        Some(address) => {
            let place = Place { address, stream: asked.stream };
            Ledger::init_in_cluster(&dir, &place, salt(), &*clock)
        }
    }
    .map_err(open)?;
    // Opening it once makes the views, so that the first question finds them. The keys of a copy come from elsewhere.
    if is_new {
        drop(Ledger::open(&dir, Access::ReadWrite, clock).map_err(open)?);
    } else {
        drop(shown(|report| crate::ledger::open_for_writing(&dir, &clock, report)).map_err(open)?);
    }
    let dir = dir.display().to_string();
    if session.out.json {
        session.out.document(&serde_json::json!({ "ledger": dir }))?;
    }
    if is_new {
        session.out.say(&format!("已新建账本 {dir}"), &format!("made a ledger in {dir}"));
    } else {
        session.out.say(
            &format!("{dir} 为集群中已有账本的副本；密钥不在集群中：请从先前的节点复制 keys/ 与 personal.db"),
            &format!("made a copy in {dir} of the ledger that is in the cluster; keys are not: copy keys/ and personal.db from the node before"),
        );
    }
    Ok(())
}

/// Drawn once a ledger, so that no two ledgers make the same event ids. Not a secret.
#[must_use]
pub(super) fn salt() -> u64 {
    // The standard library seeds this from the operating system.
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

/// Carries out one command.
pub(super) fn do_one(session: &mut Session<'_, '_>, file: &Path) -> Result<(), Stop> {
    let lang = session.lang();
    let name = if file == Path::new("-") { "<stdin>".to_owned() } else { file.display().to_string() };
    let text = read(file, &name, lang)?;
    let wrong = |error: &CommandError| Stop::problem(Problem::command(error, &name, 1, lang));
    // What is no command in any ledger is told without opening one.
    Command::parse(&text)
        .map(drop)
        .or_else(|error| if error.may_be_a_key(&text) { Ok(()) } else { Err(wrong(&error)) })?;
    let ledger = session.open_to_write()?;
    let command =
        ledger.read(&text).map_err(|error| Stop::log(&error, lang))?.map_err(|error| wrong(&error))?;
    carry_out(session, &ledger, command)
}

/// Carries out a command and answers it.
pub(super) fn carry_out(
    session: &mut Session<'_, '_>,
    ledger: &Ledger,
    command: Command,
) -> Result<(), Stop> {
    let lang = session.lang();
    let subject = command.subject.clone();
    let done = ledger.execute_blocking(command).map_err(|failure| Stop::failure(&failure, lang))?;
    let log = ledger.event_log();
    let answer = session
        .runtime
        .block_on(Done::of(&*log, ledger.signer(), &ledger.laws(), &subject, done.appended))
        .map_err(|error| Stop::answer(&error, lang))?;
    if done.repeated {
        session.out.say(
            "同一 key 的相同命令已办理过，以下为当时的答复",
            "the same command was carried out under this key before; this is the answer given then",
        );
    }
    let position = done.appended.first_position;
    recorded(session.out, position, |out| out.answer(&answer, text::done))
}

/// Answers what is recorded. Where the answer cannot be written, that it is recorded is said at least: nobody should think that
/// nothing happened.
pub(super) fn recorded(
    out: &mut Out<'_>,
    position: u64,
    answer: impl FnOnce(&mut Out<'_>) -> std::io::Result<()>,
) -> Result<(), Stop> {
    answer(out).and_then(|()| out.flush()).map_err(|error| {
        out.say(
            &format!("已记录于位置 {position}；答复无法写出"),
            &format!("recorded at position {position}; the answer could not be written"),
        );
        Stop::from(error)
    })
}

/// The text of a file, or of standard input.
pub(super) fn read(file: &Path, name: &str, lang: Lang) -> Result<String, Stop> {
    let unreadable = |error: std::io::Error| {
        let message = match lang {
            Lang::Zh => format!("无法读取：{error}"),
            Lang::En => format!("cannot be read: {error}"),
        };
        Stop::problem(Problem::new(Exit::Usage, "unreadable", message).file(name))
    };
    let limit = u64::try_from(COMMAND_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let read = |source: &mut dyn Read, bytes: &mut Vec<u8>| source.take(limit + 1).read_to_end(bytes);
    if file == Path::new("-") {
        read(&mut std::io::stdin().lock(), &mut bytes).map_err(unreadable)?;
    } else {
        let mut source = std::fs::File::open(file).map_err(unreadable)?;
        read(&mut source, &mut bytes).map_err(unreadable)?;
    }
    let text = match bytes.len() {
        0..=COMMAND_BYTES_MAX => CommandError::utf8(&bytes),
        _ => Err(CommandError::too_large()),
    };
    text.map(str::to_owned).map_err(|error| Stop::problem(Problem::command(&error, name, 1, lang)))
}
