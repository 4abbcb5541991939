//! The engine's part of the writer: it makes each batch durable with one transaction of the cluster.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::time::Instant;

use etcd_client::{Compare, KeyValue, TxnOp};
use tracing::{error, warn};

use super::at_revision::AtRevision;
use super::cluster::{Cluster, Patience};
use super::failure::ClusterFailure;
use super::followed::{EXCLUDED, Followed};
use super::keyspace::is_followed;
use super::membership::Membership;
use super::moment::EtcdMoment;
use super::outcome::SendOutcome;
use super::transaction::{UnfollowedRevisions, compares, fits, operation, operations};
use crate::clock::Clock;
use crate::store::any_record::in_format;
use crate::store::change::{Change, RecordEdit};
use crate::store::commit_error::{CommitError, HoldError};
use crate::store::commits::Commits;
use crate::store::edits::Edits;
use crate::store::engine::{Engine, Lost, Outcome};
use crate::store::folder::DataFolder;
use crate::store::format::Format;
use crate::store::held::Held;
use crate::store::records::{Record, Table};
use crate::store::room::{Need, Room};
use crate::store::shared::Shared;

/// An etcd cluster as the engine of a store.
pub(in crate::store) struct EtcdEngine {
    pub(super) cluster: Arc<Cluster>,
    pub(super) followed: Arc<Followed>,
    pub(super) shared: Shared,
    pub(super) membership: Membership,
    pub(super) unfollowed: UnfollowedRevisions,
    /// True if an entry of the audit log was there already, so that each one is looked up.
    pub(super) is_doubtful: bool,
    /// The flag that stops readers.
    pub(super) is_closing: Arc<AtomicBool>,
    /// The moment that a backup reads, while there is one.
    pub(super) held: Weak<EtcdMoment>,
    /// The lock of the data folder, which has the key and the administration socket.
    pub(super) _folder: DataFolder,
}

impl EtcdEngine {
    /// Sends the next transaction until its outcome is known.
    fn send(&mut self, compares: Vec<Compare>, operations: Vec<TxnOp>) -> Result<SendOutcome, Lost> {
        let settled = self.membership.marker.next(compares, operations);
        let (cluster, followed) = (Arc::clone(&self.cluster), Arc::clone(&self.followed));
        let sending = async move { Ok(settled.send(cluster, followed).await) };
        let sent = self.shared.clock.during(|| self.cluster.wait(sending));
        sent.map_err(|failure| Lost(failure.to_string()))
    }

    /// Notes the revision of the last transaction, and waits until it is shown.
    fn made(&mut self, revision: i64) -> Result<(), Lost> {
        self.membership.marker.revision = revision;
        self.followed.wait_for(revision)
    }

    /// Rewrites the marker alone, so that no late try of a refused transaction can come through any more. Then all is shown
    /// that was there at the refusal. Returns whether such a try had come through; the outcome is unknown if the cluster is full,
    /// so that the marker cannot be rewritten.
    fn settle(&mut self) -> Result<Outcome, Lost> {
        let refused = self.membership.marker.number;
        match self.send(Vec::new(), Vec::new())? {
            SendOutcome::Made { number, revision } => {
                self.made(revision)?;
                Ok(if number == refused {
                    Outcome::Stored
                } else {
                    Outcome::Overtaken
                })
            }
            SendOutcome::Refused | SendOutcome::Fenced => Err(self.fenced()),
            SendOutcome::Failed(ClusterFailure::Full) => {
                self.note_room(Room::Full);
                Ok(Outcome::Unknown)
            }
            SendOutcome::Failed(failure) => Err(Lost(failure.to_string())),
        }
    }

    /// Forgets what was read before another change came first.
    fn overtaken(&mut self) -> Outcome {
        self.unfollowed.clear();
        self.is_doubtful = true;
        Outcome::Overtaken
    }

    fn fenced(&self) -> Lost {
        let fenced = || Lost(EXCLUDED.into());
        self.followed.check().err().unwrap_or_else(fenced)
    }

    /// Notes that the database of the cluster is full, or that it no longer is.
    fn note_room(&self, room: Room) {
        let before = self.shared.replace_room(room);
        if before == room {
            return;
        }
        if room == Room::Enough {
            warn!("the cluster takes writes again");
        } else {
            error!("{}", ClusterFailure::Full);
        }
    }

    /// Returns the revision of an entry that is not followed, if it has this value: 0 if it is absent, and that is expected.
    fn look_up(&self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<Option<i64>, ClusterFailure> {
        let place = self.cluster.keys.entry(table, key);
        let found = self.cluster.get_now(Patience::SHORT, place, None)?;
        let stored = found.kvs().first();
        let newest = stored.and_then(|stored| in_format(Format::NEWEST, table, key, stored.value()));
        let holds = newest.as_deref().or_else(|| stored.map(KeyValue::value)) == value;
        Ok(holds.then(|| stored.map_or(0, KeyValue::mod_revision)))
    }

    /// Returns the edit that stores the time of the commit, or the last stored time again while the clock is not believed:
    /// each commit rewrites this entry.
    fn stamp(&self) -> RecordEdit {
        let believed = self.shared.time.get().and_then(Clock::believed);
        let commits = Commits {
            believed_at: believed.or_else(|| self.shared.shown.load().commits.believed_at),
            ..Commits::default()
        };
        RecordEdit {
            table: Commits::TABLE,
            key: commits.key(),
            value: Some(commits.encode()),
        }
    }

    /// Shows a commit of this process at once, if nothing before it is missing. The watch brings it too, somewhat later.
    fn show(&self, edits: &Edits, stamp: &RecordEdit, revision: i64) -> Result<(), Lost> {
        let mut seen = self.followed.lock();
        if seen.applied + 1 != revision {
            return Ok(());
        }
        let is_shown = |edit: &&RecordEdit| is_followed(edit.table);
        let shown: Vec<_> = edits.ordered().chain([stamp]).filter(is_shown).collect();
        for edit in &shown {
            seen.revisions
                .note(edit.table, &edit.key, edit.value.as_deref(), revision);
        }
        seen.applied = revision;
        seen.show(&self.shared, shown, &edits.touched()).map_err(Lost)?;
        drop(seen);
        self.followed.notify();
        Ok(())
    }
}

impl Engine for EtcdEngine {
    fn begin(&mut self) -> Result<(), Lost> {
        // Records of older versions are rewritten when they change. Another server may still be of that version.
        Ok(())
    }

