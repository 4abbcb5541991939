//! The files of a data folder.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::server::{copy, new_folder};

/// Returns the paths of all files below a folder that contain these bytes.
pub fn files_with(folder: &Path, wanted: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in folder
        .read_dir()
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
    {
        let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
        if kind.is_dir() {
            found.extend(files_with(&path, wanted));
        } else if kind.is_file() {
            let bytes = fs::read(&path).expect("a file");
            if bytes.windows(wanted.len()).any(|part| part == wanted) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// Returns a copy of a data folder from `tests/stores`, which an older version wrote.
pub fn kept_store(name: &str) -> Arc<TempDir> {
    let home = new_folder();
    let stores = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stores"));
    copy(&stores.join(name), &home.path().join("data"));
    home
}
