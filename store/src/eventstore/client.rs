//! The client of the database: the only place that knows the crate. `kurrentdb`, the same client under its new name, could
//! take its place here.
//!
//! The crate has faults that decide the form of this module. It stays with a node that died, and is dead for good after one
//! refused connection: so after every failure the connection is thrown away and made anew. A panic or an endless loop in its
//! background must not reach the ledger: so it runs on a thread of its own, thrown away with it, and is given up from
//! outside when it does not answer. Without an explicit id it makes a new one for every try: so ids are always given.

use crate::limits::CLUSTER_CALL;
use crate::port::LogError;
use eventstore::{
    AppendToStreamOptions, Client, ClientSettings, Error, EventData, ExpectedRevision, ReadStream,
    ReadStreamOptions, RecordedEvent, StreamPosition,
};
use serde_json::value::RawValue;
use std::future::Future;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use tokio::runtime::Runtime;
use uuid::Uuid;

/// An event to be appended.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) id: Uuid,
    pub(super) kind: String,
    /// JSON.
    pub(super) data: Box<RawValue>,
    /// JSON.
    pub(super) metadata: Box<RawValue>,
}

/// An event read.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) revision: u64,
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) data: Vec<u8>,
    pub(super) metadata: Vec<u8>,
}

/// Why a call came to nothing.
#[derive(Debug)]
pub(super) enum Refused {
    /// The stream does not end where it was expected to. Nothing was done.
    Conflict,
    /// Nothing was done; another try may do it.
    NotDone(String),
    /// Whether it was done is not known.
    Unknown(String),
    /// Nothing was done, and no other try will do it.
    Never(String),
}

impl Refused {
    pub(super) fn why(self) -> String {
        match self {
            Self::Conflict => "the stream has changed".to_owned(),
            Self::NotDone(why) | Self::Unknown(why) | Self::Never(why) => why,
        }
    }
}

/// The number of "invalid argument" among the codes of gRPC: an append that is too large, a name that cannot be.
const INVALID_ARGUMENT: i32 = 3;

/// What an error of the crate means to who asked.
fn sort(error: &Error) -> Refused {
    let why = error.to_string();
    match error {
        Error::WrongExpectedVersion { .. } => Refused::Conflict,
        // These come before anything is sent, or from a node that says that it did nothing.
        Error::NotLeaderException(_)
        | Error::ConnectionClosed
        | Error::GrpcConnectionError(_)
        | Error::InitializationError(_) => Refused::NotDone(why),
        Error::AccessDenied | Error::ResourceDeleted | Error::UnsupportedFeature => Refused::Never(why),
        Error::Grpc { code, .. } if i32::from(*code) == INVALID_ARGUMENT => Refused::Never(why),
        // An acknowledgement that was lost looks like any of these.
        _ => Refused::Unknown(why),
    }
}

/// A client and the thread it runs on.
struct Line {
    client: Client,
    /// Always there but while it is dropped.
    runtime: Option<Runtime>,
}

impl Drop for Line {
    fn drop(&mut self) {
        // Waits for nothing: who drops a line may be on a thread of another runtime, and the line may hang.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The way to the database.
pub(super) struct Connection {
    settings: ClientSettings,
    line: Mutex<Option<Line>>,
}

impl std::fmt::Debug for Connection {
    /// Without the settings: there may be a password in them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    /// Reads the address. Nothing is asked of the database yet.
    ///
    /// # Errors
    /// When it is no address. What was given is not repeated: there may be a password in it.
    pub(super) fn new(address: &str) -> Result<Self, LogError> {
        let settings = address.parse().map_err(|_| {
            LogError::Cluster(
                "its address cannot be read; it should look like esdb://node1:2113,node2:2113?tls=true"
                    .to_owned(),
            )
        })?;
        Ok(Self { settings, line: Mutex::default() })
    }

    /// Appends events to a stream whose newest revision must be the one given; none says that there must be no stream.
    pub(super) fn append(&self, stream: &str, newest: Option<u64>, events: Vec<Sent>) -> Result<(), Refused> {
        let expected = newest.map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact);
        let options = AppendToStreamOptions::default().expected_revision(expected).requires_leader(true);
        let stream = stream.to_owned();
        let mut data = Vec::with_capacity(events.len());
        for Sent { id, kind, data: body, metadata } in events {
            let event = EventData::json(kind, &body)
                .and_then(|event| event.metadata_as_json(&metadata))
                .map_err(|error| Refused::Never(error.to_string()))?;
            data.push(event.id(id));
        }
        self.call(
            move |client| async move { client.append_to_stream(stream, &options, data).await.map(drop) },
        )
    }

    /// Events of a stream from a revision on, at most so many; none when there is no such stream.
    pub(super) fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Found>, Refused> {
        // From the leader: what another node lacks would look as if it were gone.
        let options = ReadStreamOptions::default()
            .position(StreamPosition::Position(from))
            .forwards()
            .max_count(limit)
            .requires_leader(true);
        let stream = stream.to_owned();
        self.call(move |client| async move {
            match client.read_stream(stream, &options).await {
                Ok(events) => collect(events).await,
                Err(Error::ResourceNotFound) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        })
    }

    /// Makes one call, on the line there is or a new one. After any failure but a plain answer the line is thrown away.
    fn call<T, F>(&self, work: impl FnOnce(Client) -> F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let mut held = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let line = match held.take() {
            Some(line) => line,
            None => self.connect()?,
        };
        let work = work(line.client.clone());
        let (answer, answered) = sync_channel(1);
        if let Some(runtime) = &line.runtime {
            runtime.spawn(async move { drop(answer.send(tokio::time::timeout(CLUSTER_CALL, work).await)) });
        }
        // A loop that never yields never notices its own timeout: it is given up from here.
        match answered.recv_timeout(2 * CLUSTER_CALL) {
            Ok(Ok(Ok(done))) => {
                *held = Some(line);
                Ok(done)
            }
            Ok(Ok(Err(error))) => {
                let refused = sort(&error);
                // Sent to another node, the client goes there by itself.
                let stays = matches!(error, Error::NotLeaderException(_))
                    || matches!(refused, Refused::Conflict | Refused::Never(_));
                *held = stays.then_some(line);
                Err(refused)
            }
            Ok(Err(_)) | Err(_) => Err(Refused::Unknown("no answer".to_owned())),
        }
    }

    fn connect(&self) -> Result<Line, Refused> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("accord-cluster")
            .enable_all()
            .build()
            .map_err(|error| Refused::NotDone(error.to_string()))?;
        let client = Client::with_runtime_handle(runtime.handle().clone(), self.settings.clone());
        match client {
            Ok(client) => Ok(Line { client, runtime: Some(runtime) }),
            Err(error) => {
                runtime.shutdown_background();
                Err(Refused::NotDone(error.to_string()))
            }
        }
    }
}

async fn collect(mut events: ReadStream) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    loop {
        match events.next().await {
            Ok(Some(event)) => found.push(of(event.get_original_event())),
            Ok(None) => return Ok(found),
            Err(Error::ResourceNotFound) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
    }
}

fn of(event: &RecordedEvent) -> Found {
    Found {
        revision: event.revision,
        id: event.id,
        kind: event.event_type.clone(),
        data: event.data.to_vec(),
        metadata: event.custom_metadata.to_vec(),
    }
}
