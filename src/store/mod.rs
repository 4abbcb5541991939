//! What is kept, and the promise that it stays kept.
//!
//! Reads look at a [`Snapshot`]: everything that is durable, as one consistent picture in memory.
//! Writes go as a [`Change`] to the one writer, which makes many of them durable at once and only
//! then shows and acknowledges them. sled's types stay inside this room.

mod change;
mod codec;
mod commits;
mod contain;
mod custom_statuses;
mod durability;
mod folder;
mod open;
mod record;
mod setup_links;
mod snapshot;
mod table;
mod tokens;
mod users;
mod verify;
mod writer;

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;

pub use change::Change;
pub use contain::is_contained;
pub use folder::{is_begun, socket_path};
pub use open::OpenError;
pub use setup_links::SetupLink;
pub use snapshot::Snapshot;
pub use table::Table;
pub use verify::Problem;
pub use writer::CommitError;

use open::Engine;
use writer::Writer;

/// An open store. Cloning is cheap; all clones are the same store.
#[derive(Clone)]
pub struct Store {
    shown: Arc<ArcSwap<Snapshot>>,
    writer: Writer,
}

impl Store {
    /// Opens the store in a data folder, or begins one there, and verifies all of it.
    ///
    /// # Errors
    /// [`OpenError`] when the folder is in use or cannot be used, or the store is damaged or newer
    /// than this binary.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let engine = Engine::open(folder)?;
        let (snapshot, problems) = engine.verify();
        if !problems.is_empty() {
            return Err(OpenError::Damaged {
                folder: folder.to_owned(),
                problems,
            });
        }
        let shown = Arc::new(ArcSwap::from_pointee(snapshot));
        let writer = Writer::start(engine, Arc::clone(&shown)).map_err(OpenError::Thread)?;
        Ok(Self { shown, writer })
    }

    /// Verifies a store that no process has open, without serving it. No problem means sound.
    ///
    /// # Errors
    /// [`OpenError`] when it cannot even be opened.
    pub fn inspect(folder: &Path) -> Result<Vec<Problem>, OpenError> {
        Ok(Engine::open(folder)?.verify().1)
    }

    /// All that is durable now. Later changes do not show in it.
    #[must_use]
    pub fn read(&self) -> Arc<Snapshot> {
        self.shown.load_full()
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
        self.writer.close().await;
    }
}
