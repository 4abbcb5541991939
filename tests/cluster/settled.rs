//! The state after a fault: all servers have the same, and it does not change any more.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::caller::{HttpCaller, Reply};
use crate::servers::Servers;
use crate::waiting::until_true;

/// The custom statuses that the servers list, by name.
pub type ListedByName = BTreeMap<String, BoardStatus>;

/// A custom status in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardStatus {
    pub id: String,
    /// The duration, which numbers the calls of the tests.
    pub minutes: u32,
}

/// Waits until all that was begun before is settled, and returns what all servers list. The load has to be paused.
///
/// # Panics
/// If the servers list different statuses, or one of them lists a name twice.
pub async fn settled(servers: &Servers, epoch: usize) -> ListedByName {
    let barriers: Vec<_> = (0..servers.admins.len())
        .map(|number| format!("barrier {epoch:03} at {number}"))
        .collect();
    // A server writes in one order: what it began before is settled when this is acknowledged.
    for (admin, barrier) in servers.admins.iter().zip(&barriers) {
        until_true("a write at each server", async || is_created(admin, barrier).await).await;
    }
    // A server follows in one order: what was written before shows when this shows.
    for admin in &servers.admins {
        let shows_all = async || {
            let board = board(admin).await;
            board.is_some_and(|board| barriers.iter().all(|barrier| board.contains_key(barrier)))
        };
        until_true("all writes at each server", shows_all).await;
    }
    let mut boards = Vec::new();
    for admin in &servers.admins {
        boards.push(board(admin).await.expect("a list"));
    }
    for other in &boards[1..] {
        assert_eq!(boards[0], *other, "the servers list the same");
    }
    boards.swap_remove(0)
}

async fn is_created(admin: &HttpCaller, name: &str) -> bool {
    let body = json!({"name": name, "statusType": "busy", "durationMinutes": 1});
    let reply = admin.post("custom-user-status.create", &body).await;
    // After a try of unknown outcome, the name may be taken.
    matches!(reply, Reply::Done(_)) || reply.is_refusal("Custom_User_Status_Error_Name_Already_In_Use")
}

async fn board(admin: &HttpCaller) -> Option<ListedByName> {
    let body = admin.get("custom-user-status.list?count=0").await?;
    let statuses = body["statuses"].as_array().expect("a list");
    let read = |status: &Value| {
        let text = |field: &str| status[field].as_str().expect("a text").to_owned();
        let minutes = status["durationMinutes"].as_u64().expect("a number");
        let minutes = u32::try_from(minutes).expect("a small number");
        (
            text("name"),
            BoardStatus {
                id: text("_id"),
                minutes,
            },
        )
    };
    let board: ListedByName = statuses.iter().map(read).collect();
    assert_eq!(board.len(), statuses.len(), "a name is there twice: {body}");
    Some(board)
}

/// Removes all statuses, so that later lists are short.
pub async fn remove_all(servers: &Servers, board: &ListedByName) {
    let all: Vec<_> = board.values().collect();
    for portion in all.chunks(64) {
        let removals = portion.iter().enumerate().map(|(place, status)| {
            let admin = &servers.admins[place % servers.admins.len()];
            let body = json!({"customUserStatusId": status.id});
            async move { admin.post("custom-user-status.delete", &body).await }
        });
        for reply in join_all(removals).await {
            assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
        }
    }
}

/// Returns who is here, as each server lists it: id, status and text.
pub async fn presence_tables(servers: &Servers) -> Vec<Option<BTreeMap<String, (String, String)>>> {
    let table = |body: Value| {
        let users = body["users"].as_array().expect("a list").clone();
        let text = |user: &Value, field: &str| user[field].as_str().unwrap_or_default().to_owned();
        let row = |user: &Value| (text(user, "_id"), (text(user, "status"), text(user, "statusText")));
        users.iter().map(row).collect()
    };
    let mut tables = Vec::new();
    for admin in &servers.admins {
        tables.push(admin.get("users.presence").await.map(table));
    }
    tables
}
