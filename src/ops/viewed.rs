//! Users as one viewer sees them.
//!
//! Everything in a response about another user is read through this file: fields, filters, orders and counts. So an
//! invisible user, and a user who hides from the viewer, looks the same as an offline user in all of them.

use std::collections::HashMap;
use std::sync::Arc;

use imbl::OrdMap;
use serde_json::Value;

use super::reach::Reach;
use super::shared_view::SharedView;
use super::viewed_user::{ViewedUser, team_of};
use crate::app::App;
use crate::auth::Actor;
use crate::domain::{DisplayName, Permission, Presence, StatusType, Timestamp, User, UserId};
use crate::hub::VisiblePresence;
use crate::store::{SearchableUser, Snapshot};

/// The view of one viewer on all users at one moment.
pub(crate) struct View<'actor> {
    viewer: Viewer<'actor>,
    shared: Arc<SharedView>,
    shown: OrdMap<UserId, Arc<VisiblePresence>>,
    own_id: Option<&'actor str>,
}

/// The one who looks.
#[derive(Clone, Copy)]
enum Viewer<'actor> {
    /// A user or the operator.
    Actor(&'actor Actor),
    /// Everyone who passes a display on a wall. A user who hides from some users hides from the display.
    Wall,
}

/// The form in which the viewer sees a presence.
#[derive(Clone, Copy)]
enum Sight {
    /// As the user themselves.
    Own,
    /// As other users see it.
    Others,
    /// As an absent user, because the user hides from the viewer.
    Nothing,
}

/// The part of a presence by which lists find, count and sort people, as the viewer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Glimpse<'view> {
    /// The status type.
    pub status: StatusType,
    /// The text of the status; may be empty.
    pub text: &'view str,
}

impl Glimpse<'_> {
    /// What the viewer sees of an absent user.
    pub(crate) const ABSENT: Self = Self {
        status: StatusType::Offline,
        text: "",
    };
}

impl<'actor> Viewer<'actor> {
    fn may(self, permission: Permission) -> bool {
        match self {
            Self::Actor(actor) => actor.may(permission),
            Self::Wall => false,
        }
    }

    fn is(self, user: &UserId) -> bool {
        self.user().is_some_and(|viewer| viewer.id == *user)
    }

    fn user(self) -> Option<&'actor Arc<User>> {
        match self {
            Self::Actor(Actor::User(caller)) => Some(&caller.user),
            Self::Actor(Actor::Operator) | Self::Wall => None,
        }
    }
}

impl<'actor> View<'actor> {
    /// Takes the current data of all users for this viewer.
    #[must_use]
    pub(crate) fn of(app: &App, actor: &'actor Actor) -> Self {
        Self::by(app, Viewer::Actor(actor))
    }

    /// Takes the current data of all users for a display on a wall.
    #[must_use]
    pub(super) fn of_wall(app: &App) -> Self {
        Self::by(app, Viewer::Wall)
    }

    fn by(app: &App, viewer: Viewer<'actor>) -> Self {
        let own_id = viewer.user().map(|user| user.id.as_str());
        Self {
            viewer,
            shared: Arc::new(SharedView {
                viewer: viewer.user().cloned(),
                snapshot: app.store.read(),
                field_rules: app.settings().custom_fields(),
                now: app.clock.now(),
            }),
            shown: app.hub.shown(),
            own_id,
        }
    }

