//! Where time comes from.

use accord_domain::Instant;
use std::sync::Mutex;

/// Tells the time. Injected everywhere; only [`SystemClock`] looks at the machine's.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Now.
    fn now(&self) -> Instant;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        #[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
        let now = chrono::Utc::now();
        Instant::from_micros(now.timestamp_micros())
    }
}

/// A clock that is set by hand: for tests and for samples whose recording must be the same on every run.
#[derive(Debug)]
pub struct ManualClock(Mutex<Instant>);

impl ManualClock {
    /// Stands at an instant.
    #[must_use]
    pub fn at(now: Instant) -> Self {
        Self(Mutex::new(now))
    }

    /// Sets it.
    pub fn set(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
