//! The checks of the cluster with the store: each node, and the servers.

use super::diagnosis::Diagnosis;
use crate::config::ClusterAddress;
use crate::store::{NodeState, Store, StoreFormat, SurveyedNode};

/// The percentage of its quota at which a database is nearly full.
const NEARLY_FULL_PERCENT: u64 = 80;

/// The name of the check of one node.
const NODE: &str = "cluster node";

const MIB: u64 = 1024 * 1024;

/// Checks the cluster at this address.
pub(super) fn check(address: &ClusterAddress) -> Vec<Diagnosis> {
    const CHECK: &str = "cluster";
    let survey = match Store::survey_of(address) {
        Ok(survey) => survey,
        Err(error) => return vec![Diagnosis::explained(CHECK, error.to_string())],
    };
    let mut checks: Vec<_> = survey.nodes.iter().map(node).collect();
    checks.push(match survey.servers {
        Some(servers) => Diagnosis::ok(CHECK, format!("{servers} servers use the store {address}")),
        None => Diagnosis::problem(
            CHECK,
            "no node knows a leader, so that nothing can be written",
            "start the nodes, and check that a majority of them reach each other",
        ),
    });
    checks.extend(survey.format.as_ref().map(format));
    checks
}

fn format(format: &StoreFormat) -> Diagnosis {
    const CHECK: &str = "cluster format";
    let newest = format.newest;
    let Some(stored) = format.stored.filter(|stored| *stored <= newest) else {
        let found = format!("the store has a format that this rollcall does not know: its newest one is {newest}");
        return Diagnosis::problem(CHECK, found, "run a newer version");
    };
    if stored == newest {
        return Diagnosis::ok(CHECK, format!("the store has format {stored}"));
    }
    let found = format!("the store has format {stored}, and the newest one of this rollcall is {newest}");
    let advice = match format.older_servers.as_slice() {
        [] => "all servers know the newer one: run `rollcall upgrade`".to_owned(),
        older => format!(
            "upgrade the other servers ({}), then run `rollcall upgrade`",
            older.join(", ")
        ),
    };
    Diagnosis::warning(CHECK, found, advice)
}

fn node(node: &SurveyedNode) -> Diagnosis {
    let endpoint = &node.endpoint;
    match &node.state {
        Ok(state) => judged(endpoint, state),
        Err(cause) => Diagnosis::problem(
            NODE,
            format!("{endpoint}: {cause}"),
            "start the node, and check the network and the firewall",
        ),
    }
}

fn judged(endpoint: &str, state: &NodeState) -> Diagnosis {
    let role = match (state.is_leader, state.has_leader) {
        (true, _) => "leader",
        (false, true) => "follower",
        (false, false) => "without a leader",
    };
    let full = match state.quota_bytes {
        Some(quota) => format!(" of at most {} MiB", quota / MIB),
        None => String::new(),
    };
    let found = format!(
        "{endpoint}: etcd {}, {role}, a database of {} MiB{full}, {} MiB of it in use",
        state.version,
        state.database_bytes / MIB,
        state.used_bytes / MIB
    );
    if let Some(complaint) = state.complaints.first() {
        let advice =
            "see `etcdctl alarm list`; for NOSPACE delete what is not needed, compact, defragment, and disarm it";
        return Diagnosis::problem(NODE, format!("{found}; it complains: {complaint}"), advice);
    }
    if !state.has_leader {
        return Diagnosis::problem(NODE, found, "check that it reaches the other nodes");
    }
    let is_nearly_full = |quota: u64| state.database_bytes > quota / 100 * NEARLY_FULL_PERCENT;
    if state.quota_bytes.is_some_and(is_nearly_full) {
        return Diagnosis::warning(NODE, found, "compact and defragment it, or raise --quota-backend-bytes");
    }
    Diagnosis::ok(NODE, found)
}