    /// Returns the records of all users. A response must use [`Self::user`] or [`Self::account`] instead of these
    /// records.
    pub(super) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.shared.snapshot
    }

    /// Returns whether a list with this reach shows this user to the viewer. The operator reaches every user.
    #[must_use]
    pub(crate) fn finds(&self, reach: Reach, user: &str) -> bool {
        self.own_id.is_none_or(|id| reach.has(id, user))
    }

    /// Returns whether the viewer sees all fields of all accounts.
    #[must_use]
    pub(crate) fn sees_all_accounts(&self) -> bool {
        self.viewer.may(Permission::ViewFullOtherUserInfo)
    }

    /// Returns whether the viewer sees all fields of this account.
    #[must_use]
    pub(crate) fn sees_all_of(&self, user: &UserId) -> bool {
        self.sees_all_accounts() || self.viewer.is(user)
    }

    /// Returns this account as the viewer sees it in filters and orders.
    #[must_use]
    pub(crate) fn account<'user>(&self, user: SearchableUser<'user>) -> ViewedAccount<'user> {
        ViewedAccount {
            full: self.sees_all_accounts() || self.own_id.is_some_and(|id| id == user.id()),
            user,
        }
    }

    /// Returns a custom field of this user for a filter. A field that is not public is absent, unless the viewer sees
    /// all fields.
    #[must_use]
    pub(crate) fn custom_field<'user>(&self, user: &'user User, name: &str) -> Option<&'user Value> {
        let visible = self.shared.field_rules.is_public(name) || self.sees_all_of(&user.id);
        user.profile.custom_fields.get(name).filter(|_| visible)
    }

    /// Returns whether the viewer sees this custom field of other users.
    #[must_use]
    pub(crate) fn sees_custom_field(&self, name: &str) -> bool {
        self.sees_all_accounts() || self.shared.field_rules.is_public(name)
    }

    /// Returns the status of each user whom the viewer does not see as offline, by id.
    #[must_use]
    pub(crate) fn statuses(&self) -> HashMap<&str, StatusType> {
        let users = self.shown.keys().map(|id| (id.as_str(), self.presence(id).status));
        users.filter(|(_, status)| *status != StatusType::Offline).collect()
    }

    /// Returns this user as the viewer sees them.
    #[must_use]
    pub(crate) fn user(&self, user: &Arc<User>) -> ViewedUser {
        let shown = self.shown.get(&user.id).map(|shown| &**shown);
        ViewedUser {
            own: self.viewer.is(&user.id),
            full: self.sees_all_of(&user.id),
            presence: self.presence_of(shown),
            since: shown.and_then(|shown| self.since(shown)),
            shows_last_seen: true,
            shared: Arc::clone(&self.shared),
            user: Arc::clone(user),
        }
    }

    /// Returns a user's presence as the viewer sees it. A user who hides from the viewer is absent and has no text.
    #[must_use]
    pub(crate) fn presence(&self, id: &UserId) -> Presence {
        self.presence_of(self.shown.get(id).map(|shown| &**shown))
    }

    fn presence_of(&self, shown: Option<&VisiblePresence>) -> Presence {
        let Some(shown) = shown else {
            return Presence::ABSENT;
        };
        match self.sight_of(shown) {
            Sight::Own => shown.presence.clone(),
            Sight::Others => shown.presence.for_others(),
            Sight::Nothing => Presence::ABSENT,
        }
    }

    /// Returns the status and the text of each user of whom the viewer sees more than an offline user, by id. Nothing is
    /// copied.
    #[must_use]
    pub(crate) fn glimpses(&self) -> HashMap<&str, Glimpse<'_>> {
        let mut glimpses = HashMap::with_capacity(self.shown.len());
        glimpses.extend(self.shown.values().filter_map(|shown| {
            let (status, text) = match self.sight_of(shown) {
                Sight::Own => (shown.presence.status, shown.presence.text.as_str()),
                Sight::Others => (shown.line.status, shown.line.status_text.as_str()),
                Sight::Nothing => return None,
            };
            let id = shown.line.id.as_str();
            (status != StatusType::Offline || !text.is_empty()).then_some((id, Glimpse { status, text }))
        }));
        glimpses
    }

    /// Returns which form of a presence the viewer sees.
    fn sight_of(&self, shown: &VisiblePresence) -> Sight {
        match self.viewer {
            Viewer::Actor(Actor::User(caller)) if caller.user.id == shown.line.id => Sight::Own,
            Viewer::Actor(Actor::User(caller)) if !shown.is_for(&caller.user) => Sight::Nothing,
            Viewer::Wall if shown.hides() => Sight::Nothing,
            Viewer::Actor(_) | Viewer::Wall => Sight::Others,
        }
    }

    /// Returns when the status that the viewer sees began, as far as they may know.
    fn since(&self, shown: &VisiblePresence) -> Option<Timestamp> {
        match (self.sight_of(shown), self.viewer) {
            (Sight::Nothing, _) => None,
            (Sight::Own, _) | (_, Viewer::Actor(Actor::Operator)) => shown.since.at(),
            (_, Viewer::Actor(Actor::User(caller))) => shown.since.for_viewer(&caller.user),
            (_, Viewer::Wall) => shown.since.for_everyone(),
        }
    }
}

