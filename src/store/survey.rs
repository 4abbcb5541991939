//! The state of a cluster as each of its nodes gives it, for administrators.

/// The answers of all nodes of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSurvey {
    /// The nodes in the order of the address.
    pub nodes: Vec<SurveyedNode>,
    /// The number of servers that use the store; `None` if no node knows it now.
    pub servers: Option<u64>,
    /// The format of the store; `None` if there is none, or if no node knows it now.
    pub format: Option<StoreFormat>,
}

/// The format of the store in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFormat {
    /// The stored number; `None` if the stored text is not a number.
    pub stored: Option<u32>,
    /// The number of the newest format of this version.
    pub newest: u32,
    /// The versions of the servers that do not know that one.
    pub older_servers: Vec<String>,
}

/// A node that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedNode {
    /// The address of the node.
    pub endpoint: String,
    /// The state of the node, or the reason why it gave none.
    pub state: Result<NodeState, String>,
}

/// The state of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// The version of etcd.
    pub version: String,
    /// `true` if the node leads the others.
    pub is_leader: bool,
    /// `true` if the node knows a leader.
    pub has_leader: bool,
    /// Bytes of its database, with what a defragmentation would free.
    pub database_bytes: u64,
    /// Bytes of its database that are used.
    pub used_bytes: u64,
    /// The size at which the database counts as full; `None` if the version does not say.
    pub quota_bytes: Option<u64>,
    /// Alarms and other complaints of the node.
    pub complaints: Vec<String>,
}

/// The last signs of life that a server of a cluster has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterSigns {
    /// The last revision that is shown.
    pub revision: u64,
    /// Milliseconds since the lease was renewed.
    pub lease_millis: u64,
    /// Milliseconds since the watch brought a message.
    pub watch_millis: u64,
}
