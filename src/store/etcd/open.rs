//! Opens the store in a cluster.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, Weak};

use tracing::info;

use super::at_revision::AtRevision;
use super::cluster::{Cluster, Patience};
use super::engine::EtcdEngine;
use super::failure::ClusterFailure;
use super::followed::Followed;
use super::follower::Follower;
use super::format;
use super::marker::Marker;
use super::membership::{Membership, renew};
use super::moment::EtcdMoment;
use super::neighbours::EtcdNeighbours;
use super::reader::EtcdReader;
use crate::config::ClusterAddress;
use crate::store::commits::Sizes;
use crate::store::copy_error::CopyError;
use crate::store::findings::Findings;
use crate::store::flush_clock::FlushClock;
use crate::store::folder::DataFolder;
use crate::store::format::Format;
use crate::store::held::Held;
use crate::store::open_error::OpenError;
use crate::store::opened::OpenedStore;
use crate::store::shared::Shared;
use crate::store::survey::ClusterSurvey;
use crate::store::verify::verify;

/// Seconds without an answer of the cluster after which writes are refused. A new leader is elected in about two.
const MAX_SECONDS: u64 = 5;

/// Joins a cluster, loads its records, and follows its commits. The data folder has the key and the administration socket
/// of this process.
///
/// # Errors
/// [`OpenError`] if the folder is in use or cannot be used, if the cluster does not answer or refuses this process, or if
/// the store is damaged or newer than this binary.
pub(in crate::store) fn open(folder: &Path, address: &ClusterAddress) -> Result<OpenedStore, OpenError> {
    let folder = DataFolder::hold(folder)?;
    let cluster = Arc::new(reach(address)?);
    let opened = join(&cluster, folder);
    if opened.is_err() {
        cluster.stop();
    }
    opened
}

fn join(cluster: &Arc<Cluster>, folder: DataFolder) -> Result<OpenedStore, OpenError> {
    let unusable = |cause: String| unusable(cluster, cause);
    let joining = Arc::clone(cluster);
    let membership = cluster.wait(async move { Ok(Membership::join(&joining).await) });
    let membership = membership
        .map_err(|failure| unusable(failure.to_string()))?
        .map_err(|error| unusable(error.to_string()))?;
    let followed = Arc::new(Followed::default());
    if membership.has_others {
        followed.note_others();
    }
    // Loading may take longer than the lease.
    let lease = membership.marker.lease;
    cluster.spawn(renew(Arc::clone(cluster), Arc::clone(&followed), lease));
    let newest = AtRevision::newest(cluster).map_err(|failure| unusable(failure.to_string()))?;
    let revision = newest.revision;
    let format = format::parse(&newest.format).map_err(|error| unusable(error.to_string()))?;
    log_older(format);
    let records = AtRevision::followed(Arc::clone(cluster), revision);
    let mut found = verify(&records, &AtomicBool::new(false)).sound(&path(cluster))?;
    found.snapshot.commits.count = revision.unsigned_abs();
    let clock = FlushClock::start(MAX_SECONDS).map_err(OpenError::Thread)?;
    let shared = Shared::new(found.snapshot, clock);
    let peers = records.peers().map_err(|failure| unusable(failure.to_string()))?;
    followed.begin(revision, records.into_revisions(), peers, format);
    let following = Follower {
        cluster: Arc::clone(cluster),
        followed: Arc::clone(&followed),
        shared: shared.clone(),
        process: Arc::clone(&membership.process),
        cluster_id: newest.cluster_id,
    };
    let neighbours = neighbours(cluster, &followed, &shared, &membership);
    cluster.spawn(following.run());
    let is_closing = shared.archive.open(Arc::new(EtcdReader {
        cluster: Arc::clone(cluster),
    }));
    info!(cluster = %cluster.address(), revision, "joined the cluster");
    let engine = EtcdEngine {
        cluster: Arc::clone(cluster),
        followed,
        shared: shared.clone(),
        membership,
        unfollowed: HashMap::default(),
        is_doubtful: false,
        is_closing,
        held: Weak::default(),
        _folder: folder,
    };
    Ok(OpenedStore {
        shared,
        engine: Box::new(engine),
        sizes: Sizes {
            live: found.live_bytes,
            files: 0,
        },
        neighbours: Some(Arc::new(neighbours)),
    })
}

