//! The stored form of audit entries. Keys are ordered by time, the newest last. The log is not in the snapshot.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::audit::AUDIT_ORDER_BYTES;
use crate::domain::{AuditAction, AuditEntry, AuditParty, Timestamp};
use crate::store::codec::{self, Damage};

/// Version 1 of a stored entry. Never changes.
#[derive(Serialize, Deserialize)]
struct AuditEntryV1 {
    at: i64,
    order: [u8; AUDIT_ORDER_BYTES],
    actor: (String, String, String),
    address: Option<IpAddr>,
    action: String,
    target: Option<(String, String, String)>,
    detail: String,
}

/// Returns the first key of a moment. Moments before 1970 sort as 1970.
pub(in crate::store) fn key_of(at: Timestamp) -> [u8; 8] {
    u64::try_from(at.as_millis()).unwrap_or_default().to_be_bytes()
}

fn stored(party: &AuditParty) -> (String, String, String) {
    (party.kind.clone(), party.id.clone(), party.name.clone())
}

fn party((kind, id, name): (String, String, String)) -> AuditParty {
    AuditParty { kind, id, name }
}

impl Record for AuditEntry {
    const TABLE: Table = Table::AuditLog;

    fn key(&self) -> Vec<u8> {
        [&key_of(self.at)[..], &self.order].concat()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = AuditEntryV1 {
            at: self.at.as_millis(),
            order: self.order,
            actor: stored(&self.actor),
            address: self.address,
            action: self.action.as_str().to_owned(),
            target: self.target.as_ref().map(stored),
            detail: self.detail.clone(),
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => {
                let stored: AuditEntryV1 = codec::decode(body)?;
                let action: Result<AuditAction, _> = stored.action.parse();
                Ok(Self {
                    at: Timestamp::from_millis(stored.at),
                    order: stored.order,
                    actor: party(stored.actor),
                    address: stored.address,
                    action: action.map_err(|error| Damage::Body(format!("{} {error}", stored.action)))?,
                    target: stored.target.map(party),
                    detail: stored.detail,
                })
            }
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}
