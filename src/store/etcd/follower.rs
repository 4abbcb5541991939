//! The task that follows the commits of all processes.
//!
//! It watches from the revision after the last one that it has shown, and shows each message as one commit. A message has
//! whole revisions, so that half a revision is never shown.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use etcd_client::{Client, Event, EventType, WatchOptions, WatchResponse, WatchStream};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use super::at_revision::{AtRevision, Newest, newest};
use super::cluster::{Cluster, kv, watch};
use super::difference::difference;
use super::failure::ClusterFailure;
use super::followed::{EXCLUDED, Followed, FollowedState};
use super::format;
use super::neighbours::report;
use crate::store::change::RecordEdit;
use crate::store::edits::Edits;
use crate::store::shared::Shared;
use crate::store::verify::verify;

/// The time without a message after which the node is asked for a sign of life. A node without its peers is silent and
/// looks healthy.
const SILENCE: Duration = Duration::from_millis(1500);

/// The time for the sign of life, and for the beginning of a watch.
const SIGN_TIMEOUT: Duration = Duration::from_secs(1);

/// The pause after a node has failed.
const PAUSE: Duration = Duration::from_millis(100);

/// Follows the commits of all processes, and shows them.
pub(super) struct Follower {
    pub(super) cluster: Arc<Cluster>,
    pub(super) followed: Arc<Followed>,
    pub(super) shared: Shared,
    pub(super) process: Arc<str>,
    /// The random number of the cluster in which all was loaded.
    pub(super) cluster_id: u64,
}

/// The reason why a watch ended.
enum Ended {
    /// The node failed, or did not answer.
    Node(ClusterFailure),
    /// The next revision is no longer in the history of the cluster.
    Compacted,
    /// This process cannot go on.
    Lost(String),
}

impl Follower {
    /// Follows until the store is closed, or until this process must end.
    pub(super) async fn run(self) {
        let this = Arc::new(self);
        loop {
            let (number, client) = this.cluster.node().await;
            let ended = match client {
                Ok(client) => this.follow(&client, number).await,
                Err(failure) => Ended::Node(failure),
            };
            match ended {
                Ended::Node(failure) => {
                    info!(cause = failure.at_one_node(), "commits are followed at another node");
                    this.cluster.leave(number);
                    sleep(PAUSE).await;
                }
                Ended::Compacted => {
                    warn!("the cluster has removed its history before it was followed: all is loaded anew");
                    if let Err(cause) = this.load_again().await {
                        warn!(cause, "loading it failed, and is tried again");
                        sleep(SILENCE).await;
                    }
                }
                Ended::Lost(cause) => {
                    // A store that is closed ends its own lease.
                    if this.followed.check().is_ok() {
                        error!(cause, "this process can no longer follow the cluster");
                        this.followed.lose(cause);
                    }
                    return;
                }
            }
        }
    }

    /// Returns why nothing can be followed at a node. A cluster that was restored from a snapshot has lost revisions that
    /// this process has shown, and would give their numbers to other commits.
    async fn refusal_at(&self, client: &Client) -> Option<Ended> {
        let key = self.cluster.keys.format();
        // The writer may show a commit after the node has answered.
        let shown_before = self.followed.lock().applied;
        let header = match timeout(SIGN_TIMEOUT, kv(client).get(key, None)).await {
            Ok(Ok(mut answer)) => answer.take_header(),
            Ok(Err(error)) => return Some(Ended::Node(ClusterFailure::of(&error))),
            Err(_) => return Some(Ended::Node(silent())),
        };
        let header = header?;
        let is_same = header.cluster_id() == self.cluster_id && header.revision() >= shown_before;
        (!is_same).then(|| Ended::Lost("the cluster was restored from a snapshot, or replaced by another one".into()))
    }