/// Logs the format of the store if it is an older one.
fn log_older(format: Format) {
    if format < Format::NEWEST {
        info!(
            format = format.number(),
            newest = Format::NEWEST.number(),
            "the store has an older format: all servers write it until `rollcall upgrade` raises it, after all of them were upgraded"
        );
    }
}

/// Returns the other processes as this one reports to them.
fn neighbours(
    cluster: &Arc<Cluster>,
    followed: &Arc<Followed>,
    shared: &Shared,
    membership: &Membership,
) -> EtcdNeighbours {
    EtcdNeighbours {
        cluster: Arc::clone(cluster),
        followed: Arc::clone(followed),
        shared: shared.clone(),
        process: Arc::clone(&membership.process),
        membership: membership.marker.key.clone(),
        marker: Mutex::new(Marker {
            key: cluster.keys.connections_marker(&membership.process),
            lease: membership.marker.lease,
            revision: 0,
            number: 0,
        }),
        lease: membership.marker.lease,
    }
}

/// Verifies the store in a cluster. Returns what was found.
///
/// # Errors
/// [`OpenError`] if the cluster does not answer, or refuses this process.
pub(in crate::store) fn inspect(address: &ClusterAddress) -> Result<Findings, OpenError> {
    let cluster = Arc::new(reach(address)?);
    let found = AtRevision::newest(&cluster).map(|newest| {
        let records = AtRevision::all(Arc::clone(&cluster), newest.revision);
        verify(&records, &AtomicBool::new(false))
    });
    found.map_err(|failure| unusable(&cluster, failure.to_string()))
}

/// Holds the current state of a store that no server uses.
///
/// # Errors
/// [`CopyError`] if there is no such store, if servers use it, or if the cluster does not answer.
pub(in crate::store) fn hold(address: &ClusterAddress) -> Result<Held, CopyError> {
    let cluster = Arc::new(reach(address)?);
    let failed = |failure: ClusterFailure| unusable(&cluster, failure.to_string());
    let format = cluster.get_now(Patience::SHORT, cluster.keys.format(), None);
    if format.map_err(failed)?.kvs().is_empty() {
        return Err(CopyError::NoStore(address.to_string()));
    }
    refuse_members(&cluster)?;
    let revision = AtRevision::newest(&cluster).map_err(failed)?.revision;
    let records = AtRevision::all(Arc::clone(&cluster), revision);
    Ok(Held(Arc::new(EtcdMoment::new(records, revision, Arc::default()))))
}

/// Returns an error if servers use the store.
///
/// # Errors
/// [`CopyError`].
pub(in crate::store) fn refuse_used(address: &ClusterAddress) -> Result<(), CopyError> {
    refuse_members(&Arc::new(reach(address)?))
}

fn refuse_members(cluster: &Arc<Cluster>) -> Result<(), CopyError> {
    let asked = Arc::clone(cluster);
    let members = cluster.wait(async move { asked.count(asked.keys.markers()).await });
    match members.map_err(|failure| unusable(cluster, failure.to_string()))? {
        0 => Ok(()),
        _ => Err(CopyError::InUse),
    }
}

/// Asks each node of a cluster for its state.
///
/// # Errors
/// [`OpenError`] if the address cannot be used at all.
pub(in crate::store) fn survey(address: &ClusterAddress) -> Result<ClusterSurvey, OpenError> {
    let cluster = Arc::new(reach(address)?);
    super::survey::survey(&cluster).map_err(|failure| unusable(&cluster, failure.to_string()))
}

/// Returns the cluster at this address, which is not reached yet.
pub(super) fn reach(address: &ClusterAddress) -> Result<Cluster, OpenError> {
    Cluster::new(address).map_err(|cause| OpenError::Cluster {
        address: address.to_string(),
        cause: cause.to_string(),
    })
}

/// Returns the error of a cluster that cannot be used for this reason.
pub(super) fn unusable(cluster: &Cluster, cause: String) -> OpenError {
    OpenError::Cluster {
        address: cluster.address().to_string(),
        cause,
    }
}

/// Returns the address of the cluster where errors name a data folder.
fn path(cluster: &Cluster) -> PathBuf {
    cluster.address().to_string().into()
}
