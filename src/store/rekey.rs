//! Index entries of older versions, which had other keys for the same values.

use std::collections::HashSet;

use tracing::warn;

use super::change::Edit;
use super::record::{IndexEntry, Record, decode_index};
use super::table::Trees;

/// Whether an index has a record under a former key, and not under the present one.
pub(super) fn is_under_former_keys<R: Record>(trees: &Trees, record: &R) -> bool {
    let present = record.index_keys();
    record.former_index_keys().into_iter().any(|(table, key)| {
        !present.contains(&(table, key.clone()))
            && holder(trees, table, &key).is_some_and(|holder| holder == record.key())
    })
}

fn holder(trees: &Trees, table: super::Table, key: &[u8]) -> Option<Vec<u8>> {
    let bytes = trees.get(table, key).ok()??;
    decode_index(table, key, &bytes).ok()
}

/// Returns the edits that put these records under their present keys. Of two records with the same key, the one with
/// precedence keeps it, and the other one loses the value.
pub(super) fn moves<R: Record>(trees: &Trees, mut records: Vec<R>) -> Vec<Edit> {
    records.sort_by_key(R::precedence);
    let mut edits = Vec::new();
    let mut taken: HashSet<(super::Table, Vec<u8>)> = HashSet::new();
    for mut record in records {
        let former = record.former_index_keys();
        let conflict = |entry: &IndexEntry| {
            let stored = holder(trees, entry.table, &entry.key).is_some_and(|holder| holder != record.key());
            stored || taken.contains(&(entry.table, entry.key.clone()))
        };
        let lost: Vec<_> = record
            .index_entries()
            .into_iter()
            .filter(conflict)
            .map(|entry| entry.table)
            .collect();
        for table in lost {
            let key = String::from_utf8_lossy(&record.key()).into_owned();
            warn!(
                key,
                "two accounts have the same value in {table} by today's rules: the older account keeps it, this one needs another"
            );
            record = record.without_index(table);
        }
        // First of all edits: the former key of one record may be the present key of another one.
        let ended = former.into_iter().map(|(table, key)| Edit {
            table,
            key,
            value: None,
        });
        edits.splice(0..0, ended);
        for entry in record.index_entries() {
            taken.insert((entry.table, entry.key.clone()));
            edits.push(Edit {
                table: entry.table,
                key: entry.key,
                value: Some(entry.value),
            });
        }
        edits.push(Edit {
            table: R::TABLE,
            key: record.key(),
            value: Some(record.encode()),
        });
    }
    edits
}
