//! The nodes: gRPC servers over the one database.

use crate::database::{Asked, Database, Expected, Fault, Kept, Outcome};
use crate::protocol::event_store::client::gossip::gossip_server::{Gossip, GossipServer};
use crate::protocol::event_store::client::gossip::member_info::VNodeState;
use crate::protocol::event_store::client::gossip::{ClusterInfo, EndPoint, MemberInfo};
use crate::protocol::event_store::client::server_features::server_features_server::{
    ServerFeatures, ServerFeaturesServer,
};
use crate::protocol::event_store::client::server_features::{SupportedMethod, SupportedMethods};
use crate::protocol::event_store::client::streams::append_req::options::ExpectedStreamRevision;
use crate::protocol::event_store::client::streams::append_resp::success::{
    CurrentRevisionOption, PositionOption,
};
use crate::protocol::event_store::client::streams::append_resp::wrong_expected_version as wrong;
use crate::protocol::event_store::client::streams::append_resp::{
    self, Position, Success, WrongExpectedVersion,
};
use crate::protocol::event_store::client::streams::read_req::options::stream_options::RevisionOption;
use crate::protocol::event_store::client::streams::read_req::options::{
    CountOption, ReadDirection, StreamOption,
};
use crate::protocol::event_store::client::streams::read_resp::read_event::{self, RecordedEvent};
use crate::protocol::event_store::client::streams::read_resp::{Content, ReadEvent, StreamNotFound};
use crate::protocol::event_store::client::streams::streams_server::{Streams, StreamsServer};
use crate::protocol::event_store::client::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, ReadResp,
    TombstoneReq, TombstoneResp, append_req,
};
use crate::protocol::event_store::client::{Empty, StreamIdentifier, Uuid as WireUuid, uuid as wire_uuid};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Runtime;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

/// What the nodes know of each other.
#[derive(Debug)]
struct Members {
    ports: Vec<u16>,
    leader: usize,
    alive: Vec<bool>,
}

/// A running double: some nodes over one database. The first is the leader.
pub struct Double {
    database: Arc<Database>,
    members: Arc<Mutex<Members>>,
    /// Each node has threads of its own: to stop it is to end them, with every connection it has.
    running: Vec<Option<Runtime>>,
}

impl std::fmt::Debug for Double {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Double").field("members", &self.members).finish_non_exhaustive()
    }
}

impl Double {
    /// Starts so many nodes on free ports of the loopback.
    ///
    /// # Panics
    /// When there is no port or thread to be had.
    #[must_use]
    pub fn start(nodes: usize) -> Self {
        let members = Members { ports: vec![0; nodes], leader: 0, alive: vec![false; nodes] };
        let mut double = Self {
            database: Arc::default(),
            members: Arc::new(Mutex::new(members)),
            running: (0..nodes).map(|_| None).collect(),
        };
        (0..nodes).for_each(|node| double.start_node(node));
        double
    }

