//! What the tests of the whole share: the sample histories, the program itself, and a ledger under a clock set by hand.

pub mod browser;
pub mod lanes;
pub mod program;
pub mod witness;
pub mod world;

use accord_domain::{Command, CommandError};
use std::path::{Path, PathBuf};

/// Says that a test is skipped for want of a program.
#[expect(clippy::print_stderr, reason = "who runs the tests reads it there")]
pub(crate) fn skipped(program: &str) {
    eprintln!("{program} is not installed: skipped, not passed");
}

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The sample files in the order of their names: name without its ending, and text.
///
/// # Panics
/// When the samples cannot be read.
#[must_use]
pub fn samples() -> Vec<(String, String)> {
    histories(&root().join("samples"))
}

/// The made-up histories, likewise. A place that names an event holds `@` and the key of the command that made it.
///
/// # Panics
/// When they cannot be read.
#[must_use]
pub fn made_up() -> Vec<(String, String)> {
    histories(&root().join("samples/made-up"))
}

fn histories(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a sample"))
        })
        .collect()
}

/// One line of a sample. An event named by the key of its command gets an id that none has.
///
/// # Errors
/// When the line is no command.
pub fn sample_command(line: &str) -> Result<Command, CommandError> {
    Command::parse_naming(line, &mut |_| Some(uuid::Uuid::from_u128(1)))
}

/// The commands of all published samples, each with the name of its file.
///
/// # Panics
/// When a line is no command.
#[must_use]
pub fn sample_commands() -> Vec<(String, Command)> {
    let mut commands = Vec::new();
    for (name, text) in samples() {
        for line in text.lines() {
            commands.push((name.clone(), sample_command(line).expect("a command")));
        }
    }
    commands
}
