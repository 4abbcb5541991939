//! The times of the last sign of life that a user's viewers may know, while the user hides from them.
//!
//! An invisible or hiding user must look like an offline user, whose last-seen time does not change. So that time is
//! stored when the hiding begins, and later signs of life stay hidden from these viewers.

use std::collections::BTreeMap;

use super::{Audience, RoleId, Timestamp, User, UserId};

/// The last-seen times of a user, each as of the moment when the hiding began.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct FrozenSight {
    /// The current invisibility, or the last one, as long as its signs of life must stay hidden.
    pub invisible: Option<Invisibility>,
    /// The last-seen time for each user from whom this user hides.
    pub users: BTreeMap<UserId, Option<Timestamp>>,
    /// The last-seen time for each role from whose holders this user hides.
    pub roles: BTreeMap<RoleId, Option<Timestamp>>,
}

/// A period in which a user was invisible to all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invisibility {
    /// The last sign of life before the period; `None` if there was none.
    pub last_seen: Option<Timestamp>,
    /// The end of the period; `None` while the user is invisible.
    pub until: Option<Timestamp>,
}

impl FrozenSight {
    /// Returns the state for a record of an older version, which stored no such times: the last-seen time stops at the
    /// last known sign of life.
    #[must_use]
    pub fn upgraded(invisible: bool, hidden_from: &Audience, last_seen: Option<Timestamp>) -> Self {
        let mut frozen = Self {
            invisible: invisible.then_some(Invisibility { last_seen, until: None }),
            ..Self::default()
        };
        frozen.follow_audience(hidden_from, last_seen);
        frozen
    }

    /// Updates the times after a change of invisibility or audience. `seen` is the last sign of life, hidden or not.
    pub(super) fn follow(&mut self, invisible: bool, hidden_from: &Audience, seen: Option<Timestamp>, now: Timestamp) {
        let lasts = self.invisible.is_some_and(|invisibility| invisibility.until.is_none());
        match &mut self.invisible {
            Some(invisibility) if lasts && !invisible => invisibility.until = Some(now),
            _ if invisible && !lasts => {
                let last_seen = self.of_all(seen);
                self.invisible = Some(Invisibility { last_seen, until: None });
            }
            // After a sign of life since the end, nothing has to stay hidden.
            Some(Invisibility { until: Some(until), .. }) if seen >= Some(*until) => self.invisible = None,
            _ => {}
        }
        let visible = self.of_all(seen);
        self.follow_audience(hidden_from, visible);
    }

    fn follow_audience(&mut self, hidden_from: &Audience, seen: Option<Timestamp>) {
        self.users.retain(|user, _| hidden_from.users.contains(user));
        self.roles.retain(|role, _| hidden_from.roles.contains(role));
        for user in &hidden_from.users {
            self.users.entry(user.clone()).or_insert(seen);
        }
        for role in &hidden_from.roles {
            self.roles.entry(role.clone()).or_insert(seen);
        }
    }

    /// Returns the last-seen time for viewers from whom the user does not hide.
    fn of_all(&self, seen: Option<Timestamp>) -> Option<Timestamp> {
        match self.invisible {
            Some(Invisibility { last_seen, until }) if until.is_none() || seen < until => last_seen,
            _ => seen,
        }
    }

    /// Returns the last-seen time for this viewer; without a viewer, the time for users from whom the user
    /// does not hide.
    #[must_use]
    pub fn of(&self, seen: Option<Timestamp>, viewer: Option<&User>) -> Option<Timestamp> {
        let seen = self.of_all(seen);
        let Some(viewer) = viewer else {
            return seen;
        };
        let roles = viewer.roles.iter().filter_map(|role| self.roles.get(role));
        let hidden = self.users.get(&viewer.id).into_iter().chain(roles);
        hidden.copied().fold(seen, Option::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::unnecessary_wraps, reason = "as the code under test has it")]
    fn at(millis: i64) -> Option<Timestamp> {
        Some(Timestamp::from_millis(millis))
    }

    fn follow(frozen: &mut FrozenSight, invisible: bool, seen: i64, now: i64) {
        frozen.follow(invisible, &Audience::default(), at(seen), Timestamp::from_millis(now));
    }

    #[test]
    fn the_time_stops_while_a_user_is_invisible_and_goes_on_with_the_next_sign_of_life() {
        let mut frozen = FrozenSight::default();
        follow(&mut frozen, true, 5, 6);
        assert_eq!(frozen.of(at(9), None), at(5));
        follow(&mut frozen, true, 9, 10);
        assert_eq!(frozen.of(at(11), None), at(5));
        follow(&mut frozen, false, 11, 12);
        assert_eq!(
            frozen.of(at(11), None),
            at(5),
            "a sign of life while invisible stays hidden"
        );
        assert_eq!(frozen.of(at(12), None), at(12));
        follow(&mut frozen, true, 11, 13);
        assert_eq!(
            frozen.of(at(14), None),
            at(5),
            "invisible again before any sign of life"
        );
        follow(&mut frozen, false, 14, 15);
        follow(&mut frozen, false, 15, 16);
        assert_eq!(frozen, FrozenSight::default());
    }

    #[test]
    fn each_viewer_keeps_the_moment_at_which_the_hiding_from_them_began() {
        let audience = |names: &[&str]| Audience {
            users: names.iter().map(|name| UserId::new(name)).collect(),
            roles: Vec::new(),
        };
        let mut frozen = FrozenSight::default();
        frozen.follow(false, &audience(&["eve"]), at(5), Timestamp::from_millis(5));
        frozen.follow(false, &audience(&["eve", "bob"]), at(9), Timestamp::from_millis(9));
        let of = |frozen: &FrozenSight, name: &str| frozen.users.get(&UserId::new(name)).copied();
        assert_eq!((of(&frozen, "eve"), of(&frozen, "bob")), (Some(at(5)), Some(at(9))));
        frozen.follow(false, &audience(&["bob"]), at(12), Timestamp::from_millis(12));
        assert_eq!((of(&frozen, "eve"), of(&frozen, "bob")), (None, Some(at(9))));
    }
}
