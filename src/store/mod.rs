//! What is kept, and the promise that it stays kept.
//!
//! Reads look at a [`Snapshot`]: everything that is durable, as one consistent picture in memory.
//! Writes go as a [`Change`] to the one writer, which makes many of them durable at once and only
//! then shows and acknowledges them. sled's types stay inside this room.

mod archive;
mod audit_log;
mod avatars;
mod change;
mod codec;
mod commits;
mod compact;
mod contain;
mod custom_statuses;
mod durability;
mod erasure;
mod failed_logins;
mod folder;
mod lost_connections;
mod open;
mod overflow;
mod password_resets;
mod record;
mod rekey;
mod roles;
mod settings;
mod setup_links;
mod snapshot;
mod swap;
mod table;
mod tokens;
mod user_index;
mod user_statuses;
mod users;
mod verify;
mod writer;

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;

pub use archive::ReadError;
pub use change::{Change, Outcome};
pub use compact::{CompactError, Compaction};
pub use contain::is_contained;
pub use folder::{is_begun, refuse_exposed, socket_path};
pub use open::OpenError;
pub use setup_links::SetupLink;
pub use snapshot::Snapshot;
pub use table::Table;
pub use user_index::SearchableUser;
pub use verify::Problem;
pub use writer::{CommitError, Touched};

use archive::Archive;
use commits::Sizes;
use open::Engine;
use writer::Writer;

use crate::domain::{AuditEntry, Avatar, Timestamp, UserId};

/// An open store. Cloning is cheap; all clones are the same store.
#[derive(Clone)]
pub struct Store {
    shown: Arc<ArcSwap<Snapshot>>,
    archive: Archive,
    writer: Writer,
    sizes: Sizes,
}

impl Store {
    /// Opens the store in a data folder, or begins one there, and verifies all of it. Records of
    /// older versions are written anew.
    ///
    /// # Errors
    /// [`OpenError`] when the folder is in use or cannot be used, or the store is damaged or newer
    /// than this binary.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let engine = Engine::open(folder)?;
        let found = engine.verify();
        if !found.problems.is_empty() {
            return Err(OpenError::Damaged {
                folder: folder.to_owned(),
                problems: found.problems,
            });
        }
        let sizes = Sizes {
            live: found.live_bytes,
            files: engine.file_bytes().map_err(|cause| OpenError::Folder {
                folder: folder.to_owned(),
                cause,
            })?,
        };
        let outdated = found.outdated;
        let shown = Arc::new(ArcSwap::from_pointee(found.snapshot));
        let archive = Archive::new(Arc::clone(&engine.trees));
        let writer = Writer::start(engine, Arc::clone(&shown), outdated).map_err(OpenError::Thread)?;
        Ok(Self {
            shown,
            archive,
            writer,
            sizes,
        })
    }

    /// Verifies a store that no process has open, without serving it. No problem means sound. Returns what is
    /// readable as well.
    ///
    /// # Errors
    /// [`OpenError`] when it cannot even be opened.
    pub fn inspect(folder: &Path) -> Result<(Vec<Problem>, Snapshot), OpenError> {
        let engine = Engine::open(folder)?;
        let found = engine.verify();
        Ok((found.problems, found.snapshot))
    }

    /// Copies the store in a data folder into a new one that has only what is there now, and puts it in the old
    /// one's place. No process may have the store open. A kill or a power cut at any point leaves one of the two
    /// whole, and the next opening removes the rest.
    ///
    /// # Errors
    /// [`CompactError`]; the store is then as it was.
    pub fn compact(folder: &Path) -> Result<Compaction, CompactError> {
        compact::compact(folder)
    }

    /// Whether a start at this moment of the system's clock should compact this store: something was deleted and the last compaction was a day ago, or
    /// the files were much larger at the opening than what they hold.
    #[must_use]
    pub fn is_compaction_due(&self, now: Timestamp) -> bool {
        let commits = self.read().commits;
        commits.is_compaction_due(self.sizes, now)
    }

    /// All that is durable now. Later changes do not show in it.
    #[must_use]
    pub fn read(&self) -> Arc<Snapshot> {
        self.shown.load_full()
    }

    /// The picture that a user put up.
    ///
    /// # Errors
    /// [`ReadError`] when it is damaged or the disk fails.
    pub fn avatar(&self, user: &UserId) -> Result<Option<Avatar>, ReadError> {
        self.archive.avatar(user)
    }

    /// Shows the entries of the audit log from `from` on and before `until`, the newest first, until
    /// `look` has seen enough.
    ///
    /// # Errors
    /// [`ReadError`] when one is damaged or the disk fails.
    pub fn audit_log(
        &self,
        from: Timestamp,
        until: Timestamp,
        look: impl FnMut(AuditEntry) -> bool,
    ) -> Result<(), ReadError> {
        self.archive.audit_log(from, until, look)
    }

    /// Makes a change durable, whole or not at all. Once this returns, the change survives a power
    /// cut and every later [`Store::read`] shows it.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] when something the change expects is not so; nothing was written
    /// then. [`CommitError::Unavailable`] when the disk failed or the store is closed.
    pub async fn commit(&self, change: Change) -> Result<(), CommitError> {
        self.writer.commit(change).await
    }

    /// Calls this after each commit with the pictures before and after it, before anybody learns that it
    /// succeeded, in the order of the commits. It runs on the writer's thread: quick, and without waiting for
    /// a commit. Only the first watcher counts.
    pub fn watch(&self, watcher: impl Fn(&Snapshot, &Arc<Snapshot>, &Touched) + Send + Sync + 'static) {
        self.writer.watch(Box::new(watcher));
    }

    /// Verifies every record and index while the store is in use; writes wait meanwhile.
    ///
    /// # Errors
    /// [`CommitError::Unavailable`] when the store is closed.
    pub async fn verify(&self) -> Result<Vec<Problem>, CommitError> {
        self.writer.verify().await
    }

    /// Whether the store still takes writes.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.writer.is_running()
    }

    /// Ends the writer after what it was given before, and closes the files.
    pub async fn close(&self) {
        self.archive.close();
        self.writer.close().await;
    }
}
