//! The views written beside the log: what events come to is worked out on a thread of its own while the log waits for the
//! disk, and shown as soon as they are durable. A client is answered without waiting for that; whoever reads the views of
//! this ledger waits instead ([`Showing`]), so an answer is never ahead of what its client can read.
//!
//! When the views cannot be written, as on a disk that is full for them, what the log made durable is answered as such, and
//! questions are refused until the views could be brought up to it: that is tried with every commit and in between. Should the
//! thread stop by a fault, nothing more is recorded, and questions are answered where nothing is missing. The log is
//! the truth: the next opening makes up for what the views lack.

use accord_projections::{Projector, Showing, ViewError};
use accord_store::Stored;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Messages that may wait for the thread, two of each commit. Now and then the views take some milliseconds, to tidy up what
/// they wrote; a log that is faster for long is held up here.
const MESSAGES_AHEAD: usize = 128;

/// Looks for work before going to sleep: some tens of microseconds, about what the next commit of a busy ledger takes to get
/// as far. Waking from sleep takes longer.
const LOOKS_BEFORE_SLEEP: u32 = 2_000;

/// Between two looks for the end of a commit that was begun. To wake a sleeping thread costs whoever records some 15 µs of
/// every commit; a nap costs this thread 5 µs, and a reader who waits for the commit half a nap.
const NAP: Duration = Duration::from_micros(50);

/// Naps before going to sleep all the same: on a disk that takes this long, what waking costs does not show.
const NAPS_BEFORE_SLEEP: u32 = 64;

/// Between two tries to bring up views that could not be written.
const TRY_AGAIN: Duration = Duration::from_millis(250);

/// What the thread is told of a commit.
enum Message {
    /// The log is about to make these durable.
    Begin(Arc<[Stored]>),
    /// It did, or it could not.
    End { events: Arc<[Stored]>, durable: bool },
    /// Somebody has a question for the one writer of the views, as of what was told before.
    Ask(Box<dyn FnOnce(&mut Projector) + Send>),
}

/// The thread that writes the views.
pub(super) struct Beside {
    showing: Showing,
    lost: Arc<AtomicBool>,
    /// Let go of to tell the thread that no more work comes.
    messages: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system has none to give.
    pub(super) fn start(projector: Projector) -> std::io::Result<Self> {
        let showing = Showing::from(projector.position());
        let (messages, waiting) = sync_channel(MESSAGES_AHEAD);
        let lost = Arc::new(AtomicBool::new(false));
        let lost_then = Arc::clone(&lost);
        let desk =
            Desk { projector, showing: showing.clone(), prepared: Ok(()), behind: None, lost: lost_then };
        let thread = std::thread::Builder::new()
            .name("accord-views".to_owned())
            .spawn(move || desk.serve(&waiting))?;
        Ok(Self { showing, lost, messages: Some(messages), thread: Some(thread) })
    }

    /// What readers of these views have to wait for.
    pub(super) fn showing(&self) -> &Showing {
        &self.showing
    }

    /// Set when the thread stopped by a fault. Nothing may be recorded from then on.
    pub(super) fn lost(&self) -> &Arc<AtomicBool> {
        &self.lost
    }

    /// Begins to write events that the log is about to make durable. [`Beside::end`] is next, whatever becomes of them.
    pub(super) fn begin(&mut self, events: Arc<[Stored]>) {
        self.tell(Message::Begin(events));
    }

    /// Shows the events begun when they are durable, as the log's answer says; else nobody ever sees anything of them.
    pub(super) fn end(&mut self, events: Arc<[Stored]>, durable: bool) {
        if let Some(last) = events.last().filter(|_| durable) {
            self.showing.announce(last.position + 1);
        }
        self.tell(Message::End { events, durable });
    }

    /// Asks the projector something, after everything told before; none when the thread is gone.
    pub(super) fn ask<T: Send + 'static>(
        &mut self,
        question: impl FnOnce(&mut Projector) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = sync_channel(1);
        // Nobody waits for an answer any more when this thread is gone itself.
        self.tell(Message::Ask(Box::new(move |projector| drop(answer.send(question(projector))))));
        answered.recv().ok()
    }

    /// Who is gone is told nothing: that it went is known to all by [`Beside::lost`].
    fn tell(&mut self, message: Message) {
        drop(self.messages.as_ref().map(|messages| messages.send(message)));
    }

    /// Stops the thread by a fault, once a sender is gone.
    #[cfg(test)]
    pub(super) fn fail(&mut self, after: Receiver<()>) {
        self.tell(Message::Ask(Box::new(move |_| {
            // An end of the channel is what is waited for.
            let _ = after.recv();
            panic!("a fault of the views, made by a test");
        })));
    }
}

