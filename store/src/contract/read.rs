//! Reading: pages, scans, what was known, following.

use super::{Fixture, STREAM, append, one, second};
use crate::port::{EventLog, Expected, LogError, Scan, Stored};
use accord_domain::Instant;
use std::sync::Arc;

/// Streams `s0` to `s4` of 8 events each, interleaved.
async fn forty(log: &dyn EventLog) {
    for version in 0..8 {
        let batch = (0..5).map(|stream| append(&format!("s{stream}"), Expected::Any, version, 1)).collect();
        for answer in log.append(batch).await {
            answer.unwrap();
        }
    }
}

/// From any version, any number.
pub async fn a_stream_is_read_in_pages_of_any_size(fixture: &mut impl Fixture) {
    forty(&*fixture.log()).await;
    fixture.reopen();
    let log = fixture.log();
    let whole = log.read_stream("s3", 0, 100).await.unwrap();
    assert_eq!(whole.iter().map(|event| event.version).collect::<Vec<_>>(), (0..8).collect::<Vec<_>>());
    assert!(whole.iter().all(|event| &*event.stream == "s3" && event.position % 5 == 3));
    for limit in [0, 1, 3, 7, 8, 9, usize::MAX] {
        for from in [0_u32, 1, 6, 7, 8, u32::MAX] {
            let page = log.read_stream("s3", from, limit).await.unwrap();
            let wanted: Vec<_> = whole.iter().skip(from as usize).take(limit).cloned().collect();
            assert_eq!(page, wanted, "from {from}, {limit} events");
        }
    }
}

/// Not an error: nothing is recorded yet.
pub async fn a_missing_stream_is_empty(fixture: &mut impl Fixture) {
    let log = fixture.log();
    forty(&*log).await;
    assert!(log.read_stream("s9", 0, 10).await.unwrap().is_empty());
    assert!(log.read_stream("", 0, 10).await.unwrap().is_empty());
    assert!(log.read_stream("s", 0, 10).await.unwrap().is_empty());
}

