//! The live connections of a user at one server, as the other servers of a cluster learn of them.

use super::{StatusType, TokenHash};

/// The live connections of a user at one server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserConnections {
    /// The number of connections with the status online.
    pub online: u32,
    /// The number of connections with the status away.
    pub away: u32,
    /// The lost connections among them, which count for some seconds: the token, and the status. A client that
    /// reconnects elsewhere goes on with the status.
    pub lost: Vec<(TokenHash, StatusType)>,
}

impl UserConnections {
    /// Returns whether the user has no connection at the server.
    #[must_use]
    pub const fn are_none(&self) -> bool {
        self.online == 0 && self.away == 0
    }

    /// Returns a status for each kind of connection that there is.
    pub fn statuses(&self) -> impl Iterator<Item = StatusType> {
        let online = (self.online > 0).then_some(StatusType::Online);
        let away = (self.away > 0).then_some(StatusType::Away);
        online.into_iter().chain(away)
    }
}
