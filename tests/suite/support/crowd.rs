//! Stores with many users, who have no password, so that they are created fast.

use std::sync::Arc;

use rollcall::auth::random;
use rollcall::domain::{DisplayName, RoleId, Timestamp, User, UserId, Username};
use rollcall::store::{Change, Store};
use tempfile::TempDir;

use super::TestServer;
use super::server::BEGINNING;

/// The number of users in one change.
const AT_ONCE: usize = 500;

/// Returns a folder with the two users of every test and this number of others, and the ids of the others. Their names
/// are `person0000` and so on.
pub async fn crowd(people: usize) -> (Arc<TempDir>, Vec<UserId>) {
    let folder = TestServer::start().await.stop().await;
    let store = Store::open(&folder.path().join("data")).expect("a store");
    let users: Vec<_> = (0..people).map(user).collect();
    for part in users.chunks(AT_ONCE) {
        let change = part.iter().fold(Change::new(), Change::insert);
        store.commit(change).await.expect("a commit");
    }
    store.close().await;
    (folder, users.into_iter().map(|user| user.id).collect())
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
