//! `rollcall restore`: a restored server gives the same answers.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use image::ImageFormat;
use rollcall::store::{backup, write_private};
use serde_json::json;
use tempfile::TempDir;

use crate::api::two_factor::{app_code, enable};
use crate::support::backup::{call, done, download, names_in, refused, restored};
use crate::support::pictures::{halves, has};
use crate::support::server::{ADMIN, BEGINNING, PASSWORD, UNLIMITED, USER, fix, new_folder};
use crate::support::store::skipped_in_cluster;
use crate::support::{Client, Process, TestServer, eventually};

/// What an administrator reads of a server.
pub const READS: [&str; 12] = [
    "me",
    "users.list?count=0",
    "users.info?username=ada",
    "users.getStatus?username=ada",
    "custom-user-status.list",
    "roles.list",
    "permissions.listAll",
    "settings?count=0",
    "users.getPersonalAccessTokens",
    "status.recent",
    "invitations.list",
    "audit.list?count=0",
];

/// Returns the answers, with the same name for each server, and without what a server does not store: since when it has
/// seen a status.
pub async fn reads(admin: &Client) -> Vec<String> {
    let mut answers = Vec::new();
    for endpoint in READS {
        let mut answer = admin.get(endpoint).await.expect(200);
        answer.as_object_mut().expect("an object").remove("statusSince");
        answers.push(answer.to_string().replace(&admin.address.to_string(), "server"));
    }
    answers
}

#[tokio::test]
async fn a_restored_server_gives_the_same_answers() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let server = TestServer::start_with(|options| fix(options, &[UNLIMITED])).await;
    let (admin, ada) = (server.admin().await, server.user().await);
    assert_eq!(ada.upload(&halves(60, 40, ImageFormat::Png), &[]).await.status, 200);
    for (name, kind) in [("lunch", "away"), ("café", "online")] {
        admin.create_status(name, kind).await.expect(200);
    }
    let role = admin.post("roles.create", &json!({"name": "night"})).await.expect(200);
    let give = json!({"roleId": role["role"]["_id"], "username": USER});
    admin.post("roles.addUserToRole", &give).await.expect(200);
    admin
        .post("settings/Site_Name", &json!({"value": "Ours"}))
        .await
        .expect(200);
    let token = json!({"tokenName": "phone"});
    let token = admin
        .post_proved("users.generatePersonalAccessToken", &token)
        .await
        .expect(200);
    let phone = admin.with_login(admin.id(), token["token"].as_str().expect("a token"));
    let busy = json!({"status": "busy", "message": "in a meeting"});
    ada.post("users.setStatus", &busy).await.expect(200);
    admin
        .post_proved("invitations.create", &json!({"note": "for Bob"}))
        .await
        .expect(200);
    let picture = ada.send("GET", "/avatar/ada", &[], "").await.body;
    // The first use of a token is noted in the background.
    let is_noted = async || {
        let tokens = phone.get("users.getPersonalAccessTokens").await.expect(200);
        tokens["tokens"][0]["lastUsedAt"].is_string()
    };
    eventually(is_noted).await;
    let expected = reads(&phone).await;
    let answer = download(&admin).await;
    assert_eq!(answer.status, 200);
    // What happens after the backup is not in the restored server.
    admin.create_status("too late", "busy").await.expect(200);
    let key = fs::read(server.data_dir().join("secret.key")).expect("a key");
    server.stop().await;

    let home = restored(&answer.body);
    assert_eq!(
        names_in(&home.path().join("data")),
        ["last-commit", "rollcall.lock", "store"]
    );
    for path in ["data", "data/store"] {
        let mode = fs::metadata(home.path().join(path))
            .expect("a folder")
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{path}");
    }
    write_private(&home.path().join("data/secret.key"), &key).expect("a file");
    let server = TestServer::open(home, |options| fix(options, &[UNLIMITED])).await;
    let at = |client: &Client| client.at(server.address);
    let found = reads(&at(&phone)).await;
    for ((endpoint, found), expected) in READS.iter().zip(&found).zip(&expected) {
        assert_eq!(found, expected, "{endpoint}");
    }
    assert_eq!(at(&ada).send("GET", "/avatar/ada", &[], "").await.body, picture);
    let names = at(&admin).status_names().await;
    assert_eq!(names, ["café", "lunch"]);
    server.anonymous().logged_in(USER, PASSWORD).await;
    // The store goes on.
    at(&admin).create_status("tea", "away").await.expect(200);
    let folder = server.stop().await;
    assert_eq!(done(folder.path(), &["check"]).trim(), "the store is sound");
}

