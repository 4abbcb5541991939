//! What the system may refuse at a start. Each cause has its own sentence, and only damage is called damage.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use crate::support::Process;
use crate::support::process::{rollcall, run};
use crate::support::server::{ADMIN, PASSWORD, new_folder};
use crate::support::store::skipped_in_cluster;

/// The commands that open a store, besides `serve`.
const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0"];
const LIST: &[&str] = &["user", "list"];
const CHECK: &[&str] = &["check"];

fn begun() -> Arc<tempfile::TempDir> {
    let folder = new_folder();
    let mut create = rollcall(folder.path());
    create.args(["user", "create", ADMIN]);
    assert!(run(create, "correct horse\n").status.success());
    folder
}

/// Asserts that the command failed, said these words, and did not speak of damage.
fn assert_refused(output: &Output, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} in {said}");
    }
    assert!(!said.contains("backup") && !said.contains("defect"), "{said}");
}

/// Returns the command as run by a shell after `setup`.
fn after(setup: &str, folder: &Path, arguments: &[&str]) -> Command {
    let plain = rollcall(folder);
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{setup} \"$0\" \"$@\"")])
        .arg(plain.get_program())
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .current_dir(folder);
    command
}

#[test]
fn too_few_descriptors_are_named_with_the_limit() {
    let folder = begun();
    for limit in [6, 9, 12, 15, 20] {
        for arguments in [SERVE, LIST, CHECK, &["compact"]] {
            let setup = format!("ulimit -n {limit}; exec");
            let output = run(after(&setup, folder.path(), arguments), "");
            assert_refused(
                &output,
                &[
                    "out of file descriptors",
                    &format!("may have {limit} open"),
                    "ulimit -n",
                ],
            );
        }
    }
}

/// Takes from the superuser the right to pass over modes.
const AS_OTHERS: &str =
    "exec setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search";

#[test]
fn a_file_that_may_not_be_used_is_named_with_its_mode() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    for name in ["", "rollcall.lock", "store", "store/db", "store/conf", "last-commit"] {
        let folder = begun();
        let path = folder.path().join("data").join(name);
        fs::set_permissions(&path, Permissions::from_mode(0o000)).expect("new permissions");
        for arguments in [SERVE, LIST, CHECK] {
            let output = run(after(AS_OTHERS, folder.path(), arguments), "");
            let shown = Path::new("./data").join(name);
            let shown = shown.display().to_string();
            assert_refused(&output, &[shown.trim_end_matches('/'), "mode 0000", "chmod -R u+rwX"]);
        }
        // So that the folder can be removed.
        fs::set_permissions(&path, Permissions::from_mode(0o700)).expect("new permissions");
    }
}

#[test]
fn files_that_another_program_has_locked_are_not_damaged() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let folder = begun();
    let file = File::open(folder.path().join("data/store/db")).expect("a file");
    file.lock().expect("a lock");
    let mut list = rollcall(folder.path());
    list.args(LIST);
    assert_refused(
        &run(list, ""),
        &["./data/store/db", "another program has locked", "fuser"],
    );
}

#[tokio::test]
async fn settings_of_the_first_administrator_are_ignored_aloud_once_there_are_users() {
    let mut first = Process::start();
    first.signal(libc::SIGTERM);
    let (_, log) = first.wait();
    assert!(!log.contains("are ignored"), "{log}");
    let mut second = Process::start_in(Arc::clone(&first.folder), |command| {
        command.env("ROLLCALL_ADMIN_PASSWORD", "something else");
    });
    second.anonymous().logged_in(ADMIN, PASSWORD).await;
    second.signal(libc::SIGTERM);
    let (_, log) = second.wait();
    let said = log.lines().filter(|line| line.contains("ROLLCALL_ADMIN_PASSWORD"));
    assert_eq!(said.filter(|line| line.contains("ignored")).count(), 1, "{log}");
}