    /// Follows at one node.
    async fn follow(self: &Arc<Self>, client: &Client, number: usize) -> Ended {
        if let Some(refusal) = self.refusal_at(client).await {
            return refusal;
        }
        let from = self.followed.lock().applied + 1;
        let options = WatchOptions::new().with_prefix().with_start_revision(from);
        let mut watching = watch(client);
        let begin = watching.watch(self.cluster.keys.followed(), Some(options));
        let mut stream = match timeout(SIGN_TIMEOUT, begin).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Ended::Node(ClusterFailure::of(&error)),
            Err(_) => return Ended::Node(silent()),
        };
        loop {
            let message = match next(&mut stream, || self.cluster.calls_go_to(number)).await {
                Ok(message) => message,
                Err(failure) => return Ended::Node(failure),
            };
            if message.compact_revision() > 0 {
                return Ended::Compacted;
            }
            if message.canceled() {
                return Ended::Node(ClusterFailure::Unreached(message.cancel_reason().to_owned()));
            }
            // The first message of a watch comes before those that it has missed.
            let is_first = message.created();
            if !self.is_shown(message.events()) {
                let this = Arc::clone(self);
                let applied = spawn_blocking(move || this.apply(message.events())).await;
                if let Err(cause) = applied.unwrap_or_else(|panic| Err(panic.to_string())) {
                    return Ended::Lost(cause);
                }
            }
            if !is_first {
                self.followed.freshness.note_message();
            }
        }
    }

    /// Returns whether all of these events are shown. The writer shows its own commits at once, if it can.
    fn is_shown(&self, events: &[Event]) -> bool {
        let applied = self.followed.lock().applied;
        let shown = |event: &Event| event.kv().is_none_or(|stored| stored.mod_revision() <= applied);
        events.iter().all(shown)
    }

    /// Shows the events of one message as one commit.
    fn apply(&self, events: &[Event]) -> Result<(), String> {
        let mut seen = self.followed.lock();
        let shown_before = seen.applied;
        let mut edits = Vec::new();
        let mut reports = Vec::new();
        for event in events {
            let Some(stored) = event.kv().filter(|stored| stored.mod_revision() > shown_before) else {
                continue;
            };
            seen.applied = seen.applied.max(stored.mod_revision());
            let value = match event.event_type() {
                EventType::Put => Some(stored.value()),
                EventType::Delete => None,
            };
            if let Some(process) = self.cluster.keys.parse_marker(stored.key()) {
                self.note_process(&mut seen, process, value.is_some())?;
                continue;
            }
            if stored.key() == self.cluster.keys.followed_format() {
                seen.format = value
                    .map_or(Ok(seen.format), format::parse)
                    .map_err(|error| error.to_string())?;
                continue;
            }
            if let Some(report) = report(&self.cluster, stored.key(), value) {
                reports.extend((report.server != self.process).then_some(report));
                continue;
            }
            let Some((table, key)) = self.cluster.keys.parse(stored.key()) else {
                continue;
            };
            seen.revisions.note(table, key, value, stored.mod_revision());
            edits.push(RecordEdit {
                table,
                key: key.to_vec(),
                value: value.map(<[u8]>::to_vec),
            });
        }
        if !edits.is_empty() {
            seen.show(&self.shared, &edits, &Edits::of(&edits).touched())?;
        }
        let shown = self.shared.shown.load();
        for report in reports {
            seen.pass(&shown, report);
        }
        drop(seen);
        self.followed.notify();
        Ok(())
    }

    /// Notes that a process lives, or that it has ended.
    fn note_process(&self, seen: &mut FollowedState, process: &str, lives: bool) -> Result<(), String> {
        if process != &*self.process {
            self.followed.note_others();
        } else if !lives {
            return Err(EXCLUDED.into());
        }
        if !lives {
            seen.processes.remove(process);
        } else if !seen.processes.contains(process) {
            seen.processes.insert(process.to_owned());
        }
        Ok(())
    }

    /// Loads all records, and shows how they differ from those before as one commit.
    async fn load_again(self: &Arc<Self>) -> Result<(), String> {
        let Newest { revision, format, .. } = newest(&self.cluster).await.map_err(|failure| failure.to_string())?;
        let format = format::parse(&format).map_err(|error| error.to_string())?;
        let this = Arc::clone(self);
        let load = move || {
            let records = AtRevision::followed(Arc::clone(&this.cluster), revision);
            let found = verify(&records, &AtomicBool::new(false));
            if let Some(problem) = found.problems.first() {
                return Err(problem.to_string());
            }
            let mut peers = records.peers().map_err(|failure| failure.to_string())?;
            peers.reports.retain(|report| report.server != this.process);
            let mut next = found.snapshot;
            next.commits.count = revision.unsigned_abs();
            let mut seen = this.followed.lock();
            let touched = difference(&this.shared.shown.load(), &next);
            seen.revisions = records.into_revisions();
            seen.applied = revision;
            seen.format = format;
            this.shared.show(next, &touched);
            seen.processes = peers.processes;
            seen.replace_reports(&this.shared.shown.load(), peers.reports);
            drop(seen);
            this.followed.notify();
            Ok(())
        };
        spawn_blocking(load)
            .await
            .unwrap_or_else(|panic| Err(panic.to_string()))
    }
}

fn silent() -> ClusterFailure {
    ClusterFailure::Unreached("the node is silent".into())
}

/// Returns the next message. Asks for a sign of life after some silence.
async fn next(stream: &mut WatchStream, is_in_use: impl Fn() -> bool) -> Result<WatchResponse, ClusterFailure> {
    let ended = || ClusterFailure::Unreached("the node has ended the watch".into());
    let taken = |taken: Result<Option<WatchResponse>, etcd_client::Error>| {
        taken.map_err(|error| ClusterFailure::of(&error))?.ok_or_else(ended)
    };
    if let Ok(message) = timeout(SILENCE, stream.message()).await {
        return taken(message);
    }
    // A node that is cut off from its peers gives a sign of life, but answers no other calls: they have left it.
    if !is_in_use() {
        return Err(silent());
    }
    stream
        .request_progress()
        .await
        .map_err(|error| ClusterFailure::of(&error))?;
    match timeout(SIGN_TIMEOUT, stream.message()).await {
        Ok(message) => taken(message),
        Err(_) => Err(silent()),
    }
}