/// From any position, any number; the global order is the order of positions.
pub async fn the_log_is_read_in_pages_of_any_size(fixture: &mut impl Fixture) {
    let log = fixture.log();
    forty(&*log).await;
    let whole = log.read_all(0, 100).await.unwrap();
    assert_eq!(whole.iter().map(|event| event.position).collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    for limit in [0, 1, 39, 40, 41, usize::MAX] {
        for from in [0_u64, 1, 39, 40, 41, u64::MAX] {
            let page = log.read_all(from, limit).await.unwrap();
            let from = usize::try_from(from).unwrap();
            let wanted: Vec<_> = whole.iter().skip(from).take(limit).cloned().collect();
            assert_eq!(page, wanted, "from {from}, {limit} events");
        }
    }
}

fn scanned(scan: &mut dyn Scan, range: std::ops::Range<u64>) -> Vec<Stored> {
    let mut events = Vec::new();
    scan.scan(range, &mut |raw| {
        events.push((
            raw.stream,
            Stored {
                position: raw.position,
                stream: "".into(),
                version: raw.version,
                kind: raw.kind,
                effective_at: raw.effective_at,
                recorded_at: raw.recorded_at,
                leaf: raw.leaf.try_into().unwrap(),
                body: std::str::from_utf8(raw.body).unwrap().into(),
            },
        ));
        Ok(())
    })
    .unwrap();
    let mut named = |(stream, event)| Stored { stream: scan.stream_name(stream).unwrap(), ..event };
    events.into_iter().map(&mut named).collect()
}

/// Among many others, in the order in which they began, also after reopening.
pub async fn the_streams_of_areas_are_found(fixture: &mut impl Fixture) {
    let log = fixture.log();
    assert!(log.areas().await.unwrap().is_empty());
    forty(&*log).await;
    let wanted = ["area-620700", "area-430500", "area-370100"];
    for (at, area) in wanted.iter().enumerate() {
        let other = format!("practitioner-D51010500{at:04}");
        let batch = vec![append(area, Expected::NoStream, 0, 2), append(&other, Expected::NoStream, 0, 1)];
        assert!(log.append(batch).await.iter().all(Result::is_ok));
    }
    one(&*log, append(wanted[1], Expected::Exact(1), 2, 1)).await.unwrap();
    drop(log);
    for _ in 0..2 {
        let found = fixture.log().areas().await.unwrap();
        assert_eq!(found.iter().map(|name| &**name).collect::<Vec<_>>(), wanted);
        fixture.reopen();
    }
}

/// Borrowed or owned, the same events; what the visitor says stops the scan.
pub async fn a_scan_sees_what_reading_sees(fixture: &mut impl Fixture) {
    let log = fixture.log();
    forty(&*log).await;
    let whole = log.read_all(0, 100).await.unwrap();
    let mut scan = log.scanner().unwrap();
    for (from, to) in [(0, 40), (0, 0), (7, 9), (39, 400), (40, 50), (0, u64::MAX)] {
        let wanted: Vec<_> =
            whole.iter().filter(|event| (from..to).contains(&event.position)).cloned().collect();
        assert_eq!(scanned(&mut *scan, from..to), wanted, "{from}..{to}");
    }
    let mut seen = 0;
    let stopped = scan.scan(0..40, &mut |raw| {
        seen += 1;
        if raw.position == 6 { Err(LogError::Other("enough".to_owned())) } else { Ok(()) }
    });
    assert!(matches!(stopped, Err(LogError::Other(why)) if why == "enough"));
    assert_eq!(seen, 7);
    assert!(scan.stream_name(5).is_err());
    let wanted = [7, 39, 3, 3, 40, 12];
    let mut picked = Vec::new();
    scan.pick(&mut wanted.into_iter(), &mut |raw| {
        picked.push((raw.position, raw.body.to_vec()));
        Ok(())
    })
    .unwrap();
    let there = wanted.into_iter().filter_map(|position| whole.get(usize::try_from(position).unwrap()));
    assert_eq!(
        picked,
        there.map(|event| (event.position, event.body.as_bytes().to_vec())).collect::<Vec<_>>()
    );
}

/// Scanners are independent, and nobody waits for them.
pub async fn two_scans_run_at_once_and_appends_go_on(fixture: &mut impl Fixture) {
    let log = fixture.log();
    forty(&*log).await;
    let (mut outer, mut inner) = (log.scanner().unwrap(), log.scanner().unwrap());
    let mut pairs = 0;
    outer
        .scan(0..40, &mut |left| {
            inner.scan(0..40, &mut |right| {
                pairs += u64::from(left.position == right.position);
                Ok(())
            })
        })
        .unwrap();
    assert_eq!(pairs, 40);
    let (entered, wait) = std::sync::mpsc::channel();
    let (go_on, proceed) = std::sync::mpsc::channel::<()>();
    let scanning = std::thread::spawn(move || {
        let mut seen = 0;
        let range = 0..1_u64;
        outer
            .scan(range, &mut |_| {
                seen += 1;
                Ok(())
            })
            .unwrap();
        entered.send(()).unwrap();
        proceed.recv().unwrap();
        outer
            .scan(1..100, &mut |_| {
                seen += 1;
                Ok(())
            })
            .unwrap();
        seen
    });
    wait.recv().unwrap();
    one(&*log, append(STREAM, Expected::Any, 0, 1)).await.unwrap();
    go_on.send(()).unwrap();
    assert_eq!(scanning.join().unwrap(), 41);
}

/// How much of the log was known at an instant never changes afterwards.
pub async fn what_was_known_is_told_by_recorded_at(fixture: &mut impl Fixture) {
    let log = fixture.log();
    for version in 0..20 {
        fixture.clock().set(second(i64::from(version) * 10));
        one(&*log, append(STREAM, Expected::Any, version * 2, 2)).await.unwrap();
    }
    let stored = log.read_all(0, 100).await.unwrap();
    let mut at: Vec<_> = stored.iter().map(|event| event.recorded_at.as_micros()).collect();
    at.extend([i64::MIN, second(5).as_micros(), second(10).as_micros() - 1, i64::MAX]);
    for micros in at {
        let at = Instant::from_micros(micros);
        let wanted = stored.iter().filter(|event| event.recorded_at <= at).count() as u64;
        assert_eq!(log.known(at).await.unwrap(), wanted, "{micros}");
    }
}

/// A subscriber is told the length after each commit, and reading up to it finds everything.
pub async fn subscribers_learn_the_length(fixture: &mut impl Fixture) {
    let log = fixture.log();
    let mut length = log.subscribe();
    assert_eq!(*length.borrow_and_update(), 0);
    let writer = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            for version in 0..50 {
                one(&*log, append(STREAM, Expected::Any, version, 1)).await.unwrap();
            }
        }
    });
    let mut seen = 0;
    while seen < 50 {
        length.changed().await.unwrap();
        let told = *length.borrow_and_update();
        let page = log.read_all(seen, 100).await.unwrap();
        assert!(seen + page.len() as u64 >= told);
        assert!(page.iter().zip(seen..).all(|(event, position)| event.position == position));
        seen += page.len() as u64;
    }
    writer.await.unwrap();
    one(&*log, append(STREAM, Expected::NoStream, 0, 1)).await.unwrap_err();
    assert_eq!(*log.subscribe().borrow(), 50);
}
