//! What networks and clusters do, done to the adapter: nothing acknowledged is lost, nothing is recorded twice, and an unknown
//! outcome is never called a failure. Over the protocol double.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use accord_store::contract::{Numbers, STREAM, append, event, second, under};
use accord_store::eventstore::{EventStoreLog, Place};
use accord_store::{Append, AppendError, EventLog, Expected, LogError};
use accord_store_double::{Double, Fault};
use common::{LEDGER, clock, contents, made, made_at, one, place, sound, why};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn an_append_is_recorded_once_whatever_becomes_of_its_answer() {
    let double = Double::start(1);
    let (_dir, log) = made(&double);
    let faults = [Fault::LostAnswer, Fault::NotDone, Fault::TimedOutDone, Fault::Late];
    for (n, fault) in (0_u32..).zip(faults) {
        let said = format!("{fault:?}");
        double.ask_for(fault);
        let request = under(&format!("key-{n}"), 1, append(STREAM, Expected::Any, n * 2, 2));
        let answer = one(&log, request.clone()).await.unwrap();
        assert_eq!((answer.appended.first_version, answer.repeated), (n * 2, false), "{said}");
        assert_eq!(double.faults_left(), 0);
        assert_eq!(double.stream(LEDGER).len() as u32, n * 2 + 2, "{said}");
        assert!(one(&log, request).await.unwrap().repeated, "{said}");
    }
    sound(&double, &log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_every_mix_lose_nothing_and_double_nothing() {
    let double = Double::start(1);
    let (_dir, log) = made(&double);
    let mut numbers = Numbers(5);
    for n in 0..20 {
        for _ in 0..numbers.below(3) {
            double.ask_for(match numbers.below(4) {
                0 => Fault::LostAnswer,
                1 => Fault::NotDone,
                2 => Fault::TimedOutDone,
                _ => Fault::Late,
            });
        }
        let request = under(&format!("key-{n}"), 1, append(&format!("s{}", n % 3), Expected::Any, 0, 2));
        let answer = one(&log, request).await.unwrap();
        assert_eq!((answer.appended.first_position, answer.repeated), (n * 2, false));
    }
    sound(&double, &log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_stays_unknown_is_said_to_be_and_the_key_tells_later() {
    let double = Double::start(1);
    let (_dir, log) = made(&double);
    (0..accord_store::limits::CLUSTER_CALLS_MAX).for_each(|_| double.ask_for(Fault::NotDone));
    let request = under("key", 1, append(STREAM, Expected::NoStream, 0, 2));
    let error = why(one(&log, request.clone()).await);
    assert!(matches!(*error, LogError::InDoubt(_)), "{error}");
    assert_eq!(log.len().await.unwrap(), 0);
    let answer = one(&log, request).await.unwrap();
    assert_eq!((answer.appended.first_position, answer.repeated), (0, false));
    // The last try of the next arrives, after it was given up.
    (1..accord_store::limits::CLUSTER_CALLS_MAX).for_each(|_| double.ask_for(Fault::NotDone));
    double.ask_for(Fault::Late);
    let late = under("late", 1, append(STREAM, Expected::Exact(1), 2, 1));
    assert!(matches!(*why(one(&log, late.clone()).await), LogError::InDoubt(_)));
    let other = one(&log, append("institution-x", Expected::Any, 0, 1)).await.unwrap();
    assert_eq!(other.appended.first_position, 3, "what came late is there first");
    let again = one(&log, late).await.unwrap();
    assert_eq!((again.appended.first_position, again.repeated), (2, true));
    sound(&double, &log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_gone_is_said_to_be_and_is_used_again_when_it_is_back() {
    let mut double = Double::start(1);
    let (_dir, log) = made(&double);
    one(&log, append(STREAM, Expected::NoStream, 0, 1)).await.unwrap();
    double.stop_node(0);
    for _ in 0..2 {
        let error = why(one(&log, append(STREAM, Expected::Exact(0), 1, 1)).await);
        assert!(matches!(*error, LogError::Cluster(_) | LogError::InDoubt(_)), "{error}");
    }
    // By now there is no connection on which anything could have been sent.
    let error = why(one(&log, append(STREAM, Expected::Exact(0), 1, 1)).await);
    assert!(matches!(*error, LogError::Cluster(_)), "{error}");
    assert_eq!(log.read_stream(STREAM, 0, 9).await.unwrap().len(), 1, "reading goes on");
    double.start_node(0);
    let answer = one(&log, append(STREAM, Expected::Exact(0), 1, 1)).await.unwrap();
    assert_eq!(answer.appended.first_position, 1);
    sound(&double, &log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_leader_dies_the_next_one_is_found() {
    let mut double = Double::start(3);
    let (_dir, log) = made_at(&Place { address: double.address(&[0, 1, 2]), stream: LEDGER.to_owned() });
    one(&log, append(STREAM, Expected::NoStream, 0, 1)).await.unwrap();
    double.stop_node(0);
    double.elect(2);
    let answer = one(&log, append(STREAM, Expected::Exact(0), 1, 1)).await.unwrap();
    assert_eq!(answer.appended.first_position, 1);
    double.elect(1);
    let answer = one(&log, append(STREAM, Expected::Exact(1), 2, 1)).await.unwrap();
    assert_eq!(answer.appended.first_position, 2, "the old leader sends to the new one");
    sound(&double, &log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_lead_names_the_one_that_does() {
    let double = Double::start(2);
    let (_dir, log) = made_at(&Place { address: double.address(&[1]), stream: LEDGER.to_owned() });
    one(&log, append(STREAM, Expected::NoStream, 0, 1)).await.unwrap();
    sound(&double, &log).await;
}

/// Another node on the same ledger, which records a request just before the next append of anybody else is decided.
fn is_first(double: &Double, other: &Arc<EventStoreLog>, request: Append) {
    let (other, runtime) = (Arc::clone(other), tokio::runtime::Handle::current());
    double.ask_for(Fault::Before(Box::new(move || {
        runtime.block_on(other.append(vec![request])).pop().unwrap().unwrap();
    })));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_second_decides_again_on_what_the_first_recorded() {
    let double = Double::start(1);
    let ((_dir, log), (_other_dir, other)) = (made(&double), made(&double));
    let other = Arc::new(other);
    is_first(&double, &other, append(STREAM, Expected::NoStream, 0, 1));
    let answer = one(&log, append(STREAM, Expected::Any, 0, 1)).await.unwrap().appended;
    assert_eq!((answer.first_position, answer.first_version), (1, 1));
    is_first(&double, &other, append(STREAM, Expected::Exact(1), 2, 1));
    match one(&log, append(STREAM, Expected::Exact(1), 2, 1)).await {
        Err(AppendError::Conflict { actual, .. }) => assert_eq!(actual, Some(2)),
        met => panic!("{met:?}"),
    }
    is_first(&double, &other, under("key", 1, append(STREAM, Expected::Exact(2), 3, 2)));
    let answer = one(&log, under("key", 1, append(STREAM, Expected::Exact(2), 3, 2))).await.unwrap();
    assert_eq!((answer.appended.first_position, answer.repeated), (3, true), "one key, one record");
    other.catch_up().unwrap();
    sound(&double, &log).await;
    assert_eq!(contents(&log).await, contents(&*other).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_on_the_copy_is_stopped_by_another_writer_instead() {
    let double = Double::start(1);
    let ((_dir, log), (_other_dir, other)) = (made(&double), made(&double));
    one(&other, append(STREAM, Expected::NoStream, 0, 1)).await.unwrap();
    let copy = Arc::clone(log.copy());
    for _ in 0..2 {
        let error = why(one(&*copy, append("institution-x", Expected::NoStream, 0, 1)).await);
        assert!(matches!(*error, LogError::Overtaken { position: 0 }), "{error}");
    }
    assert_eq!((copy.len().await.unwrap(), double.stream(LEDGER).len()), (0, 1));
    log.catch_up().unwrap();
    let answer = one(&*copy, append("institution-x", Expected::NoStream, 0, 1)).await.unwrap();
    assert_eq!(answer.appended.first_position, 1);
    sound(&double, &log).await;
}

/// A request of as many events of this size.
fn large(stream: &str, events: u32, bytes: usize) -> Append {
    let one = |version| event("D510105000123", version, second(0), &"x".repeat(bytes));
    Append { events: (0..events).map(one).collect(), ..append(stream, Expected::Any, 0, 0) }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_one_call_take_as_many_appends_as_they_need() {
    let double = Double::start(1);
    let (_dir, log) = made(&double);
    let mut batch: Vec<_> = (0..40).map(|n| large(&format!("s{}", n % 3), 1, 60_000)).collect();
    batch.insert(20, large("s0", 64, 60_000));
    let before = double.appends();
    let mut told = Vec::new();
    let answers = log.append_foretold(batch, &mut |events| told.push(events)).await;
    assert!(double.appends() - before >= 3, "2.4 megabytes");
    assert!(matches!(answers[20], Err(AppendError::TooLarge { size, max, .. }) if size > max));
    let positions = answers.iter().flatten().map(|answer| answer.appended.first_position);
    assert_eq!(positions.collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    assert_eq!(told, [log.read_all(0, 100).await.unwrap()], "once");
    sound(&double, &log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_which_only_a_part_was_recorded_is_in_doubt() {
    let double = Double::start(1);
    let ((_dir, log), (_other_dir, other)) = (made(&double), made(&double));
    let other = Arc::new(other);
    let follows = Arc::clone(&other);
    // Between the first append of the commit and the second, another node catches up and records something.
    double.ask_for(Fault::BeforeAnswer(Box::new(|| {})));
    let runtime = tokio::runtime::Handle::current();
    double.ask_for(Fault::Before(Box::new(move || {
        let request = append("institution-x", Expected::Any, 0, 1);
        runtime.block_on(follows.append(vec![request])).pop().unwrap().unwrap();
    })));
    let batch = (0..20).map(|n| under(&format!("key-{n}"), 1, large("s", 1, 60_000))).collect::<Vec<_>>();
    let answers = log.copy().append(batch.clone()).await;
    assert!(answers.into_iter().all(|answer| matches!(*why(answer), LogError::InDoubt(_))));
    assert_eq!(log.len().await.unwrap(), 0);
    log.catch_up().unwrap();
    let again = log.append(batch).await;
    let repeated = again.iter().filter(|answer| answer.as_ref().unwrap().repeated).count();
    assert!(repeated > 0 && repeated < 20, "{repeated}");
    assert_eq!(log.len().await.unwrap(), 21);
    sound(&double, &log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_read_is_not_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let address = "esdb://admin:changeit@node1:port".to_owned();
    let place = Place { address, stream: LEDGER.to_owned() };
    assert!(!format!("{place:?}").contains("changeit"));
    let refused = EventStoreLog::create(dir.path(), &place, 7, &*clock()).unwrap_err();
    assert!(matches!(refused, LogError::Cluster(_)), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("changeit"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_not_there_makes_no_copy() {
    let mut double = Double::start(1);
    let place = place(&double);
    double.stop_node(0);
    let dir = tempfile::tempdir().unwrap();
    let refused = EventStoreLog::create(dir.path(), &place, 7, &*clock()).unwrap_err();
    assert!(matches!(refused, LogError::Cluster(_)), "{refused}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
