//! The store as it was at one moment, although sled keeps only the newest values.
//!
//! The writer begins a hold between two batches. Before each later batch, it sets the old values of the records aside
//! that the batch changes and that the backup has not read yet. A reader goes through the tables in the order of
//! [`Table::in_order_of_backups`] and uses a value that was set aside in the place of the current one. So all that it reads
//! is of one moment, and neither waits for the other.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::trees::{Trees, contained};
use crate::store::held::{LookAtRecord, Moment};
use crate::store::records::Table;

/// Maximum bytes of all values that are set aside. A backup that needs more fails.
const MAX_KEPT_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of memory that an entry needs in addition to its key and value.
const ENTRY_BYTES: usize = 128;

/// The place of a record: the position of its table in [`Table::in_order_of_backups`], and its key.
type Place = (usize, Vec<u8>);

/// A key and its value.
type HeldEntry = (Vec<u8>, Vec<u8>);

/// The state of the store at one moment.
#[derive(Debug)]
pub(super) struct Hold {
    /// The last key of the audit log at this moment. An entry with a later key was made afterwards, so that it need not
    /// be set aside.
    end_of_audit_log: Option<Vec<u8>>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The first place that has not been read yet.
    next: Place,
    /// The values of records that changed since, by their places. `None` if there was no such record.
    old: BTreeMap<Place, Option<Vec<u8>>>,
    bytes: usize,
    /// The reason why values are missing, so that the backup fails.
    lost: Option<&'static str>,
}

impl Kept {
    fn give_up(&mut self, reason: &'static str) {
        self.old = BTreeMap::new();
        self.lost = Some(reason);
    }

    /// Removes and returns the values that were set aside for places before this one.
    fn take_before(&mut self, end: &Place) -> BTreeMap<Place, Option<Vec<u8>>> {
        let rest = self.old.split_off(end);
        let taken = std::mem::replace(&mut self.old, rest);
        for (place, value) in &taken {
            self.bytes -= bytes_of(place, value.as_deref());
        }
        taken
    }
}

fn bytes_of((_, key): &Place, value: Option<&[u8]>) -> usize {
    ENTRY_BYTES + key.len() + value.map_or(0, <[u8]>::len)
}

