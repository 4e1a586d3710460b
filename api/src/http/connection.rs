//! One connection: how long it may take for what.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Sleep;
use tower::ServiceExt;

/// Marks requests of a connection beyond those that everybody may open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowded;

/// What a connection is served by, and for how long it is waited for.
#[derive(Clone, Debug)]
pub(super) struct Serving {
    pub(super) router: Router,
    pub(super) head_time: Duration,
    pub(super) answer_stall: Duration,
}

impl Serving {
    /// Serves a connection to its end; told to stop, it finishes the request it is at. A crowded one is for one request.
    pub(super) async fn connection(
        self,
        socket: TcpStream,
        crowded: bool,
        mut stopping: watch::Receiver<bool>,
    ) {
        // Small answers and live events leave at once instead of waiting to be joined by more.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(error = %error, "a socket cannot be set to send at once");
        }
        let service = self.router.map_request(move |request: hyper::Request<Incoming>| -> Request {
            let mut request = request.map(Body::new);
            if crowded {
                request.extensions_mut().insert(Crowded);
            }
            request
        });
        let mut builder = Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(self.head_time).keep_alive(!crowded);
        let socket = Pressed { socket, patience: self.answer_stall, stalled: None };
        let served = builder.serve_connection(TokioIo::new(socket), TowerToHyperService::new(service));
        let mut served = pin!(served);
        let ended = tokio::select! {
            ended = served.as_mut() => ended,
            // The sender lives as long as the server does.
            _ = stopping.changed() => {
                served.as_mut().graceful_shutdown();
                served.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error = %error, "a connection broke off");
        }
    }
}

/// A socket whose other side has to take what is sent to it within some time, so that nobody holds a connection for ever by
/// reading nothing.
struct Pressed {
    socket: TcpStream,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Pressed {
    fn waited<T>(&mut self, context: &mut Context<'_>, sent: Poll<Result<T>>) -> Poll<Result<T>> {
        if sent.is_ready() {
            self.stalled = None;
            return sent;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        stalled.as_mut().poll(context).map(|()| Err(Error::from(ErrorKind::TimedOut)))
    }
}

impl AsyncRead for Pressed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Pressed {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let sent = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.waited(context, sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let sent = Pin::new(&mut self.socket).poll_write_vectored(context, parts);
        self.waited(context, sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
