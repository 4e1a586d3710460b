//! Many at once.

use super::{Fixture, STREAM, append, one, under};
use crate::port::{AppendError, Expected};
use std::collections::HashMap;
use std::sync::Arc;

const WRITERS: u32 = 8;
const ROUNDS: u32 = 25;

/// Eight writers on streams of their own and one shared, a reader behind them.
pub async fn racing_writers_leave_no_gap_and_a_racing_reader_skips_nothing(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let total = u64::from(WRITERS * ROUNDS * 2);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let mut recorded = Vec::new();
                for round in 0..ROUNDS {
                    let own = append(&format!("own-{writer}"), Expected::Any, round, 1);
                    let shared = append("shared", Expected::Any, 0, 1);
                    for answer in log.append(vec![own, shared]).await {
                        recorded.push(answer.unwrap().appended);
                    }
                }
                recorded
            })
        })
        .collect();
    let mut seen = Vec::new();
    let mut length = log.subscribe();
    while (seen.len() as u64) < total {
        length.wait_for(|length| *length > seen.len() as u64).await.unwrap();
        seen.extend(log.read_all(seen.len() as u64, 7).await.unwrap());
    }
    assert!(seen.iter().zip(0..).all(|(event, position)| event.position == position));
    assert!(seen.is_sorted_by(|a, b| a.recorded_at < b.recorded_at));
    let mut versions: HashMap<&str, u32> = HashMap::new();
    for event in &seen {
        let next = versions.entry(&event.stream).or_default();
        assert_eq!(event.version, *next, "{}", event.stream);
        *next += 1;
    }
    assert_eq!(versions["shared"], WRITERS * ROUNDS);
    for writer in writers {
        for appended in writer.await.unwrap() {
            let event = &seen[usize::try_from(appended.first_position).unwrap()];
            assert_eq!((event.version, event.recorded_at), (appended.first_version, appended.recorded_at));
        }
    }
    assert_eq!(log.len().await.unwrap(), total);
}

/// All expect the same version: exactly one goes through each round.
pub async fn two_racers_for_one_version_one_wins(fixture: &mut impl Fixture) {
    let log = fixture.log();
    one(&*log, append(STREAM, Expected::NoStream, 0, 1)).await.unwrap();
    for round in 0..10 {
        let racers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let log = Arc::clone(&log);
                tokio::spawn(
                    async move { one(&*log, append(STREAM, Expected::Exact(round), round + 1, 1)).await },
                )
            })
            .collect();
        let mut won = 0;
        for racer in racers {
            match racer.await.unwrap() {
                Ok(answer) => {
                    assert_eq!(answer.appended.first_version, round + 1);
                    won += 1;
                }
                Err(AppendError::Conflict { actual, .. }) => assert_eq!(actual, Some(round + 1)),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(won, 1);
    }
}

/// The same request from several clients at once: one writes, all get its answer.
pub async fn two_racers_with_one_key_write_once(fixture: &mut impl Fixture) {
    let log = fixture.log();
    for round in 0..10_u32 {
        let racers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    let request = append(STREAM, Expected::Any, round, 1);
                    one(&*log, under(&format!("key-{round}"), 1, request)).await.unwrap()
                })
            })
            .collect();
        let mut answers = Vec::new();
        for racer in racers {
            answers.push(racer.await.unwrap());
        }
        assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
        assert!(answers.iter().all(|answer| answer.appended == answers[0].appended));
        assert_eq!(log.len().await.unwrap(), u64::from(round) + 1);
    }
}

/// Every request has three events: no reader ever sees one or two of them.
pub async fn a_reader_sees_whole_requests_only(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let writer = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            for round in 0..60 {
                one(&*log, append(STREAM, Expected::Any, round * 3, 3)).await.unwrap();
            }
        }
    });
    let mut seen = 0;
    while seen < 180 {
        let stream = log.read_stream(STREAM, 0, 1_000).await.unwrap().len();
        let all = log.read_all(0, 1_000).await.unwrap().len();
        let len = log.len().await.unwrap();
        assert_eq!((stream % 3, all % 3, len % 3), (0, 0, 0));
        assert!(stream >= seen && all >= stream && len >= all as u64);
        seen = stream;
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
}
