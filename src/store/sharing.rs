//! The part of the store for servers that share it in a cluster.

use std::future::pending;
use std::thread;

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tracing::warn;

use super::commit_error::CommitError;
use super::neighbours::{ConnectionReport, ServerPlace};
use super::snapshot::Snapshot;
use super::survey::{ClusterSigns, ClusterSurvey};
use super::{Store, Table};
use crate::domain::{TokenHash, UserConnections, UserId};

/// The largest number of pictures in a cluster: with at most 256 KiB each, they take 1 GiB of its database, for which 8 GiB are
/// advised at most.
const PICTURES_IN_CLUSTER: usize = 4096;

impl Store {
    /// Returns the largest number of pictures of users; `None` if only the disk bounds it.
    #[must_use]
    pub fn most_pictures(&self) -> Option<usize> {
        self.is_shared().then_some(PICTURES_IN_CLUSTER)
    }

    /// Returns whether other servers may use the store at the same time.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.neighbours.is_some()
    }

    /// Returns whether another server has used the store since this one was started.
    #[must_use]
    pub fn has_others(&self) -> bool {
        self.neighbours
            .as_ref()
            .is_some_and(|neighbours| neighbours.has_others())
    }

    /// Returns the place of this server in the order of all living servers.
    #[must_use]
    pub fn place(&self) -> ServerPlace {
        self.neighbours
            .as_ref()
            .map_or(ServerPlace::ALONE, |neighbours| neighbours.place())
    }

    /// Returns whether this server can be sure that it knows what the other servers have done, for example that a token was
    /// revoked. A server that is cut off from the cluster is sure for some seconds.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.neighbours
            .as_ref()
            .is_none_or(|neighbours| neighbours.is_current())
    }

    /// Returns the last signs of life of the cluster; `None` without one.
    #[must_use]
    pub fn signs(&self) -> Option<ClusterSigns> {
        self.neighbours.as_ref().map(|neighbours| neighbours.signs())
    }

    /// Asks each node of the cluster for its state. Returns `None` without a cluster, or if the store is closed.
    pub async fn survey(&self) -> Option<ClusterSurvey> {
        let neighbours = self.neighbours.clone()?;
        let survey = spawn_blocking(move || neighbours.survey());
        survey.await.ok()?.ok()
    }

    /// Waits until this server knows a token that another server has made a moment ago. Returns false if there is no such
    /// token, or if that cannot be found out.
    pub async fn learn_token(&self, hash: &TokenHash) -> bool {
        let Some(neighbours) = self.neighbours.clone().filter(|neighbours| neighbours.has_others()) else {
            return false;
        };
        let key = hash.as_bytes().to_vec();
        let learning = spawn_blocking(move || neighbours.learn(Table::Tokens, &key));
        learning.await.ok().and_then(Result::ok).unwrap_or(false)
    }

    /// Reports these connections here to the other servers. Returns when the report is stored.
    ///
    /// # Errors
    /// [`CommitError::Unavailable`], if it is unknown whether it is stored.
    pub async fn report_connections(&self, connections: Vec<(UserId, UserConnections)>) -> Result<(), CommitError> {
        let Some(neighbours) = self.neighbours.clone() else {
            return Ok(());
        };
        let reporting = spawn_blocking(move || neighbours.report(&connections)).await;
        reporting
            .unwrap_or_else(|panic| Err(panic.to_string()))
            .map_err(|cause| {
                warn!(cause, "the other servers do not learn who is here; it is tried again");
                CommitError::Unavailable
            })
    }

    /// Calls `listener` with all connections at other servers, and with each change of them from now on. It runs between
    /// two commits, as the function of [`Self::watch`] does. Only the first listener is called.
    pub fn watch_reports(&self, listener: impl Fn(&Snapshot, ConnectionReport) + Send + Sync + 'static) {
        if let Some(neighbours) = &self.neighbours {
            neighbours.watch(Box::new(listener));
        }
    }

    /// Waits until this process is no longer one of the servers, because it was silent for too long. Returns the reason.
    pub async fn excluded(&self) -> String {
        let Some(neighbours) = self.neighbours.clone() else {
            return pending().await;
        };
        let (answer, waiting) = oneshot::channel();
        let wait = move || drop(answer.send(neighbours.wait_for_end()));
        if thread::Builder::new()
            .name("store-membership".into())
            .spawn(wait)
            .is_err()
        {
            return pending().await;
        }
        match waiting.await {
            Ok(reason) => reason,
            Err(_) => pending().await,
        }
    }
}
