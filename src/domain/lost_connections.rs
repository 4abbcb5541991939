//! Connections that ended with the server, for clients that reconnect after a restart.

use super::{Timestamp, TokenHash, UserId};

/// The longest downtime, in milliseconds, after which a restarted server still expects lost connections to come back.
pub const RESTART_MILLIS: i64 = 60_000;

/// The connections of one login token at the end of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostConnections {
    /// The token of the connections; clients reconnect with the same token.
    pub token: TokenHash,
    /// The user of the token.
    pub user: UserId,
    /// The number of connections with the status online.
    pub online: u32,
    /// The number of connections with the status away.
    pub away: u32,
    /// The time at which the server ended.
    pub at: Timestamp,
}

impl LostConnections {
    /// Returns whether the server was down for at most [`RESTART_MILLIS`].
    #[must_use]
    pub const fn are_recent(&self, now: Timestamp) -> bool {
        // If the clock was set back, the end is in the future.
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
