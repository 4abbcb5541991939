//! One reading of all tables: the records go to the snapshot, and what is wrong to the findings.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use super::change::RecordEdit;
use super::codec::{self, Damage};
use super::findings::Findings;
use super::index_entry::{IndexSum, decode_index, index_entries};
use super::problem::{Problem, printable};
use super::records::{Record, RecordVisitor, Table};
use super::rekey;
use super::snapshot_builder::{Built, SnapshotBuilder};
use super::stored::{StoredEntry, StoredRecords};

/// A reading of the whole store.
pub(super) struct Reading<'store> {
    records: &'store dyn StoredRecords,
    /// Stops the reading when it becomes true.
    is_closing: &'store AtomicBool,
    builder: SnapshotBuilder,
    /// What was found. Its snapshot is empty until the end.
    found: Findings,
}

impl RecordVisitor for Reading<'_> {
    fn visit<R: Record>(&mut self) {
        self.read::<R>();
    }
}

impl<'store> Reading<'store> {
    /// Begins to read. It ends early if `is_closing` becomes true; then the findings are incomplete.
    pub(super) fn begin(records: &'store dyn StoredRecords, is_closing: &'store AtomicBool) -> Self {
        Self {
            records,
            is_closing,
            builder: SnapshotBuilder::begin(),
            found: Findings::default(),
        }
    }

    /// Returns what was found, with the snapshot of all readable records.
    pub(super) fn finish(mut self) -> Findings {
        let Built { snapshot, problems } = self.builder.finish();
        self.found.snapshot = snapshot;
        self.found.problems.extend(problems);
        self.found
    }

    fn read<R: Record>(&mut self) {
        let mut expected = IndexSum::default();
        let mut moved = Vec::new();
        self.scan(
            R::TABLE,
            |reading,
             StoredEntry {
                 key,
                 value: bytes,
                 has_old_form,
             }| {
                let record = R::decode(key, bytes)?;
                if record.key() != key {
                    return Err(Damage::Body("it belongs under another key".into()));
                }
                let is_old = bytes.first() != Some(&R::VERSION);
                if is_old || has_old_form {
                    reading.note_outdated(&record, is_old);
                }
                if rekey::is_under_former_keys(reading.records, &record) {
                    moved.push(record);
                    return Ok(());
                }
                for (table, index_key) in record.index_keys() {
                    expected.add(table, &index_key, key);
                }
                reading.builder.add(RecordEdit {
                    table: R::TABLE,
                    key: key.into(),
                    value: Some(bytes.into()),
                });
                Ok(())
            },
        );
        for edit in rekey::moves(self.records, moved) {
            // The snapshot has the state after these edits.
            self.builder.add(edit.clone());
            self.found.outdated.moves.push(edit);
        }
        let mut stored = expected.zero();
        for index in R::INDEXES {
            self.scan(*index, |_, StoredEntry { key, value: bytes, .. }| {
                stored.add(*index, key, &decode_index(*index, key, bytes)?);
                Ok(())
            });
        }
        if stored != expected {
            self.find_missing::<R>();
            self.find_orphans::<R>();
        }
    }

    /// Adds the edit that rewrites a record in the newest version.
    fn note_outdated<R: Record>(&mut self, record: &R, is_old: bool) {
        if is_old && R::TABLE == Table::Commits {
            // Each batch rewrites this record.
            self.found.outdated.has_old_counters = true;
            return;
        }
        let bytes = record.encode();
        // A record that is too large in the newest version is not rewritten.
        if codec::is_readable(&bytes) {
            self.found.outdated.rewrites.push(RecordEdit {
                table: R::TABLE,
                key: record.key(),
                value: Some(bytes),
            });
        }
    }

    /// Finds records without their index entries.
    fn find_missing<R: Record>(&mut self) {
        self.scan_again(R::TABLE, |reading, StoredEntry { key, value: bytes, .. }| {
            // A record that does not decode was reported when it was read.
            let Ok(record) = R::decode(key, bytes) else {
                return Ok(());
            };
            if record.key() != key || rekey::is_under_former_keys(reading.records, &record) {
                return Ok(());
            }
            for entry in index_entries(&record) {
                let stored = reading.records.get(entry.table, &entry.key).unwrap_or_default();
                if stored.is_none_or(|stored| *stored != *entry.value) {
                    let what = format!("no entry for the record {} of {}", printable(key), R::TABLE);
                    reading.found.problems.push(Problem::new(entry.table, &entry.key, what));
                }
            }
            Ok(())
        });
    }

    /// Finds index entries that point to no record.
    fn find_orphans<R: Record>(&mut self) {
        for index in R::INDEXES {
            self.scan_again(*index, |reading, StoredEntry { key, value: bytes, .. }| {
                // An entry that does not decode was reported when it was read.
                let Ok(record_key) = decode_index(*index, key, bytes) else {
                    return Ok(());
                };
                let stored = reading.records.get(R::TABLE, &record_key).unwrap_or_default();
                let record = stored.and_then(|bytes| R::decode(&record_key, &bytes).ok());
                let place = (*index, key.to_vec());
                let stands = record.is_some_and(|record| {
                    record.index_keys().contains(&place) || record.former_index_keys().contains(&place)
                });
                if stands {
                    Ok(())
                } else {
                    Err(Damage::Body(format!("no record of {} stands behind it", R::TABLE)))
                }
            });
        }
    }

    /// Calls `look` for every entry of a table, and counts the entries.
    fn scan(&mut self, table: Table, mut look: impl FnMut(&mut Self, StoredEntry<'_>) -> Result<(), Damage>) {
        self.scan_again(table, |reading, entry| {
            reading.found.live_bytes += (entry.key.len() + entry.value.len()) as u64;
            reading.found.entries += 1;
            look(reading, entry)
        });
    }

    /// Calls `look` for every entry of a table, as [`Self::scan`] does, but does not count the entries. If the table cannot
    /// be read to its end, that is a problem of the store.
    fn scan_again(&mut self, table: Table, mut look: impl FnMut(&mut Self, StoredEntry<'_>) -> Result<(), Damage>) {
        let (records, is_closing) = (self.records, self.is_closing);
        let outcome = records.scan(table, &mut |entry| {
            if is_closing.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            if let Err(damage) = look(self, entry) {
                if let Damage::Version { found, known } = damage {
                    self.found.newer.get_or_insert((table, found, known));
                }
                self.found.problems.push(Problem::new(table, entry.key, damage));
            }
            ControlFlow::Continue(())
        });
        if let Err(cause) = outcome {
            self.found.unreadable(table, &cause);
        }
    }
}
