//! The arrival of a request's body: how long its sender may be silent, and whether it came.

use axum::body::{Body, Bytes, HttpBody};
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What became of a body so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrival(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    whole: AtomicBool,
    silent: AtomicBool,
}

/// The sender of a body fell silent.
#[derive(Debug, thiserror::Error)]
#[error("the body fell silent")]
struct Silent;

impl Arrival {
    /// Watches a body: one whose sender is silent for longer ends with an error.
    pub(super) fn watch(body: Body, silence_max: Duration) -> (Body, Self) {
        let arrival = Self::default();
        if body.is_end_stream() {
            arrival.0.whole.store(true, Ordering::Relaxed);
            return (body, arrival);
        }
        let known = arrival.clone();
        let parts = stream::unfold(Some(body.into_data_stream()), move |parts| {
            let known = known.clone();
            async move {
                let mut parts = parts?;
                let part: Result<Bytes, axum::BoxError> =
                    match tokio::time::timeout(silence_max, parts.next()).await {
                        Ok(Some(part)) => part.map_err(Into::into),
                        Ok(None) => {
                            known.0.whole.store(true, Ordering::Relaxed);
                            return None;
                        }
                        Err(_) => {
                            known.0.silent.store(true, Ordering::Relaxed);
                            Err(Silent.into())
                        }
                    };
                let rest = part.is_ok().then_some(parts);
                Some((part, rest))
            }
        });
        (Body::from_stream(parts), arrival)
    }

    /// Whether all of it is there.
    pub(super) fn is_whole(&self) -> bool {
        self.0.whole.load(Ordering::Relaxed)
    }

    /// Whether it ended because its sender fell silent.
    pub(super) fn fell_silent(&self) -> bool {
        self.0.silent.load(Ordering::Relaxed)
    }
}
