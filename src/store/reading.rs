//! One reading of all tables: the records go to the snapshot, and what is wrong to the findings.

use std::sync::atomic::{AtomicBool, Ordering};

use super::catch_panic::catch_panic;
use super::change::RecordEdit;
use super::codec::{self, Damage};
use super::findings::Findings;
use super::index_entry::{IndexSum, decode_index, index_entries};
use super::overflow;
use super::problem::{Problem, printable};
use super::records::{Record, RecordVisitor, Table};
use super::rekey;
use super::snapshot_builder::{Built, SnapshotBuilder};
use super::trees::Trees;

/// A reading of the whole store.
pub(super) struct Reading<'store> {
    trees: &'store Trees,
    /// Stops the reading when it becomes true.
    is_closing: &'store AtomicBool,
    builder: SnapshotBuilder,
    /// What was found. Its snapshot is empty until the end.
    found: Findings,
    /// The number of parts of all split values.
    parts: usize,
}

impl RecordVisitor for Reading<'_> {
    fn visit<R: Record>(&mut self) {
        self.read::<R>();
    }
}

impl<'store> Reading<'store> {
    /// Begins to read. It ends early if `is_closing` becomes true; then the findings are incomplete.
    pub(super) fn begin(trees: &'store Trees, is_closing: &'store AtomicBool) -> Self {
        Self {
            trees,
            is_closing,
            builder: SnapshotBuilder::begin(),
            found: Findings::default(),
            parts: 0,
        }
    }

    /// Returns what was found, with the snapshot of all readable records.
    pub(super) fn finish(mut self) -> Findings {
        self.check_parts();
        let Built { snapshot, problems } = self.builder.finish();
        self.found.snapshot = snapshot;
        self.found.problems.extend(problems);
        self.found
    }

    fn read<R: Record>(&mut self) {
        let mut expected = IndexSum::default();
        let mut moved = Vec::new();
        self.scan(R::TABLE, |reading, key, placed, bytes| {
            let record = R::decode(key, bytes)?;
            if record.key() != key {
                return Err(Damage::Body("it belongs under another key".into()));
            }
            let is_old = bytes.first() != Some(&R::VERSION);
            if is_old || overflow::is_too_long(placed) {
                reading.note_outdated(&record, is_old);
            }
            if rekey::is_under_former_keys(reading.trees, &record) {
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
        });
        for edit in rekey::moves(self.trees, moved) {
            // The snapshot has the state after these edits.
            self.builder.add(edit.clone());
            self.found.outdated.moves.push(edit);
        }
        let mut stored = expected.zero();
        for index in R::INDEXES {
            self.scan(*index, |_, key, _, bytes| {
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
        self.scan_again(R::TABLE, |reading, key, _, bytes| {
            // A record that does not decode was reported when it was read.
            let Ok(record) = R::decode(key, bytes) else {
                return Ok(());
            };
            if record.key() != key || rekey::is_under_former_keys(reading.trees, &record) {
                return Ok(());
            }
            for entry in index_entries(&record) {
                let stored = reading.trees.get(entry.table, &entry.key).unwrap_or_default();
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
            self.scan_again(*index, |reading, key, _, bytes| {
                // An entry that does not decode was reported when it was read.
                let Ok(record_key) = decode_index(*index, key, bytes) else {
                    return Ok(());
                };
                let stored = reading.trees.get(R::TABLE, &record_key).unwrap_or_default();
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

    /// Checks that every part belongs to a value. A value with a missing part fails its checksum.
    fn check_parts(&mut self) {
        let parts = self.trees.of(Table::Overflow);
        match catch_panic(|| parts.iter().try_fold(0, |count, part| part.map(|_| count + 1))) {
            Ok(Ok(stored)) if stored == self.parts => {}
            Ok(Ok(stored)) => {
                let what = format!("it has {stored} parts of values, and the values have {}", self.parts);
                self.found.problems.push(Problem::new(Table::Overflow, &[], what));
            }
            Ok(Err(error)) => self.found.unreadable(Table::Overflow, &error),
            Err(panic) => self.found.unreadable(Table::Overflow, &panic),
        }
    }

    /// Calls `look` for every entry of a tree, with the stored and the whole value, and counts the entries.
    fn scan(&mut self, table: Table, mut look: impl FnMut(&mut Self, &[u8], &[u8], &[u8]) -> Result<(), Damage>) {
        self.scan_again(table, |reading, key, placed, bytes| {
            reading.parts += usize::from(overflow::parts(placed));
            reading.found.live_bytes += (key.len() + bytes.len()) as u64;
            reading.found.entries += 1;
            look(reading, key, placed, bytes)
        });
    }

    /// Calls `look` for every entry of a tree, as [`Self::scan`] does, but does not count the entries. If the tree cannot
    /// be read to its end, that is a problem of the store.
    fn scan_again(&mut self, table: Table, mut look: impl FnMut(&mut Self, &[u8], &[u8], &[u8]) -> Result<(), Damage>) {
        let trees = self.trees;
        let outcome = catch_panic(|| -> sled::Result<()> {
            for entry in trees.of(table) {
                if self.is_closing.load(Ordering::Relaxed) {
                    break;
                }
                let (key, placed) = entry?;
                let bytes = trees.whole(table, &key, placed.clone())?.unwrap_or_default();
                if let Err(damage) = look(self, &key, &placed, &bytes) {
                    if let Damage::Version { found, known } = damage {
                        self.found.newer.get_or_insert((table, found, known));
                    }
                    self.found.problems.push(Problem::new(table, &key, damage));
                }
            }
            Ok(())
        });
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.found.unreadable(table, &error),
            Err(panic) => self.found.unreadable(table, &panic),
        }
    }
}
