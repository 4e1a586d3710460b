//! The real server under what clients and disks do to it.

use accord_tests::program::{Server, command, feed, run};
use serde_json::Value as Json;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a test waits for at most before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

fn ledger() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    run(dir.path(), &["--ledger", "ledger", "init"]).expect(0, &[]);
    let act = serde_json::json!({ "command": "area.start-moratorium", "subject": "990100", "effective_at": "2025-06-01",
        "actor": { "authority": "bureau", "area": "990100" },
        "data": { "basis_agreement": false, "ground": "超规划", "until": "2026-06-01" } });
    feed(dir.path(), &["--ledger", "ledger", "do", "-"], &act.to_string()).expect(0, &[]);
    dir
}

const SERVE: [&str; 5] = ["--ledger", "ledger", "serve", "--listen", "127.0.0.1:0"];

/// Status, trace id and body of the answer to one question on a connection of its own.
fn ask(address: &str, target: &str) -> (String, String, String) {
    let mut socket = TcpStream::connect(address).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let question = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    socket.write_all(question.as_bytes()).expect("a question");
    let mut said = String::new();
    socket.read_to_string(&mut said).expect("an answer");
    let (head, body) = said.split_once("\r\n\r\n").expect("a head");
    let trace_id = head.lines().find_map(|line| line.strip_prefix("x-trace-id: ")).unwrap_or_default();
    (head.split(' ').nth(1).unwrap_or_default().to_owned(), trace_id.to_owned(), body.to_owned())
}

/// As [`Server::spawn`] does, with what the program says of itself in a file.
fn spawn(mut program: Command, talk: &Path) -> Server {
    program.stderr(File::create(talk).expect("a file"));
    Server::spawn_telling(program)
}

#[test]
fn with_views_that_cannot_be_read_it_says_what_it_knows_and_its_log_names_the_request() {
    let dir = ledger();
    let talk = dir.path().join("talk");
    let server = spawn(command(dir.path(), &SERVE), &talk);
    let address = server.address().trim_start_matches("http://").to_owned();
    assert_eq!(ask(&address, "/readyz").0, "200");
    let views = rusqlite::Connection::open(dir.path().join("ledger/views.db")).expect("the views");
    views.execute_batch("DROP TABLE checkpoint").expect("views that do not say how far they are");

    let (status, trace_id, body) = ask(&address, "/readyz");
    let ready: Json = serde_json::from_str(&body).expect("JSON");
    assert_eq!(status, "503");
    assert_eq!(ready["hindered_by"], serde_json::json!(["views-unreadable"]), "{ready}");
    assert_eq!((&ready["log_events"], &ready["view_events"]), (&"1".into(), &Json::Null), "{ready}");
    let (status, _, text) = ask(&address, "/metrics");
    assert_eq!(status, "200", "{text}");
    assert!(text.contains("accord_not_ready{reason=\"views-unreadable\"} 1"), "{text}");
    assert!(text.contains("accord_log_events 1"), "{text}");

    server.stop();
    let talk = std::fs::read_to_string(talk).expect("what it said");
    let line = talk.lines().find(|line| line.contains(&trace_id));
    assert!(
        !trace_id.is_empty() && line.is_some_and(|line| line.contains("the views cannot be read")),
        "{trace_id}: {talk}"
    );
}

/// More connections than the process has descriptors for: it neither ends nor stays away.
#[test]
#[cfg(target_os = "linux")]
fn without_descriptors_for_more_connections_it_goes_on_when_there_are_some_again() {
    let dir = ledger();
    let talk = dir.path().join("talk");
    let mut program = Command::new("sh");
    program
        .args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""])
        .arg(accord_tests::program::path())
        .args(SERVE)
        .current_dir(dir.path())
        .stdin(Stdio::null());
    let server = spawn(program, &talk);
    let address = server.address().trim_start_matches("http://").to_owned();
    let silent: Vec<TcpStream> =
        (0..100).map(|_| TcpStream::connect(&address).expect("a connection")).collect();
    drop(silent);
    assert_eq!(ask(&address, "/healthz").0, "200");
    assert_eq!(server.stop(), Some(0));
    let talk = std::fs::read_to_string(talk).expect("what it said");
    assert!(talk.lines().count() < 50, "it says so now and then, not as fast as it can: {talk}");
}

/// Asked to stop in any of the usual ways it takes leave of who listens, and ends well.
#[test]
#[cfg(unix)]
fn whoever_listens_is_told_that_the_server_stops() {
    for signal in ["INT", "TERM", "HUP"] {
        let dir = ledger();
        let server = Server::start(dir.path(), &SERVE);
        let mut socket =
            TcpStream::connect(server.address().trim_start_matches("http://")).expect("a connection");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
        socket.write_all(b"GET /v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a question");
        let mut heard = BufReader::new(socket).lines().map(|line| line.expect("a line"));
        assert!(heard.any(|line| line.contains("area.moratorium-started")), "{signal}");
        assert_eq!(server.end_by(signal), Some(0), "{signal}");
        assert!(heard.any(|line| line == "event: end"), "{signal}");
    }
}
