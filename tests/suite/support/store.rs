//! The store of a test: in the data folder, or in a cluster if `ROLLCALL_TEST_STORE` is `etcd`.
//!
//! Each data folder has a store of its own there.

use std::env;
use std::error::Error;
use std::path::Path;

use rollcall::app::Overrides;
use rollcall::config::ClusterAddress;
use rollcall::store::Store;

/// Returns whether the stores of this run are in a cluster.
pub fn is_in_cluster() -> bool {
    match env::var("ROLLCALL_TEST_STORE").as_deref() {
        Ok("etcd") => true,
        Err(_) | Ok("" | "sled") => false,
        Ok(other) => panic!("ROLLCALL_TEST_STORE is {other:?}, which is neither sled nor etcd"),
    }
}

/// Returns the address of the store that belongs to a data folder; `None` if it is in the folder.
#[cfg(feature = "etcd")]
pub fn cluster_of(data: &Path) -> Option<ClusterAddress> {
    is_in_cluster().then(|| super::etcd::shared_etcd().store_of(data))
}

/// Returns no address, because this build cannot use one.
#[cfg(not(feature = "etcd"))]
pub fn cluster_of(_: &Path) -> Option<ClusterAddress> {
    assert!(!is_in_cluster(), "ROLLCALL_TEST_STORE=etcd needs --features etcd");
    None
}

/// Returns no fixed settings but the place of the store.
pub fn overrides(data: &Path) -> Overrides {
    Overrides {
        cluster: cluster_of(data),
        ..Overrides::default()
    }
}

/// Opens the store of a data folder.
pub fn open_store(data: &Path) -> Result<Store, impl Error> {
    let Overrides { cluster, upgrade, .. } = overrides(data);
    Store::open_with(data, cluster.as_ref(), &upgrade)
}

/// Verifies the store of a data folder. Returns the problems.
pub fn problems_in(data: &Path) -> Vec<String> {
    problems_of(data, cluster_of(data).as_ref())
}

/// Verifies the store of a cluster, or else that of a data folder. Returns the problems.
pub fn problems_of(data: &Path, cluster: Option<&ClusterAddress>) -> Vec<String> {
    let (problems, _) = Store::inspect(data, cluster).expect("a store");
    problems.iter().map(ToString::to_string).collect()
}

/// Returns whether the stores of this run are in a cluster, so that the test does not apply for this reason.
#[allow(clippy::print_stderr, reason = "a run says what it does not test")]
pub fn skipped_in_cluster(reason: &str) -> bool {
    let skips = is_in_cluster();
    if skips {
        eprintln!("skipped in a cluster: {reason}");
    }
    skips
}
