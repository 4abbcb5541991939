//! What the servers of a cluster report to each other beside the records: the live connections of users.
//!
//! When a server has died, the cluster removes its reports.

use std::sync::Arc;

use super::records::Table;
use super::snapshot::Snapshot;
use super::survey::{ClusterSigns, ClusterSurvey};
use crate::domain::{UserConnections, UserId};

/// The connections of a user at another server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionReport {
    /// The random name of the server's process.
    pub server: Arc<str>,
    /// The user of the connections.
    pub user: UserId,
    /// The connections; `None` if there are none any more.
    pub connections: Option<UserConnections>,
}

/// The place of a server in the order of all living servers, which is the same at each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerPlace {
    /// The number of servers; at least 1.
    pub servers: usize,
    /// The number of servers before this one.
    pub before: usize,
}

impl ServerPlace {
    /// The place of a server that has its store alone.
    pub const ALONE: Self = Self { servers: 1, before: 0 };
}

/// A callback with the current snapshot, and with a report of another server.
pub(super) type Listener = Box<dyn Fn(&Snapshot, ConnectionReport) + Send + Sync>;

/// The other servers of a cluster.
pub(super) trait Neighbours: Send + Sync {
    /// Reports these connections here to the other servers. Returns when the report is stored.
    ///
    /// # Errors
    /// The cause, if it is unknown whether it is stored.
    fn report(&self, connections: &[(UserId, UserConnections)]) -> Result<(), String>;

    /// Calls `listener` with all reports of the other servers, and then with each new one, in their order. Only the first
    /// listener is called.
    fn watch(&self, listener: Listener);

    /// Waits on this thread until this process shows a record as it is stored now. Returns whether there is one.
    ///
    /// # Errors
    /// The cause, if that is not known.
    fn learn(&self, table: Table, key: &[u8]) -> Result<bool, String>;

    /// Returns the place of this server in the order of all living servers.
    fn place(&self) -> ServerPlace;

    /// Returns the last signs of life.
    fn signs(&self) -> ClusterSigns;

    /// Asks each node for its state, and waits on this thread.
    ///
    /// # Errors
    /// The cause, if the store is closed.
    fn survey(&self) -> Result<ClusterSurvey, String>;

    /// Returns whether this process can be sure that it knows what the other ones have done.
    fn is_current(&self) -> bool;

    /// Lets calls end that would wait until the cluster answers, because the store is about to be closed.
    fn prepare_to_close(&self);

    /// Returns whether another server has used the store since this one was started.
    fn has_others(&self) -> bool;

    /// Waits on this thread until this process is no longer one of the servers. Returns the reason.
    fn wait_for_end(&self) -> String;
}
