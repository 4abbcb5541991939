//! Calls to a whole cluster that do not open its store: the wait before a start, the survey, and the higher format.

use super::etcd;
use super::{ClusterSurvey, OpenError, Store};
use crate::config::ClusterAddress;

impl Store {
    /// Waits for at most five minutes until a cluster takes writes. Does not wait if the cluster refuses this server for
    /// another reason: the opening of the store gives that.
    ///
    /// # Errors
    /// [`OpenError`] if the address cannot be used at all.
    pub(crate) async fn wait_for(cluster: &ClusterAddress) -> Result<(), OpenError> {
        etcd::wait_until_writable(cluster).await
    }

    /// Asks each node of a cluster for its state.
    ///
    /// # Errors
    /// [`OpenError`] if the address cannot be used at all.
    pub fn survey_of(cluster: &ClusterAddress) -> Result<ClusterSurvey, OpenError> {
        etcd::survey(cluster)
    }

    /// Raises the format of a store in a cluster to the newest one of this version, when no older server uses the store.
    /// Returns the numbers of the format before and after.
    ///
    /// # Errors
    /// [`OpenError`] if the store does not exist, if an older server uses it, or if the cluster does not answer.
    pub fn raise_format(cluster: &ClusterAddress) -> Result<[u32; 2], OpenError> {
        etcd::raise(cluster)
    }
}
