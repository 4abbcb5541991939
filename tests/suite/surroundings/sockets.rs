//! The administration socket: its place, and a server that cannot open it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use crate::support::Process;
use crate::support::process::{rollcall, run};
use crate::support::server::new_folder;

fn list(folder: &Path, more: &[&str]) -> Output {
    let mut command = rollcall(folder);
    command.args(["user", "list"]).args(more);
    run(command, "")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A server in this folder with more arguments.
fn start(folder: &Arc<tempfile::TempDir>, more: &[&str]) -> Process {
    Process::start_in(Arc::clone(folder), |command| {
        command.args(more);
    })
}

fn end(mut server: Process) -> String {
    server.signal(libc::SIGTERM);
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
    log
}

#[tokio::test]
async fn a_server_that_gets_no_socket_works_without_it_and_commands_say_why() {
    let too_long = "x".repeat(120);
    for path in [&*too_long, "no/such/folder/admin.sock"] {
        let folder = new_folder();
        let server = start(&folder, &["--admin-socket", path]);
        server.admin().await.create_status("tea", "away").await.expect(200);
        let refused = list(folder.path(), &[]);
        let said = words(&refused);
        assert_eq!(refused.status.code(), Some(1), "{said}");
        let named = format!("process {} runs on ./data", server.child.id());
        assert!(
            said.contains(&named) && said.contains("without an administration socket"),
            "{said}"
        );
        assert!(said.contains("--admin-socket"), "{said}");
        let log = end(server);
        assert_eq!(log.matches("runs without an administration socket").count(), 1, "{log}");
        // Without the server, the store is read.
        let listed = list(folder.path(), &[]);
        assert!(listed.status.success(), "{}", words(&listed));
    }
}

#[test]
fn a_data_folder_with_a_long_path_is_served_too() {
    let folder = new_folder();
    let data = "d".repeat(120);
    let server = Process::start_in(Arc::clone(&folder), |command| {
        command.args(["--data-dir", &data]);
    });
    let refused = list(folder.path(), &["--data-dir", &data]);
    assert!(
        words(&refused).contains("without an administration socket"),
        "{refused:?}"
    );
    end(server);
}

#[test]
fn a_socket_elsewhere_is_found_by_commands_and_removed_at_the_end() {
    let folder = new_folder();
    let home = folder.path();
    fs::create_dir(home.join("run")).expect("a folder");
    let server = start(&folder, &["--admin-socket", "run/rollcall.sock"]);
    assert_eq!(
        fs::metadata(home.join("run/rollcall.sock"))
            .expect("a socket")
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    assert!(!home.join("data/admin.sock").exists());
    for more in [&[][..], &["--admin-socket", "run/rollcall.sock"]] {
        let listed = list(home, more);
        assert!(listed.status.success(), "{}", words(&listed));
    }
    let wrong = words(&list(home, &["--admin-socket", "run/other.sock"]));
    assert!(
        wrong.contains("run/other.sock") && wrong.contains(&server.child.id().to_string()),
        "{wrong}"
    );
    end(server);
    assert!(!home.join("run/rollcall.sock").exists() && !home.join("data/admin-socket").exists());
}

#[test]
fn a_service_has_its_socket_in_the_folder_of_systemd() {
    let folder = new_folder();
    let run_folder = folder.path().join("run");
    fs::create_dir(&run_folder).expect("a folder");
    let server = Process::start_in(Arc::clone(&folder), |command| {
        command.env("RUNTIME_DIRECTORY", format!("{}:/other", run_folder.display()));
    });
    assert!(run_folder.join("admin.sock").exists());
    // The command has no such variable.
    let listed = list(folder.path(), &[]);
    assert!(listed.status.success(), "{}", words(&listed));
    end(server);
}

#[test]
fn neither_a_file_nor_the_socket_of_another_server_is_replaced() {
    let first = Process::start();
    let socket = first.data_dir().join("admin.sock");
    let socket = socket.to_str().expect("a path");
    let folder = new_folder();
    let second = start(&folder, &["--admin-socket", socket]);
    assert!(
        list(first.folder.path(), &[]).status.success(),
        "the first one still has its socket"
    );
    end(second);
    assert!(
        list(first.folder.path(), &[]).status.success(),
        "after the end of the second one too"
    );

    fs::write(folder.path().join("precious"), "text").expect("a file");
    let third = start(&folder, &["--admin-socket", "precious"]);
    end(third);
    assert_eq!(
        fs::read_to_string(folder.path().join("precious")).expect("a file"),
        "text"
    );
}
