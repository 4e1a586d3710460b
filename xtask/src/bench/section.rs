//! One size of ledger, from the first line imported to the last append.

use super::clients::Client;
use super::limits::{self, Bulk, Row};
use super::measure::{Calls, to_f64};
use super::report::{Figure, Mark, Section};
use super::rows::Rows;
use super::step::{Counted, Outcome, Step, Told};
use super::{Group, Options, appends, decides, proofs, reads};
use crate::workload::{Workload, Written, middle_and_end};
use accord_api::ledger::{Access, Ledger};
use accord_domain::Instant;
use accord_store::clock::ManualClock;
use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Salt of every benchmark's ledger.
const SALT: u64 = 0x0062_656E_6368;
/// Acts of one run of the single client.
const SINGLE_ACTS: usize = 5_000;
/// Acts of each client in one run of the concurrent clients.
const CLIENT_ACTS: usize = 400;
/// Subjects a client takes in turns.
const SUBJECTS_PER_CLIENT: u64 = 100;
/// Subjects of the single client.
const SUBJECTS_OF_SINGLE: u64 = 1_200;

/// What judging a million events is meant to take, in seconds.
const CHECK_SECONDS: f64 = 60.0;

/// The values of one figure or limit, run after run.
#[derive(Default)]
struct Series(Vec<f64>);

impl Series {
    fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    fn figure(&self, name: &str, unit: &str) -> anyhow::Result<Figure> {
        Figure::new(name, unit, &self.0)
    }
}

/// Calls that are told as a rate and two percentiles.
#[derive(Default)]
struct CallSeries {
    per_second: Series,
    p50: Series,
    p99: Series,
}

impl CallSeries {
    fn push(&mut self, calls: &Calls) {
        self.per_second.push(calls.per_second());
        self.p50.push(calls.micros(50.0));
        self.p99.push(calls.micros(99.0));
    }
}

/// Everything about one size.
struct Bench<'a> {
    options: &'a Options,
    workload: Workload,
    written: Written,
    dir: PathBuf,
    section: Section,
}

/// Measures one size.
pub(crate) fn measure(size: u64, options: &Options) -> anyhow::Result<Section> {
    let workload = Workload::of_events(size);
    // Deleted at the end, with all that is in it.
    let passing;
    let dir = if options.keep {
        options.dir.join(format!("kept-{size}"))
    } else {
        passing = tempfile::Builder::new().prefix("bench-").tempdir_in(&options.dir)?;
        passing.path().to_owned()
    };
    let written = commands(&workload, size, &dir)?;
    let section = Section { events: written.events, subjects: workload.subjects(), ..Section::default() };
    let mut bench = Bench { options, workload, written, dir, section };
    bench.fill()?;
    if options.wants(Group::Check) {
        bench.check_all()?;
    }
    if options.wants(Group::Verify) {
        say("verify");
        bench.section.figures.extend(proofs::verify(&bench.ledger_dir(), options.runs)?);
    }
    if options.wants(Group::WhatIf) {
        say("what-if");
        bench.section.figures.extend(proofs::what_if(&bench.ledger_dir(), options.runs)?);
    }
    let (ledger, _clock) = bench.open(Access::ReadWrite)?;
    if [Group::Read, Group::Obligations, Group::Append].into_iter().any(|group| options.wants(group)) {
        say("reading the ledger through");
        reads::read_through(&ledger, &bench.workload)?;
    }
    if options.wants(Group::Read) {
        say("reads");
        bench.section.figures.extend(reads::measure(&ledger, &bench.workload, options.runs)?);
    }
    if options.wants(Group::Obligations) {
        say("worklists");
        bench.section.figures.extend(reads::worklists(&ledger, &bench.workload, options.runs)?);
    }
    if options.wants(Group::Decide) {
        say("decide");
        bench.section.figures.extend(decides::measure(&bench.workload, options.runs)?);
    }
    if options.wants(Group::Proof) {
        say("proofs");
        bench.section.figures.extend(proofs::measure(&ledger, options.runs)?);
    }
    if options.wants(Group::Append) {
        bench.append(&ledger)?;
    }
    Ok(bench.section)
}

