//! What people do often with this repository: `cargo xtask bench`.

mod bench;
mod workload;

use clap::{Parser, Subcommand};

/// The allocator of the program that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Tasks around the repository.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measures the program beside the limits of this machine.
    Bench(bench::Options),
    /// One step of a measurement, in a process of its own, told on standard input.
    #[command(hide = true)]
    Step,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Bench(options) => bench::run(&options),
        Task::Step => bench::step(),
    }
}
