//! `rollcall export`, and what an import makes of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::rocketchat::{line, lines};
use crate::api::two_factor::enable;
use crate::support::backup::{done, names_in, refused};
use crate::support::pictures::{halves, noise};
use crate::support::server::{PASSWORD, new_folder};
use crate::support::store::skipped_in_cluster;
use crate::support::{Client, Process};

/// Fills a server with every kind of data that an export has. Returns its folder, with the server stopped.
async fn filled() -> Arc<TempDir> {
    let mut server = Process::start();
    let admin = server.admin().await;
    for (name, status_type) in [("caught up", "busy"), ("lunch <3".trim_end_matches(" <3"), "away")] {
        admin.create_status(name, status_type).await.expect(200);
    }
    let role = json!({"name": "night", "scope": "Users", "description": "at night"});
    let role = admin.post("roles.create", &role).await.expect(200)["role"]["_id"].clone();
    let grants = json!({"permissions": [{"_id": "view-statistics", "roles": ["admin", role]}]});
    admin.post_proved("permissions.update", &grants).await.expect(200);
    for (setting, value) in [
        ("Site_Name", json!("A \"ship\"")),
        ("Accounts_AllowUserProfileChange", json!(true)),
    ] {
        admin
            .post_proved(&format!("settings/{setting}"), &json!({"value": value}))
            .await
            .expect(200);
    }
    for name in ["ada", "bob", "Zoë"] {
        let new = json!({
            "username": name, "name": format!("Name of {name}"), "email": format!("{name}@example.com").replace('ë', "e"),
            "password": PASSWORD, "roles": ["user", role], "verified": true, "bio": "line\nline", "statusText": "hello",
            "customFields": {"team": "engine", "list": [1, 2.5, null, {"a": "b"}]},
        });
        // A pattern of Rocket.Chat has no letters beyond ASCII.
        let answer = admin.post_proved("users.create", &new).await;
        assert!(answer.status == 200 || name == "Zoë", "{answer:?}");
    }
    with_personal_data(
        &server.anonymous().logged_in("ada", PASSWORD).await,
        halves(90, 70, image::ImageFormat::Png),
    )
    .await;
    with_personal_data(&server.anonymous().logged_in("bob", PASSWORD).await, noise(7, 120)).await;
    let bob = server.anonymous().logged_in("bob", PASSWORD).await;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a moment after 1970");
    enable(&bob, i64::try_from(now.as_millis()).expect("a moment")).await;
    let id = admin.get("users.info?username=bob").await.expect(200)["user"]["_id"].clone();
    admin
        .post_proved("users.setActiveStatus", &json!({"userId": id, "activeStatus": false}))
        .await
        .expect(200);
    server.signal(libc::SIGTERM);
    server.wait();
    server.folder.clone()
}

async fn with_personal_data(user: &Client, picture: Vec<u8>) {
    user.upload(&picture, &[]).await.expect(200);
    let token = json!({"tokenName": "deploy", "bypassTwoFactor": true});
    user.post_proved("users.generatePersonalAccessToken", &token)
        .await
        .expect(200);
    let preferences = json!({"userId": user.id(), "data": {"themeAppearence": "dark", "idleTimeLimit": 120}});
    user.post("users.setPreferences", &preferences).await.expect(200);
    let status = json!({"status": "busy", "message": "in a \"call\""});
    user.post("users.setStatus", &status).await.expect(200);
}

fn export(home: &Path, arguments: &[&str]) -> String {
    done(home, &[&["export", "-"], arguments].concat())
}

fn import(home: &Path, text: &str) -> String {
    fs::write(home.join("all.jsonl"), text).expect("a file");
    done(home, &["import", "all.jsonl"])
}

#[tokio::test]
async fn an_export_that_is_imported_into_an_empty_store_gives_the_same_export_again() {
    let home = filled().await;
    for arguments in [&[][..], &["--with-secrets"]] {
        let text = export(home.path(), arguments);
        let other = new_folder();
        let words = import(other.path(), &text);
        let count = lines(&text).len() - 1;
        let wanted = format!("{count} created, 0 unchanged, 0 updated, 0 different, 0 left out, 0 parts");
        assert!(words.contains(&wanted), "{words}");
        let again = export(other.path(), arguments);
        assert_eq!(lines(&again), lines(&text));
        let words = import(other.path(), &text);
        assert!(words.contains(&format!("0 created, {count} unchanged")), "{words}");
        assert_eq!(lines(&export(other.path(), arguments)), lines(&text));
    }
}

#[tokio::test]
async fn secrets_are_in_an_export_only_when_asked_for_and_work_on() {
    let home = filled().await;
    let bare = export(home.path(), &[]);
    for secret in ["argon2id", "secrets\":{", "totp", "deploy"] {
        assert!(!bare.contains(secret), "{secret}");
    }
    let header: Value = serde_json::from_str(bare.lines().next().expect("a header")).expect("JSON");
    assert_eq!(
        (&header["format"], &header["version"], &header["secrets"]),
        (&json!("rollcall-export"), &json!(1), &json!(false))
    );
    let whole = export(home.path(), &["--with-secrets"]);
    let found = lines(&whole);
    let ada = line(&found, "user", "username", "ada");
    assert!(
        ada["secrets"]["password"]
            .as_str()
            .expect("a hash")
            .starts_with("$argon2id$")
    );
    assert_eq!(ada["secrets"]["tokens"][0]["name"], "deploy");
    let bob = line(&found, "user", "username", "bob");
    assert!(bob["secrets"]["totp"]["secret"].is_string());
    assert!(bob["secrets"]["tokens"].is_null(), "a deactivated account has none");

    let other = new_folder();
    import(other.path(), &whole);
    let server = Process::start_in(other, |_| {});
    let ada = server.anonymous().logged_in("ada", PASSWORD).await;
    let me = ada.get("me").await.expect(200);
    assert_eq!(
        (&me["settings"]["preferences"]["themeAppearence"], &me["bio"]),
        (&json!("dark"), &json!("line\nline"))
    );
}

#[tokio::test]
async fn an_export_is_made_beside_a_running_server_and_is_private() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let server = Process::start();
    let folder = server.folder.clone();
    let home = folder.path();
    fs::write(home.join("x.jsonl"), "an older file").expect("a file");
    let words = done(home, &["export", "x.jsonl"]);
    assert!(
        words.contains("wrote x.jsonl: 3 lines") && words.contains("it has no secrets"),
        "{words}"
    );
    let mode = fs::metadata(home.join("x.jsonl")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let beside = export(home, &["--with-secrets"]);
    let entries = server
        .admin()
        .await
        .get("audit.list?action=export-made")
        .await
        .expect(200);
    assert_eq!(
        (&entries["total"], &entries["entries"][0]["detail"]),
        (&json!(2), &json!("with secrets"))
    );
    server.kill();
    let alone = export(home, &["--with-secrets"]);
    let without_login = |text: &str| {
        let mut lines = lines(text);
        for line in &mut lines {
            line["lastLogin"].take();
        }
        lines
    };
    assert_eq!(without_login(&alone), without_login(&beside));
    assert!(!names_in(home).iter().any(|name| name.ends_with(".unfinished")));
    assert!(refused(home, &["export", "nowhere/x.jsonl"]).contains("nowhere/x.jsonl"));
    let empty = new_folder();
    assert!(refused(empty.path(), &["export", "x.jsonl"]).contains("there is no store"));
    assert!(names_in(empty.path()).is_empty());
}
