//! The data folder, the lock file and the command line, as other users of the machine see them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use serde_json::Value;

use crate::support::Process;
use crate::support::process::{rollcall, run};
use crate::support::server::new_folder;
use crate::support::store::skipped_in_cluster;

/// A user who is neither root nor the one who runs the tests.
const OTHER_USER: u32 = 12_345;

fn call(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = rollcall(folder);
    command.args(arguments);
    run(command, "correct horse\n")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

fn open_to(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("new permissions");
}

#[test]
fn a_folder_that_others_may_write_to_is_refused_by_every_command() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let home = new_folder();
    assert!(call(home.path(), &["user", "create", "admin"]).status.success());
    let data = home.path().join("data");
    for (path, mode) in [
        (data.clone(), 0o777),
        (data.clone(), 0o770),
        (data.join("store"), 0o722),
    ] {
        open_to(&path, mode);
        for arguments in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["user", "list"],
            &["token", "list"],
            &["status", "list"],
            &["audit"],
            &["check"],
            &["compact"],
        ] {
            let refused = call(home.path(), arguments);
            let words = words(&refused);
            assert_eq!(refused.status.code(), Some(1), "{arguments:?}: {words}");
            let shown = path
                .strip_prefix(home.path())
                .expect("a path in the folder")
                .display()
                .to_string();
            for part in [format!("chmod go-w ./{shown}"), format!("{mode:04o}"), shown] {
                assert!(words.contains(&part), "{arguments:?}: {part}: {words}");
            }
        }
        open_to(&path, 0o700);
    }
    assert!(call(home.path(), &["user", "list"]).status.success());
}

/// Another user who may write to the folder could put a socket of their own in the place of the server's, which
/// would be sent passwords.
#[test]
fn a_folder_that_others_may_write_to_is_refused_before_its_server_is_asked() {
    let server = Process::start();
    let home = Arc::clone(&server.folder);
    let all = [
        &["user", "list"][..],
        &["user", "create", "eve"],
        &["status", "list"],
        &["audit"],
        &["check"],
        &["compact"],
    ];
    assert!(call(home.path(), all[0]).status.success());
    open_to(&server.data_dir(), 0o777);
    for arguments in all {
        let refused = call(home.path(), arguments);
        let words = words(&refused);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}: {words}");
        assert!(words.contains("chmod go-w ./data"), "{arguments:?}: {words}");
    }
    open_to(&server.data_dir(), 0o700);
    assert!(call(home.path(), all[0]).status.success());
}

#[test]
fn new_folders_and_files_are_for_their_owner_alone() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let server = Process::start();
    let data = server.data_dir();
    let mut seen = 0;
    let mut look = vec![data.clone()];
    while let Some(folder) = look.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in folder.read_dir().expect("a folder") {
            let entry = entry.expect("an entry");
            if entry.file_type().expect("a kind").is_dir() {
                look.push(entry.path());
            } else {
                assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
                seen += 1;
            }
        }
    }
    assert!(seen >= 4, "the lock, the witness, the socket and the store: {seen}");
}

#[test]
fn links_in_the_place_of_our_files_are_not_followed() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    for name in ["rollcall.lock", "last-commit"] {
        let home = new_folder();
        assert!(call(home.path(), &["user", "create", "admin"]).status.success());
        let victim = home.path().join("victim");
        fs::write(&victim, "precious").expect("a file");
        let place = home.path().join("data").join(name);
        fs::remove_file(&place).expect("the file is there");
        symlink(&victim, &place).expect("a link");
        let refused = Process::try_start_in(Arc::clone(&home), |_| {})
            .err()
            .expect("no server starts");
        assert!(refused.contains("is a symbolic link: remove it"), "{refused}");
        assert_eq!(fs::read_to_string(&victim).expect("a text"), "precious", "{name}");
    }
}

#[test]
fn the_folder_of_another_user_is_refused_unless_root_serves_it() {
    if skipped_in_cluster("servers of a cluster share one key") {
        return;
    }
    let home = new_folder();
    assert!(call(home.path(), &["user", "create", "admin"]).status.success());
    // Only root can give a folder away. For root, a foreign owner is a warning: containers are so.
    if chown(home.path().join("data"), Some(OTHER_USER), None).is_err() {
        return;
    }
    let mut server = Process::start_in(home, |_| {});
    server.signal(libc::SIGTERM);
    let (status, log) = server.wait();
    assert!(status.success() && log.contains("belongs to another user"), "{log}");
}

#[test]
fn a_secret_on_the_command_line_is_refused_with_what_to_do() {
    let home = new_folder();
    let set = "Accounts_RegistrationForm_SecretURL=hush";
    for command in ["serve", "config"] {
        let refused = call(home.path(), &[command, "--set", set]);
        let words = words(&refused);
        assert_eq!(refused.status.code(), Some(78), "{words}");
        for part in [
            "OVERWRITE_SETTING_Accounts_RegistrationForm_SecretURL",
            "_FILE",
            "[settings]",
        ] {
            assert!(words.contains(part), "{words}");
        }
        assert!(!words.contains("hush"), "{words}");
    }
    fs::write(home.path().join("secret"), "hush\n").expect("a file");
    let mut config = rollcall(home.path());
    config
        .args(["config", "--json"])
        .env("OVERWRITE_SETTING_Accounts_RegistrationForm_SecretURL_FILE", "secret");
    let output = run(config, "");
    let entries: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let entry = entries
        .as_array()
        .expect("a list")
        .iter()
        .find(|entry| entry["setting"] == "Accounts_RegistrationForm_SecretURL")
        .expect("the setting");
    assert_eq!(entry["value"], "(hidden)");
}
