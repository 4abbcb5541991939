//! Stores with many users.

use std::path::Path;

use rollcall::auth::random;
use rollcall::domain::{
    Claim, ClaimSource, Laying, RoleId, StatusText, StatusType, Timestamp, User, UserId, UserStatus, Username,
};
use rollcall::store::{Change, Store};
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::server::Server;

/// Number of users per change.
const AT_ONCE: usize = 500;

/// Returns the record of a user who is busy, with a text, until this time.
pub fn busy(user: &UserId, end: Option<Timestamp>) -> UserStatus {
    let mut status = UserStatus::of(user);
    let claim = Claim {
        status: StatusType::Busy,
        text: StatusText::clean("caught up · busy"),
        emoji: None,
        source: ClaimSource::Manual,
        expires_at: end,
        id: None,
        needs_connection: false,
    };
    let laying = Laying {
        names_status: true,
        connected: false,
    };
    status.claims.lay(claim, laying);
    status
}

/// Creates a store with an administrator and this many users. `with` adds further records of each user to the change.
pub fn fill(folder: &Path, users: u64, with: impl FnMut(Change, &User) -> Change) -> Outcome {
    fill_with(folder, users, |_, user| Ok(user), with)
}

/// Creates a store as [`fill`] does. `make` changes each account, by its number, before it is stored.
pub fn fill_with(
    folder: &Path,
    users: u64,
    make: impl Fn(u64, User) -> Outcome<User>,
    mut with: impl FnMut(Change, &User) -> Change,
) -> Outcome {
    Server::rollcall(folder)?.stop()?;
    let runtime = Runtime::new()?;
    let store = Store::open(folder)?;
    for first in (0..users).step_by(AT_ONCE) {
        let mut change = Change::new();
        for number in first..users.min(first + AT_ONCE as u64) {
            let user = make(number, user(number)?)?;
            change = with(change, &user).insert(&user);
        }
        runtime.block_on(store.commit(change))?;
    }
    runtime.block_on(store.close());
    Ok(())
}

fn user(number: u64) -> Outcome<User> {
    let now = Timestamp::from_millis(1_699_098_263_366);
    let username = Username::parse(&format!("user{number}"))?;
    Ok(User::new(
        UserId::from_random(random::bytes()),
        username,
        vec![RoleId::user()],
        now,
    ))
}
