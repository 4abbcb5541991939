//! The format of a store in a cluster: the versions of its keys and values.
//!
//! All servers of a store write one format. A server that knows a newer one raises it when it joins, which no server of the
//! older version survives. So it refuses to join while there are such servers.

use etcd_client::{Compare, CompareOp, Txn, TxnOp, TxnOpResponse};

use super::cluster::Cluster;
use super::failure::ClusterFailure;

/// The format that this version writes. It gets a new number when the version of a record or of another value changes.
pub(super) const NEWEST: &[u8] = b"1";

/// The reason why a process cannot join.
#[derive(Debug, thiserror::Error)]
pub(super) enum JoinError {
    #[error(transparent)]
    ClusterFailure(#[from] ClusterFailure),
    /// A newer version of Rollcall wrote the store.
    #[error("its store has format {0}, and this rollcall knows none after {newest}: run a newer version", newest = String::from_utf8_lossy(NEWEST))]
    Newer(String),
    /// Servers of an older version use the store.
    #[error("servers of an older version use it: stop all of them, wait ten seconds, and start the new ones")]
    OlderServers,
    /// The format was raised while the process joined.
    #[error("its format has just been changed by a server of another version: try again")]
    Raised,
    /// A store or backup is being copied into it.
    #[error("a copy into it is not finished: run the same `rollcall migrate` or `rollcall restore` again")]
    Unfinished,
    #[error("the system gave no random number: {0}")]
    Random(getrandom::Error),
}

/// Checks the format of the store. Sets it for a new one, and raises it for an older one.
pub(super) async fn check(cluster: &Cluster) -> Result<(), JoinError> {
    let (key, copying) = (cluster.keys.format(), cluster.keys.copying());
    let absent = [&key, &copying].map(|key| Compare::create_revision(key.clone(), CompareOp::Equal, 0));
    let put = TxnOp::put(key.clone(), NEWEST, None);
    let begin = Txn::new().when(absent).and_then([put]).or_else([TxnOp::get(key, None)]);
    let answer = cluster.repeat(begin).await?;
    let Some(TxnOpResponse::Get(found)) = answer.op_responses().into_iter().next() else {
        return Ok(());
    };
    let Some(stored) = found.kvs().first().map(etcd_client::KeyValue::value) else {
        return Err(JoinError::Unfinished);
    };
    match (number(stored), number(NEWEST)) {
        (Some(stored), Some(newest)) if stored == newest => Ok(()),
        (Some(stored_number), Some(newest)) if stored_number < newest => raise(cluster, stored).await,
        _ => Err(JoinError::Newer(String::from_utf8_lossy(stored).into_owned())),
    }
}

fn number(format: &[u8]) -> Option<u32> {
    std::str::from_utf8(format).ok()?.parse().ok()
}

/// Raises an older format, unless there are servers. Records are written in their new versions when they change.
async fn raise(cluster: &Cluster, stored: &[u8]) -> Result<(), JoinError> {
    let key = cluster.keys.format();
    let is_same = Compare::value(key.clone(), CompareOp::Equal, stored);
    let no_servers = Compare::create_revision(cluster.keys.markers(), CompareOp::Equal, 0).with_prefix();
    let raise = Txn::new()
        .when([is_same, no_servers])
        .and_then([TxnOp::put(key.clone(), NEWEST, None)])
        .or_else([TxnOp::get(key, None)]);
    let answer = cluster.repeat(raise).await?;
    match answer.op_responses().into_iter().next() {
        // Another server of this version may have raised it.
        Some(TxnOpResponse::Get(found)) if found.kvs().first().is_none_or(|found| found.value() != NEWEST) => {
            Err(JoinError::OlderServers)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::records::{Record, RecordVisitor, visit_all};

    #[derive(Default)]
    struct Versions(Vec<String>);

    impl RecordVisitor for Versions {
        fn visit<R: Record>(&mut self) {
            self.0.push(format!("{} {}", R::TABLE.name(), R::VERSION));
        }
    }

    #[test]
    fn a_new_version_of_a_record_is_a_new_format() {
        let mut versions = Versions::default();
        visit_all(&mut versions);
        versions.0.sort_unstable();
        let expected = [
            "audit_log 1",
            "avatars 2",
            "boards 1",
            "commits 3",
            "custom_statuses 2",
            "failed_logins 3",
            "grants 1",
            "invitations 1",
            "lost_connections 1",
            "password_resets 1",
            "roles 1",
            "settings 2",
            "setup_links 1",
            "tokens 2",
            "user_statuses 3",
            "users 5",
        ];
        assert_eq!((NEWEST, versions.0), (&b"1"[..], expected.map(str::to_owned).to_vec()));
    }
}
