//! One round through a real socket: what only a connection shows.

use super::*;
use crate::http::{ServeError, serve_until};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<Result<(), ServeError>>,
}

async fn start(ledger: Ledger) -> Running {
    let (stop, stopped) = oneshot::channel();
    let (listening, bound) = oneshot::channel();
    let done = tokio::spawn(serve_until(
        ledger,
        "127.0.0.1:0".parse().unwrap(),
        |address| listening.send(address).unwrap(),
        async {
            let _ = stopped.await;
        },
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