    fn measure(&mut self) {
        self.unfollowed.clear();
    }

    fn refusal(&self, need: Need) -> Option<CommitError> {
        let room = self.shared.room();
        (!room.allows(need)).then(|| room.refusal())
    }

    fn fits(&self, edits: &Edits, change: &Change) -> bool {
        fits(edits, change)
    }

    fn holds(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<bool, String> {
        if is_followed(table) {
            return Ok(self.followed.lock().revisions.of(table, key, value).is_some());
        }
        // Keys of the audit log are random, so that nearly all of them are absent. The transaction compares that.
        if table == Table::AuditLog && value.is_none() && !self.is_doubtful {
            return Ok(true);
        }
        let found = self.look_up(table, key, value).map_err(|failure| failure.to_string())?;
        if let Some(revision) = found {
            self.unfollowed.insert((table, key.to_vec()), revision);
        }
        Ok(found.is_some())
    }

    fn commit(&mut self, edits: &Edits) -> Result<Outcome, Lost> {
        self.followed.check()?;
        let (format, compared) = {
            let seen = self.followed.lock();
            (
                seen.format,
                compares(&self.cluster.keys, edits, &seen, &self.unfollowed),
            )
        };
        let Some(compared) = compared else {
            return Ok(Outcome::Overtaken);
        };
        let mut operations = operations(&self.cluster.keys, format, edits, compared.len());
        let stamp = self.stamp();
        let stamped = (stamp.table, stamp.key.as_slice(), stamp.value.as_deref());
        operations.push(operation(&self.cluster.keys, format, stamped));
        let begun = Instant::now();
        match self.send(compared, operations)? {
            SendOutcome::Made { number, revision } => {
                let sent = self.membership.marker.number;
                if number == sent {
                    self.show(edits, &stamp, revision)?;
                }
                self.made(revision)?;
                // A late try of an earlier transaction came through, whose outcome was unknown. This one was not made.
                if number != sent {
                    return Ok(self.overtaken());
                }
            }
            SendOutcome::Refused => match self.settle()? {
                Outcome::Stored => {}
                Outcome::Overtaken => return Ok(self.overtaken()),
                other => return Ok(other),
            },
            SendOutcome::Fenced => return Err(self.fenced()),
            SendOutcome::Failed(ClusterFailure::Full) => {
                self.note_room(Room::Full);
                return Ok(Outcome::Refused(CommitError::Full));
            }
            SendOutcome::Failed(failure) => {
                error!(%failure, "the cluster refused a commit");
                return Ok(Outcome::Refused(CommitError::Unavailable));
            }
        }
        self.is_doubtful = false;
        self.shared.meter.flushed(edits.changes.len(), begun.elapsed());
        Ok(Outcome::Stored)
    }

    fn hold(&mut self) -> Result<Held, HoldError> {
        if self.held.upgrade().is_some_and(|earlier| !earlier.is_lost()) {
            return Err(HoldError::Busy);
        }
        let revision = self.followed.lock().applied;
        let records = AtRevision::all(Arc::clone(&self.cluster), revision);
        let moment = Arc::new(EtcdMoment::new(records, revision, Arc::clone(&self.is_closing)));
        self.held = Arc::downgrade(&moment);
        Ok(Held(moment))
    }

    fn rest(&mut self, _: &dyn Fn() -> bool) -> Result<(), Lost> {
        Ok(())
    }

    fn look(&mut self) -> Result<(), Lost> {
        self.followed.check()?;
        if self.shared.room() != Room::Full {
            return Ok(());
        }
        match self.send(Vec::new(), Vec::new())? {
            SendOutcome::Made { revision, .. } => {
                self.note_room(Room::Enough);
                self.made(revision)
            }
            SendOutcome::Failed(_) => Ok(()),
            SendOutcome::Refused | SendOutcome::Fenced => Err(self.fenced()),
        }
    }

    fn close(self: Box<Self>) {
        self.followed.lose("the store is closed".into());
        let (cluster, lease) = (Arc::clone(&self.cluster), self.membership.marker.lease);
        let process = Arc::clone(&self.membership.process);
        let leaving = async move { Membership::leave(&cluster, &process, lease).await };
        if let Err(failure) = self.cluster.wait(leaving) {
            warn!(%failure, "the other processes learn of the end of this one when its lease ends");
        }
    }
}

impl Drop for EtcdEngine {
    fn drop(&mut self) {
        self.followed.lose("the store is closed".into());
        self.cluster.stop();
    }
}
