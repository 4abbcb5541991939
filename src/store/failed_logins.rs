//! How failed logins are stored, and where the snapshot has them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::codec::{self, Damage};
use super::record::Record;
use super::snapshot::Snapshot;
use super::table::Table;
use crate::domain::{FailedLogins, Suspect, Timestamp, UserId};

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

impl Record for FailedLogins {
    const TABLE: Table = Table::FailedLogins;

    fn key(&self) -> Vec<u8> {
        self.of.to_string().into()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = FailedLoginsV1 {
            of: match &self.of {
                Suspect::User(id) => SuspectV1::User(id.clone()),
                Suspect::Address(address) => SuspectV1::Address(*address),
            },
            count: self.count,
            last_at: self.last_at.as_millis(),
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => {
                let stored: FailedLoginsV1 = codec::decode(body)?;
                Ok(Self {
                    of: match stored.of {
                        SuspectV1::User(id) => Suspect::User(id),
                        SuspectV1::Address(address) => Suspect::Address(address),
                    },
                    count: stored.count,
                    last_at: Timestamp::from_millis(stored.last_at),
                })
            }
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}

impl Snapshot {
    /// The failed logins of a user or an address, if there were any since the last that succeeded.
    #[must_use]
    pub fn failed_logins(&self, of: &Suspect) -> Option<&FailedLogins> {
        self.failed_logins.get(of.to_string().as_str())
    }

    /// All of them.
    pub fn all_failed_logins(&self) -> impl Iterator<Item = &FailedLogins> {
        self.failed_logins.values()
    }
}
