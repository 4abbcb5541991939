//! Connections that ended with the server, for those who come back once it is there again.

use super::{Timestamp, TokenHash, UserId};

/// How long a server may have been away, in milliseconds, for its successor to take its users for people
/// who are about to come back.
pub const RESTART_MILLIS: i64 = 60_000;

/// The connections by one login token that were there when the server ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostConnections {
    /// The token they came by, and are to come back by.
    pub token: TokenHash,
    /// Whose they were.
    pub user: UserId,
    /// How many of them their users were at.
    pub online: u32,
    /// How many of them their users were away from.
    pub away: u32,
    /// When the server ended.
    pub at: Timestamp,
}

impl LostConnections {
    /// Whether the server was away so shortly that their users have not gone anywhere.
    #[must_use]
    pub const fn are_recent(&self, now: Timestamp) -> bool {
        // A clock that was set back makes the end lie ahead.
        (now.as_millis() - self.at.as_millis()).abs() <= RESTART_MILLIS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_recent_for_a_minute_whichever_way_the_clock_was_set() {
        let at = Timestamp::from_millis(1_800_000_000_000);
        let lost = LostConnections {
            token: TokenHash::new([7; 32]),
            user: UserId::new("rbAXPnMktTFbNpwtJ"),
            online: 1,
            away: 0,
            at,
        };
        for (millis, recent) in [
            (0, true),
            (60_000, true),
            (60_001, false),
            (-60_000, true),
            (-60_001, false),
        ] {
            assert_eq!(lost.are_recent(at.plus_millis(millis)), recent, "{millis}");
        }
    }
}