/// Writes the commands, or finds those that a run before kept.
fn commands(workload: &Workload, size: u64, dir: &Path) -> anyhow::Result<Written> {
    let told = dir.join("written.json");
    if told.exists() {
        return serde_json::from_slice(&std::fs::read(&told)?).context("what a run before kept");
    }
    say(&format!("writing the commands of about {size} events"));
    std::fs::create_dir_all(dir)?;
    let written = workload.write(&dir.join("commands.jsonl"), SALT)?;
    std::fs::write(told, serde_json::to_vec(&written)?)?;
    Ok(written)
}

impl Bench<'_> {
    fn ledger_dir(&self) -> PathBuf {
        self.dir.join("ledger")
    }

    fn open(&self, access: Access) -> anyhow::Result<(Ledger, Arc<ManualClock>)> {
        let (_, end) = middle_and_end();
        let clock = Arc::new(ManualClock::at(end));
        Ok((Ledger::open(&self.ledger_dir(), access, clock.clone())?, clock))
    }

    /// Whether to import in a run: a kept ledger is whole when its views are.
    fn imports(&self, run: u16) -> bool {
        let there = self.options.keep && self.ledger_dir().join("views.db").exists();
        self.options.wants(Group::Import) || (run == 1 && !there)
    }

    /// Import, scan, replay and rebuild, in turns with the limits beside them.
    fn fill(&mut self) -> anyhow::Result<()> {
        let (mut import, mut memory) = (Series::default(), Series::default());
        let (mut import_cpu, mut replay_cpu, mut rebuild_cpu) =
            (Series::default(), Series::default(), Series::default());
        let (mut bulk, mut owned, mut borrowed) = (Series::default(), Series::default(), Series::default());
        let (mut replay, mut replay_memory, mut rebuild) =
            (Series::default(), Series::default(), Series::default());
        let (mut raw_bytes, mut bytes) = (Series::default(), Vec::new());
        for run in 1..=self.options.runs {
            if self.imports(run) {
                say(&format!("import {run}"));
                let done = self.import()?;
                bytes = self.bytes()?;
                import.push(to_f64(done.events) / done.seconds);
                import_cpu.push(done.processor_micros());
                memory.push(mib(done.peak_bytes));
            }
            if self.options.wants(Group::Import) || self.options.wants(Group::Replay) {
                say(&format!("limits of import and replay {run}"));
                let filled = self.fill_plain_table()?;
                bulk.push(filled.per_second);
                raw_bytes.push(to_f64(filled.bytes) / to_f64(self.written.events));
                let (of_owned, of_borrowed) = filled.scan()?;
                owned.push(of_owned);
                borrowed.push(of_borrowed);
                filled.remove()?;
            }
            if self.options.wants(Group::Replay) {
                say(&format!("replay {run}"));
                let done = self.replay(run)?;
                replay.push(to_f64(done.events) / done.seconds);
                replay_cpu.push(done.processor_micros());
                replay_memory.push(mib(done.peak_bytes));
            }
            if self.options.wants(Group::Rebuild) {
                say(&format!("rebuild {run}"));
                let done: Outcome<()> = Step::Rebuild { ledger: self.ledger_dir() }.spawn()?;
                rebuild.push(to_f64(done.events) / done.seconds);
                rebuild_cpu.push(done.processor_micros());
            }
        }
        let mut limits = Vec::new();
        let mut figures = Vec::new();
        let imported = (!import.0.is_empty()).then(|| import.figure("import", "/s")).transpose()?;
        if bulk.0.is_empty() {
            figures.extend(imported);
        } else {
            let bulk = bulk.figure("SQLite, 10,000 rows a commit", "/s")?;
            let borrowed = borrowed.figure("SQLite scan + serde_json, borrowed", "/s")?;
            figures.extend(imported.map(|imported| imported.against(&bulk).mark(Mark::Ratio(1.3))));
            if self.options.wants(Group::Replay) {
                figures.push(replay.figure("replay", "/s")?.against(&borrowed).mark(Mark::Ratio(2.0)));
                figures.push(replay_memory.figure("replay, peak memory", "MiB")?.mark(Mark::AtMost(600.0)));
            }
            limits.push(bulk);
            limits.push(owned.figure("SQLite scan + serde_json, owned", "/s")?);
            limits.push(borrowed);
            limits.push(raw_bytes.figure("SQLite table", "B/event")?);
        }
        if self.options.wants(Group::Replay) {
            figures.push(replay_cpu.figure("replay, processor time", "µs/event")?);
        }
        if !import_cpu.0.is_empty() {
            figures.insert(1, import_cpu.figure("import, processor time", "µs/event")?);
            figures.insert(2, memory.figure("import, peak memory", "MiB")?);
        }
        if self.options.wants(Group::Rebuild) {
            figures.push(rebuild.figure("rebuild of all views", "/s")?);
            figures.push(rebuild_cpu.figure("rebuild, processor time", "µs/event")?);
        }
        figures.extend(bytes);
        self.section.limits.extend(limits);
        self.section.figures.extend(figures);
        Ok(())
    }

    fn import(&self) -> anyhow::Result<Outcome<()>> {
        let ledger = self.ledger_dir();
        if ledger.exists() {
            std::fs::remove_dir_all(&ledger)?;
        }
        Step::Import { ledger, written: self.written.clone() }.spawn()
    }

    fn fill_plain_table(&self) -> anyhow::Result<Bulk> {
        let (ledger, _clock) = self.open(Access::ReadOnly)?;
        let mut rows = Rows::of(&**ledger.log(), self.written.events)?;
        Bulk::fill(&self.dir, |count| rows.next(count))
    }

    /// Judges every act of the whole ledger, in a process of its own. What the domain accepted is not found wanting.
    fn check_all(&mut self) -> anyhow::Result<()> {
        let (mut time, mut memory, mut cpu) = (Series::default(), Series::default(), Series::default());
        for run in 1..=self.options.runs {
            say(&format!("check {run}"));
            let (_, end) = middle_and_end();
            let step = Step::Check { ledger: self.ledger_dir(), as_of: end.as_micros() };
            let done: Outcome<Told> = step.spawn()?;
            let told =
                |kind: &str| done.answer.iter().find(|(told, _)| told == kind).map_or(0, |told| told.1);
            for kind in ["against-rule", "wrong-authority"] {
                ensure!(told(kind) == 0, "the check finds {} acts {kind}: {:?}", told(kind), done.answer);
            }
            ensure!(told("recorded-late") > 0 && told("outstanding") > 0, "{:?}", done.answer);
            time.push(done.seconds * 1e6 / to_f64(done.events.max(1)));
            memory.push(mib(done.peak_bytes));
            cpu.push(done.processor_micros());
        }
        let time = time.figure("check, a million events", "s")?;
        self.section.figures.push(time.mark(Mark::AtMost(CHECK_SECONDS)));
        let memory = memory.figure("check, peak memory", "MiB")?;
        self.section.figures.push(memory.mark(Mark::AtMost(600.0)));
        self.section.figures.push(cpu.figure("check, processor time", "µs/event")?);
        Ok(())
    }

    /// Replays at one of two dates in turns and compares with what the plans say.
    fn replay(&self, run: u16) -> anyhow::Result<Outcome<Counted>> {
        let (middle, end) = middle_and_end();
        let as_of = if run.is_multiple_of(2) { middle } else { end };
        let step = Step::Replay { ledger: self.ledger_dir(), as_of: as_of.as_micros() };
        let done: Outcome<Counted> = step.spawn()?;
        self.check(&done.answer, as_of).context("replay")?;
        Ok(done)
    }

    fn check(&self, counted: &Counted, as_of: Instant) -> anyhow::Result<()> {
        let expected = self.workload.expected(as_of);
        let expected: Counted = expected
            .into_iter()
            .map(|((area, line, status), count)| (area, line.to_owned(), status.to_owned(), count))
            .collect();
        let mut counted = counted.clone();
        counted.sort();
        let different = expected.iter().zip(&counted).find(|(expected, counted)| expected != counted);
        ensure!(
            expected == counted,
            "as of {as_of} the workload expects {} lines and the ledger counts {}; first difference: {different:?}",
            expected.len(),
            counted.len(),
        );
        Ok(())
    }

    /// Sizes on disk after a checkpoint of every file.
    fn bytes(&self) -> anyhow::Result<Vec<Figure>> {
        let mut figures = Vec::new();
        for (name, file) in [("log", "log.db"), ("index of the log", "index.db"), ("views", "views.db")] {
            let path = self.ledger_dir().join(file);
            let db = rusqlite::Connection::open(&path)?;
            db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            drop(db);
            let bytes = std::fs::metadata(&path)?.len();
            figures.push(Figure::new(name, "B/event", &[to_f64(bytes) / to_f64(self.written.events)])?);
        }
        Ok(figures)
    }

    /// Appends and the limits beside them, in turns.
    fn append(&mut self, ledger: &Ledger) -> anyhow::Result<()> {
        let count = SINGLE_ACTS.max(CLIENT_ACTS * limits::CLIENTS);
        let rows: Vec<Row> = Rows::of(&**ledger.log(), self.written.events)?.next(count)?;
        let (mut sync, mut hash) = (Series::default(), Series::default());
        let (mut raw, mut raw_clients) = (CallSeries::default(), CallSeries::default());
        let (mut single, mut concurrent) = (CallSeries::default(), CallSeries::default());
        let mut first = 0;
        let mut client = |subjects| {
            let client = Client::new(&self.workload, first, subjects);
            first += subjects;
            client
        };
        // As with questions, a first round warms the caches: it meets the pages of the large indexes of the views at which rows are
        // added. It is told by itself.
        say("append, the first of all");
        let just_opened = appends::single(ledger, client(SUBJECTS_OF_SINGLE), SINGLE_ACTS)?.calls;
        appends::concurrent(ledger, clients(&mut client), CLIENT_ACTS)?;
        for run in 1..=self.options.runs {
            say(&format!("append {run}"));
            sync.push(limits::fdatasync(&self.dir)?.per_second());
            hash.push(limits::sha256(&rows)? / 1e6);
            let singles = rows.get(..SINGLE_ACTS).unwrap_or(&rows);
            raw.push(&limits::sqlite_single(&self.dir, singles)?);
            let done = appends::single(ledger, client(SUBJECTS_OF_SINGLE), SINGLE_ACTS)?;
            single.push(&done.calls);
            raw_clients.push(&limits::sqlite_clients(&self.dir, &rows)?);
            concurrent.push(&appends::concurrent(ledger, clients(&mut client), CLIENT_ACTS)?.calls);
        }
        let raw_rate = raw.per_second.figure("SQLite, one row a commit", "/s")?;
        let raw_clients_rate = raw_clients.per_second.figure("SQLite, 32 clients, one row a commit", "/s")?;
        let section = &mut self.section;
        section
            .figures
            .push(single.per_second.figure("append", "/s")?.against(&raw_rate).mark(Mark::Ratio(0.7)));
        let just_opened = Figure::new("append, just opened", "/s", &[just_opened.per_second()])?;
        section.figures.push(just_opened.against(&raw_rate));
        section.figures.push(single.p50.figure("append p50", "µs")?);
        section.figures.push(single.p99.figure("append p99", "µs")?);
        let rate = concurrent.per_second.figure("append, 32 clients", "/s")?;
        section.figures.push(rate.against(&raw_clients_rate).mark(Mark::Ratio(2.0)));
        section.figures.push(concurrent.p50.figure("append, 32 clients, p50", "µs")?);
        section.figures.push(concurrent.p99.figure("append, 32 clients, p99", "µs")?);
        section.limits.push(sync.figure("fdatasync of 4 KiB", "/s")?);
        section.limits.push(raw_rate);
        section.limits.push(raw.p50.figure("SQLite, one row a commit, p50", "µs")?);
        section.limits.push(raw_clients_rate);
        section.limits.push(hash.figure("SHA-256 of event bodies", "MB/s")?);
        Ok(())
    }
}

/// As many clients as there are at once.
fn clients(client: &mut impl FnMut(u64) -> Client) -> Vec<Client> {
    (0..limits::CLIENTS).map(|_| client(SUBJECTS_PER_CLIENT)).collect()
}

pub(crate) fn mib(bytes: u64) -> f64 {
    to_f64(bytes) / f64::from(1 << 20)
}

/// Tells on standard error what is being done.
#[expect(clippy::print_stderr, reason = "progress of a tool for people")]
fn say(what: &str) {
    eprintln!("bench: {what}");
}
