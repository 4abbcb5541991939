//! The stored form of users' statuses, and the snapshot's look-ups for them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::custom_statuses::{status_byte, status_of};
use super::{Record, Table};
use crate::domain::frozen_sight::Invisibility;
use crate::domain::rare::Rare;
use crate::domain::{
    Audience, Claim, ClaimSource, Claims, Emoji, FrozenSight, LastSeen, RecentStatus, RoleId, StatusText, StatusType,
    Timestamp, UserId, UserStatus,
};
use crate::store::codec::{self, Damage};
use crate::store::snapshot::Snapshot;

/// Version 3 of a stored status. Never changes.
#[derive(Serialize, Deserialize)]
struct UserStatusV3 {
    second: UserStatusV2,
    /// One value per claim, in the same order.
    needs_connection: Vec<bool>,
    online_without_connection: bool,
}

/// Version 2 of a stored status. Never changes.
#[derive(Serialize, Deserialize)]
struct UserStatusV2 {
    first: UserStatusV1,
    /// The time the user was last seen before the invisibility, and the time the invisibility ended.
    invisible: Option<(Option<i64>, Option<i64>)>,
    users_saw_last: Vec<(UserId, Option<i64>)>,
    roles_saw_last: Vec<(RoleId, Option<i64>)>,
}

/// Version 1 of a stored status. Never changes.
#[derive(Serialize, Deserialize)]
struct UserStatusV1 {
    user: UserId,
    claims: Vec<ClaimV1>,
    recent: Vec<RecentV1>,
    last_seen: Option<i64>,
    shows_last_seen: u8,
    hidden_from_users: Vec<UserId>,
    hidden_from_roles: Vec<RoleId>,
}

#[derive(Serialize, Deserialize)]
struct ClaimV1 {
    status: u8,
    text: String,
    emoji: Option<String>,
    source: u8,
    expires_at: Option<i64>,
    id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RecentV1 {
    status: u8,
    text: String,
    emoji: Option<String>,
}

impl Record for UserStatus {
    const TABLE: Table = Table::UserStatuses;
    const VERSION: u8 = 3;

    fn key(&self) -> Vec<u8> {
        self.user.as_str().into()
    }

    fn encode(&self) -> Vec<u8> {
        let emoji = |emoji: &Option<Emoji>| emoji.as_ref().map(ToString::to_string);
        let claim = |claim: &Claim| ClaimV1 {
            status: status_byte(claim.status),
            text: claim.text.to_string(),
            emoji: emoji(&claim.emoji),
            source: source_byte(claim.source),
            expires_at: claim.expires_at.map(Timestamp::as_millis),
            id: claim.id.clone(),
        };
        let recent = |recent: &RecentStatus| RecentV1 {
            status: status_byte(recent.status),
            text: recent.text.to_string(),
            emoji: emoji(&recent.emoji),
        };
        let first = UserStatusV1 {
            user: self.user.clone(),
            claims: self.claims.bottom_up().iter().map(claim).collect(),
            recent: self.recent.iter().map(recent).collect(),
            last_seen: self.last_seen.map(Timestamp::as_millis),
            shows_last_seen: match self.shows_last_seen {
                LastSeen::Exact => 0,
                LastSeen::Coarse => 1,
                LastSeen::Hidden => 2,
            },
            hidden_from_users: self.hidden_from.users.clone(),
            hidden_from_roles: self.hidden_from.roles.clone(),
        };
        let millis = |moment: Option<Timestamp>| moment.map(Timestamp::as_millis);
        let frozen = &self.frozen_sight;
        let second = UserStatusV2 {
            first,
            invisible: frozen
                .invisible
                .map(|invisible| (millis(invisible.last_seen), millis(invisible.until))),
            users_saw_last: frozen
                .users
                .iter()
                .map(|(id, seen)| (id.clone(), millis(*seen)))
                .collect(),
            roles_saw_last: frozen
                .roles
                .iter()
                .map(|(id, seen)| (id.clone(), millis(*seen)))
                .collect(),
        };
        let claims = self.claims.bottom_up().iter();
        let stored = UserStatusV3 {
            second,
            needs_connection: claims.map(|claim| claim.needs_connection).collect(),
            online_without_connection: self.claims.online_without_connection(),
        };
        codec::seal(Self::TABLE, self.user.as_str().as_bytes(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => codec::decode::<UserStatusV1>(body)?.upgraded(),
            2 => codec::decode::<UserStatusV2>(body)?.into_status(),
            3 => codec::decode::<UserStatusV3>(body)?.into_status(),
            found => Err(Damage::Version {
                found,
                known: Self::VERSION,
            }),
        }
    }
}

impl UserStatusV3 {
    fn into_status(self) -> Result<UserStatus, Damage> {
        let status = self.second.into_status()?;
        let claims = status.claims.bottom_up();
        if claims.len() != self.needs_connection.len() {
            return Err(Damage::Body(
                "it does not say of each claim whether it needs a connection".into(),
            ));
        }
        let claim = |(claim, needs_connection): (&Claim, bool)| Claim {
            needs_connection,
            ..claim.clone()
        };
        let claims = claims.iter().zip(self.needs_connection).map(claim).collect();
        Ok(UserStatus {
            claims: Claims::restore(claims, self.online_without_connection),
            ..status
        })
    }
}

impl UserStatusV2 {
    fn into_status(self) -> Result<UserStatus, Damage> {
        let moment = |millis: Option<i64>| millis.map(Timestamp::from_millis);
        let invisibility = |(last_seen, until)| Invisibility {
            last_seen: moment(last_seen),
            until: moment(until),
        };
        let users = self.users_saw_last.into_iter().map(|(id, seen)| (id, moment(seen)));
        let roles = self.roles_saw_last.into_iter().map(|(id, seen)| (id, moment(seen)));
        Ok(UserStatus {
            frozen_sight: FrozenSight {
                invisible: self.invisible.map(invisibility),
                users: users.collect(),
                roles: roles.collect(),
            }
            .into(),
            ..self.first.into_status()?
        })
    }
}

impl UserStatusV1 {
    /// Decodes a status of version 1, which did not store when a user began to hide.
    fn upgraded(self) -> Result<UserStatus, Damage> {
        let mut status = self.into_status()?;
        status.frozen_sight =
            FrozenSight::upgraded(status.is_invisible(), &status.hidden_from, status.last_seen).into();
        Ok(status)
    }

