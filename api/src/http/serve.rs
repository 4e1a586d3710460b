//! Serving on a socket, until told to stop.

use super::{App, router};
use crate::Ledger;
use crate::limits::SHUTDOWN_TIME_MAX;
use axum::serve::ListenerExt;
use std::future::Future;
use std::net::SocketAddr;
use tokio::net::TcpListener;

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
    /// The socket failed.
    #[error("the server failed")]
    Serve(#[source] std::io::Error),
}

/// Serves until SIGINT or SIGTERM, then lets open requests finish and live streams say goodbye. `listening` is called
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
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let listen_error = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen_error)?;
    let bound = listener.local_addr().map_err(listen_error)?;
    // Small answers and live events leave at once instead of waiting to be joined by more.
    let listener = listener.tap_io(|socket| {
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(error = %error, "a socket cannot be set to send at once");
        }
    });
    let app = App::new(ledger);
    let mut stopping = app.stopping();
    let stopper = app.clone();
    let server = axum::serve(listener, router(app).into_make_service()).with_graceful_shutdown(async move {
        stop.await;
        stopper.stop();
    });
    listening(bound);
    let overdue = async move {
        // The sender lives as long as the server does.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(SHUTDOWN_TIME_MAX).await;
    };
    tokio::select! {
        served = server => served.map_err(ServeError::Serve),
        () = overdue => {
            tracing::warn!("stopped with requests still open");
            Ok(())
        }
    }
}

/// Done at the first SIGINT or SIGTERM.
#[cfg(unix)]
fn signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
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
