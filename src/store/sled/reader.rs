//! Reads from the trees beside the writer.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use super::commit_marker::CommitMarker;
use super::overflow;
use super::trees::{Trees, contained};
use crate::store::engine_space::EngineSpace;
use crate::store::findings::Findings;
use crate::store::problem::Problem;
use crate::store::records::Table;
use crate::store::room::{file_bytes, free_bytes};
use crate::store::stored::{EngineReader, LookAtEntry, StoredEntry, StoredRecords};
use crate::store::verify::verify;

/// The records of an open store, and the marker of its last commit.
pub(super) struct SledReader {
    pub(super) trees: Arc<Trees>,
    pub(super) marker: Arc<CommitMarker>,
    /// The folder with the files of sled.
    pub(super) files: PathBuf,
}

impl StoredRecords for SledReader {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        get(&self.trees, table, key)
    }

    fn scan(&self, table: Table, look: LookAtEntry<'_>) -> Result<(), String> {
        scan(&self.trees, table, self.trees.of(table).iter(), look).map(drop)
    }
}

impl EngineReader for SledReader {
    fn scan_back(&self, table: Table, keys: Range<&[u8]>, look: LookAtEntry<'_>) -> Result<(), String> {
        scan(&self.trees, table, self.trees.of(table).range(keys).rev(), look).map(drop)
    }

    fn verify(&self, is_closing: &AtomicBool) -> Findings {
        // The marker is read first: later, it may count commits that this reading does not find.
        let seen = self.marker.seen();
        let mut found = verify_trees(&self.trees, is_closing);
        let counted = found.snapshot.commits.count;
        let lost = seen.and_then(|seen| CommitMarker::question(seen, counted));
        found.problems.extend(lost);
        found
    }

    fn space(&self) -> Result<EngineSpace, String> {
        let measured = file_bytes(&self.files).and_then(|bytes| Ok((bytes, free_bytes(&self.files)?)));
        let (file_bytes, free_bytes) = measured.map_err(|error| error.to_string())?;
        Ok(EngineSpace { file_bytes, free_bytes })
    }
}

/// Verifies the records of these trees, and that every part of a long value belongs to a value.
pub(super) fn verify_trees(trees: &Trees, is_closing: &AtomicBool) -> Findings {
    let counted = CountedTrees {
        trees,
        parts: Mutex::default(),
    };
    let mut found = verify(&counted, is_closing);
    counted.check_parts(&mut found);
    found
}

fn get(trees: &Trees, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let value = contained(|| trees.get(table, key))?;
    Ok(value.map(|value| value.to_vec()))
}

/// Calls `look` with entries of a table until it breaks. Returns the number of parts that their values have.
fn scan(
    trees: &Trees,
    table: Table,
    entries: impl Iterator<Item = sled::Result<(sled::IVec, sled::IVec)>>,
    look: LookAtEntry<'_>,
) -> Result<usize, String> {
    contained(|| -> sled::Result<usize> {
        let mut parts = 0;
        for entry in entries {
            let (key, placed) = entry?;
            let has_old_form = overflow::is_too_long(&placed);
            parts += usize::from(overflow::parts(&placed));
            let Some(value) = trees.whole(table, &key, placed)? else {
                // It was removed since it was read.
                continue;
            };
            let entry = StoredEntry {
                key: &key,
                value: &value,
                has_old_form,
            };
            if look(entry).is_break() {
                break;
            }
        }
        Ok(parts)
    })
}

/// Trees that count the parts of the values that are read. A value with a missing part fails its checksum; a part without
/// a value is found by the count.
struct CountedTrees<'store> {
    trees: &'store Trees,
    /// The number of parts of the values of each table.
    parts: Mutex<HashMap<Table, usize>>,
}

impl CountedTrees<'_> {
    fn check_parts(self, found: &mut Findings) {
        let counted = self.parts.into_inner().unwrap_or_else(PoisonError::into_inner);
        let counted: usize = counted.into_values().sum();
        let stored = self.trees.of(Table::Overflow);
        let stored = contained(|| stored.iter().try_fold(0, |count, part| part.map(|_| count + 1)));
        match stored {
            Ok(stored) if stored == counted => {}
            Ok(stored) => {
                let what = format!("it has {stored} parts of values, and the values have {counted}");
                found.problems.push(Problem::new(Table::Overflow, &[], what));
            }
            Err(cause) => found.unreadable(Table::Overflow, &cause),
        }
    }
}

impl StoredRecords for CountedTrees<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        get(self.trees, table, key)
    }

    fn scan(&self, table: Table, look: LookAtEntry<'_>) -> Result<(), String> {
        let parts = scan(self.trees, table, self.trees.of(table).iter(), look)?;
        self.parts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(table, parts);
        Ok(())
    }
}