impl Drop for Beside {
    /// Waits until the thread has let go of the views.
    fn drop(&mut self) {
        drop(self.messages.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the views stopped by a fault");
        }
    }
}

/// Where the thread works.
struct Desk {
    projector: Projector,
    showing: Showing,
    /// What came of the events begun.
    prepared: Result<(), ViewError>,
    /// Everything before that was told to be durable and could not be shown.
    behind: Option<u64>,
    lost: Arc<AtomicBool>,
}

/// Says that the thread stopped by a fault, before anybody who waits for it goes on.
struct Loss(Arc<AtomicBool>);

impl Drop for Loss {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Release);
            tracing::error!("the thread that writes the views stopped by a fault: nothing more is recorded");
        }
    }
}

impl Desk {
    /// Writes until no more work comes.
    fn serve(mut self, waiting: &Receiver<Message>) {
        // However this ends, nobody waits any longer for what will not come.
        let _over = self.showing.clone().until_dropped();
        let _loss = Loss(Arc::clone(&self.lost));
        let mut under_way = false;
        loop {
            match next(waiting, under_way, self.behind.is_some()) {
                Next::Message(Message::Begin(events)) => {
                    under_way = true;
                    self.begin(&events);
                }
                Next::Message(Message::Ask(question)) => question(&mut self.projector),
                Next::Message(Message::End { events, durable }) => {
                    under_way = false;
                    let ended = self.end(&events, durable);
                    let before = events.last().filter(|_| durable).map(|last| last.position + 1);
                    self.tell(&ended, before.or(self.behind));
                }
                // Between a begin and its end the file is being written as far as it goes.
                Next::Nothing if under_way => {}
                Next::Nothing => {
                    let caught_up = self.projector.catch_up(&mut |_| ControlFlow::Continue(()));
                    self.tell(&caught_up.map(drop), self.behind);
                }
                Next::Over => return,
            }
        }
    }

    /// Tells those who ask whether the views hold everything before a position by now.
    fn tell(&mut self, came: &Result<(), ViewError>, before: Option<u64>) {
        if let Err(error) = came
            && self.behind.is_none()
        {
            // The log is the truth; the views catch up from there.
            tracing::error!(error = error as &dyn std::error::Error, "views are behind");
        }
        let Some(before) = before else { return };
        if came.is_ok() && before <= self.projector.position() {
            self.behind = None;
            self.showing.shown(before);
        } else {
            self.behind = Some(before);
            self.showing.missed(before);
        }
    }

    fn begin(&mut self, events: &[Stored]) {
        // When some are missing in between, they are taken from the log at the end, and these with them.
        if events.first().is_some_and(|first| first.position == self.projector.position()) {
            self.prepared = self.projector.prepare(events);
        }
    }

    fn end(&mut self, events: &[Stored], durable: bool) -> Result<(), ViewError> {
        let prepared = std::mem::replace(&mut self.prepared, Ok(()));
        if !durable {
            return self.projector.withdraw();
        }
        match prepared {
            Ok(()) => self.projector.show()?,
            // Tried once more, from what is durable.
            Err(_) => self.projector.withdraw()?,
        }
        self.projector.keep_up(events)
    }
}

/// What is next to do.
enum Next {
    Message(Message),
    /// Nothing came for [`TRY_AGAIN`].
    Nothing,
    /// Nobody sends any more.
    Over,
}

/// The next message. While a commit is under way its end is looked for now and then; who is behind does not wait for ever.
#[expect(
    clippy::disallowed_methods,
    reason = "to wait for the thing itself is to be woken, by whoever records"
)]
fn next(waiting: &Receiver<Message>, under_way: bool, behind: bool) -> Next {
    let naps = if under_way { NAPS_BEFORE_SLEEP } else { 0 };
    for look in 0..LOOKS_BEFORE_SLEEP + naps {
        match waiting.try_recv() {
            Ok(message) => return Next::Message(message),
            Err(TryRecvError::Empty) if look < LOOKS_BEFORE_SLEEP => std::hint::spin_loop(),
            Err(TryRecvError::Empty) => std::thread::sleep(NAP),
            Err(TryRecvError::Disconnected) => return Next::Over,
        }
    }
    if !behind {
        return waiting.recv().map_or(Next::Over, Next::Message);
    }
    match waiting.recv_timeout(TRY_AGAIN) {
        Ok(message) => Next::Message(message),
        Err(RecvTimeoutError::Timeout) => Next::Nothing,
        Err(RecvTimeoutError::Disconnected) => Next::Over,
    }
}
