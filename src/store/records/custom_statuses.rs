//! The stored form of custom statuses, and the snapshot's look-ups for them.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::custom_status::DurationMinutes;
use crate::domain::{CustomStatus, CustomStatusId, Emoji, StatusName, StatusType, Timestamp};
use crate::store::codec::{self, Damage};
use crate::store::snapshot::Snapshot;

/// Version 1 of a stored custom status. Never changes.
#[derive(Serialize, Deserialize)]
struct CustomStatusV1 {
    id: CustomStatusId,
    name: String,
    status_type: u8,
    updated_at: i64,
}

/// Version 2 of a stored custom status. Never changes.
#[derive(Serialize, Deserialize)]
struct CustomStatusV2 {
    id: CustomStatusId,
    name: String,
    status_type: u8,
    emoji: Option<String>,
    duration_minutes: Option<u32>,
    updated_at: i64,
}

impl From<CustomStatusV1> for CustomStatusV2 {
    fn from(old: CustomStatusV1) -> Self {
        Self {
            id: old.id,
            name: old.name,
            status_type: old.status_type,
            emoji: None,
            duration_minutes: None,
            updated_at: old.updated_at,
        }
    }
}

/// The custom statuses of a snapshot, for a comparison with those of another one. It holds only them in memory.
pub(crate) struct CustomStatusesVersion(OrdMap<StatusName, Arc<CustomStatus>>);

impl Record for CustomStatus {
    const TABLE: Table = Table::CustomStatuses;
    const INDEXES: &'static [Table] = &[Table::CustomStatusesByName];
    const VERSION: u8 = 2;

    fn key(&self) -> Vec<u8> {
        self.id.as_str().into()
    }

    fn index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        vec![(Table::CustomStatusesByName, self.name.as_str().into())]
    }

    fn encode(&self) -> Vec<u8> {
        let stored = CustomStatusV2 {
            id: self.id.clone(),
            name: self.name.to_string(),
            status_type: status_byte(self.status_type),
            emoji: self.emoji.as_ref().map(ToString::to_string),
            duration_minutes: self.duration.map(DurationMinutes::get),
            updated_at: self.updated_at.as_millis(),
        };
        codec::seal(Self::TABLE, self.id.as_str().as_bytes(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        let stored = match version {
            1 => CustomStatusV2::from(codec::decode::<CustomStatusV1>(body)?),
            2 => codec::decode(body)?,
            found => {
                return Err(Damage::Version {
                    found,
                    known: Self::VERSION,
                });
            }
        };
        Ok(Self {
            id: stored.id,
            name: StatusName::restore(&stored.name),
            status_type: status_of(stored.status_type)?,
            emoji: stored.emoji.as_deref().map(Emoji::restore),
            duration: stored.duration_minutes.and_then(DurationMinutes::new),
            updated_at: Timestamp::from_millis(stored.updated_at),
        })
    }
}

/// Returns the wire code of a status type (`api.md` §6.1), which stored records use too.
pub(super) const fn status_byte(status: StatusType) -> u8 {
    match status {
        StatusType::Offline => 0,
        StatusType::Online => 1,
        StatusType::Away => 2,
        StatusType::Busy => 3,
    }
}

pub(super) fn status_of(byte: u8) -> Result<StatusType, Damage> {
    StatusType::ALL
        .iter()
        .copied()
        .find(|status| status_byte(*status) == byte)
        .ok_or_else(|| Damage::Body(format!("{byte} is no status type")))
}

impl Snapshot {
    /// Returns the custom status with this id.
    #[must_use]
    pub fn custom_status(&self, id: &CustomStatusId) -> Option<&Arc<CustomStatus>> {
        self.custom_statuses.get(id)
    }

    /// Returns the custom status with exactly this name.
    #[must_use]
    pub fn custom_status_named(&self, name: &StatusName) -> Option<&Arc<CustomStatus>> {
        self.custom_statuses_by_name.get(name)
    }

    /// Returns all custom statuses in the order of their names, upper case before lower.
    #[must_use]
    pub fn custom_statuses(&self) -> impl ExactSizeIterator<Item = &Arc<CustomStatus>> {
        self.custom_statuses_by_name.values()
    }

    /// Returns the version of the custom statuses.
    #[must_use]
    pub(crate) fn custom_statuses_version(&self) -> CustomStatusesVersion {
        CustomStatusesVersion(self.custom_statuses_by_name.clone())
    }

    /// Returns whether the custom statuses are those of this version. Compares no values.
    #[must_use]
    pub(crate) fn has_custom_statuses_of(&self, version: &CustomStatusesVersion) -> bool {
        self.custom_statuses_by_name.ptr_eq(&version.0)
    }

    pub(in crate::store) fn put_custom_status(&mut self, status: CustomStatus) {
        let status = Arc::new(status);
        if let Some(before) = self.custom_statuses.insert(status.id.clone(), Arc::clone(&status)) {
            self.custom_statuses_by_name.remove(&before.name);
        }
        self.custom_statuses_by_name.insert(status.name.clone(), status);
    }

    pub(in crate::store) fn take_custom_status(&mut self, id: &CustomStatusId) {
        if let Some(before) = self.custom_statuses.remove(id) {
            self.custom_statuses_by_name.remove(&before.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caught_up() -> CustomStatus {
        CustomStatus {
            id: CustomStatusId::new("65462e97a2f73c7460e18f84"),
            name: StatusName::parse("caught up").expect("a name"),
            status_type: StatusType::Busy,
            emoji: None,
            duration: None,
            updated_at: Timestamp::from_millis(1_699_098_263_366),
        }
    }

    /// The bytes of each version, so that a later edit cannot change them by accident.
    const VERSION_1: &[u8] = b"\x1865462e97a2f73c7460e18f84\x09caught up\x03\xfd\x8c\xfe\x4b\x34\x17\x03\x00\x00";
    const VERSION_2: &[u8] = b"\x02\x1865462e97a2f73c7460e18f84\x09caught up\x03\x01\x04\xf0\x9f\x8d\xb5\x01\x1e";

    #[test]
    fn version_1_is_still_read() {
        assert_eq!(CustomStatus::decode_body(1, VERSION_1), Ok(caught_up()));
    }

    #[test]
    fn version_2_keeps_its_bytes() {
        let tea = CustomStatus {
            emoji: Some(Emoji::restore("🍵")),
            duration: DurationMinutes::new(30),
            ..caught_up()
        };
        let bytes = tea.encode();
        assert_eq!(&bytes[..VERSION_2.len()], VERSION_2);
        assert_eq!(CustomStatus::decode(&tea.key(), &bytes), Ok(tea));
    }

    #[test]
    fn an_unknown_version_is_refused_by_name() {
        let refused = CustomStatus::decode_body(9, &[]);
        assert_eq!(refused, Err(Damage::Version { found: 9, known: 2 }));
    }
}
