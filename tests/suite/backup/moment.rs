//! A backup is one moment of the store, whatever is written meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use image::ImageFormat;
use rollcall::admin_socket::Command;
use serde_json::json;

use super::download::{Stalled, fill};
use crate::support::backup::{done, download, restored};
use crate::support::pictures::{halves, noise};
use crate::support::server::{ADMIN, UNLIMITED, USER, create_user, fix};
use crate::support::store::open_store;
use crate::support::store::skipped_in_cluster;
use crate::support::{Client, TestServer};

async fn picture(client: &Client, user: &str) -> Vec<u8> {
    client
        .send("GET", &format!("/avatar/{user}"), &[], "")
        .await
        .body
        .to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_while_a_backup_is_read_is_not_in_it() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let server = TestServer::start().await;
    server.command(create_user("bob")).await;
    for user in [ADMIN, USER, "bob"] {
        let client = server.logged_in(user).await;
        assert_eq!(client.upload(&halves(40, 40, ImageFormat::Png), &[]).await.status, 200);
    }
    let folder = server.stop().await;
    fill(&folder).await;
    let server = TestServer::open(folder, |options| fix(options, &[UNLIMITED])).await;
    let admin = server.admin().await;
    let before = picture(&admin, USER).await;
    let stalled = Stalled::begin(&admin).await;

    // Each of these changes records of tables that are read already, and of others that are not.
    for (number, user) in [ADMIN, USER].into_iter().enumerate() {
        let client = server.logged_in(user).await;
        assert_eq!(client.upload(&noise(number as u64 + 1, 100), &[]).await.status, 200);
    }
    server.command(Command::DeleteUser { user: "bob".into() }).await;
    server.command(create_user("carol")).await;
    let carol = server.logged_in("carol").await;
    assert_eq!(carol.upload(&noise(7, 100), &[]).await.status, 200);
    admin.create_status("lunch", "away").await.expect(200);
    let backup = stalled.rest().await.expect("a whole backup");
    assert_ne!(picture(&admin, USER).await, before);

    let home = restored(&backup);
    assert_eq!(done(home.path(), &["check"]).trim(), "the store is sound");
    let store = open_store(&home.path().join("data")).expect("a store");
    let snapshot = store.read();
    let mut names = Vec::new();
    for user in snapshot.users() {
        let picture = store.avatar(&user.id).await.expect("a sound picture");
        assert_eq!(picture.map(|picture| picture.etag), user.avatar, "{}", user.username);
        names.push(user.username.to_string());
    }
    store.close().await;
    names.sort_unstable();
    assert_eq!(names, [USER, ADMIN, "bob"]);
    let old = TestServer::open(home, |_| {}).await;
    let admin = old.admin().await;
    assert_eq!(picture(&admin, USER).await, before);
    assert!(admin.status_names().await.is_empty());
}

/// Numbers the users in turn: ada first, then bob, until the test stops it.
async fn count(ada: Client, bob: Client, stop: Arc<AtomicBool>) -> u32 {
    for number in 0.. {
        for client in [&ada, &bob] {
            let bio = json!({"data": {"bio": number.to_string()}});
            client.post("users.updateOwnBasicInfo", &bio).await.expect(200);
        }
        if stop.load(Ordering::Acquire) {
            return number;
        }
    }
    unreachable!("there is always one more")
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_in_order_are_in_a_backup_up_to_one_of_them() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let server = TestServer::start_with(|options| fix(options, &[UNLIMITED])).await;
    server.command(create_user("bob")).await;
    let (ada, bob) = (server.user().await, server.logged_in("bob").await);
    let stop = Arc::new(AtomicBool::new(false));
    let counting = tokio::spawn(count(ada, bob, Arc::clone(&stop)));
    let admin = server.admin().await;
    let mut backups = Vec::new();
    for _ in 0..6 {
        let answer = download(&admin).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        backups.push(answer.body);
    }
    stop.store(true, Ordering::Release);
    let last = counting.await.expect("the counter ends");
    let mut before = 0;
    for backup in backups {
        let home = restored(&backup);
        let store = open_store(&home.path().join("data")).expect("a store");
        let snapshot = store.read();
        let number = |name: &str| {
            let user = snapshot
                .users()
                .find(|user| user.username.to_string() == name)
                .expect("a user");
            user.profile.bio.parse::<u32>().map_or(0, |number| number + 1)
        };
        let (ada, bob) = (number(USER), number("bob"));
        assert!(ada == bob || ada == bob + 1, "ada {ada}, bob {bob}");
        assert!(ada >= before && ada <= last + 1, "{ada} after {before}");
        before = ada;
        store.close().await;
    }
    assert!(before > 0, "there were writes meanwhile");
}
