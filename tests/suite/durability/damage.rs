//! Damaged files: reported, never a panic, never silently wrong data.

use std::fs;
use std::path::{Path, PathBuf};

use rollcall::admin_socket::Command;

use crate::support::process::{rollcall, run};
use crate::support::server::{copy, new_folder};
use crate::support::store::skipped_in_cluster;
use crate::support::{Process, TestServer};

const STATUSES: usize = 300;

/// A stopped store with known custom statuses.
async fn store() -> (PathBuf, std::sync::Arc<tempfile::TempDir>, Vec<String>) {
    let server = TestServer::start().await;
    let mut names = Vec::new();
    for number in 0..STATUSES {
        let name = format!("status {number:03}");
        let status_type = "busy".to_owned();
        server
            .command(Command::CreateStatus {
                name: name.clone(),
                status_type,
            })
            .await;
        names.push(name);
    }
    let folder = server.stop().await;
    (folder.path().join("data"), folder, names)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = folder
        .read_dir()
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// A number from 0 to below `end` that looks random and is the same on every run.
fn scattered(seed: usize, end: usize) -> usize {
    let mixed = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from((mixed ^ (mixed >> 29)) % end as u64).expect("below end")
}

#[tokio::test]
async fn flipped_bits_are_told_of_and_never_give_wrong_data() {
    if skipped_in_cluster("it damages the files of a data folder") {
        return;
    }
    let (sound, _folder, names) = store().await;
    let (mut told, mut harmless) = (0, 0);
    for trial in 0..64 {
        let home = new_folder();
        let data = home.path().join("data");
        copy(&sound, &data);
        let files = files(&data.join("store"));
        let file = &files[trial % files.len()];
        let mut bytes = fs::read(file).expect("a file");
        for flip in 0..8 {
            let bit = scattered(trial * 8 + flip, bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        fs::write(file, bytes).expect("a file");

        let mut check = rollcall(home.path());
        check.arg("check");
        let output = run(check, "");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            !error.contains("panicked") && !error.contains("defect"),
            "trial {trial}: {error}"
        );
        match output.status.code() {
            Some(1) => {
                told += 1;
                assert!(error.contains("backup"), "trial {trial} says what to do: {error}");
                let mut serve = rollcall(home.path());
                serve.args(["serve", "--listen", "127.0.0.1:0"]);
                let output = run(serve, "");
                let error = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(1), "trial {trial} does not serve: {error}");
                assert!(
                    !error.contains("panicked") && error.contains("backup"),
                    "trial {trial}: {error}"
                );
            }
            Some(0) => {
                harmless += 1;
                let mut list = rollcall(home.path());
                list.args(["status", "list", "--json"]);
                let output = run(list, "");
                let list: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
                let found: Vec<_> = list
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|status| status["name"].as_str().expect("a name").to_owned())
                    .collect();
                assert_eq!(found, names, "trial {trial} in {}", file.display());
            }
            other => panic!("trial {trial} ends with {other:?}: {error}"),
        }
    }
    assert!(told > 0, "{told} told, {harmless} harmless");
}

#[tokio::test]
async fn files_cut_short_are_told_of_or_whole() {
    if skipped_in_cluster("it damages the files of a data folder") {
        return;
    }
    let (sound, _folder, names) = store().await;
    for trial in 0..12 {
        let home = new_folder();
        let data = home.path().join("data");
        copy(&sound, &data);
        let files = files(&data.join("store"));
        let file = &files[trial % files.len()];
        let bytes = fs::read(file).expect("a file");
        fs::write(file, &bytes[..scattered(trial, bytes.len())]).expect("a file");

        let mut list = rollcall(home.path());
        list.args(["status", "list", "--json"]);
        let output = run(list, "");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!error.contains("panicked"), "trial {trial}: {error}");
        if output.status.success() {
            let list: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
            let found = list.as_array().expect("a list").len();
            assert_eq!(found, names.len(), "trial {trial}, {}", file.display());
        } else {
            assert_eq!(output.status.code(), Some(1), "trial {trial}: {error}");
        }
    }
}

#[tokio::test]
async fn an_unfinished_beginning_of_a_store_is_begun_anew() {
    if skipped_in_cluster("it damages the files of a data folder") {
        return;
    }
    let home = new_folder();
    let beginning = home.path().join("data/store.beginning");
    fs::create_dir_all(beginning.join("blobs")).expect("a folder");
    fs::write(beginning.join("conf"), b"segment_size: 52").expect("a file");
    let server = Process::start_in(home, |_| {});
    assert_eq!(server.admin().await.status_names().await, Vec::<String>::new());
    assert!(!beginning.exists(), "nothing is left of it");
}

#[tokio::test]
async fn an_unfinished_snapshot_of_a_killed_process_is_no_hindrance() {
    if skipped_in_cluster("it damages the files of a data folder") {
        return;
    }
    let (data, folder, _) = store().await;
    fs::write(data.join("store/snap.00000000FFFFFFFF.generating"), b"half").expect("a file");
    let server = Process::start_in(folder, |_| {});
    assert_eq!(server.admin().await.status_names().await.len(), STATUSES);
}

#[test]
fn a_data_folder_that_is_a_file_is_named() {
    let home = new_folder();
    fs::write(home.path().join("data"), b"").expect("a file");
    let mut serve = rollcall(home.path());
    serve.args(["serve", "--listen", "127.0.0.1:0"]);
    let output = run(serve, "");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("the data folder ./data cannot be used"), "{error}");
}
