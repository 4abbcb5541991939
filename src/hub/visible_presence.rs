//! The visible presence of a user, and the viewers who may see it.

use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::since::Since;
use crate::domain::rare::Rare;
use crate::domain::{
    Audience, ClaimSource, DisplayName, Emoji, Presence, StatusText, StatusType, Timestamp, User, UserId, Username,
    UtcOffset,
};

/// The visible presence of a user, for all viewers from whom the user does not hide.
#[derive(Debug)]
pub struct VisiblePresence {
    /// The user's entry in lists of others. An invisible user looks offline.
    pub line: PresenceEntry,
    /// The presence as the user sees it. For others, use [`Presence::for_others`].
    pub presence: Presence,
    /// The users and roles who see nothing of it.
    pub hidden_from: Rare<Audience>,
    /// The time at which the visible status began.
    pub since: Since,
    json: OnceLock<Option<Box<RawValue>>>,
}

/// A user's entry in presence lists (`api.md` §6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceEntry {
    /// The id of the user.
    #[serde(rename = "_id")]
    pub id: UserId,
    /// The username of the user.
    pub username: Username,
    /// The display name; the username if the user has no name.
    pub name: DisplayName,
    /// The status that the viewer may see.
    pub status: StatusType,
    /// The offset of the user's clock from UTC, in hours.
    pub utc_offset: UtcOffset,
    /// The status text; may be empty.
    pub status_text: StatusText,
    /// The emoji of the status. Only Rollcall has this field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_emoji: Option<Emoji>,
    /// The source of the status: the user or another program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_source: Option<ClaimSource>,
    /// The time at which the status ends; absent if it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_expires_at: Option<Timestamp>,
    /// The tag of the user's avatar, which changes with each upload.
    #[serde(rename = "avatarETag", skip_serializing_if = "Option::is_none")]
    pub avatar_etag: Option<String>,
}

impl PresenceEntry {
    /// Returns whether two entries have the same status, text and emoji.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        (self.status, &self.status_text, &self.status_emoji) == (other.status, &other.status_text, &other.status_emoji)
    }

    /// Returns the entry that others see for a user with this presence.
    #[must_use]
    pub fn of(user: &User, presence: &Presence) -> Self {
        let presence = presence.for_others();
        Self {
            id: user.id.clone(),
            username: user.username.clone(),
            name: user.shown_name(),
            status: presence.status,
            utc_offset: user.preferences.utc_offset(),
            status_text: presence.text,
            status_emoji: presence.emoji,
            status_source: presence.source,
            status_expires_at: presence.expires_at,
            avatar_etag: user.avatar.clone(),
        }
    }

    /// Returns the same user as offline and without a text.
    #[must_use]
    pub fn absent(&self) -> Self {
        Self {
            status: StatusType::Offline,
            status_text: StatusText::EMPTY,
            status_emoji: None,
            status_source: None,
            status_expires_at: None,
            ..self.clone()
        }
    }
}

impl VisiblePresence {
    pub(super) const fn new(
        line: PresenceEntry,
        presence: Presence,
        hidden_from: Rare<Audience>,
        since: Since,
    ) -> Self {
        Self {
            line,
            presence,
            hidden_from,
            since,
            json: OnceLock::new(),
        }
    }

    /// Returns the presence of an absent user.
    #[must_use]
    pub fn absent(line: PresenceEntry) -> Self {
        Self::new(line, Presence::ABSENT, Rare::default(), Since::default())
    }

    /// Returns the presence with the entry that the user sees in their own lists.
    #[must_use]
    pub fn as_own(&self) -> Self {
        let own = &self.presence;
        let line = PresenceEntry {
            status: own.status,
            status_text: own.text.clone(),
            status_emoji: own.emoji.clone(),
            status_source: own.source,
            status_expires_at: own.expires_at,
            ..self.line.clone()
        };
        Self::new(line, own.clone(), self.hidden_from.clone(), self.since.clone())
    }

    /// Returns whether others see the user as not offline.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.line.status != StatusType::Offline
    }

    /// Returns whether others see more than an offline user without a text.
    #[must_use]
    pub fn is_anything(&self) -> bool {
        self.is_here() || !self.line.status_text.is_empty()
    }

    /// Returns whether the user hides from some viewers.
    #[must_use]
    pub fn hides(&self) -> bool {
        !self.hidden_from.is_empty()
    }

    /// Returns whether this viewer may count the user's connections. Those of an offline user would reveal that the
    /// user is invisible.
    pub(super) fn counts_for(&self, viewer: &User) -> bool {
        viewer.id == self.line.id || (self.is_here() && !self.hidden_from.has(viewer))
    }

    /// Returns whether this viewer may see the presence. Users always see themselves.
    #[must_use]
    pub fn is_for(&self, viewer: &User) -> bool {
        // Most users hide from no one. Then the ids, each in its own allocation, are not read.
        !self.hidden_from.has(viewer) || viewer.id == self.line.id
    }
}

impl PartialEq for VisiblePresence {
    fn eq(&self, other: &Self) -> bool {
        (&self.line, &self.presence, &self.hidden_from) == (&other.line, &other.presence, &other.hidden_from)
    }
}

/// Serializes the entry for lists. The JSON is created once and used for all lists.
impl Serialize for VisiblePresence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.json.get_or_init(|| to_raw_value(&self.line).ok()) {
            Some(json) => json.serialize(serializer),
            None => self.line.serialize(serializer),
        }
    }
}
