//! One ledger in the database: a stream of its events, and one of a single event that says which ledger it is.

use super::client::{Connection, Found, Refused, Sent};
use super::wire;
use crate::limits::{CLUSTER_APPEND_BYTES_MAX, CLUSTER_CALLS_MAX, CLUSTER_PAGE_EVENTS, CLUSTER_PAUSE};
use crate::merkle::{hex, unhex};
use crate::port::LogError;
use crate::replica::{Gate, Identity, Place, Recorded};
use accord_domain::Instant;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// Type of the one event of the stream of the identity.
const IDENTITY: &str = "ledger.identity";
/// Format of what is written to the database; a newer one is refused.
const FORMAT: u32 = 1;

/// The identity as it stands in the database.
#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    ledger: String,
    /// A text: numbers beyond 2^53 do not survive every reader of JSON.
    salt: String,
    created_at: Instant,
}

/// What stands where events were to stand.
enum Standing {
    /// These very events.
    Ours,
    /// Others.
    Others,
    /// Nothing.
    Nothing,
}

/// The truth: the stream of the ledger in the database.
#[derive(Debug)]
pub(super) struct Cluster {
    connection: Connection,
    stream: String,
    /// Drawn when this was opened: tells the events sent from here from those of others.
    sender: [u8; 16],
}

impl Cluster {
    pub(super) fn new(place: &Place) -> Result<Self, LogError> {
        let mut sender = [0; 16];
        getrandom::fill(&mut sender).map_err(|error| LogError::Other(error.to_string()))?;
        Ok(Self { connection: Connection::new(&place.address)?, stream: place.stream.clone(), sender })
    }

    fn identity_stream(&self) -> String {
        format!("{}-identity", self.stream)
    }

    /// Which ledger is kept there; none yet.
    pub(super) fn identity(&self) -> Result<Option<Identity>, LogError> {
        let found = self.read_from(&self.identity_stream(), 0, 1)?;
        found.first().map(identity).transpose()
    }

    /// Which ledger is kept there: the one given if there was none. Of several that are made at once one stands, and all
    /// are told of that one.
    pub(super) fn identity_or_make(&self, new: &Identity) -> Result<Identity, LogError> {
        if let Some(identity) = self.identity()? {
            return Ok(identity);
        }
        if !self.page(0)?.is_empty() {
            let what =
                format!("in the cluster: {} is there, but not what says which ledger it is", self.stream);
            return Err(LogError::Damaged { position: 0, what });
        }
        let written = Written {
            format: FORMAT,
            ledger: hex(&new.ledger),
            salt: new.salt.to_string(),
            created_at: new.created_at,
        };
        let failed = |error: serde_json::Error| LogError::Other(error.to_string());
        let sent = Sent {
            id: Uuid::from_bytes(self.sender),
            kind: IDENTITY.to_owned(),
            data: serde_json::value::to_raw_value(&written).map_err(failed)?,
            metadata: serde_json::value::to_raw_value(&serde_json::json!({})).map_err(failed)?,
        };
        match self.append(&self.identity_stream(), 0, &[sent]) {
            Ok(()) | Err(LogError::Overtaken { .. } | LogError::InDoubt(_)) => {}
            Err(error) => return Err(error),
        }
        self.identity()?.ok_or_else(|| LogError::Cluster("what was written there is not there".to_owned()))
    }

    /// Events of the ledger from a position on: a page of them, and fewer only where they end.
    pub(super) fn page(&self, from: u64) -> Result<Vec<Found>, LogError> {
        self.read_from(&self.stream, from, CLUSTER_PAGE_EVENTS)
    }

    /// The event at a position.
    pub(super) fn at(&self, position: u64) -> Result<Option<Found>, LogError> {
        Ok(self.read_from(&self.stream, position, 1)?.pop())
    }

