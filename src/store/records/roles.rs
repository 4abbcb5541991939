//! The stored form of roles and grants, and the snapshot's look-ups for them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::{Access, Grant, Permission, Role, RoleId, RoleName, RoleScope, Timestamp};
use crate::store::codec::{self, Damage};
use crate::store::snapshot::Snapshot;

/// Version 1 of a stored role. Never changes.
#[derive(Serialize, Deserialize)]
struct RoleV1 {
    id: RoleId,
    name: String,
    description: String,
    protected: bool,
    in_rooms: bool,
    mandatory_two_factor: bool,
    updated_at: i64,
}

impl Record for Role {
    const TABLE: Table = Table::Roles;
    const INDEXES: &'static [Table] = &[Table::RolesByName];

    fn key(&self) -> Vec<u8> {
        self.id.as_str().into()
    }

    fn index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        vec![(Table::RolesByName, self.name.as_str().into())]
    }

    fn encode(&self) -> Vec<u8> {
        let stored = RoleV1 {
            id: self.id.clone(),
            name: self.name.to_string(),
            description: self.description.clone(),
            protected: self.protected,
            in_rooms: self.scope == RoleScope::Subscriptions,
            mandatory_two_factor: self.mandatory_two_factor,
            updated_at: self.updated_at.as_millis(),
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => {
                let stored: RoleV1 = codec::decode(body)?;
                Ok(Self {
                    id: stored.id,
                    name: RoleName::restore(&stored.name),
                    description: stored.description,
                    protected: stored.protected,
                    scope: if stored.in_rooms {
                        RoleScope::Subscriptions
                    } else {
                        RoleScope::Users
                    },
                    mandatory_two_factor: stored.mandatory_two_factor,
                    updated_at: Timestamp::from_millis(stored.updated_at),
                })
            }
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}

/// Version 1 of a stored grant. Never changes.
#[derive(Serialize, Deserialize)]
struct GrantV1 {
    permission: String,
    roles: Vec<RoleId>,
    updated_at: i64,
}

impl Record for Grant {
    const TABLE: Table = Table::Grants;

    fn key(&self) -> Vec<u8> {
        self.permission.as_str().into()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = GrantV1 {
            permission: self.permission.as_str().to_owned(),
            roles: self.roles.clone(),
            updated_at: self.updated_at.as_millis(),
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => {
                let stored: GrantV1 = codec::decode(body)?;
                Ok(Self {
                    permission: codec::parse_key(&stored.permission)?,
                    roles: stored.roles,
                    updated_at: Timestamp::from_millis(stored.updated_at),
                })
            }
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}

impl Snapshot {
    /// Returns all roles, and the roles of each permission.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Returns the shared pointer to [`Self::access`]. It stays the same until a role or a grant changes.
    #[must_use]
    pub const fn shared_access(&self) -> &Arc<Access> {
        &self.access
    }

    /// Returns the stored grant of a permission, or `None` if its roles were never changed.
    #[must_use]
    pub fn stored_grant(&self, permission: Permission) -> Option<&Grant> {
        let grant = self.access.grant(permission)?;
        (grant.updated_at != Timestamp::from_millis(0)).then_some(grant)
    }
}
