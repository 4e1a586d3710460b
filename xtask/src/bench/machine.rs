//! What the figures were taken on.

use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;

/// The machine and the program.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    pub(crate) filesystem: String,
    /// How busy the machine was with other work before the run: the load average of the last minute.
    pub(crate) load_before: String,
    pub(crate) sqlite: String,
    pub(crate) commit: String,
    pub(crate) command: String,
}

impl Machine {
    /// Looks around; what cannot be found is `unknown`.
    pub(crate) fn here(dir: &Path) -> Self {
        let field = |file: &str, name: &str| {
            let text = std::fs::read_to_string(file).ok()?;
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let unknown = || "unknown".to_owned();
        let memory =
            field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        let load = std::fs::read_to_string("/proc/loadavg").ok();
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        Self {
            cpu: field("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(0, Into::into),
            memory_gib: memory.unwrap_or(0) / 1_048_576,
            kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")
                .map_or_else(|_| unknown(), |text| text.trim().to_owned()),
            filesystem: output("stat", &["-f", "-c", "%T", &dir.to_string_lossy()]).unwrap_or_else(unknown),
            load_before: load
                .and_then(|text| text.split(' ').next().map(str::to_owned))
                .unwrap_or_else(unknown),
            sqlite: rusqlite::version().to_owned(),
            commit: output("git", &["describe", "--always", "--dirty", "--abbrev=12"])
                .unwrap_or_else(unknown),
            command: format!("cargo xtask {}", arguments.join(" ")),
        }
    }
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
