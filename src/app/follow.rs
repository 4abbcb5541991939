//! Updates of the hub after each commit.

use std::sync::Arc;

use super::{Overrides, Settings};
use crate::domain::{SettingId, Timestamp, Token, User, UserId};
use crate::hub::{Changed, Event, Hub};
use crate::store::{Snapshot, Store, Touched};

/// Loads the hub from the store, and updates it after every commit and every report of another server.
pub(super) fn follow(hub: &Hub, store: &Store, fixed: &Arc<Overrides>) {
    let counting = hub.clone();
    store.watch_reports(move |snapshot, report| {
        let look = || {
            let user = snapshot.user(&report.user)?;
            Some((Arc::clone(user), snapshot.user_status(&report.user).cloned()))
        };
        counting.set_elsewhere(&report.server, report.connections, look);
    });
    let (telling, its_fixed) = (hub.clone(), Arc::clone(fixed));
    store.watch(move |before, after, touched| tell(&telling, &its_fixed, before, after, touched));
    // Another server may commit at any time. What it commits from now on, the hub follows.
    require_connection(hub, &store.read(), fixed);
    show_all(hub, store);
}

/// Loads the statuses of all users into the hub.
pub(super) fn show_all(hub: &Hub, store: &Store) {
    // A status without claims shows nothing. If its user is connected, the hub has it already.
    for kept in store.read().user_statuses().filter(|kept| !kept.claims.is_silent()) {
        let look = || {
            let snapshot = store.read();
            Some((
                Arc::clone(snapshot.user(&kept.user)?),
                snapshot.user_status(&kept.user).cloned(),
            ))
        };
        hub.refresh(look);
        // Also for tokens that expired while the server was down.
        hub.set_logins_end(&kept.user, logins_end(&store.read(), &kept.user, |_| true));
    }
}

fn require_connection(hub: &Hub, snapshot: &Arc<Snapshot>, fixed: &Arc<Overrides>) {
    let settings = Settings::new(Arc::clone(snapshot), Arc::clone(fixed));
    hub.require_connection(settings.flag(SettingId::PresenceRequiresConnection));
}

/// Returns the parts of an account that others or the user's own clients see, and whether a duty makes the logins of
/// its sockets invalid. A login changes none of them.
fn shown(user: &User) -> impl PartialEq {
    let User {
        username,
        name,
        email,
        roles,
        activity,
        avatar,
        require_password_change,
        ..
    } = user;
    let bound = require_password_change.is_some();
    (username, name, email, roles, activity, avatar, bound)
}

/// Returns when the last of the user's tokens expires, if the user has claims that last until then.
fn logins_end(snapshot: &Snapshot, user: &UserId, counts: impl Fn(&Token) -> bool) -> Option<Timestamp> {
    snapshot.user_status(user).filter(|kept| kept.claims.stand())?;
    let tokens = snapshot.tokens_of(user).filter(|token| counts(token));
    let ends: Option<Vec<_>> = tokens.map(|token| token.expires_at).collect();
    ends?.into_iter().max()
}

fn tell(hub: &Hub, fixed: &Arc<Overrides>, before: &Snapshot, after: &Arc<Snapshot>, touched: &Touched) {
    for id in &touched.tokens {
        if let Some(ended) = before.token(id).filter(|_| after.token(id).is_none()) {
            hub.announce(&Event::TokenEnded(Arc::clone(ended)));
        }
    }
    for id in &touched.users {
        let (before, user) = (before.user(id), after.user(id));
        if before.map(|user| shown(user)) != user.map(|user| shown(user)) {
            hub.announce(&Event::User(Changed::of(before, user)));
        }
        match user {
            Some(user) => {
                if before.is_none_or(|before| before.roles != user.roles) {
                    hub.change_roles(id);
                }
                hub.follow(user, after.user_status(id));
            }
            None => hub.forget(id),
        }
    }
    let owner = |hash| {
        before
            .token(hash)
            .or_else(|| after.token(hash))
            .map(|token| &token.user)
    };
    let owners = touched.tokens.iter().filter_map(owner);
    for id in touched.users.iter().chain(owners) {
        hub.set_logins_end(id, logins_end(after, id, |token| token.is_live(hub.now())));
    }
    for id in &touched.custom_statuses {
        let changed = Changed::of(before.custom_status(id), after.custom_status(id));
        hub.announce(&Event::CustomStatus(changed));
    }
    for id in &touched.roles {
        let role = |snapshot: &Snapshot| snapshot.access().role(id.as_str()).cloned();
        hub.announce(&Event::Role(Changed {
            before: role(before),
            after: role(after),
        }));
    }
    for permission in &touched.grants {
        if let Some(grant) = after.access().grant(*permission) {
            hub.announce(&Event::Grant(Arc::clone(grant)));
        }
    }
    for id in &touched.settings {
        hub.announce(&Event::Setting(*id));
    }
    if !touched.settings.is_empty() {
        require_connection(hub, after, fixed);
    }
}