    /// Starts a node, on the port it had before if it had one.
    ///
    /// # Panics
    /// When the port is taken, or there are no threads to be had.
    pub fn start_node(&mut self, node: usize) {
        let port = self.members().ports[node];
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("threads for a node");
        let served = Node { node, database: Arc::clone(&self.database), members: Arc::clone(&self.members) };
        let (told, bound) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let listener = tokio::net::TcpListener::bind(address).await.expect("a port for a node");
            told.send(listener.local_addr().expect("the port of a node").port())
                .expect("who starts a node waits");
            tonic::transport::Server::builder()
                .tcp_nodelay(true)
                .add_service(StreamsServer::new(served.clone()).max_decoding_message_size(8 << 20))
                .add_service(GossipServer::new(served.clone()))
                .add_service(ServerFeaturesServer::new(served))
                .serve_with_incoming(TcpListenerStream::new(listener))
                .await
                .expect("a node serves");
        });
        let port = bound.recv().expect("a node starts");
        let mut members = self.members();
        members.ports[node] = port;
        members.alive[node] = true;
        drop(members);
        self.running[node] = Some(runtime);
    }

    /// Ends a node and all its connections at once, as if its machine were gone.
    pub fn stop_node(&mut self, node: usize) {
        if let Some(runtime) = self.running[node].take() {
            runtime.shutdown_background();
        }
        self.members().alive[node] = false;
    }

    /// Makes another node the leader.
    pub fn elect(&self, node: usize) {
        self.members().leader = node;
    }

    /// The address of one node, or of all.
    #[must_use]
    pub fn address(&self, nodes: &[usize]) -> String {
        let members = self.members();
        let hosts: Vec<_> = nodes.iter().map(|node| format!("127.0.0.1:{}", members.ports[*node])).collect();
        // The client waits that long before its first try, too: half a second by default.
        format!("esdb://{}?tls=false&discoveryInterval=5&maxDiscoverAttempts=4", hosts.join(","))
    }

    /// Lets something go wrong with the next append for which nothing is asked yet.
    pub fn ask_for(&self, fault: Fault) {
        self.database.ask_for(fault);
    }

    /// How many of the faults asked for have not come about.
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.database.faults_left()
    }

    /// How many appends were asked of all nodes.
    #[must_use]
    pub fn appends(&self) -> u64 {
        self.database.appends()
    }

    /// The events of a stream, as kept.
    #[must_use]
    pub fn stream(&self, name: &str) -> Vec<Kept> {
        self.database.stream(name).unwrap_or_default()
    }

    /// Puts other events in the place of a stream's.
    pub fn replace(&self, name: &str, events: Vec<Kept>) {
        self.database.replace(name, events);
    }

    fn members(&self) -> std::sync::MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        (0..self.running.len()).for_each(|node| self.stop_node(node));
    }
}

/// One node.
#[derive(Clone)]
struct Node {
    node: usize,
    database: Arc<Database>,
    members: Arc<Mutex<Members>>,
}

impl Node {
    /// Refuses what only the leader does, and says where that is, as `RpcExceptions.LeaderInfo` does.
    fn must_lead(&self, headers: &MetadataMap) -> Result<(), Status> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = headers.get("requires-leader").is_some_and(|value| value == "true");
        if !asked || members.leader == self.node {
            return Ok(());
        }
        let mut status = Status::not_found("Leader info available");
        let said = status.metadata_mut();
        said.insert("exception", MetadataValue::from_static("not-leader"));
        said.insert("leader-endpoint-host", MetadataValue::from_static("127.0.0.1"));
        said.insert("leader-endpoint-port", MetadataValue::from(members.ports[members.leader]));
        Err(status)
    }

    /// An append, and what is to go wrong with it.
    async fn append_or_fail(&self, asked: Asked) -> Result<Outcome, Status> {
        let lost = || Status::unavailable("connection reset");
        match self.database.begin() {
            None => Ok(self.database.append(&asked)),
            Some(Fault::LostAnswer) => {
                self.database.append(&asked);
                Err(lost())
            }
            Some(Fault::NotDone) => Err(lost()),
            Some(Fault::TimedOutDone) => {
                self.database.append(&asked);
                Err(Status::aborted("Operation timed out"))
            }
            Some(Fault::Late) => {
                self.database.postpone(asked);
                Err(lost())
            }
            Some(Fault::Before(happens)) => {
                happen(happens).await?;
                Ok(self.database.append(&asked))
            }
            Some(Fault::BeforeAnswer(happens)) => {
                let outcome = self.database.append(&asked);
                happen(happens).await?;
                Ok(outcome)
            }
        }
    }
}

async fn happen(what: Box<dyn FnOnce() + Send>) -> Result<(), Status> {
    tokio::task::spawn_blocking(what).await.map_err(|error| Status::internal(error.to_string()))
}

