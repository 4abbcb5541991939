//! The proof that a server works, for its service manager.
//!
//! A failed proof means that a restart helps: the runtime runs no tasks, the accept loop is blocked, or the lock of the
//! live connections is never released. The disk and the store are not part of it. A full, slow or failed disk is the same
//! after a restart, and the restart would end a server that still answers reads.

use super::question::Questions;
use crate::app::App;

/// A handle that asks a server for a proof that it works.
#[derive(Clone)]
pub struct LivenessProbe {
    app: App,
    accept_loop: Questions,
}

impl LivenessProbe {
    pub(super) const fn new(app: App, accept_loop: Questions) -> Self {
        Self { app, accept_loop }
    }

    /// Waits until the server has given a proof. Returns `false` if the server stops.
    pub async fn prove(&self) -> bool {
        // This waits for the lock, and blocks its thread meanwhile.
        let _ = self.app.hub.connections();
        self.accept_loop.ask().await
    }

    /// Waits until the server takes no more connections.
    pub async fn stopping(&self) {
        self.accept_loop.ended().await;
    }

    /// Returns the reason why the server does not take all requests, if there is one. A disk that does not answer delays it
    /// by a few seconds.
    pub async fn complaint(&self) -> Option<&'static str> {
        let reserve_bytes = self.app.fixed.disk_reserve_bytes;
        match self.app.readiness.check(&self.app.store, reserve_bytes).await {
            checks if checks.cluster == Some(false) => Some("answers 503: it has lost the cluster with its store"),
            checks if checks.read_only => Some("reads only: the disk is mounted read-only"),
            checks if !checks.store => Some("reads only: the store takes no writes; see the log"),
            checks if !checks.disk => Some("reads only: the disk has less free space than the reserve"),
            checks if !checks.serving => Some("takes no new connections: it stops"),
            _ => None,
        }
    }
}
