//! Damaged, cut and hostile files are refused, with little memory, and touch no data folder.

use std::fs;
use std::path::Path;
use std::process::Command;

use rollcall::store::backup::{self, BackupError};
use sha2::{Digest, Sha256};

use crate::support::TestServer;
use crate::support::backup::{done, download, names_in, refused};
use crate::support::process::run;
use crate::support::server::new_folder;
use crate::support::store::skipped_in_cluster;

async fn sound() -> Vec<u8> {
    let server = TestServer::start().await;
    server.admin().await.create_status("lunch", "away").await.expect(200);
    download(&server.admin().await).await.body.to_vec()
}

fn check(bytes: &[u8]) -> Result<backup::Summary, BackupError> {
    backup::check(bytes)
}

#[tokio::test]
async fn a_changed_byte_of_any_part_and_a_missing_end_are_found() {
    let sound = sound().await;
    check(&sound).expect("a sound backup");
    // Every part is longer than the step, so that each of them has a changed byte.
    for place in (0..sound.len()).step_by(5).chain([sound.len() - 1]) {
        let mut changed = sound.clone();
        changed[place] ^= 0x10;
        assert!(check(&changed).is_err(), "byte {place} of {}", sound.len());
    }
    for length in (0..sound.len()).step_by(13).chain([sound.len() - 1]) {
        let error = check(&sound[..length]).expect_err("a cut backup");
        assert!(
            matches!(error, BackupError::Cut(_) | BackupError::NotABackup),
            "{length} of {}: {error}",
            sound.len()
        );
    }
    let longer = [&sound[..], b"x"].concat();
    assert!(
        check(&longer)
            .expect_err("too long")
            .to_string()
            .contains("after the last part")
    );
    let twice = [&sound[..], &sound].concat();
    assert!(check(&twice).is_err());
}

#[tokio::test]
async fn a_damaged_backup_touches_no_data_folder() {
    let sound = sound().await;
    let server = TestServer::start().await;
    server.admin().await.create_status("mine", "busy").await.expect(200);
    let folder = server.stop().await;
    let (home, data) = (folder.path(), folder.path().join("data"));
    let before = names_in(&data);
    let mut changed = sound.clone();
    changed[sound.len() / 2] ^= 1;
    for bad in [&changed[..], &sound[..sound.len() - 7]] {
        fs::write(home.join("bad.backup"), bad).expect("a file");
        for arguments in [&["restore", "bad.backup", "--replace"][..], &["check", "bad.backup"]] {
            let words = refused(home, arguments);
            assert!(
                words.contains("damaged in part") || words.contains("cut short in part"),
                "{words}"
            );
            assert!(words.contains("use another backup"), "{words}");
        }
        assert_eq!(names_in(&data), before);
        let other = new_folder();
        fs::write(other.path().join("bad.backup"), bad).expect("a file");
        refused(other.path(), &["restore", "bad.backup"]);
        assert_eq!(names_in(other.path()), ["bad.backup"], "no folder is begun");
    }
    assert!(done(home, &["status", "list"]).contains("mine"));
}

/// A part with a right checksum and any content.
fn part(kind: u8, coding: u8, decoded: usize, stored: &[u8]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).expect("a short part").to_le_bytes();
    let mut bytes = [&[kind, coding][..], &number(stored.len()), &number(decoded)].concat();
    let mut sum = crc32fast::Hasher::new();
    sum.update(&bytes);
    sum.update(stored);
    bytes.extend(sum.finalize().to_le_bytes());
    bytes.extend(stored);
    bytes
}

fn plain(kind: u8, content: &[u8]) -> Vec<u8> {
    part(kind, 0, content.len(), content)
}

fn entry(key: &[u8], value: &[u8]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).expect("short").to_le_bytes();
    [&number(key.len()), &number(value.len()), key, value].concat()
}

fn records(table: &str, entries: &[u8]) -> Vec<u8> {
    let length = u8::try_from(table.len()).expect("a short name");
    plain(3, &[&[length][..], table.as_bytes(), entries].concat())
}

const HEAD: &[u8] = br#"{"taken_at":1,"commits":1,"rollcall":"0.1.0"}"#;

/// A backup with these parts after its description, and an end that fits.
fn backup_of(parts: &[Vec<u8>], entries: u64) -> Vec<u8> {
    let mut bytes = b"rollcall backup\n\x01".to_vec();
    bytes.extend(plain(1, HEAD));
    bytes.extend(parts.concat());
    let sum: [u8; 32] = Sha256::digest(&bytes).into();
    let end = serde_json::json!({"parts": parts.len() + 1, "entries": entries, "sha256": sum});
    bytes.extend(plain(4, end.to_string().as_bytes()));
    bytes
}