fn name(identifier: Option<StreamIdentifier>) -> Result<String, Status> {
    let bytes = identifier.map(|identifier| identifier.stream_name).unwrap_or_default();
    String::from_utf8(bytes).map_err(|_| Status::invalid_argument("stream name"))
}

fn id(wire: Option<WireUuid>) -> Result<Uuid, Status> {
    match wire.and_then(|wire| wire.value) {
        Some(wire_uuid::Value::Structured(parts)) => Ok(Uuid::from_u64_pair(
            parts.most_significant_bits.cast_unsigned(),
            parts.least_significant_bits.cast_unsigned(),
        )),
        Some(wire_uuid::Value::String(text)) => text.parse().map_err(|_| Status::invalid_argument("id")),
        None => Err(Status::invalid_argument("id")),
    }
}

/// Reads an append to its end: what it is about first, then one message for each event.
async fn asked(mut messages: Streaming<AppendReq>) -> Result<Asked, Status> {
    let mut asked: Option<Asked> = None;
    while let Some(message) = messages.message().await? {
        match (message.content, &mut asked) {
            (Some(append_req::Content::Options(options)), None) => {
                let expected = match options.expected_stream_revision {
                    Some(ExpectedStreamRevision::Revision(revision)) => Expected::Revision(revision),
                    Some(ExpectedStreamRevision::NoStream(_)) => Expected::NoStream,
                    Some(ExpectedStreamRevision::StreamExists(_)) => Expected::Exists,
                    Some(ExpectedStreamRevision::Any(_)) => Expected::Any,
                    None => return Err(Status::invalid_argument("expected revision")),
                };
                let stream = name(options.stream_identifier)?;
                asked = Some(Asked { stream, expected, events: Vec::new() });
            }
            (Some(append_req::Content::ProposedMessage(message)), Some(asked)) => {
                let kind = message.metadata.get("type").cloned();
                asked.events.push(Kept {
                    id: id(message.id)?,
                    kind: kind.ok_or_else(|| Status::invalid_argument("type"))?,
                    data: message.data,
                    metadata: message.custom_metadata,
                });
            }
            _ => return Err(Status::invalid_argument("order of messages")),
        }
    }
    asked.ok_or_else(|| Status::invalid_argument("no options"))
}

fn wrong(newest: Option<u64>, expected: Expected) -> append_resp::Result {
    append_resp::Result::WrongExpectedVersion(WrongExpectedVersion {
        current_revision_option: Some(match newest {
            Some(revision) => wrong::CurrentRevisionOption::CurrentRevision(revision),
            None => wrong::CurrentRevisionOption::CurrentNoStream(Empty {}),
        }),
        expected_revision_option: Some(match expected {
            Expected::Any => wrong::ExpectedRevisionOption::ExpectedAny(Empty {}),
            Expected::Exists => wrong::ExpectedRevisionOption::ExpectedStreamExists(Empty {}),
            Expected::NoStream => wrong::ExpectedRevisionOption::ExpectedNoStream(Empty {}),
            Expected::Revision(revision) => wrong::ExpectedRevisionOption::ExpectedRevision(revision),
        }),
        ..WrongExpectedVersion::default()
    })
}

/// An event as it is read.
fn told(stream: &str, revision: u64, kept: Kept) -> ReadResp {
    let metadata = [("type", kept.kind.as_str()), ("content-type", "application/json"), ("created", "0")];
    let event = RecordedEvent {
        id: Some(WireUuid { value: Some(wire_uuid::Value::String(kept.id.to_string())) }),
        stream_identifier: Some(StreamIdentifier { stream_name: stream.as_bytes().to_vec() }),
        stream_revision: revision,
        prepare_position: revision,
        commit_position: revision,
        metadata: metadata.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        custom_metadata: kept.metadata,
        data: kept.data,
    };
    let position = Some(read_event::Position::NoPosition(Empty {}));
    ReadResp { content: Some(Content::Event(ReadEvent { event: Some(event), link: None, position })) }
}

type Answers<T> = tokio_stream::Iter<std::vec::IntoIter<Result<T, Status>>>;

