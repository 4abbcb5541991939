//! Reads from the disk what the snapshot does not hold in memory: avatars and the audit log. Most requests need
//! neither.

use std::sync::{Arc, PoisonError, RwLock};

use super::audit_log::key_of;
use super::codec::Damage;
use super::contain::contain;
use super::record::Record;
use super::table::{Table, Trees};
use crate::domain::{AuditEntry, Avatar, Timestamp, UserId};

/// An error of a read from the disk.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The record is damaged.
    #[error("a record of {0} is damaged: {1}")]
    Damaged(Table, Damage),
    /// The disk failed, or the store is closed.
    #[error("the store cannot be read: {0}")]
    Unavailable(String),
}

/// The open trees; `None` once the store is closed.
#[derive(Clone)]
pub(super) struct Archive(Arc<RwLock<Option<Arc<Trees>>>>);

impl Archive {
    pub(super) fn new(trees: Arc<Trees>) -> Self {
        Self(Arc::new(RwLock::new(Some(trees))))
    }

    /// Drops the trees, so that the files can close.
    pub(super) fn close(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn trees(&self) -> Result<Arc<Trees>, ReadError> {
        let trees = self.0.read().unwrap_or_else(PoisonError::into_inner);
        trees
            .clone()
            .ok_or_else(|| ReadError::Unavailable("it is closed".into()))
    }

    pub(super) fn avatar(&self, user: &UserId) -> Result<Option<Avatar>, ReadError> {
        let trees = self.trees()?;
        let key = user.as_str().as_bytes();
        let stored = contained(|| trees.get(Table::Avatars, key))?;
        stored.map(|bytes| decode(key, &bytes)).transpose()
    }

    pub(super) fn audit_log(
        &self,
        from: Timestamp,
        until: Timestamp,
        mut look: impl FnMut(AuditEntry) -> bool,
    ) -> Result<(), ReadError> {
        let trees = self.trees()?;
        let mut entries = trees.of(Table::AuditLog).range(key_of(from)..key_of(until));
        while let Some((key, placed)) = contained(|| entries.next_back().transpose())? {
            let bytes = contained(|| trees.whole(Table::AuditLog, &key, placed))?;
            let entry = bytes.map(|bytes| decode(&key, &bytes)).transpose()?;
            if entry.is_some_and(|entry| !look(entry)) {
                break;
            }
        }
        Ok(())
    }
}

fn contained<T>(read: impl FnOnce() -> sled::Result<T>) -> Result<T, ReadError> {
    contain(read)
        .map_err(ReadError::Unavailable)?
        .map_err(|error| ReadError::Unavailable(error.to_string()))
}

fn decode<R: Record>(key: &[u8], bytes: &[u8]) -> Result<R, ReadError> {
    R::decode(key, bytes).map_err(|damage| ReadError::Damaged(R::TABLE, damage))
}
