//! The largest records: they survive, and never make sled write outside of its log.

use std::fs;

use rollcall::domain::avatar::AVATAR_BYTES;
use rollcall::domain::custom_fields::CUSTOM_FIELDS_BYTES;
use rollcall::domain::custom_status::NAME_CHARACTERS;
use rollcall::domain::picture::{CleanPicture, PictureRule};
use rollcall::domain::preferences::PREFERENCES_BYTES;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::pictures::noise;
use crate::support::process::{rollcall, run};
use crate::support::server::{PASSWORD, UNLIMITED, create_user, fix};
use crate::support::store::skipped_in_cluster;
use crate::support::{Client, TestServer};

/// More users than stand in one leaf of a tree.
const USERS: usize = 40;

/// Enough statuses that the tree of their names has full inner nodes.
const STATUSES: usize = 2500;

/// Pixels of a side of the largest picture that fits into the limit in bytes, and is stored as it is.
const SIDE: u32 = 250;

fn picture(number: usize) -> Vec<u8> {
    noise(number as u64 + 1, SIDE)
}

/// The file that the server stores of a picture.
fn stored(number: usize) -> Vec<u8> {
    let rule = PictureRule { square: None };
    CleanPicture::of(&picture(number), rule).expect("a picture").bytes
}

/// A text of so many bytes that is another one for each number.
fn text(number: usize, bytes: usize) -> String {
    format!("{number:05}").repeat(bytes / 5)
}

async fn preferences(client: &Client) -> Value {
    client.get("users.getPreferences").await.expect(200)["preferences"]["language"].clone()
}

async fn custom_fields(client: &Client) -> Value {
    client.get("me").await.expect(200)["customFields"]["note"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_records_survive_and_lie_in_the_log_alone() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let as_large = (SettingId::AvatarResize, SettingValue::Flag(false));
    let unlimited = |options: &mut _| fix(options, &[UNLIMITED, as_large.clone()]);
    assert!((AVATAR_BYTES - 16 * 1024..=AVATAR_BYTES).contains(&stored(0).len()));
    let server = TestServer::start_with(unlimited).await;
    let admin = server.admin().await;
    let draft = |number| text(number, PREFERENCES_BYTES - 100);
    let note = |number| text(number, CUSTOM_FIELDS_BYTES - 100);
    let mut users = Vec::new();
    for number in 0..USERS {
        let username = format!("user{number:02}");
        server.command(create_user(&username)).await;
        let user = server.anonymous().logged_in(&username, PASSWORD).await;
        user.post("users.setPreferences", &json!({"data": {"language": draft(number)}}))
            .await
            .expect(200);
        let fields = json!({"userId": user.id(), "data": {"customFields": {"note": note(number)}}});
        admin.post("users.update", &fields).await.expect(200);
        user.upload(&picture(number), &[]).await.expect(200);
        users.push(user);
    }
    // Four bytes each, and different from the first one on.
    let letter = |place: usize| char::from_u32(0x1_0000 + u32::try_from(place).expect("small")).expect("a letter");
    let name = |number: usize| {
        let (first, second) = (letter(number % 50), letter(number / 50));
        format!("{first}{second}{}", "\u{1_0080}".repeat(NAME_CHARACTERS - 2))
    };
    for number in 0..STATUSES {
        admin.create_status(&name(number), "busy").await.expect(200);
    }
    let home = server.stop().await;
    let blobs = home.path().join("data/store/blobs");
    assert_eq!(fs::read_dir(&blobs).expect("sled's folder").count(), 0);

    let mut check = rollcall(home.path());
    check.arg("check");
    let output = run(check, "");
    assert!(output.status.success(), "{output:?}");
    let server = TestServer::open(home, unlimited).await;
    for (number, user) in users.iter().enumerate() {
        let user = server.anonymous().with_login(user.id(), user.token());
        assert_eq!(preferences(&user).await, draft(number));
        assert_eq!(custom_fields(&user).await, note(number));
        let shown = user.send("GET", &format!("/avatar/user{number:02}"), &[], "").await;
        assert_eq!((shown.status, &*shown.body), (200, &*stored(number)));
    }
    assert_eq!(server.admin().await.status_names().await.len(), STATUSES);
}
