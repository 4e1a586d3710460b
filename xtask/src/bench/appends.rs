//! Durable appends through the whole program: a line of JSON is read, its subject loaded, the act decided, its events
//! committed and shown in the views before the next one is asked.

use super::clients::{Client, Next};
use super::measure::Calls;
use accord_api::ledger::{Done, Ledger};
use accord_domain::command::Command;
use anyhow::{Context, anyhow};
use std::time::Instant;

/// What one client or all of them did.
pub(crate) struct Appended {
    pub(crate) calls: Calls,
    pub(crate) events: u64,
}

impl Appended {
    fn none() -> anyhow::Result<Self> {
        Ok(Self { calls: Calls::new()?, events: 0 })
    }

    /// Takes down what a command came to that was asked at an instant.
    fn note(&mut self, begin: Instant, client: &mut Client, next: &Next, done: &Done) -> anyhow::Result<()> {
        self.calls.record(begin.elapsed());
        self.events += u64::from(done.appended.count);
        recorded(client, next, done)
    }
}

fn parsed(next: &Next) -> anyhow::Result<Command> {
    Command::parse(&next.line).map_err(|error| anyhow!("{error}: {}", next.line))
}

/// Asks until the client's subjects have nothing more to tell or so many acts are done.
async fn work(ledger: &Ledger, client: &mut Client, acts: usize) -> anyhow::Result<Appended> {
    let mut appended = Appended::none()?;
    for _ in 0..acts {
        let Some(next) = client.next() else { break };
        let begin = Instant::now();
        let done = ledger.execute(parsed(&next)?).await.map_err(|error| anyhow!("{error}: {}", next.line))?;
        appended.note(begin, client, &next, &done)?;
    }
    Ok(appended)
}

fn recorded(client: &mut Client, next: &Next, done: &Done) -> anyhow::Result<()> {
    let first = done.events.first().context("an act recorded without events")?;
    client.recorded(next, first.decode()?.id);
    Ok(())
}

/// One client in a loop, on this thread.
pub(crate) fn single(ledger: &Ledger, mut client: Client, acts: usize) -> anyhow::Result<Appended> {
    let mut appended = Appended::none()?;
    for _ in 0..acts {
        let Some(next) = client.next() else { break };
        let begin = Instant::now();
        let done =
            ledger.execute_blocking(parsed(&next)?).map_err(|error| anyhow!("{error}: {}", next.line))?;
        appended.note(begin, &mut client, &next, &done)?;
    }
    Ok(appended)
}

/// Many clients at once, each with subjects of its own.
pub(crate) fn concurrent(ledger: &Ledger, clients: Vec<Client>, acts: usize) -> anyhow::Result<Appended> {
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    let begin = Instant::now();
    let all = runtime.block_on(async {
        let tasks: Vec<_> = clients
            .into_iter()
            .map(|mut client| {
                let ledger = ledger.clone();
                tokio::spawn(async move { work(&ledger, &mut client, acts).await })
            })
            .collect();
        let mut all = Appended::none()?;
        for task in tasks {
            let one = task.await??;
            all.calls.join(&one.calls)?;
            all.events += one.events;
        }
        anyhow::Ok(all)
    })?;
    let elapsed = begin.elapsed();
    Ok(Appended { calls: all.calls.over(elapsed), events: all.events })
}
