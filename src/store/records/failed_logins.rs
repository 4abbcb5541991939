//! The stored form of failed logins, and the snapshot's look-ups for them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::{FailedLogins, FailureGroup, Failures, LockoutKey, SourceAddress, Timestamp, UserId};
use crate::store::codec::{self, Damage};
use crate::store::snapshot::Snapshot;

/// Version 3 of stored failed logins. Never changes.
#[derive(Serialize, Deserialize)]
struct FailedLoginsV3 {
    of: SuspectV3,
    groups: Vec<FailureGroupV2>,
}

#[derive(Serialize, Deserialize)]
enum SuspectV3 {
    User(UserId),
    Address(IpAddr),
    Proof(UserId),
}

/// Version 2 of stored failed logins. Never changes.
#[derive(Serialize, Deserialize)]
struct FailedLoginsV2 {
    of: SuspectV1,
    groups: Vec<FailureGroupV2>,
}

#[derive(Serialize, Deserialize)]
struct FailureGroupV2 {
    first_at: i64,
    last_at: i64,
    count: u32,
}

/// Version 1 of stored failed logins. Never changes.
#[derive(Serialize, Deserialize)]
struct FailedLoginsV1 {
    of: SuspectV1,
    count: u32,
    last_at: i64,
}

#[derive(Serialize, Deserialize)]
enum SuspectV1 {
    User(UserId),
    Address(IpAddr),
}

impl From<SuspectV3> for LockoutKey {
    fn from(stored: SuspectV3) -> Self {
        match stored {
            SuspectV3::User(id) => Self::User(id),
            SuspectV3::Address(address) => Self::Address(SourceAddress::from_store(address)),
            SuspectV3::Proof(id) => Self::Proof(id),
        }
    }
}

impl From<FailedLoginsV2> for FailedLoginsV3 {
    fn from(old: FailedLoginsV2) -> Self {
        Self {
            of: match old.of {
                SuspectV1::User(id) => SuspectV3::User(id),
                SuspectV1::Address(address) => SuspectV3::Address(address),
            },
            groups: old.groups,
        }
    }
}

impl From<FailedLoginsV1> for FailedLoginsV2 {
    fn from(old: FailedLoginsV1) -> Self {
        let group = FailureGroupV2 {
            first_at: old.last_at,
            last_at: old.last_at,
            count: old.count,
        };
        Self {
            of: old.of,
            groups: vec![group],
        }
    }
}

impl From<FailedLoginsV3> for FailedLogins {
    fn from(stored: FailedLoginsV3) -> Self {
        let groups = stored.groups.into_iter().map(|group| FailureGroup {
            first_at: Timestamp::from_millis(group.first_at),
            last_at: Timestamp::from_millis(group.last_at),
            count: group.count,
        });
        Self {
            of: stored.of.into(),
            failures: Failures::new(groups.collect()),
        }
    }
}

impl Record for FailedLogins {
    const TABLE: Table = Table::FailedLogins;
    const VERSION: u8 = 3;

    fn key(&self) -> Vec<u8> {
        self.of.to_string().into()
    }

    fn encode(&self) -> Vec<u8> {
        let groups = self.failures.groups().iter().map(|group| FailureGroupV2 {
            first_at: group.first_at.as_millis(),
            last_at: group.last_at.as_millis(),
            count: group.count,
        });
        let stored = FailedLoginsV3 {
            of: match &self.of {
                LockoutKey::User(id) => SuspectV3::User(id.clone()),
                LockoutKey::Address(address) => SuspectV3::Address(address.address()),
                LockoutKey::Proof(id) => SuspectV3::Proof(id.clone()),
            },
            groups: groups.collect(),
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => {
                codec::decode::<FailedLoginsV1>(body).map(|old| FailedLoginsV3::from(FailedLoginsV2::from(old)).into())
            }
            2 => codec::decode::<FailedLoginsV2>(body).map(|old| FailedLoginsV3::from(old).into()),
            3 => codec::decode::<FailedLoginsV3>(body).map(Into::into),
            found => Err(Damage::Version {
                found,
                known: Self::VERSION,
            }),
        }
    }
}

impl Snapshot {
    /// Returns the failed logins of a user or an address since its last success, if there are any.
    #[must_use]
    pub fn failed_logins(&self, of: &LockoutKey) -> Option<&FailedLogins> {
        self.failed_logins.get(of.to_string().as_str())
    }

    /// Returns the failed logins of all users and addresses.
    pub fn all_failed_logins(&self) -> impl Iterator<Item = &FailedLogins> {
        self.failed_logins.values()
    }

    /// Returns the failed logins of all users. Does not read those of addresses, because strangers can create many of
    /// them.
    pub fn failed_logins_of_users(&self) -> impl Iterator<Item = &FailedLogins> {
        // The prefixes of their keys (`LockoutKey` as text), each with the end of its range: `!` is the character after
        // the space.
        let beginnings = [("proof ", "proof!"), ("user ", "user!")];
        let range = |(from, to): (&str, &str)| self.failed_logins.range(from.to_owned()..to.to_owned());
        beginnings.map(range).into_iter().flatten().map(|(_, failed)| failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_version_2_and_of_proofs_keep_their_key_and_count() {
        let ada = UserId::new("ada");
        let group = FailureGroupV2 {
            first_at: 1,
            last_at: 2,
            count: 3,
        };
        let old = FailedLoginsV2 {
            of: SuspectV1::User(ada.clone()),
            groups: vec![group],
        };
        let bytes = codec::seal(Table::FailedLogins, b"user ada", 2, &old);
        let decoded = FailedLogins::decode(b"user ada", &bytes).expect("a record");
        let group = FailureGroup {
            first_at: Timestamp::from_millis(1),
            last_at: Timestamp::from_millis(2),
            count: 3,
        };
        assert_eq!(decoded.failures, Failures::new(vec![group]));
        let proof = FailedLogins {
            of: LockoutKey::Proof(ada),
            failures: decoded.failures,
        };
        assert_eq!(proof.key(), b"proof of user ada");
        assert_eq!(FailedLogins::decode(&proof.key(), &proof.encode()), Ok(proof));
    }

    /// Counters of version 1, for a user and for a whole IPv6 address.
    #[test]
    fn counters_of_version_1_keep_their_key_and_count() {
        let address: IpAddr = "2001:db8::5".parse().expect("an address");
        for (of, key) in [
            (SuspectV1::User(UserId::new("ada")), "user ada"),
            (SuspectV1::Address(address), "address 2001:db8::5"),
        ] {
            let old = FailedLoginsV1 {
                of,
                count: 7,
                last_at: 1000,
            };
            let bytes = codec::seal(Table::FailedLogins, key.as_bytes(), 1, &old);
            let decoded = FailedLogins::decode(key.as_bytes(), &bytes).expect("a record");
            assert_eq!(decoded.key(), key.as_bytes());
            let at = Timestamp::from_millis(1000);
            let group = FailureGroup {
                first_at: at,
                last_at: at,
                count: 7,
            };
            assert_eq!(decoded.failures, Failures::new(vec![group]));
            let again = FailedLogins::decode(key.as_bytes(), &decoded.encode());
            assert_eq!(again, Ok(decoded));
        }
    }
}
