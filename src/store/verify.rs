//! Reads the whole store, and checks that all records and index entries are valid and agree.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::catch_panic::catch_panic;
use super::change::RecordEdit;
use super::codec::{self, Damage};
use super::folder;
use super::index_entry::{IndexEntry, IndexSum, decode_index, index_entries};
use super::open_error::{OpenError, errno_in};
use super::outdated::Outdated;
use super::overflow;
use super::problem::{Problem, printable};
use super::records::{Record, RecordVisitor, Table, visit_all};
use super::rekey;
use super::snapshot::Snapshot;
use super::trees::Trees;

/// Reads the whole store.
pub(super) fn verify(trees: &Trees) -> Findings<'_> {
    static NEVER: AtomicBool = AtomicBool::new(false);
    verify_until(trees, &NEVER)
}

/// Reads the store until `is_closing` becomes true; then the result is incomplete.
pub(super) fn verify_until<'store>(trees: &'store Trees, is_closing: &'store AtomicBool) -> Findings<'store> {
    let mut found = Findings {
        trees,
        is_closing,
        snapshot: Snapshot::default(),
        problems: Vec::new(),
        outdated: Outdated::default(),
        obstacle: None,
        newer: None,
        parts: 0,
        live_bytes: 0,
        entries: 0,
    };
    visit_all(&mut found);
    found.check_owners();
    found.check_parts();
    found
}

/// The result of reading the whole store.
pub(super) struct Findings<'store> {
    trees: &'store Trees,
    /// Stops the reading when it becomes true.
    is_closing: &'store AtomicBool,
    /// The snapshot of all readable records.
    pub(super) snapshot: Snapshot,
    /// All problems that were found.
    pub(super) problems: Vec<Problem>,
    /// The edits that upgrade what an older version stored.
    pub(super) outdated: Outdated,
    /// The first system error that stopped a reading.
    obstacle: Option<String>,
    /// A table with a record of a newer version, that version, and the newest known one.
    newer: Option<(Table, u8, u8)>,
    /// The number of parts of all split values.
    parts: usize,
    /// Bytes of all keys and values.
    pub(super) live_bytes: u64,
    /// The number of entries in all tables.
    pub(super) entries: u64,
}

impl RecordVisitor for Findings<'_> {
    fn visit<R: Record>(&mut self) {
        self.read::<R>();
    }
}

