//! Encrypted backups: for whom, by which ways, and what a wrong key or a damaged file does.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use rollcall::config::{BackupPlan, Recipients};
use rollcall::domain::Retention;
use rollcall::store::backup::{self, Decryption, Encryption, Lock};
use tempfile::TempDir;

use crate::support::backup::{call, done, download, names_in, refused, restored};
use crate::support::process::{rollcall, run};
use crate::support::server::{ADMIN, UNLIMITED, fix, new_folder};
use crate::support::store::skipped_in_cluster;
use crate::support::{Process, TestServer, Visitor, eventually};

const AGE: &[u8] = b"age-encryption.org/v1\n";

/// Writes a new identity to a file, and returns its recipient.
fn identity(path: &Path) -> String {
    let identity = Identity::generate();
    let text = format!("# made by a test\n{}\n", identity.to_string().expose_secret());
    fs::write(path, text).expect("a file");
    identity.to_public().to_string()
}

/// Returns what a file with an identity decrypts.
fn decryption(path: &Path) -> Decryption {
    Decryption::of_identities(&fs::read_to_string(path).expect("a file")).expect("an identity")
}

/// Asserts that a file is encrypted and shows nothing of what is in it.
fn assert_hidden(path: &Path) {
    let bytes = fs::read(path).expect("a file");
    assert!(bytes.starts_with(AGE), "{}", path.display());
    for plain in [&b"rollcall backup"[..], ADMIN.as_bytes(), b"argon2id", b"taken_at"] {
        assert!(
            !bytes.windows(plain.len()).any(|part| part == plain),
            "{}",
            path.display()
        );
    }
}

/// Asserts that these keys fit no command: each is refused with these words, and leaves the folder as it was.
fn assert_useless<'a, const N: usize>(folder: &Path, commands: [&[&'a str]; N], keys: &[&'a str], words: &str) {
    let before = names_in(folder);
    for command in commands {
        let error = refused(folder, &[command, keys].concat());
        assert!(error.contains(words), "{error}");
        assert_eq!(names_in(folder), before, "nothing was touched");
    }
}

/// Starts and ends a server with the custom status "lunch". Returns its folder.
async fn lunch() -> Arc<TempDir> {
    let server = Process::start();
    server.admin().await.create_status("lunch", "away").await.expect(200);
    server.kill()
}

#[tokio::test]
async fn each_recipient_can_restore_and_no_other_identity() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let server = Process::start();
    server.admin().await.create_status("lunch", "away").await.expect(200);
    let folder = server.folder.clone();
    let home = folder.path();
    let [one, two, _] = ["one.txt", "two.txt", "other.txt"].map(|name| identity(&home.join(name)));
    fs::write(home.join("recipients"), format!("# two\n\n{two}\n")).expect("a file");
    let arguments = |file| ["backup", file, "--recipient", &one, "--recipients-file", "recipients"];
    let words = done(home, &arguments("running.age"));
    assert!(words.contains(", encrypted"), "{words}");
    let piped = call(home, &arguments("-"));
    fs::write(home.join("piped.age"), &piped.stdout).expect("a file");
    server.kill();
    done(home, &arguments("stopped.age"));
    for name in ["running.age", "piped.age", "stopped.age"] {
        assert_hidden(&home.join(name));
        for key in ["one.txt", "two.txt"] {
            let words = done(home, &["check", name, "--identity", key]);
            assert!(
                words.contains("the backup is sound") && words.contains(", encrypted"),
                "{words}"
            );
        }
    }
    let bytes = fs::metadata(home.join("running.age")).expect("a file").len();
    let json = done(home, &["check", "running.age", "--identity", "one.txt", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["encrypted"], &json["bytes"]), (&true.into(), &bytes.into()));

    let other = new_folder();
    for name in ["running.age", "one.txt", "two.txt", "other.txt"] {
        fs::copy(home.join(name), other.path().join(name)).expect("a file");
    }
    fs::write(other.path().join("secret"), "a passphrase\n").expect("a file");
    let other = other.path();
    for (keys, words) in [
        (
            &[][..],
            "it is encrypted to recipients: name the file with the identity of one of them by --identity",
        ),
        (
            &["--passphrase-file", "secret"],
            "it is encrypted to recipients: name the file with the identity of one of them by --identity",
        ),
        (
            &["--identity", "other.txt"],
            "it is encrypted to other recipients than that of the given identity: name another file by --identity",
        ),
        (
            &["--identity", "secret"],
            "secret has no identity of age in line 1: one begins with AGE-SECRET-KEY-1",
        ),
        (&["--identity", "nowhere"], "nowhere cannot be read: No such file"),
    ] {
        assert_useless(
            other,
            [&["check", "running.age"], &["restore", "running.age"]],
            keys,
            words,
        );
    }
    done(other, &["restore", "running.age", "--identity", "two.txt"]);
    assert!(done(other, &["status", "list"]).contains("lunch"));
    let names = names_in(&other.join("data"));
    assert!(!names.iter().any(|name| name.contains("restor")), "{names:?}");
}

