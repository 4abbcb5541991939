//! The users on the board, as a viewer sees them.

use std::collections::HashMap;

use memchr::memmem::Finder;

use super::reach::Reach;
use super::viewed::{Glimpse, View, ViewedAccount};
use super::viewed_user::ViewedUser;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::text::folded;
use crate::domain::{SettingId, StatusType, UserId};

/// The active users whom a list shows to a caller. If the setting `Presence_broadcast_disabled` is on, other users have
/// no presence.
pub(crate) struct People<'view> {
    view: &'view View<'view>,
    caller: &'view Caller,
    reach: Reach,
    silent: bool,
    glimpses: HashMap<&'view str, Glimpse<'view>>,
    /// The custom field that has a user's team, and whether the caller sees it of others.
    team_field: String,
    sees_teams: bool,
}

/// A user as the board finds, counts and sorts them. Everything is borrowed, because a board looks at all users, and most
/// of them are not on its page.
#[derive(Clone, Copy)]
pub(crate) struct BriefUser<'view> {
    account: ViewedAccount<'view>,
    seen: Glimpse<'view>,
    /// The team; empty if the user has none, or if the viewer does not see it.
    pub team: &'view str,
}

impl<'view> People<'view> {
    /// Returns the users whom a list shows to this caller.
    pub(crate) fn of(app: &App, view: &'view View<'view>, caller: &'view Caller) -> Self {
        let settings = app.settings();
        let team_field = settings.text(SettingId::TeamField);
        Self {
            reach: Reach::of_lists(app, |permission| caller.may(permission)),
            silent: settings.flag(SettingId::PresenceBroadcastDisabled),
            glimpses: view.glimpses(),
            sees_teams: view.sees_custom_field(&team_field),
            team_field,
            view,
            caller,
        }
    }

    /// Returns all of them, in the order of their usernames.
    pub(crate) fn all(&self) -> impl Iterator<Item = BriefUser<'_>> {
        let users = self
            .view
            .snapshot()
            .searchable_users()
            .map(|user| self.view.account(user));
        let users = users.filter(|user| user.is_active() && self.view.finds(self.reach, user.id()));
        users.map(|account| {
            let is_own = account.id() == self.caller.user.id.as_str();
            let seen = self.glimpses.get(account.id()).filter(|_| is_own || !self.silent);
            BriefUser {
                account,
                seen: seen.copied().unwrap_or(Glimpse::ABSENT),
                team: account.team(&self.team_field, self.sees_teams),
            }
        })
    }

    /// Returns one of them as an answer shows them.
    pub(crate) fn whole(&self, user: BriefUser<'_>) -> ViewedUser {
        silenced(user.account.of_view(self.view), self.silent)
    }
}

impl<'view> BriefUser<'view> {
    /// Returns the status type that the viewer sees.
    pub(crate) const fn status(self) -> StatusType {
        self.seen.status
    }

    /// Returns the folded name.
    pub(crate) fn name(self) -> &'view str {
        self.account.name()
    }

    /// Returns whether the name, the username, the status text or the team contains this text.
    pub(crate) fn has(self, text: &Finder<'_>) -> bool {
        let has = |place: &str| text.find(place.as_bytes()).is_some();
        // Most users have no text and no team, and an empty text is folded for nothing.
        let has_folded = |place: &str| !place.is_empty() && has(&folded(place));
        has(self.account.name()) || has(self.account.username()) || has_folded(self.seen.text) || has_folded(self.team)
    }
}

/// Returns one of the users whom a list shows to this caller, by id.
#[must_use]
pub(crate) fn one(app: &App, view: &View<'_>, caller: &Caller, id: &UserId) -> Option<ViewedUser> {
    let reach = Reach::of_lists(app, |permission| caller.may(permission));
    let silent = app.settings().flag(SettingId::PresenceBroadcastDisabled);
    let user = view.snapshot().user(id).filter(|user| user.is_active())?;
    view.finds(reach, id.as_str())
        .then(|| silenced(view.user(user), silent))
}

fn silenced(user: ViewedUser, silent: bool) -> ViewedUser {
    if silent && !user.is_own() {
        user.without_presence()
    } else {
        user
    }
}
