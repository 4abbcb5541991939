//! The list of scheduled backups.

use super::size::size;
use crate::app::{BackupState, ScheduledBackup};
use crate::web::moments::Reader;
use crate::web::words::Words;

/// The maximum number of backups that the page lists.
const LISTED: usize = 100;

/// The scheduled backups in words.
pub(super) struct BackupList {
    /// The times of the last success and the last failure.
    pub(super) lead: String,
    pub(super) rows: Vec<BackupRow>,
    /// The number of further backups in words; empty if all are listed.
    pub(super) more: String,
}

/// A backup in the list.
pub(super) struct BackupRow {
    pub(super) time: String,
    pub(super) name: String,
    pub(super) size: String,
    pub(super) encrypted: String,
}

impl BackupList {
    pub(super) fn of(words: Words, reader: &Reader, state: &BackupState) -> Self {
        let at = |key: &str, moment| words.say(key, &[("moment", moment)]);
        let last = match &state.last {
            Some(last) => at("store-list-success", reader.near(last.taken_at).into()),
            None => words.t("store-list-no-success").into_owned(),
        };
        let failure = match state.failed_at {
            Some(failed_at) => at("store-list-failure", reader.near(failed_at).into()),
            None => words.t("store-list-no-failure").into_owned(),
        };
        let row = |backup: &ScheduledBackup| BackupRow {
            time: reader.near(backup.taken_at),
            name: backup.name.clone(),
            size: size(words, backup.file_bytes),
            encrypted: words
                .t(if backup.is_encrypted {
                    "store-list-encrypted"
                } else {
                    "store-list-plain"
                })
                .into_owned(),
        };
        let more = state.files.len().saturating_sub(LISTED);
        Self {
            lead: format!("{last} {failure}"),
            rows: state.files.iter().take(LISTED).map(row).collect(),
            more: if more == 0 {
                String::new()
            } else {
                words.say("store-list-more", &[("count", more.into())])
            },
        }
    }
}
