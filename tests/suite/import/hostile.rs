//! Files that were made to harm the server. Each ends with a reason, never with a panic.

use std::fs;
use std::path::Path;
use std::process::Output;

use bson::doc;

use super::archive::archive;
use super::dump::{bson_file, user};
use crate::support::backup::{call, done};
use crate::support::server::new_folder;

/// Imports bytes under a name. The process ends in order.
#[track_caller]
fn import(home: &Path, name: &str, bytes: &[u8]) -> Output {
    fs::write(home.join(name), bytes).expect("a file");
    let output = call(home, &["import", "rocketchat", name]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
    assert!(!errors.contains("panicked"), "{errors}");
    output
}

#[test]
fn lengths_that_lie_are_noticed_without_the_memory_for_them() {
    let home = new_folder();
    let whole = bson_file(&[user("rbAXPnMktTFbNpwtJ", "ada")]);
    for claimed in [0_u32, 4, 17 * 1024 * 1024, 0x7fff_ffff, 0xffff_ffff] {
        let mut bytes = whole.clone();
        bytes.extend(claimed.to_le_bytes());
        bytes.extend(b"more");
        let output = import(home.path(), "users.bson", &bytes);
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(words.contains("a document claims"), "{claimed}: {words}");
    }
    let mut bytes = whole.clone();
    bytes.extend((16 * 1024 * 1024_u32).to_le_bytes());
    let output = import(home.path(), "users.bson", &bytes);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("cut short"),
        "{output:?}"
    );
}

#[test]
fn bytes_that_are_flipped_or_cut_never_end_in_a_panic() {
    let home = new_folder();
    let mut users = vec![user("rbAXPnMktTFbNpwtJ", "ada")];
    users[0].insert("customFields", doc! {"a": [1_i32, 2.5_f64, true, {"b": "c"}]});
    let whole = bson_file(&users);
    // Every process takes some milliseconds, so that a sample of the bytes is changed.
    for place in (0..whole.len()).step_by(29) {
        let mut flipped = whole.clone();
        flipped[place] ^= 0xff;
        import(home.path(), "users.bson", &flipped);
        import(home.path(), "users.bson", &whole[..place]);
    }
    let packed = archive("rocketchat", &vec![("users", users)]);
    for place in (0..packed.len()).step_by(61) {
        let mut flipped = packed.clone();
        flipped[place] ^= 0xff;
        import(home.path(), "x.archive", &flipped);
        import(home.path(), "x.archive", &packed[..place]);
    }
    done(home.path(), &["check"]);
}

#[test]
fn deep_documents_and_foreign_types_are_one_reason_each() {
    let home = new_folder();
    let mut deep = b"\x05\0\0\0\0".to_vec();
    for _ in 0..20_000 {
        let length = u32::try_from(deep.len() + 8).expect("a length");
        deep = [&length.to_le_bytes()[..], b"\x03a\0", &deep, b"\0"].concat();
    }
    let mut odd = user("ooooooooooooooooo", "odd");
    odd.insert("roles", bson::Bson::MaxKey);
    odd.insert("emails", 7_i32);
    odd.insert("services", "none");
    odd.insert("settings", bson::Bson::Null);
    odd.insert("createdAt", bson::DateTime::from_millis(i64::MAX));
    let bytes = [deep, bson_file(&[odd])].concat();
    let output = import(home.path(), "users.bson", &bytes);
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        words.contains("document 1: user: left out: it is nested deeper than 64 levels"),
        "{words}"
    );
    assert!(words.contains("1 created"), "{words}");
    let deep = "{\"a\":".repeat(100_000) + &"}".repeat(100_000);
    let output = import(home.path(), "users.json", deep.as_bytes());
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("it is not valid JSON"),
        "{output:?}"
    );
}

#[test]
fn what_is_no_dump_is_said() {
    let home = new_folder();
    for (name, bytes, wanted) in [
        (
            "notes.txt",
            &b"hello"[..],
            "is not an archive of mongodump, and its name is not that of a collection",
        ),
        ("x.archive", b"\x6d\xe2\x99\x81", "cut short"),
        (
            "x.archive",
            b"\x6d\xe2\x99\x81\xff\xff\xff\xff",
            "the archive has no header",
        ),
        ("x.gz", b"\x1f\x8bnot gzip", "x.gz: "),
    ] {
        let output = import(home.path(), name, bytes);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(words.contains(wanted), "{wanted}: {words}");
    }
    fs::create_dir(home.path().join("empty")).expect("a folder");
    let output = call(home.path(), &["import", "rocketchat", "empty"]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("has no users.bson"),
        "{output:?}"
    );
    let output = import(home.path(), "users.json", b"hello");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("it is not a document of JSON"),
        "{output:?}"
    );
}
