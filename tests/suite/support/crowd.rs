//! Stores with many users, who have no password, so that they are created fast.

use std::sync::Arc;

use rollcall::auth::random;
use rollcall::domain::{DisplayName, RoleId, Timestamp, User, UserId, Username};
use rollcall::store::Change;
use serde_json::json;
use tempfile::TempDir;

use super::server::{BEGINNING, UNLIMITED, fix};
use super::store::open_store;
use super::{Client, TestServer};

/// The number of users in one change, which every engine takes in one transaction.
pub const AT_ONCE: usize = 40;

/// Returns a folder with the two users of every test and this number of others, and the ids of the others. Their names
/// are `person0000` and so on.
pub async fn crowd(people: usize) -> (Arc<TempDir>, Vec<UserId>) {
    let folder = TestServer::start().await.stop().await;
    let store = open_store(&folder.path().join("data")).expect("a store");
    let users: Vec<_> = (0..people).map(user).collect();
    for part in users.chunks(AT_ONCE) {
        let change = part.iter().fold(Change::new(), Change::insert);
        store.commit(change).await.expect("a commit");
    }
    store.close().await;
    (folder, users.into_iter().map(|user| user.id).collect())
}

/// Starts a server with this number of users in all, without limits on the rate of calls. Returns the ids of all but the
/// two users of every test, in the order of their names.
pub async fn start(people: usize) -> (TestServer, Vec<UserId>) {
    let (folder, ids) = crowd(people - 2).await;
    let server = TestServer::open(folder, |options| fix(options, &[UNLIMITED])).await;
    (server, ids)
}

/// Sets the status of another user.
pub async fn set_status(admin: &Client, id: &UserId, status: &str, message: &str) {
    let body = json!({"userId": id, "status": status, "message": message});
    admin.post("users.setStatus", &body).await.expect(200);
}

fn user(number: usize) -> User {
    let now = Timestamp::from_millis(BEGINNING);
    let username = Username::parse(&format!("person{number:04}")).expect("a username");
    User {
        name: Some(DisplayName::parse(&format!("Person Number{number:04}")).expect("a name")),
        ..User::new(
            UserId::from_random(random::bytes()),
            username,
            vec![RoleId::user()],
            now,
        )
    }
}
