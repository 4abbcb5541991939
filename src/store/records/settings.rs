//! The stored form of settings, and the snapshot's look-up for them.

use std::fmt;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::setting::Setting;
use crate::domain::{Decimal, SettingId, SettingValue, Timestamp};
use crate::store::codec::{self, Damage};
use crate::store::snapshot::Snapshot;

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

/// Version 2 of a stored setting. Never changes.
#[derive(Serialize, Deserialize)]
struct SettingV2 {
    id: String,
    value: ValueV2,
    updated_at: i64,
}

#[derive(Serialize, Deserialize)]
enum ValueV2 {
    Flag(bool),
    Number(i64),
    Text(String),
    Thousandths(u32),
}

impl From<SettingV1> for SettingV2 {
    fn from(old: SettingV1) -> Self {
        Self {
            id: old.id,
            value: match old.value {
                ValueV1::Flag(set) => ValueV2::Flag(set),
                ValueV1::Number(number) => ValueV2::Number(number),
                ValueV1::Text(text) => ValueV2::Text(text),
            },
            updated_at: old.updated_at,
        }
    }
}

impl SettingV2 {
    fn into_setting(self) -> Result<Setting, Damage> {
        Ok(Setting {
            id: codec::parse_key(&self.id)?,
            value: match self.value {
                ValueV2::Flag(set) => SettingValue::Flag(set),
                ValueV2::Number(number) => SettingValue::Number(number),
                ValueV2::Text(text) => SettingValue::Text(text),
                ValueV2::Thousandths(number) => SettingValue::Decimal(Decimal::from_thousandths(number)),
            },
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}

impl Record for Setting {
    const TABLE: Table = Table::Settings;
    const VERSION: u8 = 2;

    fn key(&self) -> Vec<u8> {
        self.id.as_str().into()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = SettingV2 {
            id: self.id.as_str().to_owned(),
            value: match &self.value {
                SettingValue::Flag(set) => ValueV2::Flag(*set),
                SettingValue::Number(number) => ValueV2::Number(*number),
                SettingValue::Decimal(number) => ValueV2::Thousandths(number.thousandths()),
                SettingValue::Text(text) => ValueV2::Text(text.clone()),
            },
            updated_at: self.updated_at.as_millis(),
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => SettingV2::from(codec::decode::<SettingV1>(body)?).into_setting(),
            2 => codec::decode::<SettingV2>(body)?.into_setting(),
            found => Err(Damage::Version {
                found,
                known: Self::VERSION,
            }),
        }
    }
}

/// The stored settings of a snapshot, for a comparison with those of another one. It holds only the settings in memory,
/// not the snapshot.
pub struct SettingsVersion(OrdMap<SettingId, Setting>);

impl fmt::Debug for SettingsVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SettingsVersion({} settings)", self.0.len())
    }
}

impl Snapshot {
    /// Returns the stored setting, or `None` if it was never set.
    #[must_use]
    pub fn setting(&self, id: SettingId) -> Option<&Setting> {
        self.settings.get(&id)
    }

    /// Returns the version of the stored settings.
    #[must_use]
    pub fn settings_version(&self) -> SettingsVersion {
        SettingsVersion(self.settings.clone())
    }

    /// Returns whether the stored settings are those of this version. Compares no values: settings that were stored
    /// again without a change are another version.
    #[must_use]
    pub fn has_settings_of(&self, version: &SettingsVersion) -> bool {
        self.settings.ptr_eq(&version.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(value: SettingValue) -> Setting {
        Setting {
            id: SettingId::BlockByUserMinutes,
            value,
            updated_at: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn a_setting_of_version_1_keeps_its_value() {
        let old = SettingV1 {
            id: SettingId::BlockByUserMinutes.as_str().into(),
            value: ValueV1::Number(7),
            updated_at: 1,
        };
        let setting = minutes(SettingValue::Number(7));
        let bytes = codec::seal(Table::Settings, &setting.key(), 1, &old);
        assert_eq!(Setting::decode(&setting.key(), &bytes), Ok(setting));
    }

    #[test]
    fn a_fraction_is_found_again_as_it_was_stored() {
        let setting = minutes(SettingValue::Decimal(Decimal::from_thousandths(50)));
        assert_eq!(Setting::decode(&setting.key(), &setting.encode()), Ok(setting));
    }
}
