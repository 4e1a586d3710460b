//! Numbers: medians of runs, percentiles of calls, peak memory.

use anyhow::Context;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Several runs of the same thing.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Spread {
    /// The middle one (the lower of the two in the middle).
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) runs: usize,
}

impl Spread {
    /// Of at least one value.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Self { median: sorted[(sorted.len() - 1) / 2], min, max, runs: sorted.len() })
    }
}

/// Longer calls count as this long.
const LONGEST_CALL_NANOS: u64 = 60_000_000_000;

/// How long each of many calls took, and all of them together.
#[derive(Debug)]
pub(crate) struct Calls {
    nanos: Histogram<u64>,
    elapsed: Duration,
}

impl Calls {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self { nanos: Histogram::new_with_bounds(1, LONGEST_CALL_NANOS, 3)?, elapsed: Duration::ZERO })
    }

    /// Times one call after the other.
    pub(crate) fn record(&mut self, took: Duration) {
        self.nanos.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        self.elapsed += took;
    }

    /// Adds the calls of another client that ran at the same time.
    pub(crate) fn join(&mut self, other: &Self) -> anyhow::Result<()> {
        self.nanos.add(&other.nanos)?;
        self.elapsed = self.elapsed.max(other.elapsed);
        Ok(())
    }

    /// Sets the wall time of all clients together.
    pub(crate) fn over(mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        self
    }

    pub(crate) fn per_second(&self) -> f64 {
        per_second(self.nanos.len(), self.elapsed)
    }

    /// A percentile in microseconds.
    pub(crate) fn micros(&self, percentile: f64) -> f64 {
        to_f64(self.nanos.value_at_percentile(percentile)) / 1_000.0
    }
}

/// Runs something and tells how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, Duration)> {
    let begin = Instant::now();
    let done = work()?;
    Ok((done, begin.elapsed()))
}

pub(crate) fn per_second(count: u64, elapsed: Duration) -> f64 {
    to_f64(count) / elapsed.as_secs_f64().max(1e-9)
}

/// Exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts and nanoseconds stay far below 2^53")]
pub(crate) const fn to_f64(count: u64) -> f64 {
    count as f64
}

/// Peak resident memory of this process so far, in bytes.
pub(crate) fn peak_memory() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib =
        line.and_then(|rest| rest.trim().strip_suffix(" kB")).and_then(|kib| kib.trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1_024)
        .ok_or_else(|| anyhow::anyhow!("/proc/self/status does not tell the peak memory"))
}

/// Time this process has spent on processors so far, all threads together, in seconds.
pub(crate) fn processor_seconds() -> anyhow::Result<f64> {
    /// `USER_HZ`: Linux counts these in hundredths of a second on every architecture it is built for here.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in brackets, may hold blanks; user and system time are the 12th and 13th field after it.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).context("/proc/self/stat has no name")?;
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(to_f64(ticks) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_middle_and_both_ends() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0, runs: 3 }));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn percentiles_are_microseconds() {
        let mut calls = Calls::new().unwrap();
        for micros in 1..=100 {
            calls.record(Duration::from_micros(micros));
        }
        assert!((calls.micros(50.0) - 50.0).abs() < 0.1);
        assert!((calls.micros(99.0) - 99.0).abs() < 0.1);
    }
}
