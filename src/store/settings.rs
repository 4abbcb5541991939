//! How settings are stored, and where the snapshot has them.

use serde::{Deserialize, Serialize};

use super::codec::{self, Damage};
use super::record::Record;
use super::snapshot::Snapshot;
use super::table::Table;
use crate::domain::setting::Setting;
use crate::domain::{SettingId, SettingValue, Timestamp};

/// Version 1 of a stored setting. Never changes.
#[derive(Serialize, Deserialize)]
struct SettingV1 {
    id: String,
    value: ValueV1,
    updated_at: i64,
}

#[derive(Serialize, Deserialize)]
enum ValueV1 {
    Flag(bool),
    Number(i64),
    Text(String),
}

impl Record for Setting {
    const TABLE: Table = Table::Settings;

    fn key(&self) -> Vec<u8> {
        self.id.as_str().into()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = SettingV1 {
            id: self.id.as_str().to_owned(),
            value: match &self.value {
                SettingValue::Flag(set) => ValueV1::Flag(*set),
                SettingValue::Number(number) => ValueV1::Number(*number),
                SettingValue::Text(text) => ValueV1::Text(text.clone()),
            },
            updated_at: self.updated_at.as_millis(),
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => {
                let stored: SettingV1 = codec::decode(body)?;
                Ok(Self {
                    id: setting(&stored.id)?,
                    value: match stored.value {
                        ValueV1::Flag(set) => SettingValue::Flag(set),
                        ValueV1::Number(number) => SettingValue::Number(number),
                        ValueV1::Text(text) => SettingValue::Text(text),
                    },
                    updated_at: Timestamp::from_millis(stored.updated_at),
                })
            }
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}

/// The setting of this id.
pub(super) fn setting(id: &str) -> Result<SettingId, Damage> {
    id.parse().map_err(|error| Damage::Body(format!("{id} {error}")))
}

impl Snapshot {
    /// A setting, if somebody set it.
    #[must_use]
    pub fn setting(&self, id: SettingId) -> Option<&Setting> {
        self.settings.get(&id)
    }
}