impl Hold {
    /// Begins a hold of the current state. Only the writer calls this, between two batches.
    fn begin(trees: &Trees) -> Result<Self, String> {
        let last = contained(|| trees.of(Table::AuditLog).last())?;
        Ok(Self {
            end_of_audit_log: last.map(|(key, _)| key.to_vec()),
            kept: Mutex::default(),
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether the reader of this hold will fail, so that another one may begin.
    pub(super) fn is_lost(&self) -> bool {
        self.kept().lost.is_some()
    }

    /// Ends the hold, so that its reader fails.
    pub(super) fn give_up(&self, reason: &'static str) {
        self.kept().give_up(reason);
    }

    /// Sets aside the values of records that are about to change. If that is impossible, the backup fails, and the
    /// change is made.
    pub(super) fn keep<'key>(&self, trees: &Trees, changed: impl Iterator<Item = (Table, &'key [u8])>) {
        let mut kept = self.kept();
        for (table, key) in changed {
            let Some(position) = Table::in_order_of_backups().position(|ordered| ordered == table) else {
                continue;
            };
            let place = (position, key.to_vec());
            let is_later = table == Table::AuditLog && self.end_of_audit_log.as_deref().is_none_or(|end| key > end);
            if is_later || kept.lost.is_some() || place < kept.next || kept.old.contains_key(&place) {
                continue;
            }
            let Ok(value) = contained(|| trees.get(table, key)) else {
                return kept.give_up("a record that changed meanwhile cannot be read");
            };
            let value = value.map(|value| value.to_vec());
            kept.bytes += bytes_of(&place, value.as_deref());
            kept.old.insert(place, value);
            if kept.bytes > MAX_KEPT_BYTES {
                return kept.give_up("too much changed before it was read: try again when there are fewer changes");
            }
        }
    }

    /// Calls `look` as [`Moment::read`] does, until it breaks or `is_closing` becomes true.
    fn read(&self, trees: &Trees, is_closing: &AtomicBool, look: LookAtRecord<'_>) -> Result<(), String> {
        let mut pass = |table, entries: Vec<HeldEntry>| -> ControlFlow<()> {
            entries.iter().try_for_each(|(key, value)| look(table, key, value))
        };
        for (position, table) in Table::in_order_of_backups().enumerate() {
            let mut rest = match (table, &self.end_of_audit_log) {
                (Table::AuditLog, Some(end)) => trees.of(table).range(..=end.as_slice()),
                (Table::AuditLog, None) => {
                    self.end_table(position)?;
                    continue;
                }
                _ => trees.of(table).iter(),
            };
            while let Some((key, placed)) = contained(|| rest.next().transpose())? {
                if is_closing.load(Ordering::Relaxed) {
                    return Err("it is closed".into());
                }
                let value = contained(|| trees.whole(table, &key, placed))?;
                if pass(table, self.pass((position, key.to_vec()), value.as_deref())?).is_break() {
                    return Ok(());
                }
            }
            if pass(table, self.end_table(position)?).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Marks all places up to this one as read. Returns the entries of the moment there: those that were removed since,
    /// and the one of this place.
    fn pass(&self, place: Place, current: Option<&[u8]>) -> Result<Vec<HeldEntry>, String> {
        let mut kept = self.kept();
        let next = (place.0, [place.1.as_slice(), &[0]].concat());
        let mut taken = kept.take_before(&next);
        kept.next = next;
        check(kept.lost)?;
        if let Some(current) = current {
            taken.entry(place).or_insert_with(|| Some(current.to_vec()));
        }
        Ok(entries(taken))
    }

    /// Marks a whole table as read. Returns the entries that were removed since, after the last one that is left.
    fn end_table(&self, position: usize) -> Result<Vec<HeldEntry>, String> {
        let mut kept = self.kept();
        let next = (position + 1, Vec::new());
        let taken = kept.take_before(&next);
        kept.next = next;
        check(kept.lost)?;
        Ok(entries(taken))
    }
}

fn check(lost: Option<&'static str>) -> Result<(), String> {
    lost.map_or(Ok(()), |reason| Err(reason.into()))
}

fn entries(taken: BTreeMap<Place, Option<Vec<u8>>>) -> Vec<HeldEntry> {
    let entry = |((_, key), value): (Place, Option<Vec<u8>>)| Some((key, value?));
    taken.into_iter().filter_map(entry).collect()
}

/// A hold, and what is needed to read it.
pub(super) struct SledMoment {
    pub(super) hold: Arc<Hold>,
    commits: u64,
    trees: Arc<Trees>,
    is_closing: Arc<AtomicBool>,
}

impl SledMoment {
    /// Holds the current state of these trees. Only the writer calls this, between two batches. Readers end when
    /// `is_closing` becomes true.
    ///
    /// # Errors
    /// The cause, as text for the log.
    pub(super) fn begin(trees: &Arc<Trees>, commits: u64, is_closing: Arc<AtomicBool>) -> Result<Self, String> {
        Ok(Self {
            hold: Arc::new(Hold::begin(trees)?),
            commits,
            trees: Arc::clone(trees),
            is_closing,
        })
    }
}

impl Moment for SledMoment {
    fn commits(&self) -> u64 {
        self.commits
    }

    fn read(&self, look: LookAtRecord<'_>) -> Result<(), String> {
        self.hold.read(&self.trees, &self.is_closing, look)
    }

    fn abandon(&self, reason: &'static str) {
        self.hold.give_up(reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sled::OpenStore;

    fn key(number: u16) -> Vec<u8> {
        number.to_be_bytes().to_vec()
    }

    fn put(trees: &Trees, hold: &Hold, table: Table, number: u16, value: Option<&[u8]>) {
        let key = key(number);
        hold.keep(trees, std::iter::once((table, &*key)));
        match value {
            Some(value) => trees.of(table).insert(&key, value).expect("a tree"),
            None => trees.of(table).remove(&key).expect("a tree"),
        };
    }

    #[test]
    fn a_reader_sees_one_moment_whatever_changes_before_and_behind_it() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = OpenStore::open(home.path()).expect("a store");
        let trees = &store.trees;
        let numbers = [10, 20, 30, 40, 50];
        for table in [Table::Users, Table::AuditLog, Table::Avatars] {
            for number in numbers {
                trees.of(table).insert(key(number), b"old").expect("a tree");
            }
        }
        let hold = Hold::begin(trees).expect("a hold");
        put(trees, &hold, Table::Users, 5, Some(b"new"));
        put(trees, &hold, Table::Users, 10, None);
        put(trees, &hold, Table::Avatars, 50, None);
        put(trees, &hold, Table::Avatars, 40, Some(b"new"));
        put(trees, &hold, Table::AuditLog, 60, Some(b"new"));
        let mut found = Vec::new();
        let never = AtomicBool::new(false);
        let read = hold.read(trees, &never, &mut |table, key, value| {
            if table == Table::Users && key == 20_u16.to_be_bytes() {
                for number in [10, 20, 30, 50, 51] {
                    put(trees, &hold, Table::Users, number, Some(b"newer"));
                }
                put(trees, &hold, Table::Users, 40, None);
                put(trees, &hold, Table::AuditLog, 10, None);
                put(trees, &hold, Table::AuditLog, 15, Some(b"new"));
                put(trees, &hold, Table::Avatars, 50, Some(b"newer"));
                put(trees, &hold, Table::Avatars, 20, None);
            }
            found.push((table, key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        });
        read.expect("a moment");
        let expected: Vec<_> = [Table::Users, Table::AuditLog, Table::Avatars]
            .into_iter()
            .flat_map(|table| numbers.map(|number| (table, key(number), b"old".to_vec())))
            .collect();
        assert_eq!(found, expected);
        let kept = hold.kept();
        assert_eq!((kept.old.len(), kept.bytes), (0, 0), "nothing is left in memory");
    }

    #[test]
    fn a_hold_that_needs_too_much_memory_gives_up_and_frees_it() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = OpenStore::open(home.path()).expect("a store");
        let trees = &store.trees;
        let megabyte = vec![7; 1024 * 1024];
        for number in 0..70 {
            trees
                .of(Table::Avatars)
                .insert(key(number), megabyte.as_slice())
                .expect("a tree");
        }
        let hold = Hold::begin(trees).expect("a hold");
        for number in 0..70 {
            put(trees, &hold, Table::Avatars, number, None);
        }
        assert!(hold.kept().old.is_empty());
        let never = AtomicBool::new(false);
        let read = hold.read(trees, &never, &mut |_, _, _| ControlFlow::Continue(()));
        assert!(read.expect_err("too much").contains("too much changed"));
    }

    #[test]
    fn a_reader_stops_when_the_store_closes() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = OpenStore::open(home.path()).expect("a store");
        store.trees.of(Table::Users).insert(key(1), b"x").expect("a tree");
        let hold = Hold::begin(&store.trees).expect("a hold");
        let closing = AtomicBool::new(true);
        let read = hold.read(&store.trees, &closing, &mut |_, _, _| ControlFlow::Continue(()));
        assert!(read.is_err());
    }
}
