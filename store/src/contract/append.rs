//! Appending: numbers, conditions, keys, limits, time.

use super::{Fixture, STREAM, append, event, one, second, under};
use crate::limits::{BODY_BYTES_MAX, EVENTS_PER_REQUEST_MAX, KEY_BYTES_MAX, STREAM_NAME_BYTES_MAX};
use crate::port::{Append, AppendError, Expected};
use crate::{ids, leaf_hash};
use accord_domain::{Instant, Proposed};

const MANY: usize = 1_000;

/// Nothing is there before something is recorded.
pub async fn an_empty_log_has_nothing(fixture: &mut impl Fixture) {
    let log = fixture.log();
    assert_eq!(log.len().await.unwrap(), 0);
    assert!(log.read_all(0, MANY).await.unwrap().is_empty());
    assert!(log.request("key").await.unwrap().is_none());
    assert_eq!(log.known(Instant::MAX).await.unwrap(), 0);
    assert!(log.append(Vec::new()).await.is_empty());
    assert_eq!(log.len().await.unwrap(), 0);
}

/// Positions and versions start at 0.
pub async fn the_first_append_gives_version_0_and_position_0(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let first = one(&*log, append(STREAM, Expected::NoStream, 0, 2)).await.unwrap();
    assert_eq!(
        (first.appended.first_position, first.appended.first_version, first.appended.count),
        (0, 0, 2)
    );
    assert!(!first.repeated);
    let second = one(&*log, append("institution-x", Expected::NoStream, 0, 1)).await.unwrap();
    assert_eq!((second.appended.first_position, second.appended.first_version), (2, 0));
    let third = one(&*log, append(STREAM, Expected::Exact(1), 2, 1)).await.unwrap();
    assert_eq!((third.appended.first_position, third.appended.first_version), (3, 2));
    assert!(third.appended.recorded_at > second.appended.recorded_at);
    for (index, stored) in log.read_all(0, MANY).await.unwrap().iter().enumerate() {
        assert_eq!(stored.position, index as u64);
    }
}

/// `Any`, `NoStream`, `Exists`, `Exact`.
pub async fn every_condition_holds_and_fails_as_named(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let conflict = |result, wanted, found| match result {
        Err(AppendError::Conflict { expected, actual }) => assert_eq!((expected, actual), (wanted, found)),
        other => panic!("{wanted:?} on {found:?} gave {other:?}"),
    };
    for expected in [Expected::Exists, Expected::Exact(0)] {
        conflict(one(&*log, append(STREAM, expected, 0, 1)).await, expected, None);
    }
    one(&*log, append(STREAM, Expected::Any, 0, 1)).await.unwrap();
    for expected in [Expected::NoStream, Expected::Exact(1)] {
        conflict(one(&*log, append(STREAM, expected, 1, 1)).await, expected, Some(0));
    }
    for (version, expected) in [(1, Expected::Any), (2, Expected::Exists), (3, Expected::Exact(2))] {
        one(&*log, append(STREAM, expected, version, 1)).await.unwrap();
    }
    conflict(one(&*log, append(STREAM, Expected::Exact(2), 3, 1)).await, Expected::Exact(2), Some(3));
    assert_eq!(log.len().await.unwrap(), 4);
}

/// What is told before a commit is what is read after it; where nothing is new, nothing is told.
pub async fn what_is_foretold_is_what_is_recorded(fixture: &mut impl Fixture) {
    let log = fixture.log();
    one(&*log, under("old", 1, append("institution-x", Expected::NoStream, 0, 1))).await.unwrap();
    let batch = vec![
        under("old", 1, append("institution-x", Expected::NoStream, 0, 1)),
        under("new", 2, append(STREAM, Expected::NoStream, 0, 3)),
        append("institution-x", Expected::NoStream, 0, 1),
        append("institution-x", Expected::Exact(0), 1, 2),
        append("institution-y", Expected::NoStream, 0, 1),
    ];
    let mut told = Vec::new();
    let mut foretold = |events| told.push(events);
    let answers = log.append_foretold(batch.clone(), &mut foretold).await;
    assert!(answers[0].as_ref().is_ok_and(|answer| answer.repeated) && answers[2].is_err());
    log.append_foretold(batch[..1].to_vec(), &mut foretold).await;
    log.append_foretold(Vec::new(), &mut foretold).await;
    let recorded = log.read_all(1, MANY).await.unwrap();
    assert_eq!(recorded.len(), 6);
    assert_eq!(told, [recorded], "once, all of them, as they are read");
}

