//! Serving on a socket, until told to stop.

use super::connection::Serving;
use super::{App, router};
use crate::Ledger;
use crate::limits::{Bounds, SHUTDOWN_TIME_MAX};
use axum::serve::Listener;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Why the server could not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// There is no access control, so nobody but this machine may reach the ledger.
    #[error(
        "{0} can be reached from other machines, and no access control is configured: anybody there could record acts. \
         Listen on 127.0.0.1 or [::1]"
    )]
    NotLoopback(SocketAddr),
    /// The address is taken or may not be used.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The operating system does not tell when to stop.
    #[error("cannot wait for the signal to stop")]
    Signal(#[source] std::io::Error),
}

/// Serves until SIGINT, SIGTERM or SIGHUP, then lets open requests finish and live streams say goodbye. `listening` is called
/// with the address once connections are accepted: port 0 has become a real one there.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    ledger: Ledger,
    address: SocketAddr,
    listening: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let stop = signal().map_err(ServeError::Signal)?;
    serve_until(ledger, address, listening, stop).await
}

/// As [`serve`], until a future of the caller's is done.
///
/// # Errors
/// [`ServeError`].
pub async fn serve_until(
    ledger: Ledger,
    address: SocketAddr,
    listening: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    serve_within(ledger, address, listening, stop, Bounds::default()).await
}

/// As [`serve_until`], within other bounds.
///
/// # Errors
/// [`ServeError`].
pub(crate) async fn serve_within(
    ledger: Ledger,
    address: SocketAddr,
    listening: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
    bounds: Bounds,
) -> Result<(), ServeError> {
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let listen_error = |source| ServeError::Listen { address, source };
    let mut listener = TcpListener::bind(address).await.map_err(listen_error)?;
    let bound = listener.local_addr().map_err(listen_error)?;
    let app = App::bounded(ledger, bounds);
    let serving = Serving {
        router: router(app.clone()),
        head_time: bounds.head_time,
        answer_stall: bounds.answer_stall,
    };
    let places_max = bounds.connections + bounds.spare;
    let places = Arc::new(Semaphore::new(places_max));
    listening(bound);
    let mut stop = pin!(stop);
    loop {
        // Whoever comes when all places are taken waits in the queue of the operating system.
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            // Goes on after whatever fails; where it would fail again at once, no descriptors being left, after a nap.
            (Listener::accept(&mut listener).await.0, place)
        };
        let (socket, place) = tokio::select! {
            () = &mut stop => break,
            next = next => next,
        };
        let crowded = places.available_permits() < bounds.spare;
        let connection = serving.clone().connection(socket, crowded, app.stopping());
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }
    drop(listener);
    app.stop();
    let all = places.acquire_many(u32::try_from(places_max).unwrap_or(u32::MAX));
    if tokio::time::timeout(SHUTDOWN_TIME_MAX, all).await.is_err() {
        tracing::warn!("stopped with requests still open");
    }
    Ok(())
}

/// Done at the first SIGINT, SIGTERM or SIGHUP: whoever closes the terminal wants no less orderly an end.
#[cfg(unix)]
fn signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// Done at the first interrupt.
#[cfg(not(unix))]
fn signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
