//! The trait of an engine. An engine keeps the records of the store.
//!
//! An engine is a folder beside this file. The rest of the store works with these traits alone, so that all engines have
//! the same operations, records, snapshots and events above them. `stored.rs` and `held.rs` have what is read from an engine.

use super::change::Change;
use super::commit_error::{CommitError, HoldError};
use super::edits::Edits;
use super::held::Held;
use super::records::Table;
use super::room::Need;

/// Keeps the records durably, and gives all commits one order. Only the writer's thread has it.
pub(super) trait Engine: Send {
    /// Does what must be done before the first change, such as the upgrade of an older format.
    fn begin(&mut self) -> Result<(), Lost>;

    /// Measures what decides about [`Self::refusal`]. The writer calls this before it checks the changes of a batch.
    fn measure(&mut self);

    /// Returns the reason why changes of this need are not made now; `None` if they are.
    fn refusal(&self, need: Need) -> Option<CommitError>;

    /// Returns whether a change can be committed together with these edits. What does not fit is committed next.
    fn fits(&self, edits: &Edits, change: &Change) -> bool;

    /// Returns whether the engine has this value under this key now. `None` stands for a key without a value.
    ///
    /// # Errors
    /// The cause, as text for the log.
    fn holds(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<bool, String>;

    /// Makes all these edits durable, or none of them. If they are durable, the snapshot after them is shown before
    /// this returns, and so are all commits before it.
    fn commit(&mut self, edits: &Edits) -> Result<Outcome, Lost>;

    /// Holds the current state for a backup.
    ///
    /// # Errors
    /// [`HoldError`].
    fn hold(&mut self) -> Result<Held, HoldError>;

    /// Does, while `is_idle`, what is not urgent.
    fn rest(&mut self, is_idle: &dyn Fn() -> bool) -> Result<(), Lost>;

    /// Measures again, and tries to write again if writes were refused. The server asks for this at regular times.
    fn look(&mut self) -> Result<(), Lost>;

    /// Ends in good order.
    fn close(self: Box<Self>);
}

/// The outcome of a commit.
#[derive(Debug)]
pub(super) enum Outcome {
    /// All edits are durable and shown.
    Stored,
    /// Nothing was written, for this reason. Later commits may be.
    Refused(CommitError),
    /// Nothing was written, because another process has changed what an expectation is about. [`Engine::holds`] knows the
    /// newer value, so that the changes must be checked again.
    #[cfg_attr(
        not(feature = "etcd"),
        allow(dead_code, reason = "only an engine of several processes returns it")
    )]
    Overtaken,
    /// The engine does not know yet whether the edits are durable. If they are, it shows them later.
    Unknown,
}

/// The reason why an engine takes no more writes until the server is started again.
#[derive(Debug)]
pub(super) struct Lost(pub(super) String);