/// Nothing to append is a mistake, not a success.
pub async fn an_append_without_events_is_refused(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let refused = one(&*log, append(STREAM, Expected::Any, 0, 0)).await;
    assert!(matches!(refused, Err(AppendError::Empty)));
    assert_eq!(log.len().await.unwrap(), 0);
}

fn of_size(bytes: usize) -> Proposed {
    let rest = event("D510105000123", 0, second(0), "").body.len();
    event("D510105000123", 0, second(0), &"x".repeat(bytes - rest))
}

/// The largest goes through, one more does not, and says which limit it is.
pub async fn limits_are_reached_and_not_passed(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let with = |events| Append { events, ..append(STREAM, Expected::Any, 0, 0) };
    let named = |length| append(&"n".repeat(length), Expected::Any, 0, 1);
    let keyed = |length| under(&"k".repeat(length), 1, append("keyed", Expected::Any, 0, 1));
    let many = u32::try_from(EVENTS_PER_REQUEST_MAX).unwrap();
    let cases = [
        (with(vec![of_size(BODY_BYTES_MAX)]), with(vec![of_size(BODY_BYTES_MAX + 1)])),
        (named(STREAM_NAME_BYTES_MAX), named(STREAM_NAME_BYTES_MAX + 1)),
        (keyed(KEY_BYTES_MAX), keyed(KEY_BYTES_MAX + 1)),
        (append("many", Expected::Any, 0, many), append("many", Expected::Any, 0, many + 1)),
    ];
    for (largest, too_large) in cases {
        let before = log.len().await.unwrap();
        match one(&*log, too_large).await {
            Err(AppendError::TooLarge { size, max, .. }) => assert_eq!(size, max + 1),
            other => panic!("{other:?}"),
        }
        assert_eq!(log.len().await.unwrap(), before);
        let (stream, events) = (largest.stream.clone(), largest.events.clone());
        let answer = one(&*log, largest).await.unwrap();
        let stored = log.read_stream(&stream, answer.appended.first_version, MANY).await.unwrap();
        assert_eq!(stored.len(), events.len());
        assert_eq!(stored[0].body.len(), events[0].body.len());
    }
}

/// A refused request takes no position, and its neighbours go through.
pub async fn one_refused_request_harms_no_neighbour_and_leaves_no_hole(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let answers = log
        .append(vec![
            append("a", Expected::NoStream, 0, 2),
            append("b", Expected::Exists, 0, 1),
            append("c", Expected::NoStream, 0, 0),
            append("d", Expected::NoStream, 0, 3),
        ])
        .await;
    assert_eq!(answers[0].as_ref().unwrap().appended.first_position, 0);
    assert!(matches!(answers[1], Err(AppendError::Conflict { .. })));
    assert!(matches!(answers[2], Err(AppendError::Empty)));
    assert_eq!(answers[3].as_ref().unwrap().appended.first_position, 2);
    let stored = log.read_all(0, MANY).await.unwrap();
    let places: Vec<_> = stored.iter().map(|event| (event.position, &*event.stream, event.version)).collect();
    assert_eq!(places, [(0, "a", 0), (1, "a", 1), (2, "d", 0), (3, "d", 1), (4, "d", 2)]);
    assert!(log.read_stream("b", 0, MANY).await.unwrap().is_empty());
}

/// The second request of a batch stands on the first.
pub async fn conditions_see_earlier_requests_of_the_same_batch(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let answers = log
        .append(vec![
            append("a", Expected::NoStream, 0, 1),
            append("a", Expected::NoStream, 0, 1),
            append("a", Expected::Exact(0), 1, 1),
            append("a", Expected::Exact(0), 1, 1),
        ])
        .await;
    assert!(answers[0].is_ok());
    assert!(matches!(answers[1], Err(AppendError::Conflict { actual: Some(0), .. })));
    assert_eq!(answers[2].as_ref().unwrap().appended.first_version, 1);
    assert!(matches!(answers[3], Err(AppendError::Conflict { actual: Some(1), .. })));
}

/// Same key, same digest: the first answer, whatever happened since and whatever the condition says.
pub async fn the_same_request_gets_the_same_answer(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let request = under("key", 7, append(STREAM, Expected::NoStream, 0, 3));
    let first = one(&*log, request.clone()).await.unwrap();
    one(&*log, append(STREAM, Expected::Exact(2), 3, 1)).await.unwrap();
    let again = one(&*log, request).await.unwrap();
    assert_eq!(again.appended, first.appended);
    assert!(again.repeated && !first.repeated);
    assert_eq!(log.request("key").await.unwrap(), Some(([7; 32], first.appended)));
    assert_eq!(log.len().await.unwrap(), 4);
}

