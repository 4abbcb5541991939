//! The store as it was at one revision, for a backup.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::at_revision::AtRevision;
use crate::store::held::{LookAtRecord, Moment};
use crate::store::records::Table;

/// The store at one revision. The cluster keeps the history of all revisions until it compacts it.
pub(super) struct EtcdMoment {
    records: AtRevision,
    revision: i64,
    /// The flag that becomes true when the store is closed.
    is_closing: Arc<AtomicBool>,
    /// The reason why the reader fails.
    lost: Mutex<Option<&'static str>>,
}

impl EtcdMoment {
    /// Returns the moment of this revision.
    pub(super) const fn new(records: AtRevision, revision: i64, is_closing: Arc<AtomicBool>) -> Self {
        Self {
            records,
            revision,
            is_closing,
            lost: Mutex::new(None),
        }
    }

    /// Returns whether the reader of this moment will fail, so that another one may begin.
    pub(super) fn is_lost(&self) -> bool {
        self.lost().is_some()
    }

    fn lost(&self) -> Option<&'static str> {
        if self.is_closing.load(Ordering::Relaxed) {
            return Some("it is closed");
        }
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Moment for EtcdMoment {
    fn commits(&self) -> u64 {
        self.revision.unsigned_abs()
    }

    fn read(&self, look: LookAtRecord<'_>) -> Result<(), String> {
        for table in Table::in_order_of_backups() {
            let mut lost = None;
            let mut is_enough = false;
            let read = self.records.read(table, &mut |entry| {
                lost = self.lost();
                let next = look(table, entry.key, entry.value);
                is_enough = next.is_break();
                if lost.is_some() {
                    std::ops::ControlFlow::Break(())
                } else {
                    next
                }
            });
            read.map_err(|failure| failure.to_string())?;
            if let Some(reason) = lost {
                return Err(reason.into());
            }
            if is_enough {
                break;
            }
        }
        Ok(())
    }

    fn abandon(&self, reason: &'static str) {
        self.lost
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(reason);
    }
}
