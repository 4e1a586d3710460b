//! The views written beside the log: what events come to is worked out on a thread of its own while the log waits for the
//! disk, and shown when they are durable.

use accord_projections::{Projector, ViewError};
use accord_store::Stored;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

/// Looks for work, or for an answer, before going to sleep: some ten microseconds. Waking from sleep takes longer, so
/// what is nearly there is better waited for awake.
const LOOKS_BEFORE_SLEEP: u32 = 1_000;

/// Events, and the projector that is to write them.
struct Work {
    projector: Projector,
    events: Arc<[Stored]>,
}

/// The projector again, and what came of it.
type Worked = (Projector, Result<(), ViewError>);

/// Where work lies until the thread takes it, or whoever put it there takes it back.
type Desk = Mutex<Option<Work>>;

/// The one writer of the views, and the thread that helps it.
pub(super) struct Beside {
    /// None while its work lies on the desk or is in the thread's hands.
    projector: Option<Projector>,
    /// Let go of to tell the thread that no more work comes.
    desk: Arc<Desk>,
    worked: Receiver<Worked>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system has none to give.
    pub(super) fn start(projector: Projector) -> std::io::Result<Self> {
        let desk: Arc<Desk> = Arc::default();
        let watched = Arc::downgrade(&desk);
        let (answers, worked) = channel();
        let thread = std::thread::Builder::new()
            .name("accord-views".to_owned())
            .spawn(move || serve(&watched, &answers))?;
        Ok(Self { projector: Some(projector), desk, worked, thread: Some(thread) })
    }

    /// Wakes the thread: there will be events in a moment.
    pub(super) fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Begins to write events that the log is about to make durable. [`Beside::end`] is next, whatever becomes of them.
    pub(super) fn begin(&mut self, events: Arc<[Stored]>) {
        // When some are missing in between, they are taken from the log at the end, and these with them.
        let next = |projector: &mut Projector| {
            events.first().is_some_and(|first| first.position == projector.position())
        };
        if let Some(projector) = self.projector.take_if(next) {
            *self.desk.lock().unwrap_or_else(PoisonError::into_inner) = Some(Work { projector, events });
            self.wake();
        }
    }

    /// Shows the events begun when they are durable, as the log's answer says; else nobody ever sees anything of them.
    ///
    /// # Errors
    /// The views are behind the log then; the next call mends it.
    ///
    /// # Panics
    /// When the thread panicked: with the same.
    pub(super) fn end(&mut self, events: &[Stored], durable: bool) -> Result<(), ViewError> {
        let mut prepared = Ok(());
        if self.projector.is_none() {
            // Work that the thread has not come to yet is done sooner here.
            let worked = match take(&self.desk) {
                Some(work) => Some(work.prepare()),
                None => wait(&self.worked),
            };
            match worked {
                Some((projector, result)) => {
                    self.projector = Some(projector);
                    prepared = result;
                }
                None => self.give_up(),
            }
        }
        let Some(projector) = &mut self.projector else {
            return Err(ViewError::Damaged("the thread that writes the views stopped".to_owned()));
        };
        if !durable {
            return projector.withdraw();
        }
        prepared?;
        projector.show()?;
        projector.keep_up(events)
    }

    /// Panics as the thread did.
    fn give_up(&mut self) {
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
    }
}

impl Work {
    fn prepare(mut self) -> Worked {
        let prepared = self.projector.prepare(&self.events);
        (self.projector, prepared)
    }
}

impl Drop for Beside {
    /// Waits until the thread has let go of the views.
    fn drop(&mut self) {
        self.desk = Arc::default();
        self.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the views stopped by a fault");
        }
    }
}

/// Writes until no more work comes.
fn serve(desk: &Weak<Desk>, answers: &Sender<Worked>) {
    loop {
        let mut looks = 0;
        let work = loop {
            let Some(desk) = desk.upgrade() else { return };
            if let Some(work) = take(&desk) {
                break work;
            }
            drop(desk);
            looks += 1;
            if looks < LOOKS_BEFORE_SLEEP {
                std::hint::spin_loop();
            } else {
                // Whoever puts work down, or lets go of the desk, wakes this thread afterwards.
                std::thread::park();
                looks = 0;
            }
        };
        let (mut projector, prepared) = work.prepare();
        let written = prepared.and_then(|()| projector.write_ahead());
        if answers.send((projector, written)).is_err() {
            return;
        }
    }
}

fn take(desk: &Desk) -> Option<Work> {
    desk.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The next answer; none when the thread is gone.
fn wait(worked: &Receiver<Worked>) -> Option<Worked> {
    for _ in 0..LOOKS_BEFORE_SLEEP {
        match worked.try_recv() {
            Ok(answer) => return Some(answer),
            Err(TryRecvError::Empty) => std::hint::spin_loop(),
            Err(TryRecvError::Disconnected) => return None,
        }
    }
    worked.recv().ok()
}
