//! The import path comes to the same as single appends.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use accord_store::contract::{Numbers, STREAM, append, under};
use accord_store::limits::BULK_BATCH_EVENTS;
use accord_store::{Append, AppendError, EventLog, Expected, LogError, MemoryLog, SqliteLog};
use common::{clock, made, one, open};

fn request(numbers: &mut Numbers) -> Append {
    let stream = format!("s{}", numbers.below(4_000));
    let expected = match numbers.below(6) {
        0 => Expected::NoStream,
        1 => Expected::Exists,
        2 => Expected::Exact(u32::try_from(numbers.below(4)).unwrap()),
        _ => Expected::Any,
    };
    let request = append(&stream, expected, 0, u32::try_from(numbers.below(4)).unwrap());
    let key = format!("key-{}", numbers.below(200_000));
    under(&key, u8::try_from(numbers.below(2)).unwrap(), request)
}

/// What was answered, in words that can be compared.
fn words(answer: &Result<accord_store::Answer, AppendError>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => error.to_string(),
    }
}

/// Several batches, the index flushed in between, the log closed once: every answer as the memory log gives it.
#[tokio::test]
async fn an_import_comes_to_the_same_as_single_appends() {
    let (dir, mut log) = made();
    let plain = MemoryLog::new(7, clock());
    let mut numbers = Numbers(3);
    for part in 0..3 {
        let mut import = log.bulk().unwrap();
        let mut written = 0;
        while written < BULK_BATCH_EVENTS * 3 / 2 {
            let request = request(&mut numbers);
            let events = request.events.len();
            let wanted = plain.append(vec![request.clone()]).await.pop().unwrap();
            written += if wanted.as_ref().is_ok_and(|answer| !answer.repeated) { events } else { 0 };
            assert_eq!(words(&import.push(request)), words(&wanted));
        }
        let len = import.finish().unwrap();
        assert_eq!(len, plain.len().await.unwrap());
        assert_eq!(*log.subscribe().borrow(), len);
        if part == 1 {
            drop(log);
            log = open(dir.path()).unwrap();
            // Known to the tail only when the import takes stock of the index.
            for n in 200_000..200_082 {
                let request =
                    under(&format!("key-{n}"), 1, append(&format!("s{}", n - 196_000), Expected::Any, 0, 1));
                let wanted = plain.append(vec![request.clone()]).await.pop().unwrap();
                assert_eq!(words(&one(&log, request).await), words(&wanted));
            }
        }
    }
    for (stored, wanted) in
        log.read_all(0, usize::MAX).await.unwrap().iter().zip(plain.read_all(0, usize::MAX).await.unwrap())
    {
        assert_eq!(*stored, wanted);
    }
    for n in (0..4_082).step_by(37) {
        let name = format!("s{n}");
        let wanted = plain.read_stream(&name, 0, 1_000).await.unwrap();
        assert_eq!(log.read_stream(&name, 0, 1_000).await.unwrap(), wanted);
    }
    for n in (0..200_082).step_by(41) {
        let key = format!("key-{n}");
        assert_eq!(log.request(&key).await.unwrap(), plain.request(&key).await.unwrap());
    }
}

#[tokio::test]
async fn single_appends_wait_their_turn_and_reads_do_not() {
    let (_dir, log) = made();
    one(&log, append(STREAM, Expected::NoStream, 0, 1)).await.unwrap();
    let mut import = log.bulk().unwrap();
    assert!(matches!(log.bulk(), Err(LogError::Locked(_))));
    let refused = one(&log, append(STREAM, Expected::Any, 1, 1)).await.unwrap_err();
    assert!(matches!(&refused, AppendError::Storage(why) if matches!(**why, LogError::Locked(_))));
    let answer = import.push(append(STREAM, Expected::Exact(0), 1, 2)).unwrap();
    assert_eq!((answer.appended.first_position, import.committed()), (1, 1));
    assert_eq!(log.read_stream(STREAM, 0, 10).await.unwrap().len(), 1, "not committed yet");
    assert_eq!(import.finish().unwrap(), 3);
    assert_eq!(log.read_stream(STREAM, 0, 10).await.unwrap().len(), 3);
    let next = one(&log, append(STREAM, Expected::Exact(2), 3, 1)).await.unwrap();
    assert_eq!(next.appended.first_position, 3);
}

#[tokio::test]
async fn a_dropped_import_writes_what_was_pushed_and_gives_the_writer_back() {
    let (_dir, log) = made();
    let mut import = log.bulk().unwrap();
    import.push(append(STREAM, Expected::NoStream, 0, 2)).unwrap();
    drop(import);
    assert_eq!(one(&log, append(STREAM, Expected::Exact(1), 2, 1)).await.unwrap().appended.first_position, 2);
}

#[tokio::test]
async fn ids_are_known_before_the_commit() {
    let (_dir, log) = made();
    let mut import = log.bulk().unwrap();
    let appended = import.push(append(STREAM, Expected::NoStream, 0, 3)).unwrap().appended;
    let ids: Vec<_> = (0..3).map(|index| log.event_id(&appended, index)).collect();
    import.finish().unwrap();
    for (id, stored) in ids.iter().zip(log.read_all(0, 3).await.unwrap()) {
        assert_eq!(stored.decode().unwrap().id, *id);
    }
    let reader = SqliteLog::open_read_only(log.dir(), clock()).unwrap();
    assert!(matches!(reader.bulk(), Err(LogError::ReadOnly(_))));
}
