//! Copies a store to another place, while no server uses it.

use std::path::Path;

use super::Error;
use crate::app::Overrides;
use crate::config::StorePlace;
use crate::store::{self, CopyError, Destination, is_begun};

/// Copies the store of one place into a new store at the other, and compares the two. Returns the number of records and
/// index entries.
///
/// # Errors
/// [`Error::NoStore`] if there is nothing to copy; [`Error::Store`] and [`Error::Copy`].
pub(crate) async fn migrate(
    (from, to): (&StorePlace, &StorePlace),
    folder: &Path,
    fixed: &Overrides,
) -> Result<u64, Error> {
    if let StorePlace::Folder(path) = from
        && !is_begun(path)
    {
        return Err(Error::NoStore(path.clone()));
    }
    let to = match to {
        StorePlace::Folder(path) => Destination::Folder { path, replace: false },
        StorePlace::Cluster(address) => Destination::Cluster { address, folder },
    };
    let copied = store::migrate(from, to, &fixed.upgrade).await;
    copied.map_err(|error| match error {
        CopyError::Open(error) => Error::Store(error),
        other => Error::Copy(other),
    })
}
