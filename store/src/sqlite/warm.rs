//! Meeting the index beside a ledger that appends: which keys and names it certainly does not hold.
//!
//! Nearly every key is new, and so is many a name: without this, each append searches the index for them in vain, at
//! some ten microseconds when its pages are in memory and some milliseconds when they are not. So once a ledger has
//! appended a little, a thread fetches the filter ([`super::filter`]) that is kept in the index, or reads the index
//! through, in the order in which it lies on the disk, and makes one.

use super::index;
use super::{Shared, read};
use crate::limits::FILTERED_EVENTS_MAX;
use crate::port::LogError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

/// Appends before a ledger counts as one that appends: a single command from the command line is not worth the pass.
const APPENDS_BEFORE: u32 = 16;

/// The pass over the index, and whether it is time for one. Dropping it ends the pass.
#[derive(Debug, Default)]
pub(super) struct Warming {
    appends: u32,
    failed: bool,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Warming {
    /// Counts an append, and starts a pass where one is due. A flush during a pass makes it void: what it carried was in
    /// the tail when the pass began and may be in neither now. Then some appends later another one starts.
    pub(super) fn count(&mut self, shared: &Arc<Shared>) {
        if self.failed || self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return;
        }
        let unfiltered = shared.tail.read().unwrap_or_else(PoisonError::into_inner).unfiltered();
        let Some(covered) = unfiltered.filter(|covered| *covered <= FILTERED_EVENTS_MAX) else { return };
        self.appends += 1;
        if self.appends < APPENDS_BEFORE {
            return;
        }
        self.appends = 0;
        let (shared, stop) = (Arc::clone(shared), Arc::clone(&self.stop));
        let pass = move || {
            if let Err(error) = pass(&shared, covered, &stop) {
                tracing::warn!(%error, "the index could not be read through: appends search it one by one");
            }
        };
        let thread = std::thread::Builder::new().name("log-warm".to_owned()).spawn(pass);
        self.failed = thread.is_err();
        self.thread = thread.ok();
    }

    /// Waits until the pass under way is over.
    #[cfg(test)]
    pub(super) fn finish(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Warming {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the thread that read the index through stopped by a fault");
        }
    }
}