#[tokio::test]
async fn a_store_is_replaced_only_on_request_and_then_kept() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_status("old", "busy").await.expect(200);
    let old = download(&admin).await.body;
    admin.create_status("new", "busy").await.expect(200);
    let folder = server.stop().await;
    let (home, data) = (folder.path(), folder.path().join("data"));
    fs::write(home.join("old.backup"), &old).expect("a file");
    let before = names_in(&data);
    let words = refused(home, &["restore", "old.backup"]);
    assert!(
        words.contains("has a store already") && words.contains("--replace"),
        "{words}"
    );
    assert_eq!(names_in(&data), before);
    let list = |home: &Path| done(home, &["status", "list"]);
    assert!(list(home).contains("new"));

    let words = done(home, &["restore", "old.backup", "--replace"]);
    assert!(
        words.contains("restored the backup of 2023-11-04T11:44:23.366Z"),
        "{words}"
    );
    assert!(
        list(home).contains("old") && !list(home).contains("new"),
        "{}",
        list(home)
    );
    // The count of commits is not lower than what the folder has seen, so that the store is sound.
    assert_eq!(done(home, &["check"]).trim(), "the store is sound");
    let names = names_in(&data);
    let aside: Vec<_> = names.iter().filter(|name| name.starts_with("store.before-")).collect();
    assert_eq!(aside.len(), 1, "{names:?}");
    assert!(words.contains(aside[0].as_str()), "{words}");
    // The old store is whole under its other name.
    let other = new_folder();
    fs::create_dir(other.path().join("data")).expect("a folder");
    fs::set_permissions(other.path().join("data"), fs::Permissions::from_mode(0o700)).expect("a mode");
    fs::rename(data.join(aside[0]), other.path().join("data/store")).expect("a folder");
    assert!(list(other.path()).contains("new"));
    assert_eq!(done(home, &["restore", "old.backup", "--replace"]).lines().count(), 2);
}

#[tokio::test]
async fn a_folder_with_a_running_server_is_refused() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let server = Process::start();
    let admin = server.admin().await;
    let backup = download(&admin).await.body;
    let home = server.folder.path();
    fs::write(home.join("x.backup"), backup).expect("a file");
    let words = refused(home, &["restore", "x.backup", "--replace"]);
    assert!(words.contains("is in use by another process"), "{words}");
    admin.create_status("lunch", "away").await.expect(200);
}

/// A server on which ada has a second factor, its folder, and the factor's secret.
async fn with_second_factor() -> (TestServer, String) {
    let server = TestServer::start().await;
    let (secret, _) = enable(&server.user().await, BEGINNING).await;
    (server, secret)
}

async fn ada_logs_in(home: Arc<TempDir>, secret: &str) {
    let server = TestServer::open(home, |_| {}).await;
    let login = json!({"user": USER, "password": PASSWORD, "code": app_code(secret, BEGINNING + 30_000)});
    server.anonymous().post("login", &login).await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn a_thief_of_a_backup_gets_no_second_factor_and_its_owner_learns_what_is_missing() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let (server, secret) = with_second_factor().await;
    let backup = download(&server.admin().await).await.body;
    let key = fs::read_to_string(server.data_dir().join("secret.key")).expect("a key");
    server.stop().await;
    let digits = key.trim();
    let bytes: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|place| u8::from_str_radix(&digits[place..place + 2], 16).expect("a byte"))
        .collect();
    for wanted in [digits.as_bytes(), &bytes, secret.as_bytes()] {
        assert!(!has(&backup, wanted));
    }
    let home = new_folder();
    fs::write(home.path().join("x.backup"), &backup).expect("a file");
    let words = done(home.path(), &["restore", "x.backup"]);
    assert!(
        words.contains("before a server can start") && words.contains("second factors of ada"),
        "{words}"
    );
    let check = call(home.path(), &["check"]);
    assert!(
        String::from_utf8_lossy(&check.stdout).contains("secret.key is missing"),
        "{check:?}"
    );
    write_private(&home.path().join("data/secret.key"), key.as_bytes()).expect("a file");
    ada_logs_in(home, &secret).await;
}

