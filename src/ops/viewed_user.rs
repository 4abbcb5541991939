//! A user as one viewer sees them, for a response. `ops/viewed.rs` makes it.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::login_services::LoginServices;
use super::shared_view::SharedView;
use crate::app::{LineSight, RecentLines};
use crate::domain::user_status::SeenAt;
use crate::domain::{
    ClaimSource, DisplayName, Emoji, Presence, RoleId, StatusText, StatusType, Timestamp, User, UserId, Username,
    UtcOffset, text,
};

/// A user as one viewer sees them, for a response.
#[derive(Debug, Clone)]
pub(crate) struct ViewedUser {
    pub(super) user: Arc<User>,
    pub(super) own: bool,
    pub(super) full: bool,
    pub(super) shared: Arc<SharedView>,
    pub(super) presence: Presence,
    pub(super) since: Option<Timestamp>,
    pub(super) shows_last_seen: bool,
}

impl ViewedUser {
    /// Returns the user without presence and without the time of the last activity.
    #[must_use]
    pub(super) fn without_presence(self) -> Self {
        Self {
            presence: Presence::ABSENT,
            since: None,
            shows_last_seen: false,
            ..self
        }
    }

    /// Returns whether the user is the viewer.
    #[must_use]
    pub(crate) const fn is_own(&self) -> bool {
        self.own
    }

    /// Returns the id of the user.
    #[must_use]
    pub(crate) fn id(&self) -> UserId {
        self.user.id.clone()
    }

    /// Returns the username of the user.
    #[must_use]
    pub(crate) fn username(&self) -> Username {
        self.user.username.clone()
    }

    /// Returns the name that others see.
    #[must_use]
    pub(crate) fn name(&self) -> DisplayName {
        self.user.shown_name()
    }

    /// Returns the nickname; empty if there is none.
    #[must_use]
    pub(crate) fn nickname(&self) -> &str {
        &self.user.profile.nickname
    }

    /// Returns the text about the user; empty if there is none.
    #[must_use]
    pub(crate) fn bio(&self) -> &str {
        &self.user.profile.bio
    }

    /// Returns the custom fields: all of them if the viewer sees all fields, else the public ones.
    #[must_use]
    pub(crate) fn custom_fields(&self) -> Map<String, Value> {
        let fields = self.user.profile.custom_fields.iter();
        let visible = fields.filter(|(name, _)| self.full || self.shared.field_rules.is_public(name));
        visible.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Returns the user's team: the text of this custom field, which the setting `Team_Custom_Field` names. `None` if the
    /// field is not a text with visible characters, or if the viewer does not see it.
    #[must_use]
    pub(crate) fn team(&self, field: &str) -> Option<String> {
        let visible = self.full || self.shared.field_rules.is_public(field);
        team_of(self.user.profile.custom_fields.get(field).filter(|_| visible)).map(str::to_owned)
    }

    /// Returns the offset of the user's clock from UTC.
    #[must_use]
    pub(crate) fn utc_offset(&self) -> UtcOffset {
        self.user.preferences.utc_offset()
    }

    /// Returns the version (`ETag`) of the user's avatar, if they have one.
    #[must_use]
    pub(crate) fn avatar(&self) -> Option<&str> {
        self.user.avatar.as_deref()
    }

    /// Returns whether the account may log in.
    #[must_use]
    pub(crate) fn is_active(&self) -> bool {
        self.user.is_active()
    }

    /// Returns the status type that the viewer sees.
    #[must_use]
    pub(crate) const fn status(&self) -> StatusType {
        self.presence.status
    }

    /// Returns the text of the status.
    #[must_use]
    pub(crate) fn text(&self) -> StatusText {
        self.presence.text.clone()
    }

    /// Returns the emoji of the status.
    #[must_use]
    pub(crate) fn emoji(&self) -> Option<Emoji> {
        self.presence.emoji.clone()
    }

    /// Returns the source of the status.
    #[must_use]
    pub(crate) const fn source(&self) -> Option<ClaimSource> {
        self.presence.source
    }

    /// Returns when the status began; `None` for an offline user, and if that is not known or the viewer must not know it.
    #[must_use]
    pub(crate) const fn status_since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Returns the time when the status ends.
    #[must_use]
    pub(crate) const fn expires_at(&self) -> Option<Timestamp> {
        self.presence.expires_at
    }

    /// Returns the presence of the user's live connections, for the user themselves only.
    #[must_use]
    pub(crate) fn own_connection(&self) -> Option<StatusType> {
        self.own.then_some(self.presence.connection)
    }

    /// Returns the time of the last login with a password, for the user themselves only.
    #[must_use]
    pub(crate) fn own_last_login(&self) -> Option<Timestamp> {
        self.user.last_login.filter(|_| self.own)
    }

    /// Returns the time when the user was last seen, as exactly as the viewer may know it.
    #[must_use]
    pub(crate) fn last_seen(&self) -> Option<SeenAt> {
        let seen = || self.shared.last_seen(&self.user, self.own);
        self.shows_last_seen.then(seen).flatten()
    }

    /// Returns whether the viewer sees all fields of the account.
    #[must_use]
    pub(crate) const fn is_full(&self) -> bool {
        self.full
    }

    /// Returns the whole account and the presence, if the viewer sees all fields. The presence is still limited to
    /// what the viewer may see.
    #[must_use]
    pub(crate) fn full(&self) -> Option<(&User, &Presence)> {
        self.full.then_some((&*self.user, &self.presence))
    }

    /// Returns the ways in which the user logs in, for the user themselves only.
    #[must_use]
    pub(crate) fn own_services(&self) -> Option<LoginServices> {
        self.own.then(|| LoginServices::of(&self.user))
    }

    /// Writes the line of a list. It may depend only on the account, on [`Self::is_full`] and on [`Self::status`], because
    /// viewers for whom these are the same get the same line.
    pub(crate) fn write_line<V: Serialize, S: Serializer>(
        &self,
        lines: &RecentLines,
        make: impl FnOnce() -> V,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let sight = LineSight {
            full: self.full,
            status: self.status(),
        };
        lines.write(&self.user, sight, make, serializer)
    }

    /// Returns the roles, if the viewer sees all fields.
    #[must_use]
    pub(crate) fn roles(&self) -> Option<&[RoleId]> {
        self.full().map(|(user, _)| &*user.roles)
    }
}

/// Returns the team that the value of a custom field names. `None` if the value is not a text with visible characters.
pub(super) fn team_of(value: Option<&Value>) -> Option<&str> {
    let team = value?.as_str()?.trim();
    (!text::is_blank(team)).then_some(team)
}