fn pass(shared: &Shared, covered: u64, stop: &AtomicBool) -> Result<(), LogError> {
    let reader = shared.open_reader()?;
    let Some(of) = &reader.index else { return Ok(()) };
    let go_on = &mut || !stop.load(Ordering::Relaxed);
    if let Some(filter) = index::filter(of, go_on).map_err(read::failed)? {
        let mut tail = shared.tail.write().unwrap_or_else(PoisonError::into_inner);
        tail.take_filter(filter, covered);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::contract::{append, second, under};
    use crate::port::{Answer, AppendError, EventLog, Expected};
    use crate::sqlite::filter::Filter;
    use crate::sqlite::{SqliteLog, files};
    use crate::verify::FlawKind;

    const RECORDED: u64 = 3_000;

    /// A ledger of so many events whose index is written, without a filter, opened anew.
    fn recorded() -> (tempfile::TempDir, SqliteLog) {
        let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::at(second(0))));
        SqliteLog::create(dir.path(), 7, &*clock).unwrap();
        let log = SqliteLog::open(dir.path(), Arc::clone(&clock) as _).unwrap();
        import(&log, 0..RECORDED);
        assert!(kept(&log), "a new ledger knows that its index holds nothing");
        drop(log);
        let index = rusqlite::Connection::open(files::index(dir.path())).unwrap();
        assert_eq!(index.execute("DELETE FROM filter", []).unwrap(), 1);
        drop(index);
        let log = SqliteLog::open(dir.path(), clock).unwrap();
        (dir, log)
    }

    fn import(log: &SqliteLog, numbers: std::ops::Range<u64>) {
        let mut import = log.bulk().unwrap();
        for n in numbers {
            let request = append(&format!("s{n}"), Expected::NoStream, 0, 1);
            import.push(under(&format!("key-{n}"), 1, request)).unwrap();
        }
        import.finish().unwrap();
    }

    fn kept(log: &SqliteLog) -> bool {
        let reader = log.shared.open_reader().unwrap();
        index::kept_filter(reader.index.as_ref().unwrap()).unwrap().is_some()
    }

    fn is_filtered(log: &SqliteLog) -> bool {
        log.shared.tail.read().unwrap().unfiltered().is_none()
    }

    async fn asked(log: &SqliteLog, n: u64, expected: Expected) -> Result<Answer, AppendError> {
        let request = under(&format!("key-{n}"), 1, append(&format!("s{n}"), expected, 0, 1));
        log.append(vec![request]).await.pop().unwrap()
    }

    #[tokio::test]
    async fn what_was_recorded_is_found_through_the_filter_and_what_is_new_is_not_sought() {
        let (_dir, log) = recorded();
        let since = RECORDED + u64::from(APPENDS_BEFORE);
        for n in RECORDED..since {
            assert!(!is_filtered(&log), "a ledger that appends little does without");
            asked(&log, n, Expected::NoStream).await.unwrap();
        }
        log.writer.lock().unwrap().as_mut().unwrap().warming.finish();
        assert!(is_filtered(&log));
        asked(&log, since, Expected::NoStream).await.unwrap();
        for n in (0..RECORDED).step_by(7).chain(RECORDED..=since) {
            assert_eq!(log.read_stream(&format!("s{n}"), 0, 9).await.unwrap().len(), 1, "s{n}");
            let again = asked(&log, n, Expected::NoStream).await.unwrap();
            assert!(again.repeated && again.appended.first_position == n, "key-{n}: {again:?}");
        }
        let (index, filter) = (log.shared.open_reader().unwrap(), log.shared.tail.read().unwrap());
        let sought = (0..1_000).filter(|n| filter.may_hold(index::name_hash(&format!("new-{n}")))).count();
        assert!(index.index.is_some() && sought < 50, "{sought}");
    }

    #[test]
    fn a_pass_that_a_flush_overtook_or_that_is_stopped_leaves_no_filter() {
        let (_dir, log) = recorded();
        let (on, stopped) = (AtomicBool::new(false), AtomicBool::new(true));
        pass(&log.shared, RECORDED - 1, &on).unwrap();
        assert!(!is_filtered(&log), "made of another state of the index");
        pass(&log.shared, RECORDED, &stopped).unwrap();
        assert!(!is_filtered(&log), "a part of the index only");
        pass(&log.shared, RECORDED, &on).unwrap();
        assert!(is_filtered(&log));
    }

    #[tokio::test]
    async fn a_subject_recorded_under_a_second_stream_is_told_by_verify() {
        let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::at(second(0))));
        SqliteLog::create(dir.path(), 7, &*clock).unwrap();
        let log = SqliteLog::open(dir.path(), clock).unwrap();
        import(&log, 0..5);
        // What a filter comes to that denies what is there.
        log.shared.tail.write().unwrap().take_filter(Filter::default(), 5);
        assert!(!asked(&log, 3, Expected::NoStream).await.unwrap().repeated);
        drop(log);
        let flaws = SqliteLog::verify(dir.path(), &mut |_, _| {}).unwrap().flaws;
        // The bodies of these tests name nobody: what is said of those is left out.
        let told: Vec<_> = flaws.iter().filter(|flaw| flaw.kind == FlawKind::Order).collect();
        assert_eq!((told.len(), told[0].position), (1, Some(5)), "{flaws:?}");
    }

    #[tokio::test]
    async fn a_filter_that_lost_a_bit_is_not_believed() {
        let (dir, log) = recorded();
        let clock = Arc::clone(&log.shared.clock);
        let on = AtomicBool::new(false);
        pass(&log.shared, RECORDED, &on).unwrap();
        import(&log, RECORDED..RECORDED * 2);
        drop(log);
        let index = rusqlite::Connection::open(files::index(dir.path())).unwrap();
        assert_eq!(index.execute("UPDATE filter SET bits = zeroblob(length(bits))", []).unwrap(), 1);
        drop(index);
        let log = SqliteLog::open(dir.path(), clock).unwrap();
        assert!(!kept(&log));
        import(&log, RECORDED * 2..RECORDED * 3);
        pass(&log.shared, RECORDED * 3, &on).unwrap();
        assert!(is_filtered(&log));
        for n in [0, RECORDED, RECORDED * 3 - 1] {
            let again = asked(&log, n, Expected::NoStream).await.unwrap();
            assert!(again.repeated && again.appended.first_position == n, "key-{n}: {again:?}");
        }
    }

    #[tokio::test]
    async fn a_filter_is_kept_with_the_index_and_brought_up_to_date_with_it() {
        let (dir, log) = recorded();
        let clock = Arc::clone(&log.shared.clock);
        let (on, stopped) = (AtomicBool::new(false), AtomicBool::new(true));
        pass(&log.shared, RECORDED, &on).unwrap();
        assert!(!kept(&log), "only who writes the index keeps one there");
        import(&log, RECORDED..RECORDED * 2);
        assert!(kept(&log));
        drop(log);
        let log = SqliteLog::open(dir.path(), Arc::clone(&clock)).unwrap();
        // Not read through: fetched.
        pass(&log.shared, RECORDED * 2, &stopped).unwrap();
        assert!(is_filtered(&log));
        drop(log);
        // Brought up to date by one who did not fetch it.
        let log = SqliteLog::open(dir.path(), clock).unwrap();
        import(&log, RECORDED * 2..RECORDED * 3);
        assert!(!is_filtered(&log));
        pass(&log.shared, RECORDED * 3, &stopped).unwrap();
        assert!(is_filtered(&log));
        for n in [0, RECORDED, RECORDED * 2 - 1, RECORDED * 2, RECORDED * 3 - 1] {
            let again = asked(&log, n, Expected::NoStream).await.unwrap();
            assert!(again.repeated && again.appended.first_position == n, "key-{n}: {again:?}");
        }
    }
}
