//! Claims: what is said of a user's status, by whom, and until when (`api.md` §6.5).
//!
//! Where Rocket.Chat keeps one claim and at most one saved beneath it, claims here lie on each other:
//! lunch on vacation, and vacation shows again after lunch.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Emoji, StatusType, Timestamp};

/// Most claims of a user. One more pushes out the one that would show last of all.
pub const CLAIMS: usize = 32;

/// Who makes a claim. The highest shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClaimSource {
    /// Another program: a calendar, a telephone.
    External,
    /// The user.
    Manual,
    /// The server.
    Internal,
}

/// A status that somebody says a user has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What it says of presence.
    pub status: StatusType,
    /// The words that go with it, 120 characters at most; may be empty.
    pub text: String,
    /// The picture that goes with it.
    pub emoji: Option<Emoji>,
    /// Who makes it.
    pub source: ClaimSource,
    /// From when on it no longer counts; none is never.
    pub expires_at: Option<Timestamp>,
    /// What its maker calls it, to end or renew it.
    pub id: Option<String>,
}

/// The claims on a user's status. They lie by source, and those of one source by age; what lies on top
/// shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims(Vec<Claim>);

impl Claims {
    /// Takes back what was stored.
    pub(crate) const fn restore(bottom_up: Vec<Claim>) -> Self {
        Self(bottom_up)
    }

    /// All of them, from the bottom to the top.
    #[must_use]
    pub fn bottom_up(&self) -> &[Claim] {
        &self.0
    }

    /// Whether nobody claims anything.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The claim that shows. A user who made themselves invisible stays so, whatever others claim.
    #[must_use]
    pub fn showing(&self) -> Option<&Claim> {
        let invisible = |claim: &&Claim| claim.status == StatusType::Offline;
        self.newest_of(ClaimSource::Manual).filter(invisible).or(self.0.last())
    }

    fn newest_of(&self, source: ClaimSource) -> Option<&Claim> {
        self.0.iter().rev().find(|claim| claim.source == source)
    }

    /// Lays a claim on the others of its source. One with the same id is taken away first; one that
    /// says the same as the newest of its source changes nothing.
    pub fn lay(&mut self, claim: Claim) {
        if self.newest_of(claim.source) == Some(&claim) {
            return;
        }
        if claim.id.is_some() {
            self.0
                .retain(|other| (other.source, &other.id) != (claim.source, &claim.id));
        }
        let above = self.0.partition_point(|other| other.source <= claim.source);
        self.0.insert(above, claim);
        if self.0.len() > CLAIMS {
            self.0.remove(0);
        }
    }

    /// Ends the claim with this id, or the one that shows. Returns whether there was one.
    pub fn end(&mut self, id: Option<&str>) -> bool {
        let place = match id {
            Some(id) => self.0.iter().rposition(|claim| claim.id.as_deref() == Some(id)),
            None => self
                .showing()
                .and_then(|showing| self.0.iter().rposition(|claim| claim == showing)),
        };
        place.is_some_and(|place| {
            self.0.remove(place);
            true
        })
    }

    /// Ends all claims that the user made.
    pub fn clear_manual(&mut self) {
        self.0.retain(|claim| claim.source != ClaimSource::Manual);
    }

    /// Ends the claims whose time has come. Returns whether there were any.
    pub fn settle(&mut self, now: Timestamp) -> bool {
        let before = self.0.len();
        self.0.retain(|claim| claim.expires_at.is_none_or(|end| now < end));
        self.0.len() < before
    }

    /// When the first of them ends, if one does.
    #[must_use]
    pub fn next_end(&self) -> Option<Timestamp> {
        self.0.iter().filter_map(|claim| claim.expires_at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(status: StatusType, text: &str, source: ClaimSource) -> Claim {
        Claim {
            status,
            text: text.into(),
            emoji: None,
            source,
            expires_at: None,
            id: None,
        }
    }

    fn until(millis: i64, claim: Claim) -> Claim {
        Claim {
            expires_at: Some(Timestamp::from_millis(millis)),
            ..claim
        }
    }

    fn shows(claims: &Claims) -> &str {
        claims.showing().map_or("nothing", |claim| &claim.text)
    }

    #[test]
    fn what_lies_below_shows_again_with_its_own_text_and_end() {
        let mut claims = Claims::default();
        let vacation = until(100, claim(StatusType::Away, "vacation", ClaimSource::Manual));
        claims.lay(vacation.clone());
        claims.lay(until(10, claim(StatusType::Busy, "lunch", ClaimSource::Manual)));
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
        claims.lay(until(10, claim(StatusType::Away, "vacation", ClaimSource::Manual)));
        claims.lay(until(20, claim(StatusType::Busy, "lunch", ClaimSource::Manual)));
        claims.settle(Timestamp::from_millis(10));
        assert_eq!(shows(&claims), "lunch");
        claims.settle(Timestamp::from_millis(20));
        assert_eq!(shows(&claims), "nothing");
    }

    #[test]
    fn the_highest_source_shows_whichever_came_last() {
        let mut claims = Claims::default();
        claims.lay(claim(StatusType::Busy, "in a call", ClaimSource::Internal));
        claims.lay(claim(StatusType::Away, "lunch", ClaimSource::Manual));
        claims.lay(claim(StatusType::Busy, "meeting", ClaimSource::External));
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
        claims.lay(claim(StatusType::Offline, "invisible", ClaimSource::Manual));
        claims.lay(claim(StatusType::Busy, "in a call", ClaimSource::Internal));
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
        claims.lay(named("standup"));
        claims.lay(claim(StatusType::Away, "lunch", ClaimSource::Manual));
        claims.lay(named("planning"));
        assert_eq!(claims.bottom_up().len(), 2);
        assert!(claims.end(Some("meeting")));
        assert!(!claims.end(Some("meeting")));
        assert_eq!(shows(&claims), "lunch");
    }

    #[test]
    fn the_same_again_changes_nothing_and_one_too_many_pushes_out_the_lowest() {
        let mut claims = Claims::default();
        for _ in 0..2 {
            claims.lay(claim(StatusType::Busy, "lunch", ClaimSource::Manual));
        }
        assert_eq!(claims.bottom_up().len(), 1);
        for number in 0..CLAIMS {
            claims.lay(claim(StatusType::Busy, &number.to_string(), ClaimSource::Manual));
        }
        assert_eq!(claims.bottom_up().len(), CLAIMS);
        assert_eq!(claims.bottom_up()[0].text, "0");
    }
}
