//! The edits that become durable together.

use std::collections::HashMap;

use super::change::{Change, RecordEdit};
use super::records::Table;
use crate::domain::{CustomStatusId, Permission, RoleId, SettingId, TokenHash, UserId};

/// The records that a batch created, changed or removed.
#[derive(Debug, Default)]
pub struct Touched {
    /// Users whose account or status changed.
    pub users: Vec<UserId>,
    /// Tokens that were created, changed or removed.
    pub tokens: Vec<TokenHash>,
    /// Custom statuses that were created, changed or removed.
    pub custom_statuses: Vec<CustomStatusId>,
    /// Roles that were created, changed or removed.
    pub roles: Vec<RoleId>,
    /// Permissions whose roles were changed.
    pub grants: Vec<Permission>,
    /// Settings whose stored value changed.
    pub settings: Vec<SettingId>,
}

/// The edits of the changes of one batch, in their order.
#[derive(Default)]
pub(super) struct Edits {
    /// The value of each key after all edits.
    pub(super) overlay: HashMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    /// The changes, in their order. An engine that compares when it writes finds their expectations here.
    pub(super) changes: Vec<Change>,
    /// True if they are written although there are none, because each commit rewrites the number of commits.
    has_counters: bool,
}

impl Edits {
    /// Returns edits that belong to no caller.
    pub(super) fn of(edits: &[RecordEdit]) -> Self {
        let mut all = Self::default();
        all.add(Change::of(edits.to_vec()));
        all
    }

    /// Returns no edits, which only rewrite the record with the number of commits.
    pub(super) fn of_counters() -> Self {
        Self {
            has_counters: true,
            ..Self::default()
        }
    }

    /// Returns whether anything changes on the disk.
    pub(super) fn is_written(&self) -> bool {
        self.has_counters || !self.overlay.is_empty()
    }

    /// Adds the edits of a change.
    pub(super) fn add(&mut self, change: Change) {
        for edit in &change.edits {
            self.overlay.insert((edit.table, edit.key.clone()), edit.value.clone());
        }
        self.changes.push(change);
    }

    /// Returns the edits in their order.
    pub(super) fn ordered(&self) -> impl Iterator<Item = &RecordEdit> {
        self.changes.iter().flat_map(|change| &change.edits)
    }

    /// Returns the records that are created, changed or removed.
    pub(super) fn touched(&self) -> Touched {
        let mut touched = Touched::default();
        for (table, key) in self.overlay.keys() {
            let text = String::from_utf8_lossy(key);
            match table {
                Table::Users | Table::UserStatuses => touched.users.push(UserId::new(&text)),
                Table::Tokens => touched
                    .tokens
                    .extend(<[u8; 32]>::try_from(&key[..]).map(TokenHash::new)),
                Table::CustomStatuses => touched.custom_statuses.push(CustomStatusId::new(&text)),
                Table::Roles => touched.roles.push(RoleId::new(&text)),
                Table::Grants => touched.grants.extend(text.parse::<Permission>()),
                Table::Settings => touched.settings.extend(text.parse::<SettingId>()),
                _ => {}
            }
        }
        touched.users.sort_unstable();
        touched.users.dedup();
        touched
    }
}