    /// Reads; what fails on one connection is asked again on a new one.
    fn read_from(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Found>, LogError> {
        let mut pauses = pauses();
        loop {
            let why = match self.connection.read(stream, from, limit) {
                Ok(found) => return Ok(found),
                Err(Refused::Never(why)) => return Err(LogError::Cluster(why)),
                Err(refused) => refused.why(),
            };
            tracing::warn!(error = why, "the cluster of the ledger did not answer");
            let Some(pause) = pauses.next() else { return Err(LogError::Cluster(why)) };
            wait(pause);
        }
    }

    /// Appends at a position, all or nothing. A lost answer is looked for among what stands there; when nothing does, the
    /// same is sent again, with the same ids: it is recorded once, whichever try arrives.
    fn append(&self, stream: &str, position: u64, sent: &[Sent]) -> Result<(), LogError> {
        let mut pauses = pauses();
        let mut in_doubt = false;
        loop {
            let (why, lasting) = match self.connection.append(stream, position.checked_sub(1), sent.to_vec())
            {
                Ok(()) => return Ok(()),
                Err(Refused::Conflict) if !in_doubt => return Err(LogError::Overtaken { position }),
                Err(Refused::Conflict) => ("the stream has changed".to_owned(), false),
                Err(Refused::NotDone(why)) => (why, false),
                Err(Refused::Never(why)) => (why, true),
                Err(Refused::Unknown(why)) => {
                    in_doubt = true;
                    (why, false)
                }
            };
            tracing::warn!(position, error = why, "the cluster of the ledger did not take an append");
            let pause = pauses.next().filter(|_| !lasting);
            if let Some(pause) = pause {
                wait(pause);
            }
            if in_doubt {
                match self.standing(stream, position, sent) {
                    Ok(Standing::Ours) => return Ok(()),
                    Ok(Standing::Others) => return Err(LogError::Overtaken { position }),
                    // It may still be under way.
                    Ok(Standing::Nothing) | Err(_) if pause.is_some() => continue,
                    Ok(Standing::Nothing) | Err(_) => return Err(LogError::InDoubt(why)),
                }
            }
            if pause.is_none() {
                return Err(LogError::Cluster(why));
            }
        }
    }

    fn standing(&self, stream: &str, position: u64, sent: &[Sent]) -> Result<Standing, Refused> {
        let found = self.connection.read(stream, position, sent.len())?;
        if found.is_empty() {
            return Ok(Standing::Nothing);
        }
        let ours = found.len() == sent.len()
            && found
                .iter()
                .zip(sent)
                .zip(position..)
                .all(|((found, sent), revision)| found.id == sent.id && found.revision == revision);
        Ok(if ours { Standing::Ours } else { Standing::Others })
    }
}

impl Gate for Cluster {
    fn pass(&self, requests: &[Recorded]) -> Result<(), LogError> {
        let max = CLUSTER_APPEND_BYTES_MAX;
        if let Some(size) = requests.iter().map(wire::bytes_of_recorded).find(|size| *size > max) {
            let why = format!("one request takes {size} bytes, an append {max}: divide the request");
            return Err(LogError::Cluster(why));
        }
        let parts = wire::parts(requests.iter().collect(), max, |request| wire::bytes_of_recorded(request));
        for (done, part) in parts.into_iter().enumerate() {
            let Some(first) = part.first() else { continue };
            let position = first.first_position();
            let sent = wire::sent(part, &self.sender)?;
            match self.append(&self.stream, position, &sent) {
                Ok(()) => {}
                Err(error) if done == 0 => return Err(error),
                Err(error) => {
                    return Err(LogError::InDoubt(format!(
                        "what is before position {position} was; then: {error}"
                    )));
                }
            }
        }
        Ok(())
    }
}

/// The waits between the tries of one thing.
fn pauses() -> impl Iterator<Item = Duration> {
    (0..CLUSTER_CALLS_MAX - 1).map(|tried| CLUSTER_PAUSE * 2_u32.pow(tried))
}

/// Leaves the cluster some time: a node that fell is not up again at once.
fn wait(pause: Duration) {
    std::thread::park_timeout(pause);
}

fn identity(found: &Found) -> Result<Identity, LogError> {
    let unreadable = || {
        let what = "in the cluster: what says which ledger it is cannot be read".to_owned();
        LogError::Damaged { position: 0, what }
    };
    let written: Written = serde_json::from_slice(&found.data).map_err(|_| unreadable())?;
    if written.format > FORMAT {
        return Err(LogError::NewerFormat { found: written.format, known: FORMAT });
    }
    let ledger = unhex(&written.ledger).ok_or_else(unreadable)?;
    let salt = written.salt.parse().map_err(|_| unreadable())?;
    Ok(Identity { ledger, salt, created_at: written.created_at })
}