/// Same key, other digest: refused, with the place of the first.
pub async fn a_key_used_for_something_else_is_refused(fixture: &mut impl Fixture) {
    let log = fixture.log();
    one(&*log, append("other", Expected::Any, 0, 1)).await.unwrap();
    one(&*log, under("key", 7, append(STREAM, Expected::Any, 0, 1))).await.unwrap();
    let refused = one(&*log, under("key", 8, append("elsewhere", Expected::Any, 0, 1))).await;
    assert!(matches!(refused, Err(AppendError::KeyReused { first_position: 1 })), "{refused:?}");
    assert_eq!(log.len().await.unwrap(), 2);
}

/// Two requests of one batch under one key.
pub async fn the_same_key_twice_in_one_batch_is_written_once(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let request = under("key", 7, append(STREAM, Expected::NoStream, 0, 1));
    let other = under("key", 8, append(STREAM, Expected::Any, 1, 1));
    let answers = log.append(vec![request.clone(), request, other]).await;
    let (first, second) = (answers[0].as_ref().unwrap(), answers[1].as_ref().unwrap());
    assert_eq!(first.appended, second.appended);
    assert!(!first.repeated && second.repeated);
    assert!(matches!(answers[2], Err(AppendError::KeyReused { first_position: 0 })));
    assert_eq!(log.len().await.unwrap(), 1);
}

/// Keys outlive the process. A refused request leaves its key free.
pub async fn a_key_is_remembered_after_reopening(fixture: &mut impl Fixture) {
    let request = under("key", 7, append(STREAM, Expected::NoStream, 0, 2));
    let refused = under("free", 1, append(STREAM, Expected::Exact(9), 10, 1));
    let first = one(&*fixture.log(), request.clone()).await.unwrap();
    one(&*fixture.log(), refused).await.unwrap_err();
    fixture.reopen();
    let log = fixture.log();
    let again = one(&*log, request).await.unwrap();
    assert_eq!((again.appended, again.repeated), (first.appended, true));
    one(&*log, under("free", 2, append(STREAM, Expected::Exact(1), 2, 1))).await.unwrap();
    let reused = one(&*log, under("key", 8, append(STREAM, Expected::Any, 3, 1))).await;
    assert!(matches!(reused, Err(AppendError::KeyReused { first_position: 0 })));
}

/// Positions, versions, times and streams go on where they were.
pub async fn the_numbers_go_on_after_reopening(fixture: &mut impl Fixture) {
    fixture.clock().set(second(100));
    one(&*fixture.log(), append(STREAM, Expected::NoStream, 0, 2)).await.unwrap();
    let last = one(&*fixture.log(), append("b", Expected::NoStream, 0, 1)).await.unwrap().appended;
    fixture.reopen();
    fixture.clock().set(second(0));
    let log = fixture.log();
    let next = one(&*log, append(STREAM, Expected::Exact(1), 2, 1)).await.unwrap().appended;
    assert_eq!((next.first_position, next.first_version), (3, 2));
    assert!(next.recorded_at > last.recorded_at);
    one(&*log, append("c", Expected::NoStream, 0, 1)).await.unwrap();
    assert!(matches!(
        one(&*log, append("b", Expected::NoStream, 0, 1)).await,
        Err(AppendError::Conflict { .. })
    ));
    let streams: Vec<_> =
        log.read_all(0, MANY).await.unwrap().into_iter().map(|event| event.stream).collect();
    assert_eq!(streams.iter().map(|name| &**name).collect::<Vec<_>>(), [STREAM, STREAM, "b", STREAM, "c"]);
    assert_eq!(*log.subscribe().borrow(), 5);
}

/// `recorded_at` strictly rises, inside a request, between requests, and when the clock stands or goes back.
pub async fn a_clock_that_steps_back_does_not_take_recorded_at_with_it(fixture: &mut impl Fixture) {
    let log = fixture.log();
    for (version, at) in [(0, 50), (3, 50), (6, 10), (9, 60), (12, -100_000)] {
        fixture.clock().set(second(at));
        let answer = one(&*log, append(STREAM, Expected::Any, version, 3)).await.unwrap().appended;
        let stored = log.read_all(answer.first_position, 3).await.unwrap();
        for (index, event) in (0..).zip(&stored) {
            assert_eq!(event.recorded_at, answer.recorded_at_of(index));
        }
    }
    let stored = log.read_all(0, MANY).await.unwrap();
    assert!(stored.is_sorted_by(|a, b| a.recorded_at < b.recorded_at));
    assert_eq!(stored[0].recorded_at, second(50));
    assert_eq!(stored[9].recorded_at, second(60));
    assert!(stored[14].recorded_at < second(61));
}

