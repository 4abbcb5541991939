//! The store as it was at one moment, for a backup that is read while writes go on.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::read_error::ReadError;
use super::records::Table;

/// The stored records at one moment, which a backup reads while writes go on.
pub(super) trait Moment: Send + Sync {
    /// Returns the number of committed batches at this moment.
    fn commits(&self) -> u64;

    /// Calls `look` with every record and index entry of the moment until it breaks, table by table in the order of
    /// [`Table::in_order_of_backups`], each in the order of its keys.
    ///
    /// # Errors
    /// The cause, if the moment cannot be read to its end.
    fn read(&self, look: LookAtRecord<'_>) -> Result<(), String>;

    /// Ends the hold, so that its reader fails with this reason.
    fn abandon(&self, reason: &'static str);
}

/// A function that is called with a table, and a key and its value in it.
pub(super) type LookAtRecord<'look> = &'look mut dyn FnMut(Table, &[u8], &[u8]) -> ControlFlow<()>;

/// A moment of the store. Dropping it ends the hold.
pub struct Held(pub(super) Arc<dyn Moment>);

impl Held {
    /// Returns the number of committed batches at this moment.
    pub(super) fn commits(&self) -> u64 {
        self.0.commits()
    }

    /// Returns a function that ends the hold although its reader does not end, for example because its disk does not
    /// answer. The reader then fails if it ever goes on.
    pub fn abandon(&self) -> impl FnOnce() + Send + 'static {
        let moment = Arc::clone(&self.0);
        move || moment.abandon("it took too long")
    }

    /// Calls `look` with every record and index entry of the moment. Stops at the first error.
    pub(super) fn read<E: From<ReadError>>(
        &self,
        mut look: impl FnMut(Table, &[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut refused = None;
        let read = self.0.read(&mut |table, key, value| match look(table, key, value) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                refused = Some(error);
                ControlFlow::Break(())
            }
        });
        match refused {
            Some(error) => Err(error),
            None => read.map_err(|cause| ReadError::Unavailable(cause).into()),
        }
    }
}
