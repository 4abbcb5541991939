//! What is kept of a user's status beside the account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Claims, Emoji, FrozenSight, RoleId, StatusType, Timestamp, User, UserId};

/// How many recent statuses of a user are kept.
pub const RECENT: usize = 8;

/// What is kept of a user's status. A user of whom nothing is kept has none of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStatus {
    /// Whose.
    pub user: UserId,
    /// What is claimed of it.
    pub claims: Claims,
    /// What the user set by hand, the newest first.
    pub recent: Vec<RecentStatus>,
    /// When the user was last seen, to the minute.
    pub last_seen: Option<Timestamp>,
    /// How exactly others may know that.
    pub shows_last_seen: LastSeen,
    /// From whom the user hides.
    pub hidden_from: Audience,
    /// When the user was last seen, for viewers from whom the user is hidden.
    pub frozen_sight: FrozenSight,
}

/// A status that a user set by hand, to be set again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentStatus {
    /// What it said of presence.
    pub status: StatusType,
    /// Its words; may be empty.
    pub text: String,
    /// Its picture.
    pub emoji: Option<Emoji>,
}

/// How exactly others may know when a user was last seen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LastSeen {
    /// To the minute.
    #[default]
    Exact,
    /// Today, this week, or before.
    Coarse,
    /// Not at all.
    Hidden,
}

/// Some users, by themselves or by their roles.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Audience {
    /// Users.
    pub users: Vec<UserId>,
    /// All who have one of these roles.
    pub roles: Vec<RoleId>,
}

impl Audience {
    /// Whether somebody belongs to it.
    #[must_use]
    pub fn has(&self, user: &User) -> bool {
        self.users.contains(&user.id) || user.roles.iter().any(|role| self.roles.contains(role))
    }

    /// Whether it is nobody.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.users.is_empty() && self.roles.is_empty()
    }
}

impl UserStatus {
    /// Nothing, of this user.
    #[must_use]
    pub fn of(user: &UserId) -> Self {
        Self {
            user: user.clone(),
            claims: Claims::default(),
            recent: Vec::new(),
            last_seen: None,
            shows_last_seen: LastSeen::default(),
            hidden_from: Audience::default(),
            frozen_sight: FrozenSight::default(),
        }
    }

    /// Returns whether the user declares to be offline, whatever the connections are.
    #[must_use]
    pub fn is_invisible(&self) -> bool {
        self.claims
            .showing()
            .is_some_and(|claim| claim.status == StatusType::Offline)
    }

    /// Stores the moments at which hiding began or ended by a change. `last_login` is that of the account.
    pub fn follow_hiding(&mut self, last_login: Option<Timestamp>, now: Timestamp) {
        let (invisible, seen) = (self.is_invisible(), self.last_seen.max(last_login));
        self.frozen_sight.follow(invisible, &self.hidden_from, seen, now);
    }

    /// Returns when this viewer saw the user last, before the user's choice of how exactly that is shown.
    #[must_use]
    pub fn seen_by(&self, viewer: Option<&User>, last_login: Option<Timestamp>) -> Option<Timestamp> {
        self.frozen_sight.of(self.last_seen.max(last_login), viewer)
    }

    /// Puts a status before the recent ones, the same one no longer among them.
    pub fn remember(&mut self, status: RecentStatus) {
        self.recent.retain(|other| *other != status);
        self.recent.insert(0, status);
        self.recent.truncate(RECENT);
    }
}

impl LastSeen {
    /// What others may know of a moment.
    #[must_use]
    pub fn of(self, seen: Option<Timestamp>, now: Timestamp) -> Option<SeenAt> {
        let seen = seen?;
        match self {
            Self::Exact => Some(SeenAt::Exactly(seen)),
            Self::Coarse if seen >= now.minus_days(1) => Some(SeenAt::Coarsely(SeenWithin::Today)),
            Self::Coarse if seen >= now.minus_days(7) => Some(SeenAt::Coarsely(SeenWithin::ThisWeek)),
            Self::Coarse => Some(SeenAt::Coarsely(SeenWithin::Before)),
            Self::Hidden => None,
        }
    }
}

/// When a user was last seen, as exactly as they let others know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SeenAt {
    /// At this moment.
    Exactly(Timestamp),
    /// Some time in this span.
    Coarsely(SeenWithin),
}

/// A span that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum SeenWithin {
    /// 24 hours.
    #[serde(rename = "today")]
    Today,
    /// 7 days.
    #[serde(rename = "this week")]
    ThisWeek,
    /// Longer ago.
    #[serde(rename = "before")]
    Before,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_eight_statuses_are_remembered_each_once() {
        let mut kept = UserStatus::of(&UserId::new("ada"));
        let recent = |text: String| RecentStatus {
            status: StatusType::Busy,
            text,
            emoji: None,
        };
        for number in 0..9 {
            kept.remember(recent(number.to_string()));
        }
        kept.remember(recent("5".into()));
        let texts: Vec<_> = kept.recent.iter().map(|recent| &*recent.text).collect();
        assert_eq!(texts, ["5", "8", "7", "6", "4", "3", "2", "1"]);
    }

    #[test]
    fn last_seen_is_told_as_exactly_as_its_owner_lets() {
        let now = Timestamp::from_millis(30 * 86_400_000);
        let seen = |days: u32| Some(now.minus_days(days));
        assert_eq!(LastSeen::Exact.of(seen(2), now), seen(2).map(SeenAt::Exactly));
        let coarse = |days| LastSeen::Coarse.of(seen(days), now);
        assert_eq!(coarse(1), Some(SeenAt::Coarsely(SeenWithin::Today)));
        assert_eq!(coarse(7), Some(SeenAt::Coarsely(SeenWithin::ThisWeek)));
        assert_eq!(coarse(8), Some(SeenAt::Coarsely(SeenWithin::Before)));
        assert_eq!(LastSeen::Hidden.of(seen(1), now), None);
        assert_eq!(LastSeen::Exact.of(None, now), None);
    }
}
