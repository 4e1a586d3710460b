//! Moving what was written ahead into the file, on a thread of its own: whoever waits for an answer does not wait for that.

use crate::error::ViewError;
use crate::schema;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Events after which it is worth the while: each dirties some twenty pages.
const EVENTS: usize = 512;

/// A thread that checkpoints a file of views beside its writer.
#[derive(Debug)]
pub struct Upkeep {
    events: usize,
    /// Taken away to tell the thread that nothing more comes.
    asking: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Upkeep {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system has none to give.
    pub fn start(path: &Path) -> std::io::Result<Self> {
        let path: PathBuf = path.to_owned();
        let (asking, asked) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("accord-upkeep".to_owned())
            .spawn(move || serve(&path, &asked))?;
        Ok(Self { events: 0, asking: Some(asking), thread: Some(thread) })
    }

    /// Tells that so many events were shown.
    pub fn shown(&mut self, events: usize) {
        self.events += events;
        if self.events >= EVENTS {
            self.events = 0;
            // When one is asked for already, this one is done with it.
            if let Some(asking) = &self.asking {
                let _ = asking.try_send(());
            }
        }
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        drop(self.asking.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that checkpoints the views stopped by a fault");
        }
    }
}

fn serve(path: &Path, asked: &Receiver<()>) {
    let mut connection = None;
    while asked.recv().is_ok() {
        if let Err(error) = checkpoint(path, &mut connection) {
            // The writer does it itself when much has come together.
            tracing::warn!(%error, "the views could not be checkpointed");
            connection = None;
        }
    }
}

/// As far as is possible without waiting for anybody.
fn checkpoint(path: &Path, connection: &mut Option<Connection>) -> Result<(), ViewError> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(schema::open_beside(path)?),
    };
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    Ok(())
}
