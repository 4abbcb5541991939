//! Stands for the engine over a cluster in a binary that is built without it. The configuration refuses the address of a
//! cluster before.

use std::path::Path;

use super::findings::Findings;
use super::open_error::OpenError;
use super::opened::OpenedStore;
use crate::config::ClusterAddress;

pub(super) fn open(_: &Path, address: &ClusterAddress) -> Result<OpenedStore, OpenError> {
    Err(refusal(address))
}

pub(super) fn inspect(address: &ClusterAddress) -> Result<Findings, OpenError> {
    Err(refusal(address))
}

fn refusal(address: &ClusterAddress) -> OpenError {
    OpenError::Cluster {
        address: address.to_string(),
        cause: "this rollcall is built without the engine for it".into(),
    }
}
