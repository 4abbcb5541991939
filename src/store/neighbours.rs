//! What the servers of a cluster report to each other beside the records: the live connections of users.
//!
//! When a server has died, the cluster removes its reports.

use std::sync::Arc;

use super::records::Table;
use super::snapshot::Snapshot;
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

    /// Returns whether another server has used the store since this one was started.
    fn has_others(&self) -> bool;

    /// Waits on this thread until this process is no longer one of the servers. Returns the reason.
    fn wait_for_end(&self) -> String;
}
