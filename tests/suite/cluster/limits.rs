//! The limits that the servers of a cluster share.

use image::ImageFormat;
use rollcall::auth::random;

use rollcall::domain::{Avatar, ImageKind, RoleId, Timestamp, User, UserId, Username};
use rollcall::store::Change;
use serde_json::json;

use super::SharedStore;
use crate::support::pictures::halves;
use crate::support::server::{BEGINNING, new_folder};
use crate::support::{Client, Socket, TestServer, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_of_all_servers_has_the_calls_of_one() {
    const CALLS: usize = 10;
    let store = SharedStore::new();
    let (one, other) = (store.first().await, store.further().await);
    let admin = one.admin().await;
    for (setting, value) in [
        ("API_Enable_Rate_Limiter_Limit_Calls_Default", json!(CALLS)),
        ("API_Enable_Rate_Limiter_Limit_Time_Default", json!(60_000)),
    ] {
        admin
            .post(&format!("settings/{setting}"), &json!({"value": value}))
            .await
            .expect(200);
    }
    let ada = one.user().await;
    let answered = async |client: &Client, server: &TestServer| {
        server.pass(120_000);
        let mut answered = 0;
        while client.get("users.getStatus").await.status == 200 {
            answered += 1;
        }
        answered
    };
    for server in [&one, &other] {
        let client = ada.at(server.address);
        eventually(async || answered(&client, server).await == CALLS / 2).await;
    }
    // A socket is at one server, which allows all of its calls: ten of one method in ten seconds.
    let mut socket = Socket::of(&ada).await;
    for _ in 0..10 {
        socket.result("UserPresence:away", json!([])).await;
    }
    drop(socket);
    other.stop().await;
    eventually(async || answered(&ada, &one).await == CALLS).await;
    one.stop().await;
}

/// Returns a user with a picture, and the picture.
fn with_picture(number: usize) -> (User, Avatar) {
    let id = UserId::from_random(random::bytes());
    let username = Username::parse(&format!("person{number:04}")).expect("a username");
    let user = User::new(
        id.clone(),
        username,
        vec![RoleId::user()],
        Timestamp::from_millis(BEGINNING),
    );
    let avatar = Avatar {
        user: id,
        etag: "tag".into(),
        kind: ImageKind::Png,
        bytes: vec![1],
        clean: true,
    };
    let etag = Some(avatar.etag.clone());
    (User { avatar: etag, ..user }, avatar)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_has_so_many_pictures_and_no_more() {
    const MOST: usize = 4096;
    let shared = SharedStore::new();
    let server = shared.first().await;
    let folder = new_folder();
    let store = shared.open(&folder);
    let all: Vec<_> = (0..MOST).map(with_picture).collect();
    for part in all.chunks(25) {
        let insert = |change: Change, (user, avatar): &(User, Avatar)| change.insert(user).insert(avatar);
        store
            .commit(part.iter().fold(Change::new(), insert))
            .await
            .expect("a commit");
    }
    let ada = server.user().await;
    let picture = halves(60, 40, ImageFormat::Png);
    let refused = ada.upload(&picture, &[]).await;
    assert_eq!(refused.expect(507)["errorType"], "error-too-many-pictures");
    let (user, avatar) = &all[0];
    let without = User {
        avatar: None,
        ..user.clone()
    };
    let removal = Change::new().replace(user, &without).remove(avatar);
    store.commit(removal).await.expect("a commit");
    eventually(async || ada.upload(&picture, &[]).await.status == 200).await;
    // To replace one is always possible.
    assert_eq!(ada.upload(&picture, &[]).await.status, 200);
    store.close().await;
    server.stop().await;
}