/// An account as one viewer sees it in filters and orders. Hidden fields are `None`.
#[derive(Clone, Copy)]
pub(crate) struct ViewedAccount<'user> {
    user: SearchableUser<'user>,
    full: bool,
}

impl<'user> ViewedAccount<'user> {
    /// Returns the id as text.
    #[must_use]
    pub(crate) fn id(self) -> &'user str {
        self.user.id()
    }

    /// Returns the folded username.
    #[must_use]
    pub(crate) fn username(self) -> &'user str {
        self.user.username()
    }

    /// Returns the folded name, or the folded username if the user has no name.
    #[must_use]
    pub(crate) fn name(self) -> &'user str {
        self.user.name().unwrap_or_else(|| self.user.username())
    }

    /// Returns the name as others see it.
    #[must_use]
    pub(crate) fn exact_name(self) -> &'user str {
        let user = self.user.user();
        user.name
            .as_ref()
            .map_or_else(|| user.username.as_str(), DisplayName::as_str)
    }

    /// Returns a custom field as the viewer sees it.
    #[must_use]
    pub(crate) fn custom_field(self, view: &View<'_>, name: &str) -> Option<&'user Value> {
        view.custom_field(self.user.user(), name)
    }

    /// Returns the user's team: the text of this custom field. The text is empty if the user has no team, or if the viewer
    /// does not see it. `is_visible` is true if the viewer sees this field of other users ([`View::sees_custom_field`]).
    #[must_use]
    pub(super) fn team(self, field: &str, is_visible: bool) -> &'user str {
        let fields = &self.user.user().profile.custom_fields;
        let visible = is_visible || self.full;
        team_of(fields.get(field).filter(|_| visible)).unwrap_or_default()
    }

    /// Returns the folded nickname.
    #[must_use]
    pub(crate) fn nickname(self) -> &'user str {
        self.user.nickname()
    }

    /// Returns whether the account may log in.
    #[must_use]
    pub(crate) const fn is_active(self) -> bool {
        self.user.is_active()
    }

    /// Returns the folded e-mail address, if the viewer sees all fields.
    #[must_use]
    pub(crate) fn email(self) -> Option<&'user str> {
        self.user.email().filter(|_| self.full)
    }

    /// Returns the time of the last login with a password, if the viewer sees all fields.
    #[must_use]
    pub(crate) fn last_login(self) -> Option<Timestamp> {
        self.user.last_login().filter(|_| self.full)
    }

    /// Returns the time when the account was created, if the viewer sees all fields.
    #[must_use]
    pub(crate) fn created_at(self) -> Option<Timestamp> {
        self.full.then(|| self.user.created_at())
    }

    /// Returns the whole account, if the viewer sees all fields.
    #[must_use]
    pub(crate) fn full(self) -> Option<&'user User> {
        self.full.then(|| &**self.user.user())
    }

    /// Returns the user in the form for a response.
    #[must_use]
    pub(crate) fn of_view(self, view: &View<'_>) -> ViewedUser {
        view.user(self.user.user())
    }
}
