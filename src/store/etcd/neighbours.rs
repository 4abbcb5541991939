//! The live connections that the processes of a cluster report to each other.
//!
//! Each process has a key for each of its users with connections. The keys hang on the lease of the process, so that they
//! are removed when it has ended. No other process writes them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use etcd_client::{Compare, CompareOp, GetOptions, PutOptions, TxnOp};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::cluster::{Cluster, Patience};
use super::failure::ClusterFailure;
use super::followed::Followed;
use super::marker::Marker;
use super::outcome::SendOutcome;
use super::survey::survey;
use crate::domain::{StatusType, TokenHash, UserConnections, UserId};
use crate::store::codec::{self, Damage};
use crate::store::engine::Lost;
use crate::store::neighbours::{ConnectionReport, Listener, Neighbours, ServerPlace};
use crate::store::records::Table;
use crate::store::shared::Shared;
use crate::store::survey::{ClusterSigns, ClusterSurvey};

/// The name of these values for their checksums.
const NAME: &str = "connections";

/// The time for one transaction. Its outcome becomes known with the next one.
const REPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// The number of users in one transaction.
const AT_ONCE: usize = 100;

/// Version 1 of stored connections. Never changes.
#[derive(Serialize, Deserialize)]
struct ConnectionsV1 {
    online: u32,
    away: u32,
    /// The token, and whether the connection is away.
    lost: Vec<([u8; 32], bool)>,
}

/// The other processes of a cluster.
pub(super) struct EtcdNeighbours {
    pub(super) cluster: Arc<Cluster>,
    pub(super) followed: Arc<Followed>,
    pub(super) shared: Shared,
    pub(super) process: Arc<str>,
    /// The key of the marker that this process has as a member.
    pub(super) membership: Vec<u8>,
    /// The marker of the transactions with connections. The lock gives them their order.
    pub(super) marker: Mutex<Marker>,
    pub(super) lease: i64,
}

/// Returns the stored form of connections.
fn encode(key: &[u8], connections: &UserConnections) -> Vec<u8> {
    let lost = connections.lost.iter();
    let stored = ConnectionsV1 {
        online: connections.online,
        away: connections.away,
        lost: lost
            .map(|(token, status)| (*token.as_bytes(), *status == StatusType::Away))
            .collect(),
    };
    codec::seal(NAME, key, 1, &stored)
}

/// Returns the report of another process under this key; `None` if the key is not one of connections.
pub(super) fn report(cluster: &Cluster, key: &[u8], value: Option<&[u8]>) -> Option<ConnectionReport> {
    let (server, user) = cluster.keys.parse_connections(key)?;
    // What cannot be read comes from a newer version, and counts as no connection.
    let connections = value.and_then(|value| decode(key, value).ok());
    Some(ConnectionReport {
        server: server.into(),
        user: UserId::new(user),
        connections,
    })
}

fn decode(key: &[u8], value: &[u8]) -> Result<UserConnections, Damage> {
    let (version, body) = codec::unseal(NAME, key, value)?;
    if version != 1 {
        return Err(Damage::Version {
            found: version,
            known: 1,
        });
    }
    let stored: ConnectionsV1 = codec::decode(body)?;
    let lost = stored.lost.into_iter().map(|(token, is_away)| {
        let status = if is_away { StatusType::Away } else { StatusType::Online };
        (TokenHash::new(token), status)
    });
    Ok(UserConnections {
        online: stored.online,
        away: stored.away,
        lost: lost.collect(),
    })
}

impl EtcdNeighbours {
    fn operation(&self, user: &UserId, connections: &UserConnections) -> TxnOp {
        let key = self.cluster.keys.connections(&self.process, user.as_str());
        if connections.are_none() {
            return TxnOp::delete(key, None);
        }
        let value = encode(&key, connections);
        TxnOp::put(key, value, Some(PutOptions::new().with_lease(self.lease)))
    }

    fn write(&self, operations: Vec<TxnOp>) -> Result<(), ClusterFailure> {
        let mut marker = self.marker.lock().unwrap_or_else(PoisonError::into_inner);
        // A process that the others count as gone must not come back with connections that they took back.
        let lives = Compare::create_revision(self.membership.clone(), CompareOp::Greater, 0);
        let settled = marker.next(vec![lives], operations);
        let (cluster, followed) = (Arc::clone(&self.cluster), Arc::clone(&self.followed));
        let sending = async move {
            let sent = timeout(REPORT_TIMEOUT, settled.send(cluster, followed)).await;
            sent.map_err(|_| ClusterFailure::Unreached("no answer to a report".into()))
        };
        match self.cluster.wait(sending)? {
            SendOutcome::Made { number, revision } => {
                marker.revision = revision;
                if number == marker.number {
                    return Ok(());
                }
                Err(ClusterFailure::Unreached("an earlier report came through".into()))
            }
            SendOutcome::Refused | SendOutcome::Fenced => {
                Err(ClusterFailure::Refused("this process counts as gone".into()))
            }
            SendOutcome::Failed(failure) => Err(failure),
        }
    }
}

impl Neighbours for EtcdNeighbours {
    fn report(&self, connections: &[(UserId, UserConnections)]) -> Result<(), String> {
        for some in connections.chunks(AT_ONCE) {
            let operations = some.iter().map(|(user, connections)| self.operation(user, connections));
            self.write(operations.collect())
                .map_err(|failure| failure.to_string())?;
        }
        Ok(())
    }

    fn watch(&self, listener: Listener) {
        let mut seen = self.followed.lock();
        let snapshot = self.shared.shown.load();
        seen.watch(&snapshot, listener);
    }

    fn learn(&self, table: Table, key: &[u8]) -> Result<bool, String> {
        let key = self.cluster.keys.entry(table, key);
        let options = GetOptions::new().with_keys_only();
        let found = self.cluster.get_now(Patience::SHORT, key, Some(options));
        let found = found.map_err(|failure| failure.to_string())?;
        let Some(stored) = found.kvs().first() else {
            return Ok(false);
        };
        let waited = self.followed.wait_for(stored.mod_revision());
        waited.map(|()| true).map_err(|Lost(cause)| cause)
    }

    fn place(&self) -> ServerPlace {
        self.followed.place_of(&self.process)
    }

    fn signs(&self) -> ClusterSigns {
        let revision = self.followed.lock().applied.unsigned_abs();
        self.followed.freshness.signs(revision)
    }

    fn survey(&self) -> Result<ClusterSurvey, String> {
        survey(&self.cluster).map_err(|failure| failure.to_string())
    }

    fn is_current(&self) -> bool {
        self.followed.freshness.is_current()
    }

    fn prepare_to_close(&self) {
        self.cluster.prepare_to_close();
    }

    fn has_others(&self) -> bool {
        self.followed.has_others()
    }

    fn wait_for_end(&self) -> String {
        self.followed.wait_for_end()
    }
}