    fn into_status(self) -> Result<UserStatus, Damage> {
        let emoji = |text: Option<String>| text.as_deref().map(Emoji::restore);
        let claim = |stored: ClaimV1| {
            Ok(Claim {
                status: status_of(stored.status)?,
                text: StatusText::restore(&stored.text),
                emoji: emoji(stored.emoji),
                source: source_of(stored.source)?,
                expires_at: stored.expires_at.map(Timestamp::from_millis),
                id: stored.id,
                // Before version 3, a claim was visible without a connection unless it was online.
                needs_connection: stored.status == status_byte(StatusType::Online),
            })
        };
        let recent = |stored: RecentV1| {
            Ok(RecentStatus {
                status: status_of(stored.status)?,
                text: StatusText::restore(&stored.text),
                emoji: emoji(stored.emoji),
            })
        };
        let claims: Result<_, Damage> = self.claims.into_iter().map(claim).collect();
        let recent: Result<_, Damage> = self.recent.into_iter().map(recent).collect();
        Ok(UserStatus {
            user: self.user,
            claims: Claims::restore(claims?, false),
            recent: recent?,
            last_seen: self.last_seen.map(Timestamp::from_millis),
            shows_last_seen: match self.shows_last_seen {
                0 => LastSeen::Exact,
                1 => LastSeen::Coarse,
                2 => LastSeen::Hidden,
                byte => return Err(Damage::Body(format!("{byte} says nothing of being seen"))),
            },
            hidden_from: Audience {
                users: self.hidden_from_users,
                roles: self.hidden_from_roles,
            }
            .into(),
            frozen_sight: Rare::default(),
        })
    }
}

const fn source_byte(source: ClaimSource) -> u8 {
    match source {
        ClaimSource::External => 1,
        ClaimSource::Manual => 2,
        ClaimSource::Internal => 3,
    }
}

fn source_of(byte: u8) -> Result<ClaimSource, Damage> {
    match byte {
        1 => Ok(ClaimSource::External),
        2 => Ok(ClaimSource::Manual),
        3 => Ok(ClaimSource::Internal),
        _ => Err(Damage::Body(format!("{byte} is no source of a claim"))),
    }
}

impl Snapshot {
    /// Returns the stored status of a user, if there is one.
    #[must_use]
    pub fn user_status(&self, user: &UserId) -> Option<&Arc<UserStatus>> {
        self.user_statuses.get(user)
    }

