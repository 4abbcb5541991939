//! The reasons why a call to the cluster failed.

use etcd_client::Error;

/// The reason why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::store) enum ClusterFailure {
    /// No node answered, or only nodes without a majority. Whether the call had an effect is unknown.
    #[error("no node answers: {0}; check that the nodes run, and that a majority of them reach each other")]
    Unreached(String),
    /// The database of the cluster is full.
    #[error(
        "its database is full: delete what is not needed, compact and defragment it, and run `etcdctl alarm disarm`"
    )]
    Full,
    /// The revision that was read is no longer there.
    #[error("what was read has been compacted meanwhile: keep its history for longer, for example an hour")]
    Compacted,
    /// The cluster does not know the user or certificate, or the user may not use the keys.
    #[error("it refuses this user: {0}; check the user, the password and the role")]
    Denied(String),
    /// The cluster refused the request.
    #[error("it refuses a request: {0}")]
    Refused(String),
}

impl ClusterFailure {
    /// Returns the reason behind an error of the client.
    pub(super) fn of(error: &Error) -> Self {
        let Error::GRpcStatus(status) = error else {
            return match error {
                Error::InvalidArgs(_) | Error::InvalidUri(_) | Error::InvalidMetadataValue(_) => {
                    Self::Refused(error.to_string())
                }
                _ => Self::Unreached(error.to_string()),
            };
        };
        let said = status.message();
        if said.contains("database space exceeded") {
            return Self::Full;
        }
        if said.contains("has been compacted") {
            return Self::Compacted;
        }
        if ["permission denied", "authentication failed", "user name is empty"]
            .iter()
            .any(|part| said.contains(part))
        {
            return Self::Denied(said.to_owned());
        }
        // The numbers of gRPC: invalid argument, not found, failed precondition, out of range, not implemented.
        match status.code() as i32 {
            3 | 5 | 9 | 11 | 12 => Self::Refused(said.to_owned()),
            _ => Self::Unreached(if said.is_empty() {
                status.code().to_string()
            } else {
                said.to_owned()
            }),
        }
    }

    /// Returns the failure as that of one node, after which another one is asked.
    pub(super) fn at_one_node(&self) -> String {
        match self {
            Self::Unreached(cause) => cause.clone(),
            other => other.to_string(),
        }
    }

    /// Returns whether another node may answer.
    pub(super) const fn is_of_node(&self) -> bool {
        matches!(self, Self::Unreached(_))
    }
}
