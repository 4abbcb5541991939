//! The same import twice, a dry run, an interrupted import, and changes.

use std::fs;

use super::dump::{MOMENT, bson_file, collections, user, write_bson};
use super::rocketchat::{exported, imported, line};
use crate::support::Process;
use crate::support::backup::{call, done, names_in};
use crate::support::server::new_folder;
use crate::support::store::skipped_in_cluster;

fn printed(home: &std::path::Path, arguments: &[&str], code: i32) -> String {
    let output = call(home, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn entries(home: &std::path::Path) -> usize {
    let text = done(home, &["audit", "--json", "--count", "1000"]);
    let entries: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    entries.as_array().expect("a list").len()
}

#[test]
fn the_same_import_twice_changes_nothing() {
    let home = imported(&collections());
    let (before, audit) = (exported(home.path()), entries(home.path()));
    for update in [&[][..], &["--update"]] {
        let arguments = [&["import", "rocketchat", "dump"], update].concat();
        let words = printed(home.path(), &arguments, 0);
        assert!(
            words.contains("0 created, 7 unchanged, 0 updated, 0 different, 0 left out"),
            "{words}"
        );
    }
    assert_eq!(entries(home.path()), audit, "no change is in the audit log");
    assert_eq!(exported(home.path()), before);
}

#[tokio::test]
async fn a_dry_run_reports_what_an_import_would_do_and_changes_nothing() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let home = new_folder();
    write_bson(&home.path().join("dump"), &collections());
    let dry = printed(home.path(), &["import", "rocketchat", "dump", "--dry-run"], 0);
    assert!(dry.starts_with("dry run: nothing was changed\n7 created, "), "{dry}");
    assert_eq!(names_in(home.path()), ["dump"], "there is no store yet");

    let server = Process::start_in(home.clone(), |_| {});
    let admin = server.admin().await;
    let before = admin.get("users.list?count=0").await.expect(200)["total"].clone();
    let audit = admin.get("audit.list?count=0").await.expect(200)["total"].clone();
    let beside = printed(home.path(), &["import", "rocketchat", "dump", "--dry-run"], 0);
    assert_eq!(beside, dry, "the role and the users of earlier lines count");
    assert_eq!(admin.get("users.list?count=0").await.expect(200)["total"], before);
    assert_eq!(admin.get("audit.list?count=0").await.expect(200)["total"], audit);
    assert!(admin.status_names().await.is_empty());
    let real = printed(home.path(), &["import", "rocketchat", "dump"], 0);
    assert_eq!(format!("dry run: nothing was changed\n{real}"), dry);
}

#[test]
fn an_interrupted_import_goes_on_where_it_stopped() {
    let home = new_folder();
    let users: Vec<_> = (0..40)
        .map(|number| user(&format!("id{number:015}"), &format!("user{number:02}")))
        .collect();
    write_bson(&home.path().join("dump"), &vec![("users", users.clone())]);
    let whole = bson_file(&users);
    let path = home.path().join("dump/users.bson");
    fs::write(&path, &whole[..whole.len() / 2 + 7]).expect("half a file");
    let first = printed(home.path(), &["import", "rocketchat", "dump"], 1);
    assert!(first.contains("the file is cut short"), "{first}");
    let there = exported(home.path())
        .iter()
        .filter(|line| line["type"] == "user")
        .count();
    assert!((10..40).contains(&there), "{there}");
    fs::write(&path, &whole).expect("the whole file");
    let second = printed(home.path(), &["import", "rocketchat", "dump"], 0);
    let wanted = format!(
        "{} created, {there} unchanged, 0 updated, 0 different, 0 left out",
        40 - there
    );
    assert!(second.contains(&wanted), "{second}");
}

#[test]
fn a_server_that_is_killed_meanwhile_leaves_whole_users_only() {
    let server = Process::start();
    let home = server.folder.clone();
    let users: Vec<_> = (0..400)
        .map(|number| user(&format!("id{number:015}"), &format!("user{number:03}")))
        .collect();
    write_bson(&home.path().join("dump"), &vec![("users", users)]);
    let mut importing = crate::support::process::rollcall(home.path());
    importing.args(["import", "rocketchat", "dump"]);
    importing
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let mut importing = importing.spawn().expect("the binary starts");
    // The first list of lines is stored before the second one is sent.
    loop {
        let found = done(home.path(), &["user", "list", "--json"]);
        if found.contains("user00") {
            break;
        }
    }
    server.kill();
    importing.wait().expect("the import ends");
    let second = printed(home.path(), &["import", "rocketchat", "dump"], 0);
    assert!(second.contains(" 0 different, 0 left out"), "{second}");
    let users = exported(home.path())
        .iter()
        .filter(|line| line["type"] == "user")
        .count();
    assert_eq!(users, 401, "with the administrator");
    let check = done(home.path(), &["check"]);
    assert!(!check.is_empty());
}

#[test]
fn what_differs_is_reported_and_changed_with_update() {
    let home = new_folder();
    let mut ada = user("rbAXPnMktTFbNpwtJ", "ada");
    ada.insert("roles", vec!["admin", "user"]);
    let eve = user("eveEveEveEveEveEv", "eve");
    write_bson(
        &home.path().join("dump"),
        &vec![("users", vec![ada.clone(), eve.clone()])],
    );
    done(home.path(), &["import", "rocketchat", "dump"]);
    let mut changed = eve;
    changed.insert("bio", "moved");
    changed.insert("active", false);
    changed.insert("createdAt", bson::DateTime::from_millis(MOMENT + 5));
    write_bson(&home.path().join("dump"), &vec![("users", vec![ada, changed])]);
    let words = printed(home.path(), &["import", "rocketchat", "dump"], 1);
    let wanted = "users.bson, document 2: user eve: differs in active, bio, createdAt";
    assert!(
        words.contains("1 unchanged, 0 updated, 1 different") && words.contains(wanted),
        "{words}"
    );
    assert!(line(&exported(home.path()), "user", "username", "eve")["bio"].is_null());
    let words = printed(home.path(), &["import", "rocketchat", "dump", "--update"], 0);
    assert!(words.contains("1 unchanged, 1 updated, 0 different"), "{words}");
    let lines = exported(home.path());
    let eve = line(&lines, "user", "username", "eve");
    assert_eq!((&eve["bio"], &eve["active"]), (&"moved".into(), &false.into()));
}

#[test]
fn an_update_keeps_the_last_administrator() {
    let home = new_folder();
    let mut ada = user("rbAXPnMktTFbNpwtJ", "ada");
    ada.insert("roles", vec!["admin", "user"]);
    write_bson(&home.path().join("dump"), &vec![("users", vec![ada.clone()])]);
    done(home.path(), &["import", "rocketchat", "dump"]);
    ada.insert("active", false);
    write_bson(&home.path().join("dump"), &vec![("users", vec![ada])]);
    let words = printed(home.path(), &["import", "rocketchat", "dump", "--update"], 1);
    assert!(words.contains("1 left out"), "{words}");
    assert_eq!(line(&exported(home.path()), "user", "username", "ada")["active"], true);
}