impl Findings<'_> {
    fn read<R: Record>(&mut self) {
        let mut expected = IndexSum::default();
        let mut moved = Vec::new();
        self.scan(R::TABLE, |found, key, placed, bytes| {
            let record = R::decode(key, bytes)?;
            if record.key() != key {
                return Err(Damage::Body("it belongs under another key".into()));
            }
            let is_old = bytes.first() != Some(&R::VERSION);
            if is_old || overflow::is_too_long(placed) {
                found.note_outdated(&record, is_old);
            }
            if rekey::is_under_former_keys(found.trees, &record) {
                moved.push(record);
                return Ok(());
            }
            for entry in index_entries(&record) {
                expected.add(&entry);
            }
            found.snapshot.apply(&RecordEdit {
                table: R::TABLE,
                key: key.into(),
                value: Some(bytes.into()),
            })
        });
        for edit in rekey::moves(self.trees, moved) {
            // The snapshot has the state after these edits.
            if let Err(damage) = self.snapshot.apply(&edit) {
                self.problems.push(Problem::new(edit.table, &edit.key, damage));
            }
            self.outdated.moves.push(edit);
        }
        let mut stored = expected.zero();
        for index in R::INDEXES {
            self.scan(*index, |_, key, _, bytes| {
                stored.add(&IndexEntry {
                    table: *index,
                    key: key.into(),
                    value: bytes.into(),
                });
                decode_index(*index, key, bytes).map(drop)
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
            self.outdated.has_old_counters = true;
            return;
        }
        let bytes = record.encode();
        // A record that is too large in the newest version is not rewritten.
        if codec::is_readable(&bytes) {
            self.outdated.rewrites.push(RecordEdit {
                table: R::TABLE,
                key: record.key(),
                value: Some(bytes),
            });
        }
    }

    /// Finds records without their index entries.
    fn find_missing<R: Record>(&mut self) {
        self.scan_again(R::TABLE, |found, key, _, bytes| {
            // A record that does not decode was reported when it was read.
            let Ok(record) = R::decode(key, bytes) else {
                return Ok(());
            };
            if record.key() != key || rekey::is_under_former_keys(found.trees, &record) {
                return Ok(());
            }
            for entry in index_entries(&record) {
                let stored = found.trees.get(entry.table, &entry.key).unwrap_or_default();
                if stored.is_none_or(|stored| *stored != *entry.value) {
                    let what = format!("no entry for the record {} of {}", printable(key), R::TABLE);
                    found.problems.push(Problem::new(entry.table, &entry.key, what));
                }
            }
            Ok(())
        });
    }

    /// Finds index entries that point to no record.
    fn find_orphans<R: Record>(&mut self) {
        for index in R::INDEXES {
            self.scan_again(*index, |found, key, _, bytes| {
                // An entry that does not decode was reported when it was read.
                let Ok(record_key) = decode_index(*index, key, bytes) else {
                    return Ok(());
                };
                let stored = found.trees.get(R::TABLE, &record_key).unwrap_or_default();
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

    /// Checks that the users of all tokens, links and statuses exist.
    fn check_owners(&mut self) {
        for status in self.snapshot.user_statuses() {
            if self.snapshot.user(&status.user).is_none() {
                let what = format!("it belongs to the user {}, who does not exist", status.user);
                self.problems
                    .push(Problem::new(Table::UserStatuses, &status.key(), what));
            }
        }
        for reset in self.snapshot.password_resets() {
            if self.snapshot.user(&reset.user).is_none() {
                let what = format!("it belongs to the user {}, who does not exist", reset.user);
                self.problems
                    .push(Problem::new(Table::PasswordResets, &reset.key(), what));
            }
        }
        let invitations = self.snapshot.invitations().map(|invitation| {
            let key = (Table::Invitations, invitation.key());
            (key, invitation.creator.as_ref())
        });
        let boards = self.snapshot.boards().map(|board| {
            let key = (Table::Boards, board.key());
            (key, board.creator.as_ref())
        });
        for ((table, key), creator) in invitations.chain(boards) {
            if let Some(creator) = creator.filter(|creator| self.snapshot.user(creator).is_none()) {
                let what = format!("the user {creator} created it, who does not exist");
                self.problems.push(Problem::new(table, &key, what));
            }
        }
        for token in self.snapshot.tokens() {
            if self.snapshot.user(&token.user).is_none() {
                let what = format!("it belongs to the user {}, who does not exist", token.user);
                self.problems.push(Problem::new(Table::Tokens, &token.key(), what));
            }
        }
    }

    /// Checks that every part belongs to a value. A value with a missing part fails its checksum.
    fn check_parts(&mut self) {
        let parts = self.trees.of(Table::Overflow);
        match catch_panic(|| parts.iter().try_fold(0, |count, part| part.map(|_| count + 1))) {
            Ok(Ok(stored)) if stored == self.parts => {}
            Ok(Ok(stored)) => {
                let what = format!("it has {stored} parts of values, and the values have {}", self.parts);
                self.problems.push(Problem::new(Table::Overflow, &[], what));
            }
            Ok(Err(error)) => self.unreadable(Table::Overflow, &error),
            Err(panic) => self.unreadable(Table::Overflow, &panic),
        }
    }

    /// Calls `look` for every entry of a tree, with the stored and the whole value, and counts the entries.
    fn scan(&mut self, table: Table, mut look: impl FnMut(&mut Self, &[u8], &[u8], &[u8]) -> Result<(), Damage>) {
        self.scan_again(table, |found, key, placed, bytes| {
            found.parts += usize::from(overflow::parts(placed));
            found.live_bytes += (key.len() + bytes.len()) as u64;
            found.entries += 1;
            look(found, key, placed, bytes)
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
                        self.newer.get_or_insert((table, found, known));
                    }
                    self.problems.push(Problem::new(table, &key, damage));
                }
            }
            Ok(())
        });
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.unreadable(table, &error),
            Err(panic) => self.unreadable(table, &panic),
        }
    }

    /// Returns the reason why the store cannot be judged: the system failed, or a newer version wrote the store. Then the
    /// problems that were found are not damage.
    pub(super) fn refusal(&self, path: &Path) -> Option<OpenError> {
        let of_system = self
            .obstacle
            .as_deref()
            .and_then(|cause| OpenError::of_system(path, cause));
        of_system.or_else(|| {
            let newer = self.newer?;
            Some(OpenError::newer_record(path, folder::written_by(path), newer))
        })
    }

    /// Returns the findings if the store is sound.
    ///
    /// # Errors
    /// The refusal, else [`OpenError::Damaged`].
    pub(super) fn sound(self, path: &Path) -> Result<Self, OpenError> {
        match self.refusal(path) {
            Some(refusal) => Err(refusal),
            None if self.problems.is_empty() => Ok(self),
            None => Err(OpenError::Damaged {
                folder: path.to_owned(),
                problems: self.problems,
            }),
        }
    }

    fn unreadable(&mut self, table: Table, cause: &dyn fmt::Display) {
        let what = format!("it cannot be read to its end: {cause}");
        if errno_in(&what).is_some() {
            self.obstacle.get_or_insert(what.clone());
        }
        let problem = Problem::new(table, &[], what);
        // A tree may be read twice.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::open::Engine;
    use super::super::{Change, Store};
    use super::*;
    use crate::store::user_index::tests::user;

    const NAMES: Table = Table::UsersByUsername;

    /// Returns the problems of a store with the users ada and bob after a change of its files.
    async fn problems_after(change: impl FnOnce(&Trees)) -> Vec<String> {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(home.path()).expect("a store");
        for name in ["ada", "bob"] {
            let added = Change::new().insert(&*user(name, "Name"));
            store.commit(added).await.expect("a commit");
        }
        store.close().await;
        drop(store);
        let engine = Engine::open(home.path()).expect("a store");
        change(&engine.trees);
        let found = engine.verify().problems;
        found.iter().map(ToString::to_string).collect()
    }

    fn entry_of(name: &str) -> IndexEntry {
        index_entries(&*user(name, "Name")).remove(0)
    }

    #[tokio::test]
    async fn every_record_needs_its_index_entries_and_every_entry_its_record() {
        assert_eq!(problems_after(|_| {}).await, [""; 0]);
        let removed = problems_after(|trees| drop(trees.of(NAMES).remove("ada").expect("a removal"))).await;
        let missing = "table users_by_username, key ada: no entry for the record id of ada of users";
        assert_eq!(removed, [missing]);
        let orphan = entry_of("eve");
        let added = problems_after(|trees| {
            drop(trees.of(NAMES).insert(&*orphan.key, &*orphan.value).expect("a write"));
        });
        let of_none = "table users_by_username, key eve: it does not decode: no record of users stands behind it";
        assert_eq!(added.await, [of_none]);
        // As many entries as before, of which one is of another record.
        let exchanged = problems_after(|trees| {
            trees.of(NAMES).remove("ada").expect("a removal");
            drop(trees.of(NAMES).insert(&*orphan.key, &*orphan.value).expect("a write"));
        });
        assert_eq!(exchanged.await, [missing, of_none]);
    }

    #[tokio::test]
    async fn a_damaged_index_entry_is_reported_once() {
        let found = problems_after(|trees| drop(trees.of(NAMES).insert("ada", b"damaged").expect("a write"))).await;
        let sum = "table users_by_username, key ada: its checksum does not match";
        let missing = "table users_by_username, key ada: no entry for the record id of ada of users";
        assert_eq!(found, [sum, missing]);
    }

    #[tokio::test]
    async fn an_index_entry_that_points_to_another_record_is_a_problem() {
        let found = problems_after(|trees| {
            let bob = entry_of("bob").value;
            let of_ada = codec::seal(NAMES, b"ada", 1, &decode_index(NAMES, b"bob", &bob).expect("an entry"));
            drop(trees.of(NAMES).insert("ada", of_ada).expect("a write"));
        });
        let found = found.await;
        assert!(
            found
                .iter()
                .any(|problem| problem.contains("key ada: no entry for the record id of ada")),
            "{found:?}"
        );
    }
}
