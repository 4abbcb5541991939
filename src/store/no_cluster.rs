//! Stands for the engine over a cluster in a binary that is built without it. The configuration refuses the address of a
//! cluster before.

use std::future::{Ready, ready};
use std::path::Path;

use super::copy_error::CopyError;
use super::findings::Findings;
use super::held::Held;
use super::open_error::OpenError;
use super::opened::OpenedStore;
use super::source::RecordSource;
use super::survey::ClusterSurvey;
use crate::config::ClusterAddress;

pub(super) fn open(_: &Path, address: &ClusterAddress) -> Result<OpenedStore, OpenError> {
    Err(refusal(address))
}

pub(super) fn wait_until_writable(address: &ClusterAddress) -> Ready<Result<(), OpenError>> {
    ready(Err(refusal(address)))
}

pub(super) fn inspect(address: &ClusterAddress) -> Result<Findings, OpenError> {
    Err(refusal(address))
}

pub(super) fn hold(address: &ClusterAddress) -> Result<Held, CopyError> {
    Err(refusal(address).into())
}

pub(super) fn refuse_used(address: &ClusterAddress) -> Result<(), CopyError> {
    Err(refusal(address).into())
}

pub(super) fn copy_into(address: &ClusterAddress, _: &Path, _: &dyn RecordSource) -> Result<(), CopyError> {
    Err(refusal(address).into())
}

pub(super) fn survey(address: &ClusterAddress) -> Result<ClusterSurvey, OpenError> {
    Err(refusal(address))
}

pub(super) fn raise(address: &ClusterAddress) -> Result<[u32; 2], OpenError> {
    Err(refusal(address))
}

fn refusal(address: &ClusterAddress) -> OpenError {
    OpenError::Cluster {
        address: address.to_string(),
        cause: "this rollcall is built without the engine for it".into(),
    }
}
