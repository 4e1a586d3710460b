//! What is counted, for Prometheus. Routes are labelled by their template, never by the address: no code of a subject
//! gets into a label.

use accord_projections::Health;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::time::Duration;

/// What a request is counted under.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub(crate) struct Answered {
    pub(crate) method: &'static str,
    pub(crate) route: String,
    pub(crate) status: u16,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Hindered {
    reason: &'static str,
}

/// All counters.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    answered: Family<Answered, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    /// Requests being answered.
    pub(crate) in_flight: Gauge,
    /// Live streams open.
    pub(crate) streams: Gauge,
    /// Commands that recorded something.
    pub(crate) recorded: Counter,
    /// Commands refused by a rule.
    pub(crate) refused: Counter,
    log_events: Gauge,
    view_events: Gauge,
    lag_events: Gauge,
    hindered: Family<Hindered, Gauge>,
    parked_subjects: Gauge,
    pending_reactions: Gauge,
}

/// From a tenth of a millisecond to ten seconds.
fn histogram() -> Histogram {
    Histogram::new([
        0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
    ])
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("accord");
        let answered = Family::<Answered, Counter>::default();
        let seconds = Family::<Route, Histogram, fn() -> Histogram>::new_with_constructor(histogram);
        let (in_flight, streams) = (Gauge::default(), Gauge::default());
        let (recorded, refused) = (Counter::default(), Counter::default());
        let hindered = Family::<Hindered, Gauge>::default();
        let (log_events, view_events, lag_events) = (Gauge::default(), Gauge::default(), Gauge::default());
        let (parked_subjects, pending_reactions) = (Gauge::default(), Gauge::default());
        registry.register("http_requests", "Requests answered", answered.clone());
        registry.register_with_unit("http_request", "Time to answer", Unit::Seconds, seconds.clone());
        registry.register("http_requests_in_flight", "Requests being answered", in_flight.clone());
        registry.register("http_streams", "Live streams open", streams.clone());
        registry.register("commands_recorded", "Commands that recorded events", recorded.clone());
        registry.register("commands_refused", "Commands refused by a rule", refused.clone());
        registry.register("log_events", "Events in the log", log_events.clone());
        registry.register("view_events", "Events the views have consumed", view_events.clone());
        registry.register("view_lag_events", "Events the views are behind the log", lag_events.clone());
        registry.register("not_ready", "Whether this keeps the server from being ready", hindered.clone());
        registry.register(
            "view_parked_subjects",
            "Subjects set aside for an event that cannot be understood; /readyz says which and why",
            parked_subjects.clone(),
        );
        registry.register(
            "pending_reactions",
            "Events whose reactions on others are to come; those that stay wait for an event or a key that cannot be read",
            pending_reactions.clone(),
        );
        Self {
            registry,
            answered,
            seconds,
            in_flight,
            streams,
            recorded,
            refused,
            log_events,
            view_events,
            lag_events,
            hindered,
            parked_subjects,
            pending_reactions,
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, what: &Answered, took: Duration) {
        self.answered.get_or_create(what).inc();
        self.seconds.get_or_create(&Route { route: what.route.clone() }).observe(took.as_secs_f64());
    }

    /// Notes whether something keeps the server from being ready.
    pub(crate) fn hindered(&self, reason: &'static str, stands: bool) {
        self.hindered.get_or_create(&Hindered { reason }).set(i64::from(stands));
    }

    /// The text Prometheus reads; `log` is the length of the log. What is told of views that cannot be read is what was known last.
    pub(crate) fn text(&self, log: u64, views: Option<&Health>) -> Result<String, fmt::Error> {
        let gauge = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.log_events.set(gauge(log));
        if let Some(views) = views {
            self.view_events.set(gauge(views.position));
            self.lag_events.set(gauge(log.saturating_sub(views.position)));
            self.parked_subjects.set(gauge(views.parked_count));
            self.pending_reactions.set(gauge(views.pending_reactions));
        }
        let mut out = String::new();
        prometheus_client::encoding::text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_carries_counts_and_lag() {
        let metrics = Metrics::new();
        let what = Answered { method: "GET", route: "/v1/payable".to_owned(), status: 200 };
        metrics.answered(&what, Duration::from_millis(2));
        let parked = Vec::new();
        let views = Health { position: 7, recorded_at: None, parked_count: 2, parked, pending_reactions: 4 };
        let text = metrics.text(10, Some(&views)).unwrap();
        assert!(
            text.contains(
                "accord_http_requests_total{method=\"GET\",route=\"/v1/payable\",status=\"200\"} 1"
            )
        );
        assert!(text.contains("accord_view_lag_events 3"), "{text}");
        assert!(text.contains("accord_view_parked_subjects 2"), "{text}");
        assert!(text.contains("accord_pending_reactions 4"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}
