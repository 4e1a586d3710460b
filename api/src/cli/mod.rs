//! The command line: arguments in, answers out. stdout carries data, stderr talk and progress.

mod act;
pub mod args;
mod ask;
mod check;
mod diff;
mod doctor;
pub mod exit;
mod export;
mod import;
mod new_file;
pub mod obligations;
mod out;
mod pages;
mod personal;
mod progress;
mod rejects;
mod replay;
mod serve;
mod verify;
mod verify_bundle;
mod what_if;
mod witness;

use crate::answers::Lang;
use crate::ledger::{Access, Ledger};
use accord_store::clock::{Clock, SystemClock};
use args::{At, Cli, Command};
use clap::Parser;
use clap::error::ContextKind;
use exit::{Exit, Problem, Stop};
use out::Out;
use std::ffi::OsString;
use std::io::{BufWriter, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// What every command works with.
pub(crate) struct Session<'a, 'b> {
    pub(crate) ledger: std::path::PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) out: &'a mut Out<'b>,
    pub(crate) runtime: tokio::runtime::Runtime,
}

impl Session<'_, '_> {
    pub(crate) fn lang(&self) -> Lang {
        self.out.lang
    }

    /// Opens the ledger for writing, and shows how far the views are where they are computed first.
    pub(crate) fn open_to_write(&self) -> Result<Ledger, Stop> {
        let clock = Arc::clone(&self.clock);
        progress::shown(|report| Ledger::open_watched(&self.ledger, Access::ReadWrite, clock, report))
            .map_err(|error| Stop::open(&error, self.lang()))
    }
}

/// The program: reads the arguments and the environment, runs, and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    report_panics();
    tell_operators();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no error.
            let code = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let lang = language_asked(std::env::args_os().skip(1))
                .unwrap_or_else(|| system_language(|name| std::env::var(name).ok()));
            let told = match wrong_value(&error).filter(|_| lang == Lang::Zh) {
                Some(words) => writeln!(std::io::stderr(), "{words}"),
                None => error.print(),
            };
            if code == Exit::Usage && wants_json(std::env::args_os()) {
                let _ = serde_json::to_writer(std::io::stdout(), &usage(&error))
                    .map(|()| std::io::stdout().write_all(b"\n"));
            }
            return match told {
                Ok(()) => ExitCode::from(code as u8),
                Err(_) => ExitCode::from(Exit::Usage as u8),
            };
        }
    };
    let lang = cli.lang.unwrap_or_else(|| system_language(|name| std::env::var(name).ok()));
    let mut data = BufWriter::new(std::io::stdout().lock());
    let mut talk = std::io::stderr();
    let mut out = Out::new(&mut data, &mut talk, cli.json, lang);
    let ended = run(cli, &mut out, Arc::new(SystemClock));
    let code = conclude(ended, &mut out);
    ExitCode::from(code as u8)
}

