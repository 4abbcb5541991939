//! Raises the format of a store, when all its servers know the newer one.

use std::sync::Arc;

use etcd_client::{Compare, CompareOp, Txn, TxnOp, TxnOpResponse};

use super::cluster::Cluster;
use super::failure::ClusterFailure;
use super::format::{parse, stored};
use super::format_in_use::FormatInUse;
use super::open::{reach, unusable};
use crate::config::ClusterAddress;
use crate::store::format::Format;
use crate::store::open_error::OpenError;

/// The reason why the format is not raised.
#[derive(Debug, thiserror::Error)]
enum RaiseError {
    #[error(transparent)]
    ClusterFailure(#[from] ClusterFailure),
    #[error("there is no store of this name")]
    NoStore,
    #[error("{0}")]
    Unknown(String),
    #[error("servers of an older version use it ({0}): upgrade them first")]
    OlderServers(String),
    #[error("a server was started or upgraded meanwhile: try again")]
    Changed,
}

/// Raises the format to the newest one of this version. Returns the format before, and the one after.
///
/// # Errors
/// [`OpenError`] if there is no such store, if servers of an older version use it, or if the cluster does not answer.
pub(in crate::store) fn raise(address: &ClusterAddress) -> Result<[u32; 2], OpenError> {
    let cluster = Arc::new(reach(address)?);
    let asked = Arc::clone(&cluster);
    let raised = cluster.wait(async move { Ok(raise_in(&asked).await) });
    let failed = |cause: String| unusable(&cluster, cause);
    let raised = raised.map_err(|failure| failed(failure.to_string()))?;
    let before = raised.map_err(|error| failed(error.to_string()))?;
    Ok([before, Format::NEWEST].map(Format::number))
}

async fn raise_in(cluster: &Cluster) -> Result<Format, RaiseError> {
    let found = FormatInUse::read(cluster).await?;
    let format = found.format.as_ref().ok_or(RaiseError::NoStore)?;
    let before = parse(format.value()).map_err(|error| RaiseError::Unknown(error.to_string()))?;
    if before == Format::NEWEST {
        return Ok(before);
    }
    let older = found.older_servers();
    if !older.is_empty() {
        return Err(RaiseError::OlderServers(older.join(", ")));
    }
    let key = cluster.keys.format();
    let is_same = Compare::mod_revision(key.clone(), CompareOp::Equal, format.mod_revision());
    let no_further = Compare::create_revision(cluster.keys.markers(), CompareOp::Less, found.revision + 1);
    let raised = stored(Format::NEWEST);
    let puts = [key, cluster.keys.followed_format()].map(|key| TxnOp::put(key, raised.clone(), None));
    let get = TxnOp::get(cluster.keys.format(), None);
    let raise = Txn::new().when([is_same, no_further.with_prefix()]);
    let answer = cluster.repeat(raise.and_then(puts).or_else([get])).await?;
    match answer.op_responses().into_iter().next() {
        // An earlier try may have raised it, whose answer was lost.
        Some(TxnOpResponse::Get(now)) if now.kvs().first().is_none_or(|now| now.value() != raised.as_bytes()) => {
            Err(RaiseError::Changed)
        }
        _ => Ok(before),
    }
}