#[tonic::async_trait]
impl Streams for Node {
    type ReadStream = Answers<ReadResp>;
    type BatchAppendStream = Answers<BatchAppendResp>;

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        self.must_lead(request.metadata())?;
        let asked = asked(request.into_inner()).await?;
        let expected = asked.expected;
        let result = match self.append_or_fail(asked).await? {
            Outcome::TooLarge => return Err(Status::invalid_argument("Maximum Append Size Exceeded")),
            Outcome::Wrong(newest) => wrong(newest, expected),
            Outcome::Done(revision) => append_resp::Result::Success(Success {
                current_revision_option: Some(CurrentRevisionOption::CurrentRevision(revision)),
                position_option: Some(PositionOption::Position(Position {
                    commit_position: revision,
                    prepare_position: revision,
                })),
            }),
        };
        Ok(Response::new(AppendResp { result: Some(result) }))
    }

    /// One stream, forwards, a number of events: what the adapter asks for.
    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        self.must_lead(request.metadata())?;
        let options = request.into_inner().options.unwrap_or_default();
        if options.read_direction() != ReadDirection::Forwards {
            return Err(Status::unimplemented("backwards"));
        }
        let (Some(StreamOption::Stream(stream)), Some(CountOption::Count(count))) =
            (options.stream_option, options.count_option)
        else {
            return Err(Status::unimplemented("all streams, subscriptions"));
        };
        let from = match stream.revision_option {
            Some(RevisionOption::Revision(revision)) => revision,
            Some(RevisionOption::Start(_)) => 0,
            Some(RevisionOption::End(_)) | None => return Err(Status::unimplemented("from the end")),
        };
        let identifier = stream.stream_identifier;
        let name = name(identifier.clone())?;
        let answers = match self.database.stream(&name) {
            None => {
                let not_found = StreamNotFound { stream_identifier: identifier };
                vec![Ok(ReadResp { content: Some(Content::StreamNotFound(not_found)) })]
            }
            Some(events) => {
                let numbered = (0..).zip(events).skip(usize::try_from(from).unwrap_or(usize::MAX));
                let limit = usize::try_from(count).unwrap_or(usize::MAX);
                numbered.take(limit).map(|(revision, kept)| Ok(told(&name, revision, kept))).collect()
            }
        };
        Ok(Response::new(tokio_stream::iter(answers)))
    }

    async fn delete(&self, _: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        Err(Status::unimplemented("delete"))
    }

    async fn tombstone(&self, _: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        Err(Status::unimplemented("tombstone"))
    }

    async fn batch_append(
        &self,
        _: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        Err(Status::unimplemented("batch append"))
    }
}

#[tonic::async_trait]
impl Gossip for Node {
    async fn read(&self, _: Request<Empty>) -> Result<Response<ClusterInfo>, Status> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let each = members.ports.iter().enumerate().map(|(node, port)| MemberInfo {
            instance_id: Some(WireUuid { value: Some(wire_uuid::Value::String(Uuid::nil().to_string())) }),
            time_stamp: 0,
            state: if node == members.leader { VNodeState::Leader } else { VNodeState::Follower }.into(),
            is_alive: members.alive[node],
            http_end_point: Some(EndPoint { address: "127.0.0.1".to_owned(), port: u32::from(*port) }),
        });
        Ok(Response::new(ClusterInfo { members: each.collect() }))
    }
}

#[tonic::async_trait]
impl ServerFeatures for Node {
    async fn get_supported_methods(&self, _: Request<Empty>) -> Result<Response<SupportedMethods>, Status> {
        let methods = ["append", "read"].map(|method| SupportedMethod {
            method_name: method.to_owned(),
            service_name: "event_store.client.streams.streams".to_owned(),
            features: Vec::new(),
        });
        let event_store_server_version = "24.6.0".to_owned();
        Ok(Response::new(SupportedMethods { methods: methods.into(), event_store_server_version }))
    }
}
