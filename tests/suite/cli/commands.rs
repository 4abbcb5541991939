//! The data commands, on a store that no server has open and beside a server that has it open.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::Process;
use crate::support::process::{rollcall, run};
use crate::support::server::{ADMIN, PASSWORD, new_folder};
use crate::support::store::skipped_in_cluster;

/// Calls the binary in this folder with this on standard input.
fn call(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = rollcall(folder);
    command.args(arguments);
    run(command, input)
}

/// Standard output of a call that succeeds.
#[track_caller]
fn ok(folder: &Path, arguments: &[&str], input: &str) -> String {
    let output = call(folder, arguments, input);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

/// Standard error of a call that fails with this code.
#[track_caller]
fn fails(folder: &Path, code: i32, arguments: &[&str], input: &str) -> String {
    let output = call(folder, arguments, input);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    error
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// A folder with a store that has the administrator [`ADMIN`], and a server on it if wanted.
fn stores() -> [(Arc<TempDir>, Option<Process>); 2] {
    let stopped = new_folder();
    ok(stopped.path(), &["user", "create", ADMIN], "correct horse\n");
    let running = Process::start();
    [(stopped, None), (Arc::clone(&running.folder), Some(running))]
}

#[test]
fn users_are_managed_whether_or_not_the_server_runs() {
    for (folder, _server) in stores() {
        let folder = folder.path();
        let created = ok(
            folder,
            &[
                "user",
                "create",
                "ada",
                "--email",
                "ada@example.com",
                "--name",
                "Ada Lovelace",
                "--role",
                "bot",
                "--json",
            ],
            "battery staple\n",
        );
        let created = json(&created);
        assert_eq!(created["roles"], serde_json::json!(["bot"]));
        assert_eq!(
            json(&ok(folder, &["user", "show", "Ada@example.com", "--json"], "")),
            created
        );

        let list = json(&ok(folder, &["user", "list", "--json"], ""));
        let names: Vec<_> = list
            .as_array()
            .expect("a list")
            .iter()
            .map(|user| user["username"].clone())
            .collect();
        assert_eq!(names, ["ada", ADMIN]);
        let table = ok(folder, &["user", "list"], "");
        assert!(table.starts_with("USERNAME"), "{table}");
        assert!(table.contains("\nada       Ada Lovelace"), "{table}");

        assert!(fails(folder, 1, &["user", "create", "ADA"], "pw\n").contains("ADA is already in use"));
        assert!(fails(folder, 1, &["user", "create", "a b"], "pw\n").contains("not a valid username"));
        assert!(fails(folder, 1, &["user", "create", "bob"], "\n").contains("Enter a valid password"));
        assert!(
            fails(
                folder,
                1,
                &["user", "create", "bob", "--role", "king"],
                "battery staple\n"
            )
            .contains("invalid role")
        );
        assert!(fails(folder, 1, &["user", "show", "nobody"], "").contains("there is no user \"nobody\""));

        ok(folder, &["user", "deactivate", "ada"], "");
        assert_eq!(
            json(&ok(folder, &["user", "show", "ada", "--json"], ""))["active"],
            false
        );
        ok(folder, &["user", "activate", "ada"], "");
        ok(folder, &["user", "password", "ada"], "yet another one\n");

        assert!(fails(folder, 2, &["user", "delete", "ada"], "").contains("--yes"));
        ok(folder, &["user", "delete", "ada", "--yes"], "");
        fails(folder, 1, &["user", "show", "ada"], "");
        for last in [&["user", "delete", ADMIN, "--yes"][..], &["user", "deactivate", ADMIN]] {
            assert!(
                fails(folder, 1, last, "").contains("without an active admin"),
                "{last:?}"
            );
        }
        assert_eq!(ok(folder, &["check"], ""), "the store is sound\n");
    }
}

#[test]
fn custom_statuses_are_managed_whether_or_not_the_server_runs() {
    for (folder, _server) in stores() {
        let folder = folder.path();
        let created = json(&ok(folder, &["status", "create", "caught up", "busy", "--json"], ""));
        assert_eq!(
            (&created["name"], &created["statusType"]),
            (&"caught up".into(), &"busy".into())
        );
        assert!(fails(folder, 1, &["status", "create", " caught up", "busy"], "").contains("already in use"));
        assert!(fails(folder, 1, &["status", "create", "tea", "Busy"], "").contains("not a valid status type"));
        ok(folder, &["status", "create", "tea", "away"], "");
        assert_eq!(json(&ok(folder, &["status", "list", "--json"], ""))[0], created);
        assert!(ok(folder, &["status", "list"], "").contains("caught up  busy  "));
        ok(folder, &["status", "delete", "tea", "--yes"], "");
        ok(
            folder,
            &["status", "delete", created["_id"].as_str().expect("an id"), "--yes"],
            "",
        );
        assert!(fails(folder, 1, &["status", "delete", "tea", "--yes"], "").contains("rollcall status list"));
        assert_eq!(ok(folder, &["status", "list", "--json"], ""), "[]\n");
    }
}

#[tokio::test]
async fn what_the_command_line_does_the_running_server_knows_at_once() {
    let server = Process::start();
    let folder = server.folder.path();
    let admin = server.admin().await;
    let other = server.admin().await;
    ok(folder, &["status", "create", "caught up", "busy"], "");
    assert_eq!(admin.status_names().await, ["caught up"]);

    let tokens = json(&ok(folder, &["token", "list", "--json"], ""));
    assert_eq!(tokens.as_array().map(Vec::len), Some(2));
    assert!(!tokens.to_string().contains(admin.token()));
    let label = tokens[0]["label"].as_str().expect("a label");
    assert_eq!(ok(folder, &["token", "revoke", label], ""), "1 login is ended\n");
    let (one, two) = (admin.get("me").await.status, other.get("me").await.status);
    assert_eq!((one.min(two), one.max(two)), (200, 401), "one of two is ended");
    assert!(fails(folder, 1, &["token", "revoke", label], "").contains("token list"));

    assert_eq!(
        ok(folder, &["token", "revoke", "--user", ADMIN], ""),
        "1 login is ended\n"
    );
    assert_eq!((admin.get("me").await.status, other.get("me").await.status), (401, 401));

    let admin = server.anonymous().logged_in(ADMIN, PASSWORD).await;
    ok(folder, &["user", "password", ADMIN], "battery staple\n");
    admin.get("me").await.expect(401);
    server.anonymous().logged_in(ADMIN, "battery staple").await;
}

#[test]
fn a_folder_without_a_store_is_told_and_left_alone() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let folder = new_folder();
    for arguments in [&["check"][..], &["user", "list"], &["status", "create", "tea", "away"]] {
        let error = fails(folder.path(), 1, arguments, "");
        assert!(
            error.contains("there is no store in ./data") && error.contains("--data-dir"),
            "{error}"
        );
    }
    assert!(!folder.path().join("data").exists());
}

#[test]
fn the_administration_socket_is_its_owners_alone() {
    let server = Process::start();
    let mode = |name: &str| {
        let path = server.data_dir().join(name);
        path.metadata().expect("the file is there").permissions().mode() & 0o777
    };
    assert_eq!(mode("admin.sock"), 0o600);
    assert_eq!(mode("."), 0o700);
}

#[test]
fn a_reader_that_goes_away_ends_a_command_without_words() {
    let folder = new_folder();
    let script = format!("'{}' completions bash | head -n 1", env!("CARGO_BIN_EXE_rollcall"));
    let mut shell = std::process::Command::new("bash");
    shell.current_dir(folder.path()).args(["-o", "pipefail", "-c", &script]);
    let output = run(shell, "");
    // As other programs: the shell reports that SIGPIPE ended it, unless the pipe took all of the output.
    assert!(matches!(output.status.code(), Some(0 | 141)), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_from_the_command_line_sets_a_password_once() {
    for (folder, server) in stores() {
        let folder = folder.path();
        let link = ok(folder, &["user", "reset-link", ADMIN], "");
        let (page, token) = link.trim().split_once('#').expect("a link with a secret");
        assert!(page.ends_with("/reset-password"), "{link}");
        let server = match server {
            Some(server) => {
                assert_eq!(page, format!("http://{}/reset-password", server.address));
                server
            }
            None => continue,
        };
        let body = serde_json::json!({"token": token, "newPassword": "battery staple"});
        let anonymous = server.anonymous();
        anonymous.post("users.resetPassword", &body).await.expect(200);
        anonymous.logged_in(ADMIN, "battery staple").await;
        anonymous.post("users.resetPassword", &body).await.expect(403);
        assert!(fails(folder, 1, &["user", "reset-link", "nobody"], "").contains("there is no user"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_from_the_command_line_registers_people() {
    for (folder, server) in stores() {
        let folder = folder.path();
        let link = ok(
            folder,
            &["user", "invite", "--uses", "2", "--days", "3", "--role", "guest"],
            "",
        );
        let (page, token) = link.trim().rsplit_once('/').expect("a link with a secret");
        assert!(page.ends_with("/join"), "{link}");
        for wrong in [["--uses", "1001"], ["--days", "0"], ["--role", "nonsense"]] {
            fails(folder, 1, &["user", "invite", wrong[0], wrong[1]], "");
        }
        let Some(server) = server else {
            continue;
        };
        assert_eq!(page, format!("http://{}/join", server.address));
        let body = serde_json::json!({
            "token": token, "username": "grace", "email": "grace@example.com", "pass": PASSWORD,
        });
        server.anonymous().post("invitations.accept", &body).await.expect(200);
        let grace = server.anonymous().logged_in("grace", PASSWORD).await;
        assert_eq!(grace.get("me").await.expect(200)["roles"], serde_json::json!(["guest"]));
    }
}

#[test]
fn a_lost_second_factor_is_switched_off() {
    for (folder, _server) in stores() {
        assert_eq!(
            ok(folder.path(), &["user", "reset-totp", ADMIN], ""),
            "admin has no second factor any more and all its logins are ended\n"
        );
    }
}

#[test]
fn a_blocked_user_is_unlocked() {
    for (folder, _server) in stores() {
        let folder = folder.path();
        let words = "admin may try again to log in\n";
        assert_eq!(ok(folder, &["user", "unlock", ADMIN], ""), words);
        let entries = json(&ok(folder, &["audit", "--action", "user-unlocked", "--json"], ""));
        assert_eq!(entries[0]["target"]["name"], ADMIN);
        assert!(fails(folder, 1, &["user", "unlock", "nobody"], "").contains("there is no user \"nobody\""));
    }
}

#[test]
fn the_audit_log_is_read_newest_first_and_narrowed() {
    for (folder, _server) in stores() {
        let folder = folder.path();
        ok(folder, &["status", "create", "caught up", "busy"], "");
        ok(folder, &["status", "create", "out for tea", "away"], "");
        let entries = json(&ok(
            folder,
            &["audit", "--json", "--action", "custom-status-created"],
            "",
        ));
        let names: Vec<_> = entries
            .as_array()
            .expect("a list")
            .iter()
            .map(|entry| entry["target"]["name"].as_str().expect("a name"))
            .collect();
        assert_eq!(names, ["out for tea", "caught up"]);
        let table = ok(folder, &["audit", "--target", "caught up"], "");
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 2, "{table}");
        assert!(lines[0].starts_with("WHEN"), "{table}");
        assert!(
            lines[1].contains("operator") && lines[1].contains("custom-status-created"),
            "{table}"
        );
        let one = json(&ok(folder, &["audit", "--json", "--count", "1"], ""));
        assert_eq!(one.as_array().map(Vec::len), Some(1));
        let error = fails(folder, 1, &["audit", "--action", "flew"], "");
        assert!(error.contains("is not one of login, "), "{error}");
    }
}