#[tokio::test]
async fn a_passphrase_is_needed_and_has_to_be_right() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let folder = lunch().await;
    let home = folder.path();
    for (name, text) in [
        ("right", "correct horse\nsecond line\n"),
        ("wrong", "battery staple\n"),
        ("empty", "\n"),
    ] {
        fs::write(home.join(name), text).expect("a file");
    }
    done(home, &["backup", "x.age", "--passphrase-file", "right"]);
    assert_hidden(&home.join("x.age"));
    assert_eq!(
        backup::lock_of(&fs::read(home.join("x.age")).expect("a file")[..]).ok(),
        Some(Lock::Passphrase)
    );
    identity(&home.join("one.txt"));
    for (keys, words) in [
        (
            &[][..],
            "it is encrypted with a passphrase: name the file that has the passphrase by --passphrase-file",
        ),
        (
            &["--identity", "one.txt"],
            "it is encrypted with a passphrase: name the file that has the passphrase by --passphrase-file",
        ),
        (
            &["--passphrase-file", "wrong"],
            "it is encrypted with another passphrase than the given one",
        ),
        (
            &["--passphrase-file", "empty"],
            "empty has no passphrase in its first line",
        ),
    ] {
        assert_useless(
            home,
            [&["check", "x.age"], &["restore", "x.age", "--replace"]],
            keys,
            words,
        );
    }
    let words = done(home, &["check", "x.age", "--passphrase-file", "right"]);
    assert!(words.contains("the backup is sound"), "{words}");
    fs::remove_dir_all(home.join("data")).expect("a folder");
    done(home, &["restore", "x.age", "--passphrase-file", "right"]);
    assert!(done(home, &["status", "list"]).contains("lunch"));
}

#[tokio::test]
async fn wrong_keys_make_no_backup_and_a_private_key_is_not_repeated() {
    let folder = lunch().await;
    let home = folder.path();
    let recipient = identity(&home.join("one.txt"));
    let text = fs::read_to_string(home.join("one.txt")).expect("a file");
    let private = text.lines().nth(1).expect("a line");
    fs::write(home.join("empty"), "").expect("a file");
    fs::write(home.join("huge"), vec![b'#'; 100_000]).expect("a file");
    for (keys, code, words) in [
        (
            &["--recipient", private][..],
            2,
            "--recipient has an identity, which is the private key",
        ),
        (
            &["--recipient", "ada"],
            2,
            "--recipient has \"ada\", which is not a recipient of age",
        ),
        (
            &["--recipients-file", "one.txt"],
            1,
            "one.txt has an identity, which is the private key",
        ),
        (&["--recipients-file", "empty"], 1, "empty has no recipient"),
        (&["--recipients-file", "huge"], 1, "huge has more than 65536 bytes"),
        (&["--passphrase-file", "nowhere"], 1, "nowhere cannot be read"),
        (&["--passphrase"], 2, "no terminal is here to ask for the passphrase"),
        (
            &["--passphrase-file", "empty", "--recipient", &recipient],
            2,
            "cannot be used with",
        ),
        (&["--unencrypted", "--recipient", &recipient], 2, "cannot be used with"),
    ] {
        let output = call(home, &[&["backup", "x.age"][..], keys].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert!(error.contains(words) && !error.contains(private), "{error}");
        assert!(!home.join("x.age").exists());
    }
    let wrong = Process::try_start_in(Arc::clone(&folder), |command| {
        command.env("ROLLCALL_BACKUP_RECIPIENTS", private);
    });
    let words = wrong.err().expect("it does not start");
    assert!(
        words.contains("backup_recipients") && words.contains("has an identity") && !words.contains(private),
        "{words}"
    );
}

#[tokio::test]
async fn a_damaged_or_cut_encrypted_backup_is_refused_before_anything_is_touched() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let folder = lunch().await;
    let home = folder.path();
    let recipient = identity(&home.join("one.txt"));
    done(home, &["backup", "x.age", "--recipient", &recipient]);
    let sound = fs::read(home.join("x.age")).expect("a file");
    let key = decryption(&home.join("one.txt"));
    backup::check_encrypted(&sound[..], &key).expect("a sound backup");
    for place in (0..sound.len()).step_by(7).chain([sound.len() - 1]) {
        let mut changed = sound.clone();
        changed[place] ^= 0x10;
        assert!(backup::check_encrypted(&changed[..], &key).is_err(), "byte {place}");
    }
    for length in (0..sound.len()).step_by(13).chain([sound.len() - 1]) {
        assert!(
            backup::check_encrypted(&sound[..length], &key).is_err(),
            "cut at {length}"
        );
    }
    for longer in [[&sound[..], b"x"].concat(), [&sound[..], &sound].concat()] {
        assert!(backup::check_encrypted(&longer[..], &key).is_err());
    }
    // A whole file of age that has a cut backup in it.
    let plain = done_bytes(home, &["backup", "-", "--unencrypted"]);
    let recipients = Recipients::parse_list(&recipient).expect("a recipient");
    let mut inside = Vec::new();
    let mut writer = Encryption::from(recipients).writer(&mut inside).expect("memory");
    std::io::Write::write_all(&mut writer, &plain[..plain.len() - 9]).expect("memory");
    writer.finish().expect("memory");

    let before = names_in(&home.join("data"));
    let middle = sound.len() / 2;
    let changed: Vec<_> = sound
        .iter()
        .enumerate()
        .map(|(place, byte)| byte ^ u8::from(place == middle))
        .collect();
    for bad in [&changed[..], &sound[..sound.len() - 1], &sound[..30], &inside] {
        fs::write(home.join("bad.age"), bad).expect("a file");
        for command in [&["check", "bad.age"][..], &["restore", "bad.age", "--replace"]] {
            let words = refused(home, &[command, &["--identity", "one.txt"]].concat());
            assert!(
                words.contains("damaged in part") || words.contains("cut short in part"),
                "{words}"
            );
        }
        assert_eq!(names_in(&home.join("data")), before);
    }
    assert!(done(home, &["status", "list"]).contains("lunch"));
}