/// A frame of Zstandard with this many blocks of 128 KiB of zeros, four bytes each.
fn bomb(blocks: usize) -> Vec<u8> {
    // The magic number, no options, a window of 1 MiB.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
    for block in 1..=blocks {
        let last = u32::from(block == blocks);
        let head = (128 * 1024) << 3 | 1 << 1 | last;
        frame.extend(&head.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

#[test]
fn a_hostile_file_is_refused() {
    let empty = backup_of(&[], 0);
    assert_eq!(check(&empty).expect("no records, but sound").entries, 0);
    let mut longest = vec![3, 0];
    longest.extend([0xff; 12]);
    let long_key = [&u32::MAX.to_le_bytes()[..], &[0; 4], b"x"].concat();
    let cases: [(&str, Vec<Vec<u8>>); 14] = [
        ("claims to be larger", vec![longest]),
        (
            "claims to be larger",
            vec![part(3, 1, usize::MAX >> 40, &bomb(4)), part(3, 1, 0xffff_ffff, &[])],
        ),
        ("does not decode", vec![part(3, 1, 1024 * 1024, &bomb(4096))]),
        ("does not decode", vec![part(3, 1, 10, b"no frame")]),
        ("does not decode", vec![part(3, 0, 10, b"shorter")]),
        ("unknown kind", vec![plain(9, b"x")]),
        ("unknown kind", vec![part(3, 2, 1, b"x")]),
        (
            "a table \"../../etc/passwd\"",
            vec![records("../../etc/passwd", &entry(b"k", b"v"))],
        ),
        ("a table \"commits\"", vec![records("commits", &entry(b"count", b"v"))]),
        ("wrong lengths", vec![records("users", &long_key)]),
        ("wrong lengths", vec![plain(3, &[200, b'u'])]),
        (
            "damaged record of users",
            vec![records("users", &entry(b"k", b"value"))],
        ),
        ("a second description", vec![plain(1, HEAD)]),
        ("the key has the wrong form", vec![plain(2, b"../../key")]),
    ];
    for (expected, parts) in cases {
        let words = check(&backup_of(&parts, 1)).expect_err(expected).to_string();
        assert!(words.contains(expected), "{expected}: {words}");
    }
    let key = "0a".repeat(32);
    let twice = [plain(2, key.as_bytes()), plain(2, key.as_bytes())];
    assert!(check(&backup_of(&twice, 0)).is_err());
    let words = check(&backup_of(&[], 7)).expect_err("a wrong count").to_string();
    assert!(words.contains("checksum over all"), "{words}");
    let newer = [b"rollcall backup\n\x02".to_vec(), plain(1, HEAD)].concat();
    assert!(
        check(&newer)
            .expect_err("newer")
            .to_string()
            .contains("a newer rollcall made it")
    );
    for deep in ["[".repeat(100_000), "{\"taken_at\":1e999}".to_owned(), String::new()] {
        let file = [b"rollcall backup\n\x01".to_vec(), plain(1, deep.as_bytes())].concat();
        assert!(check(&file).is_err());
    }
}

#[tokio::test]
async fn records_twice_or_out_of_order_are_refused() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let sound = sound().await;
    // The parts of a sound backup, to be put together in another way.
    let mut parts = Vec::new();
    let mut rest = &sound[17..];
    while !rest.is_empty() {
        let stored = u32::from_le_bytes(rest[2..6].try_into().expect("four bytes"));
        let (part, after) = rest.split_at(14 + stored as usize);
        parts.push(part.to_vec());
        rest = after;
    }
    let tables: Vec<_> = parts[1..parts.len() - 1].to_vec();
    let found = check(&sound).expect("a sound backup");
    check(&backup_of(&tables, found.entries)).expect("the same parts");
    for changed in [
        [&tables[..], &tables[..1]].concat(),
        [&tables[..1], &tables[..1]].concat(),
        [&tables[..2], &tables[..1]].concat(),
    ] {
        let words = check(&backup_of(&changed, found.entries))
            .expect_err("in order")
            .to_string();
        assert!(
            words.contains("not in order") || words.contains("checksum over all"),
            "{words}"
        );
    }
    // Without the index entries, each part is sound, but not the whole: a restoration finds it.
    let home = new_folder();
    let of_users = vec![tables[0].clone()];
    let entries = check(&backup_of(&of_users, 2)).map(|found| found.entries);
    fs::write(
        home.path().join("x.backup"),
        backup_of(&of_users, entries.expect("two users")),
    )
    .expect("a file");
    let words = refused(home.path(), &["restore", "x.backup"]);
    assert!(words.contains("the new store is damaged"), "{words}");
    assert_eq!(names_in(&home.path().join("data")), ["last-commit", "rollcall.lock"]);
}

/// Runs the binary with at most this much memory.
fn limited(home: &Path, arguments: &str) -> (bool, String) {
    let binary = env!("CARGO_BIN_EXE_rollcall");
    let mut shell = Command::new("sh");
    shell
        .current_dir(home)
        .env_clear()
        .args(["-c", &format!("ulimit -v 300000; exec {binary} {arguments}")]);
    let output = run(shell, "");
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[tokio::test]
async fn a_bomb_needs_no_memory() {
    let home = new_folder();
    fs::write(home.path().join("sound.backup"), sound().await).expect("a file");
    let (is_sound, words) = limited(home.path(), "check sound.backup");
    assert!(is_sound, "{words}");
    // 40 GiB of zeros in a part that may be stored, and many of them.
    let bombs = vec![part(3, 1, 1024 * 1024, &bomb(300_000)); 20];
    fs::write(home.path().join("bomb.backup"), backup_of(&bombs, 1)).expect("a file");
    for arguments in ["check bomb.backup", "restore bomb.backup"] {
        let (is_sound, words) = limited(home.path(), arguments);
        assert!(!is_sound && words.contains("does not decode"), "{words}");
    }
    assert!(!home.path().join("data").exists());
}
