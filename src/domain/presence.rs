//! A user's presence, computed from the live connections and the claims (`api.md` §6.4).

use super::{Claim, ClaimSource, Claims, Emoji, StatusText, StatusType, Timestamp};

/// The current presence of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The status that others see.
    pub status: StatusType,
    /// The status that follows from the live connections alone.
    pub connection: StatusType,
    /// The status of the visible claim; online without a claim.
    pub declared: StatusType,
    /// The status text; may be empty.
    pub text: StatusText,
    /// The emoji of the status.
    pub emoji: Option<Emoji>,
    /// The source of the visible claim, if there is one.
    pub source: Option<ClaimSource>,
    /// The end of the visible claim, if it has one.
    pub expires_at: Option<Timestamp>,
}

impl Presence {
    /// The presence of a user without connections and claims.
    pub const ABSENT: Self = Self {
        status: StatusType::Offline,
        connection: StatusType::Offline,
        declared: StatusType::Online,
        text: StatusText::EMPTY,
        emoji: None,
        source: None,
        expires_at: None,
    };

    /// Returns the presence that others see. For an offline or invisible user, everything but the text is hidden.
    #[must_use]
    pub fn for_others(&self) -> Self {
        if self.status == StatusType::Offline {
            Self {
                text: self.text.clone(),
                ..Self::ABSENT
            }
        } else {
            self.clone()
        }
    }

    /// Computes the presence from the connections and the claims. Without a connection, a claim that needs one leaves
    /// only its text visible. With `requires_connection`, all users without a connection are offline, as in
    /// Rocket.Chat since 8.6.
    #[must_use]
    pub fn of(connection: StatusType, claims: &Claims, requires_connection: bool) -> Self {
        let claim = claims.showing();
        let declared = claim.map_or(StatusType::Online, |claim| claim.status);
        // A user who declared online without a connection counts as connected.
        let counted = match connection {
            StatusType::Offline if claims.online_without_connection() => StatusType::Online,
            connection => connection,
        };
        let status = match (claim, counted) {
            _ if requires_connection && connection == StatusType::Offline => StatusType::Offline,
            (None, counted) => counted,
            (Some(claim), StatusType::Offline) if claim.needs_connection => StatusType::Offline,
            (Some(claim), counted) if claim.status == StatusType::Online && counted != StatusType::Offline => counted,
            (Some(claim), _) => claim.status,
        };
        Self {
            status,
            connection,
            declared,
            text: claim.map(|claim| claim.text.clone()).unwrap_or_default(),
            emoji: claim.and_then(|claim| claim.emoji.clone()),
            source: claim.map(|claim| claim.source),
            expires_at: claim.and_then(|claim: &Claim| claim.expires_at),
        }
    }
}

/// Combines the statuses of live connections: online if one of them is online, away if there are others, else offline.
#[must_use]
pub(crate) fn of_connections(connections: impl IntoIterator<Item = StatusType>) -> StatusType {
    connections
        .into_iter()
        .fold(StatusType::Offline, |all, one| match (all, one) {
            (StatusType::Online, _) | (_, StatusType::Online) => StatusType::Online,
            _ => StatusType::Away,
        })
}

#[cfg(test)]
mod tests {
    use super::StatusType::{Away, Busy, Offline, Online};
    use super::*;
    use crate::domain::Laying;

    /// Returns the status with a claim that was set with or without a connection.
    fn shows(connection: StatusType, declared: Option<(StatusType, bool)>, requires_connection: bool) -> StatusType {
        let mut claims = Claims::default();
        if let Some((status, connected)) = declared {
            let claim = Claim {
                status,
                text: StatusText::restore("in words"),
                emoji: None,
                source: ClaimSource::Manual,
                expires_at: None,
                id: None,
                needs_connection: false,
            };
            claims.lay(
                claim,
                Laying {
                    names_status: true,
                    connected,
                },
            );
        }
        let presence = Presence::of(connection, &claims, requires_connection);
        assert_eq!(presence.text.is_empty(), declared.is_none());
        presence.status
    }

    #[test]
    fn connections_count_together() {
        assert_eq!(of_connections([]), Offline);
        assert_eq!(of_connections([Away]), Away);
        assert_eq!(of_connections([Away, Online, Away]), Online);
    }

    #[test]
    fn what_was_declared_shows_over_the_connections_unless_it_is_online() {
        for connection in [Online, Away, Offline] {
            assert_eq!(shows(connection, None, false), connection);
            assert_eq!(shows(connection, None, true), connection);
            for connected in [true, false] {
                for declared in [Online, Busy, Away, Offline] {
                    let over = if declared == Online { connection } else { declared };
                    let expected = match (connection, connected) {
                        (Offline, true) => Offline,
                        (Offline, false) => declared,
                        _ => over,
                    };
                    assert_eq!(shows(connection, Some((declared, connected)), false), expected);
                    let newer = if connection == Offline { Offline } else { over };
                    assert_eq!(shows(connection, Some((declared, connected)), true), newer);
                }
            }
        }
    }

    #[test]
    fn online_without_a_connection_counts_as_one() {
        let mut claims = Claims::default();
        claims.declare_online(false);
        for (connection, requires_connection, expected) in
            [(Offline, false, Online), (Offline, true, Offline), (Away, false, Away)]
        {
            let presence = Presence::of(connection, &claims, requires_connection);
            assert_eq!((presence.status, presence.connection), (expected, connection));
            assert_eq!((presence.declared, presence.source), (Online, None));
        }
    }
}
