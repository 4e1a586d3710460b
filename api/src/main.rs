//! The `accord` program.

use std::process::ExitCode;

/// An import allocates on one thread and frees on another, millions of times: the system's allocator contends there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    accord_api::cli::main()
}
