//! `rollcall backup` and `rollcall check FILE`, with and without a running server.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::thread;

use rollcall::store::backup;

use crate::support::Process;
use crate::support::backup::{call, done, names_in, refused, restored};
use crate::support::process::rollcall;
use crate::support::server::new_folder;
use crate::support::store::skipped_in_cluster;

#[tokio::test]
async fn a_backup_is_made_beside_a_running_server_and_without_one() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let server = Process::start();
    let admin = server.admin().await;
    admin.create_status("lunch", "away").await.expect(200);
    let folder = server.folder.clone();
    let home = folder.path();
    let words = done(home, &["backup", "running.backup"]);
    assert!(
        words.contains("wrote running.backup: ") && words.contains("1 users"),
        "{words}"
    );
    let mode = fs::metadata(home.join("running.backup"))
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let piped = call(home, &["backup", "-"]);
    assert!(piped.status.success(), "{piped:?}");
    backup::check(&piped.stdout[..]).expect("a sound backup");
    let with_key = call(home, &["backup", "-", "--with-key"]);
    assert!(backup::check(&with_key.stdout[..]).expect("a sound backup").has_key);
    let entries = admin.get("audit.list?action=backup-made").await.expect(200);
    assert_eq!(entries["total"], 3);
    assert_eq!(entries["entries"][0]["actor"]["kind"], "operator");

    server.kill();
    // The one without a server replaces an older file.
    fs::write(home.join("stopped.backup"), "an older file").expect("a file");
    done(home, &["backup", "stopped.backup"]);
    for name in ["running.backup", "stopped.backup"] {
        let words = done(home, &["check", name]);
        assert!(
            words.contains("the backup is sound") && words.contains("without the key"),
            "{words}"
        );
        let json = done(home, &["check", name, "--json"]);
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!((&json["users"], &json["hasKey"]), (&1.into(), &false.into()), "{json}");
        let restored = restored(&fs::read(home.join(name)).expect("a file"));
        assert!(done(restored.path(), &["status", "list"]).contains("lunch"));
    }
    assert!(!names_in(home).iter().any(|name| name.ends_with(".unfinished")));
}

#[tokio::test]
async fn a_reader_that_closes_its_end_gets_no_sentence() {
    let server = Process::start();
    let folder = server.folder.clone();
    let closed = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = rollcall(folder.path());
        let output = command
            .args(arguments)
            .stdout(writer)
            .output()
            .expect("the binary ends");
        assert_eq!(output.status.code(), Some(141), "{arguments:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    };
    let commands = [&["backup", "-"][..], &["export", "-"]];
    for arguments in commands {
        closed(arguments);
    }
    server.kill();
    for arguments in commands {
        closed(arguments);
    }
    // A full disk is another reason, and is named.
    for arguments in commands {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
        let mut command = rollcall(folder.path());
        let output = command.args(arguments).stdout(full).output().expect("the binary ends");
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.contains("is not written: No space left"), "{words}");
    }
}

#[test]
fn what_cannot_be_written_or_read_is_said_and_leaves_nothing() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let folder = new_folder();
    let home = folder.path();
    assert!(refused(home, &["backup", "x.backup"]).contains("there is no store"));
    assert!(refused(home, &["check", "x.backup"]).contains("x.backup: it cannot be read"));
    assert!(refused(home, &["restore", "x.backup"]).contains("x.backup is not restored: it cannot be read"));
    fs::write(home.join("notes"), "no backup at all").expect("a file");
    assert!(refused(home, &["check", "notes"]).contains("it is not a backup of rollcall"));
    assert!(refused(home, &["restore", "notes"]).contains("it is not a backup of rollcall"));
    assert!(refused(home, &["backup", "nowhere/x.backup"]).contains("nowhere/x.backup"));
    fs::create_dir(home.join("folder")).expect("a folder");
    assert!(refused(home, &["backup", "folder"]).contains("folder"));
    assert_eq!(names_in(home), ["folder", "notes"]);
}

#[tokio::test]
async fn a_transfer_that_ends_early_leaves_the_older_file() {
    let server = Process::start();
    let folder = server.folder.clone();
    let whole = call(folder.path(), &["backup", "-"]).stdout;
    server.kill();
    let (home, data) = (new_folder(), "data/admin.sock");
    let private = |path| fs::DirBuilder::new().mode(0o700).create(path);
    private(home.path().join("data")).expect("a folder");
    fs::write(home.path().join("x.backup"), "the older file").expect("a file");
    for cut in [0, 10, whole.len() / 2, whole.len() - 1] {
        let socket = home.path().join(data);
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).expect("a socket");
        let half = whole[..cut].to_vec();
        let answering = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut question = String::new();
            BufReader::new(&stream).read_line(&mut question).expect("a question");
            stream.write_all(b"{\"Ok\":\"Backup\"}\n").expect("an answer");
            stream.write_all(&half).expect("half a backup");
            question
        });
        let words = refused(home.path(), &["backup", "x.backup"]);
        assert!(
            words.contains("cut short") || words.contains("not a backup"),
            "{cut}: {words}"
        );
        assert_eq!(
            answering.join().expect("the server ends").trim(),
            "{\"Backup\":{\"with_key\":false}}"
        );
        assert_eq!(names_in(home.path()), ["data", "x.backup"]);
        assert_eq!(
            fs::read(home.path().join("x.backup")).expect("a file"),
            b"the older file"
        );
    }
}
