//! What shows of a user, and to whom.

use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::domain::{
    Audience, ClaimSource, DisplayName, Emoji, Presence, StatusType, Timestamp, User, UserId, Username, UtcOffset,
};

/// What shows of a user, as everybody sees it from whom the user does not hide.
#[derive(Debug)]
pub struct Shown {
    /// The user as others have them in lists: an invisible user is an offline one.
    pub line: Line,
    /// The presence as the user sees it. For others: [`Presence::for_others`].
    pub presence: Presence,
    /// Who sees nothing of it.
    pub hidden_from: Audience,
    json: OnceLock<Option<Box<RawValue>>>,
}

/// A user in a list of who is here (`api.md` §6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Who.
    #[serde(rename = "_id")]
    pub id: UserId,
    /// The username.
    pub username: Username,
    /// The name.
    pub name: DisplayName,
    /// What they are.
    pub status: StatusType,
    /// The offset of their clock from UTC.
    pub utc_offset: UtcOffset,
    /// Their words.
    pub status_text: String,
    /// Their picture. Rollcall's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_emoji: Option<Emoji>,
    /// Who declared it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_source: Option<ClaimSource>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_expires_at: Option<Timestamp>,
    /// What the user's picture is called.
    #[serde(rename = "avatarETag", skip_serializing_if = "Option::is_none")]
    pub avatar_etag: Option<String>,
}

impl Line {
    /// Returns the line that others have of a user with this presence.
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

    /// The same user, not here.
    #[must_use]
    pub fn absent(&self) -> Self {
        Self {
            status: StatusType::Offline,
            status_text: String::new(),
            status_emoji: None,
            status_source: None,
            status_expires_at: None,
            ..self.clone()
        }
    }
}

impl Shown {
    pub(super) const fn new(line: Line, presence: Presence, hidden_from: Audience) -> Self {
        Self {
            line,
            presence,
            hidden_from,
            json: OnceLock::new(),
        }
    }

    /// Nothing, of this user.
    #[must_use]
    pub fn absent(line: Line) -> Self {
        Self::new(line, Presence::ABSENT, Audience::default())
    }

    /// Returns it with the line that the user has in lists of their own.
    #[must_use]
    pub fn as_own(&self) -> Self {
        let own = &self.presence;
        let line = Line {
            status: own.status,
            status_text: own.text.clone(),
            status_emoji: own.emoji.clone(),
            status_source: own.source,
            status_expires_at: own.expires_at,
            ..self.line.clone()
        };
        Self::new(line, own.clone(), self.hidden_from.clone())
    }

    /// Whether others have anything to see.
    pub(super) fn is_anything(&self) -> bool {
        self.line.status != StatusType::Offline || !self.line.status_text.is_empty()
    }

    /// Whether there is somebody who sees nothing of it.
    pub(super) fn hides(&self) -> bool {
        !self.hidden_from.is_empty()
    }

    /// Whether the user's connections count for this viewer. Those of an offline user would show that the user is
    /// invisible.
    pub(super) fn counts_for(&self, viewer: &User) -> bool {
        viewer.id == self.line.id || (self.line.status != StatusType::Offline && !self.hidden_from.has(viewer))
    }

    /// Whether this viewer may see it. Users always see themselves.
    #[must_use]
    pub fn is_for(&self, viewer: &User) -> bool {
        // Most users hide from nobody, and then the ids, each in memory of its own, are not read.
        !self.hidden_from.has(viewer) || viewer.id == self.line.id
    }
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        (&self.line, &self.presence, &self.hidden_from) == (&other.line, &other.presence, &other.hidden_from)
    }
}

/// As lists have it, made once for all lists.
impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.json.get_or_init(|| to_raw_value(&self.line).ok()) {
            Some(json) => json.serialize(serializer),
            None => self.line.serialize(serializer),
        }
    }
}