    /// Returns the stored statuses of all users.
    #[must_use]
    pub fn user_statuses(&self) -> impl ExactSizeIterator<Item = &Arc<UserStatus>> {
        self.user_statuses.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Laying;

    #[test]
    fn a_status_is_found_again_as_it_was_stored() {
        let mut status = UserStatus::of(&UserId::new("rbAXPnMktTFbNpwtJ"));
        let call = Claim {
            status: StatusType::Busy,
            text: StatusText::restore("in a call"),
            emoji: Some(Emoji::restore("☎")),
            source: ClaimSource::Internal,
            expires_at: Some(Timestamp::from_millis(9)),
            id: Some("call".into()),
            needs_connection: false,
        };
        let lunch = Claim {
            expires_at: None,
            id: None,
            ..call.clone()
        };
        let laying = Laying {
            names_status: true,
            connected: true,
        };
        status.claims.declare_online(false);
        status.claims.lay(call, laying);
        status.claims.lay(lunch, laying);
        status.remember(RecentStatus {
            status: StatusType::Away,
            text: StatusText::restore("tea"),
            emoji: Some(Emoji::restore("🍵")),
        });
        status.last_seen = Some(Timestamp::from_millis(7));
        status.shows_last_seen = LastSeen::Coarse;
        status.hidden_from = Audience {
            users: vec![UserId::new("eve")],
            roles: vec![RoleId::new("guest")],
        }
        .into();
        status.follow_hiding(None, Timestamp::from_millis(8));
        status.frozen_sight = FrozenSight {
            invisible: Some(Invisibility {
                last_seen: None,
                until: Some(Timestamp::from_millis(5)),
            }),
            ..FrozenSight::clone(&status.frozen_sight)
        }
        .into();
        assert_eq!(UserStatus::decode(&status.key(), &status.encode()), Ok(status));
    }

    #[test]
    fn a_status_of_version_1_is_upgraded_and_the_time_of_who_hides_stops_there() {
        let offline = ClaimV1 {
            status: status_byte(StatusType::Offline),
            text: String::new(),
            emoji: None,
            source: 2,
            expires_at: None,
            id: None,
        };
        let old = UserStatusV1 {
            user: UserId::new("ada"),
            claims: vec![offline],
            recent: Vec::new(),
            last_seen: Some(7),
            shows_last_seen: 0,
            hidden_from_users: vec![UserId::new("eve")],
            hidden_from_roles: vec![RoleId::new("guest")],
        };
        let bytes = codec::seal(Table::UserStatuses, b"ada", 1, &old);
        let status = UserStatus::decode(b"ada", &bytes).expect("a status");
        let seven = Some(Timestamp::from_millis(7));
        assert_eq!(status.seen_by(None, Some(Timestamp::from_millis(9))), seven);
        assert_eq!(status.frozen_sight.users[&UserId::new("eve")], seven);
        assert_eq!(status.frozen_sight.roles[&RoleId::new("guest")], seven);
        assert_ne!(status.encode(), bytes, "it is written in the newest version");
    }

    #[test]
    fn a_claim_of_version_2_shows_without_a_connection_as_it_did_then() {
        let claim = |status| ClaimV1 {
            status: status_byte(status),
            text: "words".into(),
            emoji: None,
            source: 2,
            expires_at: None,
            id: None,
        };
        let old = UserStatusV2 {
            first: UserStatusV1 {
                user: UserId::new("ada"),
                claims: vec![claim(StatusType::Online), claim(StatusType::Busy)],
                recent: Vec::new(),
                last_seen: None,
                shows_last_seen: 0,
                hidden_from_users: Vec::new(),
                hidden_from_roles: Vec::new(),
            },
            invisible: None,
            users_saw_last: Vec::new(),
            roles_saw_last: Vec::new(),
        };
        let bytes = codec::seal(Table::UserStatuses, b"ada", 2, &old);
        let status = UserStatus::decode(b"ada", &bytes).expect("a status");
        let needs_connection: Vec<_> = status
            .claims
            .bottom_up()
            .iter()
            .map(|claim| claim.needs_connection)
            .collect();
        assert_eq!(needs_connection, [true, false]);
        assert!(!status.claims.online_without_connection());
        assert_ne!(status.encode(), bytes, "it is written in the newest version");
    }
}
