//! Claims: a user's statuses, each with its source and maybe an end (`api.md` §6.5).
//!
//! Rocket.Chat stores one claim and at most one saved claim below it. Here claims form a stack: a user on vacation sets
//! a lunch status, and after lunch the vacation is visible again.
//!
//! How long a claim is visible:
//! - A claim with an end is visible until its end.
//! - A claim without an end that was set while its user had a live connection is visible only while there is a
//!   connection. Without one the user is offline, and only the text is visible.
//! - A claim without an end that was set without a connection is *standing*: it is visible until the user's last token
//!   ends or the account is deactivated. Then it is removed.
//! - A user who declares online without a connection, and without text, gets no claim. The user counts as connected
//!   until the first connection begins.
//!
//! In all cases a newer claim may cover it, or the client that set it may end it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Emoji, StatusText, StatusType, Timestamp};

/// The maximum number of claims per user. Beyond it, the lowest claim is removed.
pub(crate) const CLAIMS: usize = 32;

/// The source of a claim. `internal` covers `manual`, and `manual` covers `external`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClaimSource {
    /// Another program, for example a calendar or a telephone.
    External,
    /// The user, or an administrator for the user.
    Manual,
    /// The server itself; it has the highest rank.
    Internal,
}

/// One status of a user, as one source claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The presence that the claim sets.
    pub status: StatusType,
    /// The status text, at most 120 characters; may be empty.
    pub text: StatusText,
    /// The emoji of the status.
    pub emoji: Option<Emoji>,
    /// The source of the claim.
    pub source: ClaimSource,
    /// The time at which the claim ends; `None` if it has no end.
    pub expires_at: Option<Timestamp>,
    /// The id that the client chose, to end or renew the claim.
    pub id: Option<String>,
    /// `true` if the claim is visible only while its user counts as connected.
    pub needs_connection: bool,
}

impl Claim {
    /// Returns whether the claim is visible without a connection and has no end.
    fn stands(&self) -> bool {
        !self.needs_connection && self.expires_at.is_none()
    }
}

/// The circumstances of a new claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Laying {
    /// `true` if the request names a status. Otherwise the claim takes the visible status.
    pub names_status: bool,
    /// `true` if the user has a live connection.
    pub connected: bool,
}

/// A stack of claims, ordered by source, then by age. The top claim is the visible one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    bottom_up: Vec<Claim>,
    /// `true` after the user declared online without a connection, until the next connection begins.
    online: bool,
}

impl Claims {
    /// Restores stored claims.
    pub(crate) const fn restore(bottom_up: Vec<Claim>, online: bool) -> Self {
        Self { bottom_up, online }
    }

    /// Returns all claims, from the bottom to the top.
    #[must_use]
    pub fn bottom_up(&self) -> &[Claim] {
        &self.bottom_up
    }

    /// Returns whether the user declared online without a connection, and no connection has begun since.
    #[must_use]
    pub const fn online_without_connection(&self) -> bool {
        self.online
    }

