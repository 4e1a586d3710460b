//! The `accord` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    accord_api::cli::main()
}
