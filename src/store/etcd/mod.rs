//! The engine over an etcd cluster, which several processes may use at once.
//!
//! Each process loads all records at one revision and follows the commits of all processes from the next one, in the one
//! order that etcd gives them. A batch is one transaction that compares the revisions of all that it depends on. It is
//! answered when the process shows its revision. So events come before answers on each process, and a caller reads
//! its own writes.
//!
//! A transaction whose answer is lost is sent again to the next node. Each transaction compares and rewrites the marker of
//! the process. So the marker shows whether an earlier try was made.

mod at_revision;
mod cluster;
mod copy_into;
mod difference;
mod engine;
mod failure;
mod followed;
mod follower;
mod format;
mod format_in_use;
mod freshness;
mod keyspace;
mod marker;
mod membership;
mod moment;
mod neighbours;
mod open;
mod outcome;
mod raise;
mod reader;
mod readiness;
mod revisions;
mod survey;
mod transaction;

pub(super) use copy_into::copy_into;
pub(super) use open::{hold, inspect, open, refuse_used, survey};
pub(super) use raise::raise;
pub(super) use readiness::wait_until_writable;