    /// Returns whether the user has no claim and did not declare online. Such a user is only visible with a connection.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.bottom_up.is_empty() && !self.online
    }

    /// Returns the visible claim. An invisible user stays invisible, whatever other sources claim.
    #[must_use]
    pub fn showing(&self) -> Option<&Claim> {
        let invisible = |claim: &&Claim| claim.status == StatusType::Offline;
        let manual = self.newest_of(ClaimSource::Manual);
        manual.filter(invisible).or(self.bottom_up.last())
    }

    fn newest_of(&self, source: ClaimSource) -> Option<&Claim> {
        self.bottom_up.iter().rev().find(|claim| claim.source == source)
    }

    /// Pushes a claim above the others with the same source, and decides whether it needs a connection. A claim with
    /// the same source and id is removed first. If the claim equals the newest one of its source, only
    /// `needs_connection` of that one changes.
    pub fn lay(&mut self, claim: Claim, laying: Laying) {
        let claim = Claim {
            needs_connection: self.needs_connection(&claim, laying),
            ..claim
        };
        let newest = self
            .bottom_up
            .iter_mut()
            .rev()
            .find(|other| other.source == claim.source);
        if let Some(newest) = newest {
            let same = Claim {
                needs_connection: newest.needs_connection,
                ..claim.clone()
            };
            if *newest == same {
                newest.needs_connection = claim.needs_connection;
                return;
            }
        }
        if claim.id.is_some() {
            self.bottom_up
                .retain(|other| (other.source, &other.id) != (claim.source, &claim.id));
        }
        let above = self.bottom_up.partition_point(|other| other.source <= claim.source);
        self.bottom_up.insert(above, claim);
        if self.bottom_up.len() > CLAIMS {
            self.bottom_up.remove(0);
        }
    }

    /// Returns whether a new claim is visible only while its user counts as connected. Text alone does not make an
    /// offline user visible: without a connection it lasts as long as the status below it.
    fn needs_connection(&self, new: &Claim, laying: Laying) -> bool {
        let while_connected = laying.connected && new.expires_at.is_none();
        match self.showing() {
            _ if laying.names_status => while_connected,
            None => true,
            Some(said_of) if laying.connected && said_of.status != StatusType::Online => while_connected,
            Some(said_of) => said_of.needs_connection || while_connected,
        }
    }

    /// Declares the user online: ends all manual claims. Without a connection the user counts as connected until the
    /// first connection begins.
    pub fn declare_online(&mut self, connected: bool) {
        self.clear_manual();
        self.online = !connected;
    }

    /// Records that a connection has begun. Returns whether that changes anything.
    pub fn begin_connection(&mut self) -> bool {
        std::mem::take(&mut self.online)
    }

    /// Returns whether there is a standing claim, or the user declared online without a connection.
    #[must_use]
    pub fn stand(&self) -> bool {
        self.online || self.bottom_up.iter().any(Claim::stands)
    }

    /// Ends everything that lasts without a connection, because the user's last token has ended or the account is
    /// deactivated. Returns whether anything changed.
    pub fn end_standing(&mut self) -> bool {
        let stood = self.stand();
        self.online = false;
        self.bottom_up.retain(|claim| !claim.stands());
        stood
    }

    /// Ends the claim with this id; without an id the visible claim; without claims the declaration of being online.
    /// Returns whether anything changed.
    pub fn end(&mut self, id: Option<&str>) -> bool {
        let place = match (id, self.showing()) {
            (Some(id), _) => self.bottom_up.iter().rposition(|claim| claim.id.as_deref() == Some(id)),
            (None, Some(showing)) => self.bottom_up.iter().rposition(|claim| claim == showing),
            (None, None) => return std::mem::take(&mut self.online),
        };
        place.is_some_and(|place| {
            self.bottom_up.remove(place);
            true
        })
    }

    /// Returns what is left when the claim that shows ends.
    #[must_use]
    pub fn without_showing(&self) -> Self {
        let mut left = self.clone();
        left.end(None);
        left
    }

    /// Ends all manual claims.
    pub fn clear_manual(&mut self) {
        self.bottom_up.retain(|claim| claim.source != ClaimSource::Manual);
    }

    /// Removes the claims whose end has passed. Returns whether there were any.
    pub fn settle(&mut self, now: Timestamp) -> bool {
        let before = self.bottom_up.len();
        self.bottom_up
            .retain(|claim| claim.expires_at.is_none_or(|end| now < end));
        self.bottom_up.len() < before
    }

    /// Returns the earliest end of all claims.
    #[must_use]
    pub fn next_end(&self) -> Option<Timestamp> {
        self.bottom_up.iter().filter_map(|claim| claim.expires_at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(status: StatusType, text: &str, source: ClaimSource) -> Claim {
        Claim {
            status,
            text: StatusText::restore(text),
            emoji: None,
            source,
            expires_at: None,
            id: None,
            needs_connection: false,
        }
    }

    const ALONE: Laying = Laying {
        names_status: true,
        connected: false,
    };

    const CONNECTED: Laying = Laying {
        names_status: true,
        connected: true,
    };

    fn words(connected: bool) -> Laying {
        Laying {
            names_status: false,
            connected,
        }
    }

    fn until(millis: i64, claim: Claim) -> Claim {
        Claim {
            expires_at: Some(Timestamp::from_millis(millis)),
            ..claim
        }
    }

    fn shows(claims: &Claims) -> &str {
        claims.showing().map_or("nothing", |claim| claim.text.as_str())
    }

    #[test]
    fn what_lies_below_shows_again_with_its_own_text_and_end() {
        let mut claims = Claims::default();
        let vacation = until(100, claim(StatusType::Away, "vacation", ClaimSource::Manual));
        claims.lay(vacation.clone(), ALONE);
        claims.lay(until(10, claim(StatusType::Busy, "lunch", ClaimSource::Manual)), ALONE);
        assert_eq!(shows(&claims), "lunch");
        assert_eq!(claims.next_end(), Some(Timestamp::from_millis(10)));
        assert!(!claims.settle(Timestamp::from_millis(9)));
        assert!(claims.settle(Timestamp::from_millis(10)));
        assert_eq!(claims.showing(), Some(&vacation));
        assert!(claims.settle(Timestamp::from_millis(100)));
        assert_eq!(claims, Claims::default());
    }

    #[test]
    fn what_ends_below_never_shows() {
        let mut claims = Claims::default();
        claims.lay(
            until(10, claim(StatusType::Away, "vacation", ClaimSource::Manual)),
            ALONE,
        );
        claims.lay(until(20, claim(StatusType::Busy, "lunch", ClaimSource::Manual)), ALONE);
        claims.settle(Timestamp::from_millis(10));
        assert_eq!(shows(&claims), "lunch");
        claims.settle(Timestamp::from_millis(20));
        assert_eq!(shows(&claims), "nothing");
    }

    #[test]
    fn the_highest_source_shows_whichever_came_last() {
        let mut claims = Claims::default();
        claims.lay(claim(StatusType::Busy, "in a call", ClaimSource::Internal), ALONE);
        claims.lay(claim(StatusType::Away, "lunch", ClaimSource::Manual), ALONE);
        claims.lay(claim(StatusType::Busy, "meeting", ClaimSource::External), ALONE);
        assert_eq!(shows(&claims), "in a call");
        assert!(claims.end(None));
        assert_eq!(shows(&claims), "lunch");
        claims.clear_manual();
        assert_eq!(shows(&claims), "meeting");
        assert!(claims.end(None));
        assert!(!claims.end(None));
    }

    #[test]
    fn who_is_invisible_stays_so() {
        let mut claims = Claims::default();
        claims.lay(claim(StatusType::Offline, "invisible", ClaimSource::Manual), ALONE);
        claims.lay(claim(StatusType::Busy, "in a call", ClaimSource::Internal), ALONE);
        assert_eq!(shows(&claims), "invisible");
        claims.clear_manual();
        assert_eq!(shows(&claims), "in a call");
    }

    #[test]
    fn a_claim_is_renewed_and_ended_by_its_id_wherever_it_lies() {
        let named = |text: &str| Claim {
            id: Some("meeting".into()),
            ..claim(StatusType::Busy, text, ClaimSource::External)
        };
        let mut claims = Claims::default();
        claims.lay(named("standup"), ALONE);
        claims.lay(claim(StatusType::Away, "lunch", ClaimSource::Manual), ALONE);
        claims.lay(named("planning"), ALONE);
        assert_eq!(claims.bottom_up().len(), 2);
        assert!(claims.end(Some("meeting")));
        assert!(!claims.end(Some("meeting")));
        assert_eq!(shows(&claims), "lunch");
    }

    #[test]
    fn the_same_again_changes_nothing_and_one_too_many_pushes_out_the_lowest() {
        let mut claims = Claims::default();
        for _ in 0..2 {
            claims.lay(claim(StatusType::Busy, "lunch", ClaimSource::Manual), ALONE);
        }
        assert_eq!(claims.bottom_up().len(), 1);
        for number in 0..CLAIMS {
            claims.lay(claim(StatusType::Busy, &number.to_string(), ClaimSource::Manual), ALONE);
        }
        assert_eq!(claims.bottom_up().len(), CLAIMS);
        assert_eq!(claims.bottom_up()[0].text.as_str(), "0");
    }

    #[test]
    fn a_claim_lasts_as_long_as_what_it_was_laid_with() {
        let busy = || claim(StatusType::Busy, "in a call", ClaimSource::Manual);
        for (new, laying, needs_connection) in [
            (busy(), CONNECTED, true),
            (busy(), ALONE, false),
            (until(9, busy()), CONNECTED, false),
            (until(9, busy()), ALONE, false),
            // Text alone declares no presence, with an end or without.
            (busy(), words(false), true),
            (busy(), words(true), true),
            (until(9, busy()), words(false), true),
            (until(9, busy()), words(true), true),
        ] {
            let mut claims = Claims::default();
            claims.lay(new.clone(), laying);
            let found = claims.bottom_up()[0].needs_connection;
            assert_eq!(found, needs_connection, "{new:?} {laying:?}");
        }
    }

    #[test]
    fn words_last_as_long_as_the_status_that_they_are_said_of() {
        let busy = |text: &str| claim(StatusType::Busy, text, ClaimSource::Manual);
        for (below, new, laying, needs_connection) in [
            (ALONE, busy("words"), words(false), false),
            (ALONE, busy("words"), words(true), true),
            (ALONE, until(9, busy("words")), words(true), false),
            (CONNECTED, busy("words"), words(false), true),
            (CONNECTED, until(9, busy("words")), words(false), true),
            (CONNECTED, until(9, busy("words")), words(true), false),
        ] {
            let mut claims = Claims::default();
            claims.lay(busy("below"), below);
            claims.lay(new, laying);
            let found = claims.showing().map(|claim| claim.needs_connection);
            assert_eq!(found, Some(needs_connection), "{below:?} {laying:?}");
        }
    }

    #[test]
    fn the_same_again_lasts_as_long_as_the_last_time_it_was_said() {
        let mut claims = Claims::default();
        let busy = || claim(StatusType::Busy, "in a call", ClaimSource::Manual);
        claims.lay(busy(), ALONE);
        assert!(claims.stand());
        claims.lay(busy(), CONNECTED);
        assert_eq!((claims.bottom_up().len(), claims.stand()), (1, false));
    }

    #[test]
    fn what_stands_ends_with_the_last_token_and_the_rest_stays() {
        let mut claims = Claims::default();
        claims.lay(claim(StatusType::Busy, "connected", ClaimSource::Manual), CONNECTED);
        claims.lay(until(9, claim(StatusType::Busy, "ends", ClaimSource::Manual)), ALONE);
        let before = claims.clone();
        assert!(!claims.end_standing());
        claims.lay(claim(StatusType::Busy, "stands", ClaimSource::External), ALONE);
        assert!(claims.end_standing());
        assert_eq!(claims, before);
    }

    #[test]
    fn online_without_a_connection_lasts_until_the_first_one_begins() {
        let mut claims = Claims::default();
        claims.lay(claim(StatusType::Busy, "lunch", ClaimSource::Manual), ALONE);
        claims.declare_online(false);
        assert!(claims.online_without_connection() && claims.stand() && claims.showing().is_none());
        assert!(claims.begin_connection() && !claims.begin_connection());
        claims.declare_online(true);
        assert_eq!(claims, Claims::default());
        let ends: [fn(&mut Claims) -> bool; 2] = [Claims::end_standing, |claims| claims.end(None)];
        for end in ends {
            claims.declare_online(false);
            assert!(end(&mut claims) && !end(&mut claims));
        }
    }
}
