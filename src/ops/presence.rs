//! Presence lists, as one viewer may see them.

use std::collections::HashSet;
use std::sync::Arc;

use imbl::OrdMap;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::app::App;
use crate::auth::{Actor, Caller};
use crate::domain::{
    Permission, RequestError, SettingId, SettingValue, StatusType, Timestamp, User, UserId, UserStatus,
};
use crate::hub::{Connection, PresenceChange, VisiblePresence};
use crate::store::Snapshot;

use super::reach::Reach;
use super::{settings, status};

/// The milliseconds by which the times of two servers of a cluster may differ. A list of changes since a time of
/// another server begins so much earlier: it repeats changes rather than miss one.
const OVERLAP_MILLIS: i64 = 5_000;

/// A presence list, and its time: all later changes have a later time.
#[derive(Debug, Clone)]
pub(crate) struct Here<Users = Vec<Arc<VisiblePresence>>> {
    /// The presence entries of the listed users.
    pub users: Users,
    /// True if the list has all users who are not offline.
    pub full: bool,
    /// The moment from which to ask for later changes.
    pub at: Timestamp,
}

/// The users of a presence list for a response.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Listed {
    /// The entries of these users.
    Each(Vec<Arc<VisiblePresence>>),
    /// The entries of all users who are not offline, which are the same for all viewers.
    All(Arc<RawValue>),
}

impl From<Here> for Here<Listed> {
    fn from(here: Here) -> Self {
        Self {
            users: Listed::Each(here.users),
            full: here.full,
            at: here.at,
        }
    }
}

/// Returns those of these users who are not offline or have a status text, in this order. The caller's own entry is
/// also included if they are offline and their status has an end.
#[must_use]
pub(crate) fn some(app: &App, caller: &Caller, ids: &[UserId]) -> Here {
    if is_silent(app) {
        return silence(app);
    }
    let (everybody, at) = app.hub.everybody(&caller.user);
    let found = ids.iter().filter_map(|id| everybody.get(id));
    let listed = |shown: &Arc<VisiblePresence>| {
        if shown.line.id == caller.user.id {
            let own = &shown.presence;
            let is_anything = own.status != StatusType::Offline || !own.text.is_empty() || own.expires_at.is_some();
            return is_anything.then(|| Arc::new(shown.as_own()));
        }
        (shown.is_anything() && shown.is_for(&caller.user)).then(|| Arc::clone(shown))
    };
    Here {
        users: found.filter_map(listed).collect(),
        full: false,
        at,
    }
}

/// Returns the users whose presence changed after `from`, without the caller, if all changes since then are known;
/// else all users who are not offline.
#[must_use]
pub(crate) fn here(app: &App, caller: &Caller, from: Option<Timestamp>) -> Here<Listed> {
    if let Some(part) = part(app, caller, from) {
        return part.into();
    }
    let (everybody, at) = app.hub.everybody(&caller.user);
    let reach = reach(app, caller);
    if reach == Reach::Everyone
        && let Some(json) = app.presence_list.json_of(&everybody)
    {
        return Here {
            users: Listed::All(json),
            full: true,
            at,
        };
    }
    whole(caller, reach, &everybody, at, VisiblePresence::is_here).into()
}

/// Returns the same users as [`here`], and also the offline users with a visible text.
#[must_use]
pub(crate) fn visible(app: &App, caller: &Caller, from: Option<Timestamp>) -> Here {
    part(app, caller, from).unwrap_or_else(|| {
        let (everybody, at) = app.hub.everybody(&caller.user);
        whole(caller, reach(app, caller), &everybody, at, VisiblePresence::is_anything)
    })
}

fn reach(app: &App, caller: &Caller) -> Reach {
    Reach::of_lists(app, |permission| caller.may(permission))
}

