//! The stored status of a user, beside the account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rare::{Rare, shared_default};
use super::{Audience, Claims, Emoji, FrozenSight, StatusText, StatusType, Timestamp, User, UserId};

/// The maximum number of recent statuses per user.
pub(crate) const RECENT: usize = 8;

shared_default!(Audience);
shared_default!(FrozenSight);

/// The stored status of a user. A user without a stored record has the values of [`UserStatus::of`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStatus {
    /// The user whose status this is.
    pub user: UserId,
    /// The stack of claims of the status.
    pub claims: Claims,
    /// The statuses that the user set by hand, newest first.
    pub recent: Vec<RecentStatus>,
    /// The time of the last sign of life, to the minute.
    pub last_seen: Option<Timestamp>,
    /// The precision in which others may know `last_seen`.
    pub shows_last_seen: LastSeen,
    /// The users and roles from whom the user hides.
    pub hidden_from: Rare<Audience>,
    /// The last-seen times for viewers from whom the user hides.
    pub frozen_sight: Rare<FrozenSight>,
}

/// A status that the user set by hand and may set again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentStatus {
    /// The presence of the status.
    pub status: StatusType,
    /// The status text; may be empty.
    pub text: StatusText,
    /// The emoji of the status.
    pub emoji: Option<Emoji>,
}

/// The precision in which others may know when a user was last seen.
#[derive(
    Debug,
    Default,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = NotAPrecision, parse_err_fn = not_a_precision)]
pub enum LastSeen {
    /// The exact time, as the server knows it.
    #[default]
    Exact,
    /// Only a span: today, this week, or before.
    Coarse,
    /// No time at all.
    Hidden,
}

/// The error for a text that names no precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be exact, coarse or hidden")]
pub struct NotAPrecision;

const fn not_a_precision(_: &str) -> NotAPrecision {
    NotAPrecision
}

impl UserStatus {
    /// Returns the status of a user without a stored record.
    #[must_use]
    pub fn of(user: &UserId) -> Self {
        Self {
            user: user.clone(),
            claims: Claims::default(),
            recent: Vec::new(),
            last_seen: None,
            shows_last_seen: LastSeen::default(),
            hidden_from: Rare::default(),
            frozen_sight: Rare::default(),
        }
    }

    /// Returns whether the visible claim is offline, which hides the user whatever the connections are.
    #[must_use]
    pub fn is_invisible(&self) -> bool {
        self.claims
            .showing()
            .is_some_and(|claim| claim.status == StatusType::Offline)
    }

    /// Updates the frozen last-seen times after a change. `last_login` is the time of the account's last login.
    pub fn follow_hiding(&mut self, last_login: Option<Timestamp>, now: Timestamp) {
        let (invisible, seen) = (self.is_invisible(), self.last_seen.max(last_login));
        let mut frozen = FrozenSight::clone(&self.frozen_sight);
        frozen.follow(invisible, &self.hidden_from, seen, now);
        self.frozen_sight = frozen.into();
    }

    /// Returns when this viewer last saw the user, before `shows_last_seen` reduces the precision.
    #[must_use]
    pub fn seen_by(&self, viewer: Option<&User>, last_login: Option<Timestamp>) -> Option<Timestamp> {
        self.frozen_sight.of(self.last_seen.max(last_login), viewer)
    }

    /// Moves a status to the front of the recent ones, without duplicates, and cuts the list to [`RECENT`].
    pub fn remember(&mut self, status: RecentStatus) {
        self.recent.retain(|other| *other != status);
        self.recent.insert(0, status);
        self.recent.truncate(RECENT);
    }
}

impl LastSeen {
    /// Returns the word in requests and responses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reduces a time to the precision that others may know.
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

/// The time at which a user was last seen, in the precision that the user allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SeenAt {
    /// The exact time, as the server knows it.
    Exactly(Timestamp),
    /// Only the span in which it was.
    Coarsely(SeenWithin),
}

/// A span of time that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum SeenWithin {
    /// The last 24 hours.
    #[serde(rename = "today")]
    Today,
    /// The last 7 days.
    #[serde(rename = "this week")]
    ThisWeek,
    /// Longer ago than 7 days.
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
            text: StatusText::restore(&text),
            emoji: None,
        };
        for number in 0..9 {
            kept.remember(recent(number.to_string()));
        }
        kept.remember(recent("5".into()));
        let texts: Vec<_> = kept.recent.iter().map(|recent| recent.text.as_str()).collect();
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