fn done_bytes(home: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = call(home, arguments);
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setting_encrypts_what_the_server_sends_and_stores() {
    let place = new_folder();
    let recipient = identity(&place.path().join("one.txt"));
    let key = decryption(&place.path().join("one.txt"));
    let recipients = Recipients::parse_list(&recipient).expect("a recipient");
    let backups = place.path().join("backups");
    let folder = TestServer::start().await.stop().await;
    let server = TestServer::open(folder, |options| {
        fix(options, &[UNLIMITED]);
        options.fixed.backup_encryption = recipients.into();
        options.fixed.backups = Some(BackupPlan {
            folder: backups.clone(),
            every_hours: 24,
            keep: Retention {
                daily: 2,
                weekly: 0,
                monthly: 0,
            },
        });
    })
    .await;
    let scheduled = backups.join("rollcall-2023-11-04T11-44-23Z.backup.age");
    eventually(async || scheduled.exists()).await;
    assert_hidden(&scheduled);
    backup::check_encrypted(fs::File::open(&scheduled).expect("a file"), &key).expect("a sound backup");
    assert_eq!(names_in(&backups).len(), 1);

    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let page = loop {
        let page = visitor.page("/admin/store").await;
        if page.contains("The last one was made") {
            break page;
        }
        tokio::task::yield_now().await;
    };
    assert!(page.contains("rollcall-2023-11-04T11-44-23Z.backup.age"), "{page}");
    assert!(page.contains("<td>encrypted</td>"), "{page}");

    let answer = download(&server.admin().await).await;
    assert_eq!(
        answer.header("content-disposition"),
        Some("attachment; filename=\"rollcall-2023-11-04T11-44-23Z.backup.age\"")
    );
    assert!(answer.body.starts_with(AGE));
    let found = backup::check_encrypted(&answer.body[..], &key).expect("a sound backup");
    assert_eq!(found.users, 2);
    assert!(backup::check(&answer.body[..]).is_err());
    server.stop().await;
}

#[tokio::test]
async fn the_command_takes_the_setting_unless_it_names_other_keys() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let folder = lunch().await;
    let home = folder.path();
    let [ours, other] = ["ours.txt", "other.txt"].map(|name| identity(&home.join(name)));
    let made = |arguments: &[&str]| {
        let mut command = rollcall(home);
        command.args(arguments).env("ROLLCALL_BACKUP_RECIPIENTS", &ours);
        let output = run(command, "");
        assert!(output.status.success(), "{output:?}");
    };
    made(&["backup", "ours.age"]);
    made(&["backup", "other.age", "--recipient", &other]);
    made(&["backup", "plain", "--unencrypted"]);
    done(home, &["check", "ours.age", "--identity", "ours.txt"]);
    done(home, &["check", "other.age", "--identity", "other.txt"]);
    refused(home, &["check", "other.age", "--identity", "ours.txt"]);
    done(home, &["check", "plain"]);
}

/// `tests/backups/0.1.0-users-5.backup.age` was made by version 1.1.1 of the tool age from the backup beside it, with the key
/// in `0.1.0-users-5.identity.txt`, which is for this test alone.
#[tokio::test]
async fn a_file_of_the_tool_age_is_restored() {
    let kept = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/backups"));
    let home = new_folder();
    for name in ["0.1.0-users-5.backup.age", "0.1.0-users-5.identity.txt"] {
        fs::copy(kept.join(name), home.path().join(name)).expect("a file");
    }
    let keys = ["--identity", "0.1.0-users-5.identity.txt"];
    done(
        home.path(),
        &[&["restore", "0.1.0-users-5.backup.age"][..], &keys].concat(),
    );
    let plain = restored(&fs::read(kept.join("0.1.0-users-5.backup")).expect("a file"));
    assert_eq!(
        done(home.path(), &["user", "list", "--json"]),
        done(plain.path(), &["user", "list", "--json"])
    );
}
