//! Proof: that nothing was touched, that an event is in the log, and what would have been.

use super::measure::{Calls, to_f64};
use super::report::{Figure, Mark};
use super::step::{Outcome, Step};
use crate::workload::{Rng, SEED, middle_and_end};
use accord_api::answers::Receipt;
use accord_api::ledger::Ledger;
use accord_projections::wait_for;
use accord_store::EventLog;
use accord_store::merkle::{Frontier, Plan, verify_inclusion};
use anyhow::{Context, ensure};
use std::hint::black_box;
use std::path::Path;

/// Proofs and receipts in one run.
const PROOFS: u64 = 5_000;
/// Leaves between two proofs of the walk before the runs: so many lie together on a page.
const LEAVES_PASSED: u64 = 100;
/// Events checked a second, at least.
const VERIFY_PER_SECOND: f64 = 500_000.0;
/// What half of all inclusion proofs are meant to stay under, in microseconds.
const PROOF_MICROS: f64 = 50.0;
/// What supposing another law for a million events is meant to take, in seconds.
const WHAT_IF_SECONDS: f64 = 10.0;

/// Checks the whole ledger, in a process of its own.
pub(crate) fn verify(ledger: &Path, runs: u16) -> anyhow::Result<Vec<Figure>> {
    let (mut rate, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let done: Outcome<u64> = Step::Verify { ledger: ledger.to_owned() }.spawn()?;
        ensure!(done.answer == 0, "{} flaws in a ledger nobody touched", done.answer);
        rate.push(to_f64(done.events) / done.seconds);
        memory.push(super::section::mib(done.peak_bytes));
    }
    Ok(vec![
        Figure::new("verify", "/s", &rate)?.mark(Mark::AtLeast(VERIFY_PER_SECOND)),
        Figure::new("verify, peak memory", "MiB", &memory)?,
    ])
}

/// Every subject under the law of another year, in a process of its own.
pub(crate) fn what_if(ledger: &Path, runs: u16) -> anyhow::Result<Vec<Figure>> {
    let (mut time, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let (_, end) = middle_and_end();
        let done: Outcome<u64> =
            Step::WhatIf { ledger: ledger.to_owned(), as_of: end.as_micros() }.spawn()?;
        ensure!(done.answer > 0, "under another law nothing would stand otherwise");
        time.push(done.seconds * 1e6 / to_f64(done.events.max(1)));
        memory.push(super::section::mib(done.peak_bytes));
    }
    Ok(vec![
        Figure::new("what-if of all, a million events", "s", &time)?.mark(Mark::AtMost(WHAT_IF_SECONDS)),
        Figure::new("what-if of all, peak memory", "MiB", &memory)?,
    ])
}

/// Inclusion proofs of events at random, receipts of the newest, and the tree alone.
pub(crate) fn measure(ledger: &Ledger, runs: u16) -> anyhow::Result<Vec<Figure>> {
    let log = &**ledger.log();
    let size = wait_for(log.len())?;
    let root = wait_for(log.frontier(size))?.root();
    let (mut p50, mut p99, mut receipts, mut tree) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // In the order of the file, so that the hashes are in memory before proofs are timed, however many there are.
    for position in (0..size).step_by(usize::try_from(LEAVES_PASSED)?) {
        let plan = Plan::inclusion(position, size).context("a leaf beyond the tree")?;
        black_box(wait_for(log.prove(&plan))?);
    }
    for run in 0..=runs {
        let mut rng = Rng::new(SEED, u64::from(run));
        let mut calls = Calls::new()?;
        for nth in 0..PROOFS {
            let position = rng.below(size);
            let begin = std::time::Instant::now();
            let plan = Plan::inclusion(position, size).context("a leaf beyond the tree")?;
            let path = wait_for(log.prove(&plan))?;
            calls.record(begin.elapsed());
            if nth.is_multiple_of(100) {
                let leaf = wait_for(log.read_all(position, 1))?.first().context("no such event")?.leaf;
                ensure!(verify_inclusion(&leaf, position, size, &path, &root), "no proof of {position}");
            }
            black_box(path);
        }
        let newest = wait_for(log.read_all(size.saturating_sub(PROOFS), usize::try_from(PROOFS)?))?;
        let mut receipt = Calls::new()?;
        for stored in &newest {
            let begin = std::time::Instant::now();
            black_box(wait_for(Receipt::of(log, ledger.signer(), stored))?);
            receipt.record(begin.elapsed());
        }
        let mut frontier = Frontier::default();
        let begin = std::time::Instant::now();
        for stored in &newest {
            frontier.push(stored.leaf, &mut |_, hash| {
                black_box(hash);
            });
        }
        let each = begin.elapsed().as_secs_f64() * 1e6 / to_f64(frontier.size().max(1));
        if run > 0 {
            p50.push(calls.micros(50.0));
            p99.push(calls.micros(99.0));
            receipts.push(receipt.micros(50.0));
            tree.push(each);
        }
    }
    Ok(vec![
        Figure::new("inclusion proof p50", "µs", &p50)?.mark(Mark::AtMost(PROOF_MICROS)),
        Figure::new("inclusion proof p99", "µs", &p99)?,
        Figure::new("receipt p50", "µs", &receipts)?,
        Figure::new("tree, a leaf", "µs", &tree)?,
    ])
}
