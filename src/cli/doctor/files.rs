//! The checks of files: their modes and owners.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::diagnosis::Diagnosis;
use crate::auth::key_file;
use crate::store::{self, refuse_exposed};

/// The mode bits that give access to others than the owner.
const OTHERS: u32 = 0o077;

/// Maximum files of the data folder that are looked at.
const MAX_FILES: usize = 10_000;

/// Maximum files that a line names.
const MAX_NAMED: usize = 3;

/// The paths that are checked.
pub(super) struct Paths<'paths> {
    pub(super) folder: &'paths Path,
    pub(super) key: Option<&'paths Path>,
    pub(super) socket: Option<&'paths Path>,
    /// The process of the running server, if there is one.
    pub(super) server: Option<i32>,
}

/// Checks the data folder, the key, the socket and the log.
pub(super) fn check(paths: &Paths<'_>) -> Vec<Diagnosis> {
    let Ok(folder) = fs::metadata(paths.folder) else {
        let found = format!("there is no data folder {} yet", paths.folder.display());
        return vec![Diagnosis::skipped("data folder", found)];
    };
    vec![
        data(paths.folder, &folder),
        key(paths, &folder),
        socket(paths, &folder),
        log(paths.server),
    ]
}

fn data(path: &Path, folder: &Metadata) -> Diagnosis {
    const CHECK: &str = "data folder";
    if let Err(error) = refuse_exposed(path) {
        return Diagnosis::explained(CHECK, error.to_string());
    }
    let shown = path.display();
    let (mut foreign, mut open) = (Vec::new(), Vec::new());
    for (path, found) in contents(path) {
        if found.uid() != folder.uid() {
            foreign.push(path.display().to_string());
        }
        if found.is_file() && found.mode() & OTHERS != 0 {
            open.push(path.display().to_string());
        }
    }
    if !foreign.is_empty() {
        let found = format!("{} belong to another user than the folder", named(&foreign));
        let advice = format!("run `chown -R {}:{} {shown}`", folder.uid(), folder.gid());
        return Diagnosis::problem(CHECK, found, advice);
    }
    let mode = folder.mode() & 0o777;
    if mode & OTHERS != 0 && !open.is_empty() {
        let found = format!(
            "other users may read {}, which has password hashes and tokens",
            named(&open)
        );
        return Diagnosis::problem(CHECK, found, format!("run `chmod -R go-rwx {shown}`"));
    }
    if mode & OTHERS != 0 {
        let found = format!("other users may look into {shown} (mode {mode:03o})");
        return Diagnosis::warning(CHECK, found, format!("run `chmod 700 {shown}`"));
    }
    Diagnosis::ok(CHECK, format!("only its owner may use {shown}"))
}

/// Returns the entries of the data folder and of the folders in it.
fn contents(folder: &Path) -> Vec<(PathBuf, Metadata)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if found.len() == MAX_FILES {
                return found;
            }
            if metadata.is_dir() {
                folders.push(entry.path());
            }
            found.push((entry.path(), metadata));
        }
    }
    found
}

/// Returns the first names of a list, and how many more there are.
fn named(paths: &[String]) -> String {
    let first = paths.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(MAX_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn key(paths: &Paths<'_>, folder: &Metadata) -> Diagnosis {
    const CHECK: &str = "key";
    let path = key_file::place(paths.folder, paths.key);
    match key_file::read(paths.folder, paths.key) {
        Err(error) => return Diagnosis::explained(CHECK, error.to_string()),
        Ok(None) => return Diagnosis::skipped(CHECK, format!("there is no {} yet", path.display())),
        Ok(Some(_)) => {}
    }
    match fs::metadata(&path) {
        Ok(found) if found.uid() != folder.uid() => Diagnosis::problem(
            CHECK,
            format!("{} belongs to another user than the data folder", path.display()),
            format!("run `chown {}:{} {}`", folder.uid(), folder.gid(), path.display()),
        ),
        _ => Diagnosis::ok(CHECK, format!("only its owner may read {}", path.display())),
    }
}

fn socket(paths: &Paths<'_>, folder: &Metadata) -> Diagnosis {
    const CHECK: &str = "administration socket";
    let path = paths
        .socket
        .map_or_else(|| store::socket_path(paths.folder), Path::to_owned);
    let shown = path.display();
    match fs::symlink_metadata(&path) {
        Err(_) if paths.server.is_some() => {
            Diagnosis::ok(CHECK, "the server was reached at the place that it has named")
        }
        Err(_) => Diagnosis::skipped(CHECK, "no server runs"),
        Ok(found) if !found.file_type().is_socket() => {
            let words = format!("{shown} is not a socket");
            Diagnosis::problem(
                CHECK,
                words,
                "remove the file, or choose another path with --admin-socket",
            )
        }
        Ok(found) if found.mode() & OTHERS != 0 => {
            let words = format!("other users may use {shown} (mode {:03o})", found.mode() & 0o777);
            Diagnosis::problem(CHECK, words, format!("run `chmod 600 {shown}`"))
        }
        Ok(found) if found.uid() != folder.uid() => {
            let words = format!("{shown} belongs to another user than the data folder");
            Diagnosis::warning(CHECK, words, "run the server as the owner of the data folder")
        }
        Ok(_) if paths.server.is_none() => {
            Diagnosis::skipped(CHECK, format!("no server answers at {shown}; the next one replaces it"))
        }
        Ok(_) => Diagnosis::ok(CHECK, format!("only its owner may use {shown}")),
    }
}

/// Checks the file to which the running server writes its log, if it is a file.
fn log(server: Option<i32>) -> Diagnosis {
    const CHECK: &str = "log file";
    let Some(process) = server else {
        return Diagnosis::skipped(CHECK, "no server runs");
    };
    let descriptor = format!("/proc/{process}/fd/2");
    let Ok(found) = fs::metadata(&descriptor) else {
        return Diagnosis::skipped(
            CHECK,
            format!("standard error of process {process} cannot be looked at by this user"),
        );
    };
    if !found.is_file() {
        return Diagnosis::ok(CHECK, "the log goes to a pipe, a terminal or the journal");
    }
    let path = fs::read_link(&descriptor).unwrap_or_default();
    let shown = path.display();
    if found.mode() & 0o007 != 0 {
        let words = format!(
            "other users may read {shown} (mode {:03o}), which has addresses",
            found.mode() & 0o777
        );
        return Diagnosis::warning(CHECK, words, format!("run `chmod o-rwx {shown}`"));
    }
    Diagnosis::ok(CHECK, format!("other users may not read {shown}"))
}