/// Both axes keep the microsecond, also before 1970 and in the summer times of 1986 to 1991.
pub async fn microseconds_and_early_dates_survive(fixture: &mut impl Fixture) {
    fixture.clock().set(Instant::from_micros(second(5).as_micros() + 123_457));
    let dates = ["1949-10-01", "1988-07-01", "1991-09-15", "2026-02-28T23:59:59.999999+08:00", "2199-12-31"];
    let effective: Vec<_> = dates.map(|date| Instant::parse(date).unwrap()).into();
    let events =
        effective.iter().zip(0..).map(|(at, version)| event("D510105000123", version, *at, "")).collect();
    one(&*fixture.log(), Append { events, ..append(STREAM, Expected::Any, 0, 0) }).await.unwrap();
    fixture.reopen();
    let stored = fixture.log().read_stream(STREAM, 0, MANY).await.unwrap();
    assert_eq!(stored.iter().map(|event| event.effective_at).collect::<Vec<_>>(), effective);
    assert_eq!(stored[0].recorded_at.as_micros() % 1_000_000, 123_457);
    for event in &stored {
        assert!(event.body.contains(&String::from_utf8_lossy(&event.recorded_at.to_fixed()).into_owned()));
        assert!(event.body.contains(&event.effective_at.to_string()));
    }
}

/// NUL, four-byte characters, quotes and wildcards are text like any other, and names that differ stay apart.
pub async fn any_text_survives_in_names_keys_and_bodies(fixture: &mut impl Fixture) {
    let names =
        ["定点-𠮷", "a\0b", "a", "a\0", "%", "_", "*", "[a]", "'; DROP TABLE events;--", "\u{301}e", "é", ""];
    for (index, name) in names.iter().enumerate() {
        let request = Append {
            events: vec![event(name, 0, second(0), name)],
            ..under(name, u8::try_from(index).unwrap(), append(name, Expected::NoStream, 0, 0))
        };
        let answer = one(&*fixture.log(), request).await.unwrap();
        assert_eq!(answer.appended.first_position, index as u64);
    }
    fixture.reopen();
    let log = fixture.log();
    for (index, name) in names.iter().enumerate() {
        let stored = log.read_stream(name, 0, MANY).await.unwrap();
        assert_eq!((stored.len(), &*stored[0].stream, stored[0].position), (1, *name, index as u64));
        assert!(stored[0].body.contains(&serde_json::Value::from(*name).to_string()));
        let (digest, answer) = log.request(name).await.unwrap().unwrap();
        assert_eq!((usize::from(digest[0]), answer.first_position), (index, index as u64));
    }
}

/// What was hashed is what is stored is what is returned, and it is what was proposed but for the stamp.
pub async fn the_bytes_returned_are_the_bytes_hashed(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let request = append(STREAM, Expected::Any, 0, 3);
    let proposed = request.events.clone();
    let answer = one(&*log, request).await.unwrap().appended;
    for (index, (mut proposed, stored)) in
        (0..).zip(proposed.into_iter().zip(log.read_all(0, MANY).await.unwrap()))
    {
        proposed.stamp(log.event_id(&answer, index), answer.recorded_at_of(index));
        assert_eq!(stored.body.as_bytes(), proposed.body);
        assert_eq!(stored.leaf, leaf_hash(stored.body.as_bytes()));
        crate::verify::verify_columns(&stored).unwrap();
    }
}

/// The id leads to the event; an id of another ledger with the same position does not.
pub async fn ids_carry_the_position_and_find_the_event(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let answer = one(&*log, append(STREAM, Expected::Any, 0, 3)).await.unwrap().appended;
    for index in 0..3 {
        let id = log.event_id(&answer, index);
        let found = log.event(id).await.unwrap().unwrap();
        assert_eq!(found.position, u64::from(index));
        assert_eq!(found.decode().unwrap().id, id);
        let foreign = ids::event_id(answer.recorded_at_of(index), u64::from(index), log.salt() ^ 1);
        assert!(log.event(foreign).await.unwrap().is_none());
    }
}
