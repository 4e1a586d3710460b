//! One round through a real socket: what only a connection shows.

use super::*;
use crate::http::ServeError;
use crate::http::serve::{serve_until, serve_within};
use crate::limits::Bounds;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<Result<(), ServeError>>,
}

async fn start(ledger: Ledger) -> Running {
    start_within(ledger, Bounds::default()).await
}

async fn start_within(ledger: Ledger, bounds: Bounds) -> Running {
    let (stop, stopped) = oneshot::channel();
    let (listening, bound) = oneshot::channel();
    let done = tokio::spawn(serve_within(
        ledger,
        "127.0.0.1:0".parse().unwrap(),
        |address| listening.send(address).unwrap(),
        async {
            let _ = stopped.await;
        },
        bounds,
    ));
    Running { address: bound.await.unwrap(), stop, done }
}

/// Reads a live stream event by event, without the headers.
struct Reader(BufReader<TcpStream>);

impl Reader {
    async fn open(address: SocketAddr, target: &str, headers: &str) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nhost: {address}\r\n{headers}\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut reader = Self(BufReader::new(socket));
        assert_eq!(reader.line().await, "HTTP/1.1 200 OK");
        while !reader.line().await.is_empty() {}
        reader
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.0.read_line(&mut line);
        tokio::time::timeout(Duration::from_secs(20), read).await.expect("the server fell silent").unwrap();
        line.trim_end().to_owned()
    }

    /// The fields of the next event that has a type.
    async fn event(&mut self) -> (String, String, String) {
        let (mut id, mut kind, mut data) = Default::default();
        loop {
            let line = self.line().await;
            match line.split_once(": ") {
                Some(("id", text)) => id = text.to_owned(),
                Some(("event", text)) => kind = text.to_owned(),
                Some(("data", text)) => data = text.to_owned(),
                _ if !kind.is_empty() && line.is_empty() => return (id, kind, data),
                _ => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_stream_follows_resumes_and_says_goodbye() {
    let server = Server::with_histories().await;
    let running = start(server.ledger.clone()).await;
    let mut all = Reader::open(running.address, "/v1/events/stream", "").await;
    let (id, kind, data) = all.event().await;
    assert_eq!((id.as_str(), kind.as_str()), ("0", "institution.agreement-signed"));
    let event: Value = serde_json::from_str(&data).unwrap();
    assert_eq!((event["specversion"].as_str(), event["sequence"].as_str()), (Some("1.0"), Some("0")));

    let length: u64 = server.get("/readyz").await.json()["log_events"].as_str().unwrap().parse().unwrap();
    let last = length - 1;
    let resume = format!("last-event-id: {}\r\n", last - 1);
    let mut resumed = Reader::open(running.address, "/v1/events/stream?after=0", &resume).await;
    assert_eq!(resumed.event().await.0, last.to_string());
    let latest = "/v1/events/stream?after=latest&types=institution.agreement-suspended";
    let mut live = Reader::open(running.address, latest, "").await;

    let answer = server.post(&suspend(HOSPITAL, "2025-08-10", "2025-09-10")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(live.event().await.0, answer.header("x-position"));
    assert_eq!(resumed.event().await.0, length.to_string());

    running.stop.send(()).unwrap();
    assert_eq!(live.event().await.1, "end");
    assert_eq!(resumed.event().await.1, "end");
    // The one that had not kept up is let go all the same.
    while all.event().await.1 != "end" {}
    drop((live, resumed, all));
    tokio::time::timeout(Duration::from_secs(20), running.done).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused() {
    let server = Server::empty();
    let address = "0.0.0.0:0".parse().unwrap();
    let error =
        serve_until(server.ledger.clone(), address, |_| {}, std::future::pending()).await.unwrap_err();
    assert!(matches!(error, ServeError::NotLoopback(_)));
    assert!(error.to_string().contains("no access control"), "{error}");
}

/// What a test waits for at most before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

async fn connect(address: SocketAddr, sent: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(sent.as_bytes()).await.unwrap();
    socket
}

/// Everything the server says until it closes the connection.
async fn until_closed(mut socket: TcpStream) -> String {
    let mut said = Vec::new();
    let read = socket.read_to_end(&mut said);
    // Closed with something unread is a reset, and closed all the same.
    let _ = tokio::time::timeout(PATIENCE, read).await.expect("the server never closes it");
    String::from_utf8(said).unwrap()
}

fn asking(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

/// The only question of a connection.
fn asking_once(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
}

fn sending(target: &str, body: &str) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ncontent-length: 1000\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn who_never_ends_the_head_of_a_request_is_let_go() {
    let server = Server::empty();
    let bounds = Bounds { head_time: Duration::from_millis(50), ..Bounds::default() };
    let running = start_within(server.ledger.clone(), bounds).await;
    for begun in ["", "GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-"] {
        assert_eq!(until_closed(connect(running.address, begun).await).await, "");
    }
    let idle = until_closed(connect(running.address, &asking("/healthz")).await).await;
    assert!(idle.starts_with("HTTP/1.1 200"), "answered, then idle: {idle}");
}

#[tokio::test]
async fn who_falls_silent_within_a_body_is_told_so_and_keeps_nobody_out() {
    let server = Server::empty();
    let bounds = Bounds { body_silence: Duration::from_millis(50), imports: 1, ..Bounds::default() };
    let running = start_within(server.ledger.clone(), bounds).await;
    for target in ["/v1/import", "/v1/import", "/v1/import"] {
        let said = until_closed(connect(running.address, &sending(target, "{")).await).await;
        assert!(said.starts_with("HTTP/1.1 408"), "{said}");
        assert!(
            said.contains("/problems/request-timeout") && said.contains("nothing was recorded"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_body_that_is_late_as_a_whole_is_not_taken_for_a_slow_answer() {
    let server = Server::empty();
    let bounds = Bounds { answer_time: Duration::from_millis(50), ..Bounds::default() };
    let running = start_within(server.ledger.clone(), bounds).await;
    let begun = sending("/v1/commands", "{").replace("x-ndjson", "json");
    let said = until_closed(connect(running.address, &begun).await).await;
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
}

#[tokio::test]
async fn imports_that_never_end_leave_room_for_everything_else() {
    let server = Server::empty();
    let bounds = Bounds { imports: 1, ..Bounds::default() };
    let running = start_within(server.ledger.clone(), bounds).await;
    let mut held = Vec::new();
    let refused = loop {
        // One of them has the permit and waits for the rest of its body; every other one is told at once.
        let mut next = BufReader::new(connect(running.address, &sending("/v1/import", "{")).await);
        let mut line = String::new();
        if tokio::time::timeout(Duration::from_millis(200), next.read_line(&mut line)).await.is_ok() {
            break line;
        }
        held.push(next);
    };
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    let closing = asking_once("/v1/statistics");
    let answer = until_closed(connect(running.address, &closing).await).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(held);
}

#[tokio::test]
async fn when_all_connections_are_taken_those_who_run_it_still_get_through() {
    let server = Server::empty();
    let bounds = Bounds { connections: 1, spare: 1, ..Bounds::default() };
    let running = start_within(server.ledger.clone(), bounds).await;
    let silent = connect(running.address, "").await;
    let refused = until_closed(connect(running.address, &asking("/v1/statistics")).await).await;
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    for target in ["/healthz", "/readyz", "/metrics"] {
        let answer = until_closed(connect(running.address, &asking(target)).await).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    drop(silent);
    let closing = asking_once("/v1/statistics");
    let freed = async {
        while !until_closed(connect(running.address, &closing).await).await.starts_with("HTTP/1.1 200") {}
    };
    tokio::time::timeout(PATIENCE, freed).await.expect("the place is free again");
    running.stop.send(()).unwrap();
    tokio::time::timeout(PATIENCE, running.done).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_let_go() {
    let server = Server::empty();
    let bounds =
        Bounds { connections: 1, spare: 0, answer_stall: Duration::from_millis(50), ..Bounds::default() };
    let running = start_within(server.ledger.clone(), bounds).await;
    // More answers than the buffers between the two hold, and not one of them read.
    let mut deaf = TcpStream::connect(running.address).await.unwrap();
    let asked = asking("/openapi.json");
    let ask = async { while deaf.write_all(asked.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, ask).await.expect("the server goes on sending to nobody");
    let next = connect(running.address, &asking_once("/healthz")).await;
    assert!(until_closed(next).await.starts_with("HTTP/1.1 200"));
}