#[tokio::test]
async fn the_key_is_in_a_backup_only_on_request_and_a_key_that_it_replaces_is_kept() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let (server, secret) = with_second_factor().await;
    let folder = server.stop().await;
    let words = done(folder.path(), &["backup", "with.backup", "--with-key"]);
    assert!(words.contains("it has the key"), "{words}");
    let words = done(folder.path(), &["backup", "without.backup"]);
    assert!(words.contains("it does not have the key"), "{words}");
    let backup = fs::read(folder.path().join("with.backup")).expect("a file");
    let key = fs::read_to_string(folder.path().join("data/secret.key")).expect("a key");
    assert!(has(&backup, key.trim().as_bytes()));
    let without = fs::read(folder.path().join("without.backup")).expect("a file");
    assert!(!has(&without, key.trim().as_bytes()));
    assert!(backup::check(&backup[..]).expect("a sound backup").has_key);
    let home = restored(&backup);
    ada_logs_in(Arc::clone(&home), &secret).await;

    // Another server with its own key and factors.
    let other = TestServer::start().await.stop().await;
    let theirs = fs::read_to_string(other.path().join("data/secret.key")).expect("a key");
    fs::write(other.path().join("x.backup"), &backup).expect("a file");
    done(other.path(), &["restore", "x.backup", "--replace"]);
    let names = names_in(&other.path().join("data"));
    let kept = names
        .iter()
        .find(|name| name.starts_with("secret.key.before-"))
        .expect("the old key");
    assert_eq!(
        fs::read_to_string(other.path().join("data").join(kept)).expect("a key"),
        theirs
    );
    ada_logs_in(Arc::clone(&other), &secret).await;

    // A file that a setting names is not touched.
    let chosen = new_folder();
    fs::write(chosen.path().join("x.backup"), &backup).expect("a file");
    write_private(&chosen.path().join("mine"), theirs.as_bytes()).expect("a file");
    let words = done(chosen.path(), &["restore", "x.backup", "--secret-key-file", "mine"]);
    assert!(words.contains("has another key"), "{words}");
    assert_eq!(fs::read_to_string(chosen.path().join("mine")).expect("a key"), theirs);
    assert!(!chosen.path().join("data/secret.key").exists());
}

/// `tests/backups/0.1.0.backup` is a backup of the first format, made by `rollcall backup` from a copy of
/// `tests/stores/0.1.0-avatar`: `admin`, `ada` with a picture, and the statuses "caught up", "lunch" and "café".
#[tokio::test]
async fn a_backup_of_the_first_format_is_restored() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let kept = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/backups/0.1.0.backup"));
    let home = restored(&fs::read(kept).expect("the backup"));
    assert_eq!(done(home.path(), &["check"]).trim(), "the store is sound");
    let server = TestServer::open(home, |_| {}).await;
    let admin = server.anonymous().logged_in(ADMIN, PASSWORD).await;
    assert_eq!(admin.status_names().await, ["café", "caught up", "lunch"]);
    let ada = server.anonymous().logged_in("ADA@example.com", PASSWORD).await;
    assert_eq!(ada.get("me").await.expect(200)["name"], "Ada Lovelace");
    let picture = ada.send("GET", "/avatar/ada", &[], "").await;
    assert!(
        picture
            .header("content-type")
            .is_some_and(|kind| kind != "image/svg+xml"),
        "{picture:?}"
    );
}