/// Whether JSON is asked for by a command line that cannot be read.
fn wants_json(arguments: impl Iterator<Item = std::ffi::OsString>) -> bool {
    arguments.skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// What is wrong with the command line: what the parser says first, and the rest of it as advice.
fn usage(error: &clap::Error) -> Problem {
    let said = error.kind().as_str().map_or_else(|| "no command is given".to_owned(), ToOwned::to_owned);
    let rendered = error.render().to_string();
    let told = rendered.strip_prefix("error: ").and_then(|told| told.split_once("\n\n"));
    match told {
        Some((message, advice)) => {
            Problem::new(Exit::Usage, "usage", message.trim().to_owned()).advice(advice.trim())
        }
        None => Problem::new(Exit::Usage, "usage", said),
    }
}

/// Tells how a run ended and gives its exit code.
pub fn conclude(ended: Result<(), Stop>, out: &mut Out<'_>) -> Exit {
    let ended = ended.and_then(|()| out.flush().map_err(Stop::from));
    match ended {
        Ok(()) => Exit::Done,
        Err(stop) => {
            // When even the telling fails there is nobody left to tell.
            let _ = stop.tell(out).and_then(|()| out.flush());
            stop.exit()
        }
    }
}

/// Carries out what was typed.
///
/// # Errors
/// [`Stop`] says why it did not end well.
pub fn run(cli: Cli, out: &mut Out<'_>, clock: Arc<dyn Clock>) -> Result<(), Stop> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::problem(Problem::new(Exit::Usage, "no-threads", error.to_string())))?;
    let mut session = Session { ledger: cli.ledger, clock, out, runtime };
    match cli.command {
        Command::Demo(listen) => serve::demo(&mut session, listen.listen),
        Command::Init(asked) => act::init(&mut session, asked),
        Command::Serve(listen) => serve::serve(&mut session, listen.listen),
        Command::Do { file } => act::do_one(&mut session, &file),
        Command::Import(import) => import::import(&mut session, &import),
        Command::Show { subject, at } => ask::show(&mut session, &subject, at),
        Command::History { subject, axis, known_at } => ask::history(&mut session, &subject, axis, known_at),
        Command::List { kind, area, line, status, at } => {
            ask::list(&mut session, accord_projections::Filter { kind, area, line, status }, at)
        }
        Command::Payable(claim) => ask::payable(&mut session, &claim),
        Command::Obligations { area, due_before, at } => {
            obligations::obligations(&mut session, accord_projections::Worklist { area, due_before }, at)
        }
        Command::Points { practitioner, year, at } => ask::points(&mut session, practitioner, year, at),
        Command::Rules { rule, at, area, known_at } => {
            ask::rules(&mut session, rule.as_deref(), At { as_of: at, known_at }, area)
        }
        Command::Replay { at, area, verify } => replay::replay(&mut session, at, area, verify),
        Command::Check(asked) => check::check(&mut session, &asked),
        Command::Diff(asked) => diff::diff(&mut session, &asked),
        Command::WhatIf(asked) => what_if::what_if(&mut session, &asked),
        Command::Rebuild { view } => replay::rebuild(&mut session, view.as_deref()),
        Command::Export(asked) => export::export(&mut session, &asked),
        Command::Verify { bundle: Some(bundle), key, witness, .. } => {
            verify_bundle::bundle(&mut session, &bundle, key.as_deref(), witness.as_deref())
        }
        Command::Verify { receipt: Some(receipt), key, witness, .. } => {
            verify::receipt(&mut session, &receipt, key.as_deref(), witness.as_deref())
        }
        Command::Verify { .. } => verify::ledger(&mut session),
        Command::OpenPersonal(asked) => personal::open(&mut session, &asked),
        Command::ErasePersonal(asked) => personal::erase(&mut session, &asked),
        Command::Doctor => doctor::doctor(&mut session),
    }
}

/// The language asked for where the arguments as a whole cannot be read.
fn language_asked(arguments: impl Iterator<Item = OsString>) -> Option<Lang> {
    let mut arguments = arguments.filter_map(|argument| argument.into_string().ok());
    let mut asked = None;
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix("--lang") {
            Some("") => arguments.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => continue,
        };
        asked = value.map(|value| Lang::of(&value)).or(asked);
    }
    asked
}

/// In Chinese, that a value typed is none of its kind; nothing where something else is wrong.
fn wrong_value(error: &clap::Error) -> Option<String> {
    let wrong = std::error::Error::source(error)?.downcast_ref::<args::Wrong>()?;
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    Some(format!("accord: {argument}：{} (usage)", wrong.0.zh))
}

/// The language of the environment, in the order the C library looks at it.
fn system_language(variable: impl Fn(&str) -> Option<String>) -> Lang {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty())
        .map_or(Lang::En, |locale| Lang::of(&locale))
}

/// Operators read on stderr what goes wrong; `ACCORD_LOG` asks for more (`info`, `accord_api=debug`).
fn tell_operators() {
    let filter = EnvFilter::try_from_env("ACCORD_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // Fails only where something else took the place already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_coloured())
        // It would tell of a closed stderr on stderr, and stop there.
        .log_internal_errors(false)
        .try_init();
}

/// Colours are for a terminal, and for who has not asked to be spared them (no-color.org).
fn is_coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A panic is a fault of ours: says so, with the place in the program and nothing of the data, and ends with 70.
///
/// Where panics abort the process, the exit code can only be given here. Where they unwind, a server goes on for its other
/// callers and the end of [`main`] decides.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        let words = format!(
            "accord: 程序内部错误，请报告此位置：{place}\naccord: a fault of this program; please report this place: {place} (version {})\n",
            env!("CARGO_PKG_VERSION")
        );
        // There is nobody to tell when stderr is gone.
        let _ = std::io::stderr().write_all(words.as_bytes());
        let on_main = std::thread::current().name() == Some("main");
        if cfg!(panic = "abort") || on_main {
            std::process::exit(i32::from(Exit::Bug as u8));
        }
    }));
}

#[cfg(test)]
mod tests;
