//! The users on the board, as a viewer sees them.

use std::sync::Arc;

use super::reach::Reach;
use super::viewed::View;
use super::viewed_user::ViewedUser;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::{SettingId, User, UserId};

/// Returns the active users whom a list shows to this caller, in the order of their usernames. If the setting
/// `Presence_broadcast_disabled` is on, other users have no presence.
#[must_use]
pub(crate) fn everyone(app: &App, view: &View<'_>, caller: &Caller) -> Vec<ViewedUser> {
    let reach = Reach::of_lists(app, |permission| caller.may(permission));
    let silent = app.settings().flag(SettingId::PresenceBroadcastDisabled);
    let users = view.snapshot().users().filter(|user| user.is_active());
    let users = users.filter(|user| view.finds(reach, user.id.as_str()));
    users.map(|user| shown(view, caller, silent, user)).collect()
}

/// Returns one of the users of [`everyone`], by id.
#[must_use]
pub(crate) fn one(app: &App, view: &View<'_>, caller: &Caller, id: &UserId) -> Option<ViewedUser> {
    let reach = Reach::of_lists(app, |permission| caller.may(permission));
    let silent = app.settings().flag(SettingId::PresenceBroadcastDisabled);
    let user = view.snapshot().user(id).filter(|user| user.is_active())?;
    view.finds(reach, id.as_str())
        .then(|| shown(view, caller, silent, user))
}

fn shown(view: &View<'_>, caller: &Caller, silent: bool, user: &Arc<User>) -> ViewedUser {
    let viewed = view.user(user);
    if silent && user.id != caller.user.id {
        viewed.without_presence()
    } else {
        viewed
    }
}
