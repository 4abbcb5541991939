//! Files that get their name only when all of their content is durable.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::Error;
use crate::store::create_private_file;

/// Writes a file that only its owner may read. It gets its name when all of it is durable, and then replaces an older
/// file of this name. If `write` fails, no file stays. `unwritten` explains an error of the file system.
pub(super) async fn write_whole<T>(
    path: &Path,
    unwritten: impl Fn(io::Error) -> Error,
    write: impl AsyncFnOnce(&File) -> Result<T, Error>,
) -> Result<T, Error> {
    let unfinished = unfinished(path).ok_or_else(|| unwritten(io::ErrorKind::InvalidFilename.into()))?;
    let file = create_private_file(&unfinished).map_err(&unwritten)?;
    let named = write(&file).await.and_then(|made| {
        let durable = file.sync_all().and_then(|()| fs::rename(&unfinished, path));
        durable.and_then(|()| sync_names(path)).map_err(&unwritten)?;
        Ok(made)
    });
    if named.is_err() {
        // If this fails, the next file with this name replaces it.
        let _ = fs::remove_file(&unfinished);
    }
    named
}

/// Returns the path of a file until all of it is durable; `None` if the path names no file.
fn unfinished(path: &Path) -> Option<PathBuf> {
    let mut name = path.file_name().filter(|_| !path.is_dir())?.to_owned();
    name.push(".unfinished");
    Some(path.with_file_name(name))
}

fn sync_names(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