/// Returns the list if it is not a list of all users: while presence is disabled, and the changes after `from` if all of
/// them are known.
fn part(app: &App, caller: &Caller, from: Option<Timestamp>) -> Option<Here> {
    if is_silent(app) {
        return Some(silence(app));
    }
    let mut from = from?;
    if app.store.has_others() {
        from = from.plus_millis(-OVERLAP_MILLIS);
    }
    let (changes, at) = app.hub.changes_after(from, &caller.user)?;
    Some(changed(caller, reach(app, caller), &changes, at))
}

/// Returns all users whom the caller sees and who are to be listed.
fn whole(
    caller: &Caller,
    reach: Reach,
    everybody: &OrdMap<UserId, Arc<VisiblePresence>>,
    at: Timestamp,
    is_listed: impl Fn(&VisiblePresence) -> bool,
) -> Here {
    let viewer = &*caller.user;
    Here {
        users: everybody
            .iter()
            .filter(|(id, _)| reach.has(viewer.id.as_str(), id.as_str()))
            .filter(|(_, shown)| is_listed(shown) && shown.is_for(viewer))
            .map(|(_, shown)| shown)
            .cloned()
            .collect(),
        full: true,
        at,
    }
}

fn changed(caller: &Caller, reach: Reach, changes: &[Arc<PresenceChange>], at: Timestamp) -> Here {
    let seen: HashSet<_> = changes
        .iter()
        .filter(|change| change.user != caller.user.id && reach.has(caller.user.id.as_str(), change.user.as_str()))
        .filter(|change| change.for_viewer(&caller.user).is_some())
        .map(|change| &change.user)
        .collect();
    let mut told = HashSet::new();
    let mut users = Vec::new();
    // The changes are read from the newest to the oldest, so that each user is listed once, with the newest entry.
    for change in changes.iter().rev() {
        if seen.contains(&change.user) && told.insert(&change.user) {
            users.extend(change.now_for(&caller.user));
        }
    }
    users.reverse();
    Here { users, full: false, at }
}

fn is_silent(app: &App) -> bool {
    app.settings().flag(SettingId::PresenceBroadcastDisabled)
}

/// Returns the empty list that every caller gets while the setting disables presence.
fn silence(app: &App) -> Here {
    Here {
        users: Vec::new(),
        full: true,
        at: app.clock.now(),
    }
}

/// Registers a live connection of a caller. If they reconnect with the token of a connection that was lost a moment
/// ago, that one continues. `None` if the user no longer exists.
pub(crate) async fn connect(app: &App, caller: &Caller) -> Option<Connection> {
    let id = &caller.user.id;
    let connection = app.hub.reconnect(id, &caller.token.hash).or_else(|| {
        // A client that was away at another server is away here too.
        let status = app.hub.lost_elsewhere(id, &caller.token.hash);
        let status = status.unwrap_or(StatusType::Online);
        app.hub.connect(id, status, || recorded(&app.store.read(), id))
    });
    // Called after the connection counts, so that a status that is set at the same time sees it.
    status::begin_connection(app, id).await;
    connection
}

/// Returns a user and their stored status for the hub; `None` if there is no such user.
pub(super) fn recorded(snapshot: &Snapshot, id: &UserId) -> Option<(Arc<User>, Option<Arc<UserStatus>>)> {
    let user = snapshot.user(id)?;
    Some((Arc::clone(user), snapshot.user_status(id).cloned()))
}

/// Returns the number of live connections, and the maximum.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `manage-user-status`.
pub(crate) fn connections(app: &App, caller: &Caller) -> Result<(usize, usize), RequestError> {
    caller.require(Permission::ManageUserStatus)?;
    let limit = app.settings().number(SettingId::PresenceMaxConnections) as usize;
    Ok((app.hub.connections_for(&caller.user), limit))
}

/// Enables presence again for all users.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `manage-user-status`, [`RequestError::SettingFixed`].
pub(crate) async fn enable_broadcast(app: &App, caller: &Caller) -> Result<(), RequestError> {
    caller.require(Permission::ManageUserStatus)?;
    let actor = Actor::User(caller.clone());
    settings::put(
        app,
        &actor,
        SettingId::PresenceBroadcastDisabled,
        SettingValue::Flag(false),
    )
    .await
}
