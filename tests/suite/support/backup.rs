//! Backups in tests: how they are downloaded, and restored by the real binary.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use tempfile::TempDir;

use super::process::{rollcall, run};
use super::server::{PASSWORD_DIGEST, new_folder};
use super::{Answer, Client};

/// The headers with the password of the test users as proof of identity.
pub const PROOF: [(&str, &str); 2] = [("x-2fa-method", "password"), ("x-2fa-code", PASSWORD_DIGEST)];

/// The path of the endpoint.
pub const BACKUP: &str = "/api/v1/backup";

/// Downloads a backup over the API.
pub async fn download(client: &Client) -> Answer {
    client.send("GET", BACKUP, &PROOF, "").await
}

/// Runs the binary in a folder, whose data folder is `data` in it.
pub fn call(home: &Path, arguments: &[&str]) -> Output {
    let mut command = rollcall(home);
    command.args(arguments);
    run(command, "")
}

/// Runs the binary, which has to succeed. Returns its standard output.
#[track_caller]
pub fn done(home: &Path, arguments: &[&str]) -> String {
    let output = call(home, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs the binary, which has to fail with exit code 1. Returns its standard error.
#[track_caller]
pub fn refused(home: &Path, arguments: &[&str]) -> String {
    let output = call(home, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Writes a backup to a new folder and restores it there.
pub fn restored(backup: &[u8]) -> Arc<TempDir> {
    let home = new_folder();
    fs::write(home.path().join("x.backup"), backup).expect("a file");
    done(home.path(), &["restore", "x.backup"]);
    home
}

/// Returns the names of the files and folders in a folder, in order.
pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}
