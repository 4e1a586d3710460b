//! The real program, run as its users run it.

use serde_json::Value as Json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

/// Where the program is. Tests do not build it: `cargo build --workspace` does, and `tests/run` calls that first.
///
/// # Panics
/// When it is not built, or older than its sources.
pub fn path() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().expect("the test program");
        // target/<profile>/deps/<test> → target/<profile>/accord
        let profile = test.parent().and_then(Path::parent).expect("target/<profile>");
        let program = profile.join("accord");
        assert!(program.exists(), "{} is not built: cargo build --workspace", program.display());
        refuse_stale(&program);
        program
    })
}

/// A test against an old program proves nothing. Cargo lists beside the program what it was made from.
fn refuse_stale(program: &Path) {
    let changed = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    let Ok(list) = std::fs::read_to_string(program.with_extension("d")) else { return };
    for source in list.split_whitespace().skip(1) {
        let newer =
            changed(Path::new(source)).zip(changed(program)).is_some_and(|(source, built)| source > built);
        assert!(!newer, "{} is older than {source}: cargo build --workspace", program.display());
    }
}

/// The program with arguments, in a directory, in English, without anybody's settings.
pub fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(path());
    command
        .args(arguments)
        .current_dir(dir)
        .env_remove("ACCORD_LEDGER")
        .env_remove("ACCORD_CLUSTER")
        .env("LANG", "C.UTF-8")
        .env("NO_COLOR", "1");
    command
}

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Data.
    pub out: String,
    /// Talk.
    pub err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Run {
    /// The one JSON document printed.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails unless the exit code is this one and the talk names all of these.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn expect(self, code: i32, names: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        for name in names {
            assert!(self.err.contains(name) || self.out.contains(name), "{name:?} is not named: {self:?}");
        }
        self
    }
}

/// Runs the program to its end.
///
/// # Panics
/// When it cannot be started.
pub fn run(dir: &Path, arguments: &[&str]) -> Run {
    command(dir, arguments).stdin(Stdio::null()).output().expect("accord starts").into()
}

/// A new ledger in the folder `ledger` of a directory, with the samples in it whose text is wanted.
///
/// # Panics
/// When it cannot be made.
pub fn sampled(dir: &Path, is_wanted: impl Fn(&str) -> bool) {
    run(dir, &["--ledger", "ledger", "init"]).expect(0, &[]);
    for (name, text) in crate::samples().into_iter().filter(|(_, text)| is_wanted(text)) {
        let file = name + ".jsonl";
        std::fs::write(dir.join(&file), text).expect("a sample");
        run(dir, &["--ledger", "ledger", "import", &file]).expect(0, &[]);
    }
}

/// Runs the verifier that is not ours, written from the format alone; none, and said so, where there is no Python: the test is
/// skipped then.
#[must_use]
pub fn other_verifier(dir: &Path, arguments: &[&str]) -> Option<Run> {
    let mut python = Command::new("python3");
    python.arg(crate::root().join("docs/verify.py")).args(arguments).current_dir(dir).env("PYTHONUTF8", "1");
    let Ok(output) = python.output() else {
        crate::skipped("python3");
        return None;
    };
    Some(output.into())
}

/// As [`run`], with text on its standard input.
///
/// # Panics
/// When it cannot be started.
pub fn feed(dir: &Path, arguments: &[&str], text: &str) -> Run {
    let mut child = command(dir, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("accord starts");
    let mut input = child.stdin.take().expect("standard input");
    // The program may refuse before it has read everything: a closed pipe is its right.
    let _ = input.write_all(text.as_bytes());
    drop(input);
    child.wait_with_output().expect("accord ends").into()
}

/// The program serving HTTP, killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts it and waits until it says where it listens.
    ///
    /// # Panics
    /// When it ends without saying so.
    pub fn start(dir: &Path, arguments: &[&str]) -> Self {
        Self::spawn(command(dir, arguments))
    }

    /// As [`Server::start`], of a command made beforehand.
    ///
    /// # Panics
    /// When it ends without saying where it listens.
    pub fn spawn(mut command: Command) -> Self {
        command.stderr(Stdio::inherit());
        Self::spawn_telling(command)
    }

    /// As [`Server::spawn`], where the command says to whom the program talks.
    ///
    /// # Panics
    /// When it ends without saying where it listens.
    pub fn spawn_telling(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("accord starts");
        let out = child.stdout.take().expect("standard output");
        let address = BufReader::new(out)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.find("http://")
                    .map(|at| line[at..].split_whitespace().next().unwrap_or_default().to_owned())
            })
            .expect("the address it listens on");
        Self { child, address: address.trim_end_matches('/').to_owned() }
    }

    /// Where it listens: `http://127.0.0.1:…`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Asks it to stop (SIGTERM) and waits; answers with its exit code.
    ///
    /// # Panics
    /// When it cannot be asked.
    pub fn stop(self) -> Option<i32> {
        self.end_by("TERM")
    }

    /// Sends it a signal and waits; answers with its exit code, if it ended by itself.
    ///
    /// # Panics
    /// When it cannot be sent one.
    pub fn end_by(mut self, signal: &str) -> Option<i32> {
        let sent = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        self.child.wait().expect("an end").code()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        // Killing what has ended already is no fault.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
