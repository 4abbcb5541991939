//! Checks that all records and index entries of a store are valid and agree.

use std::sync::atomic::AtomicBool;

use super::findings::Findings;
use super::reading::Reading;
use super::records::visit_all;
use super::stored::StoredRecords;

/// Reads all records of an engine until `is_closing` becomes true; then the result is incomplete.
pub(super) fn verify(records: &dyn StoredRecords, is_closing: &AtomicBool) -> Findings {
    let mut reading = Reading::begin(records, is_closing);
    visit_all(&mut reading);
    let mut found = reading.finish();
    found.check_owners();
    found
}

#[cfg(test)]
mod tests {
    use super::super::codec;
    use super::super::index_entry::{IndexEntry, decode_index, index_entries};
    use super::super::records::{Record, Table};
    use super::super::sled::{OpenStore, Trees};
    use super::super::{Change, Store};
    use crate::domain::{Session, Timestamp, Token, TokenHash, TokenKind, UserId, UserStatus};
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
        let engine = OpenStore::open(home.path()).expect("a store");
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

    #[tokio::test]
    async fn what_belongs_to_no_user_is_a_problem() {
        let owners = ["a", "id of ada", "id of ben", "id of bob", "z"].map(UserId::new);
        let found = problems_after(|trees| {
            for (owner, number) in owners.iter().zip(0..) {
                let token = Token {
                    hash: TokenHash::new([number; 32]),
                    user: owner.clone(),
                    created_at: Timestamp::from_millis(0),
                    expires_at: None,
                    last_used_at: None,
                    kind: TokenKind::Session(Session::default()),
                };
                put(trees, &UserStatus::of(owner));
                put(trees, &token);
                for entry in index_entries(&token) {
                    trees.of(entry.table).insert(entry.key, entry.value).expect("a write");
                }
            }
        });
        let mut found = found.await;
        found.sort();
        let of = |table: &str, key: &str, owner: &str| {
            format!("table {table}, key {key}: it belongs to the user {owner}, who does not exist")
        };
        let hash = |number: u8| format!("0x{}", hex::encode([number; 32]));
        let expected = [
            of("tokens", &hash(0), "a"),
            of("tokens", &hash(2), "id of ben"),
            of("tokens", &hash(4), "z"),
            of("user_statuses", "a", "a"),
            of("user_statuses", "id of ben", "id of ben"),
            of("user_statuses", "z", "z"),
        ];
        assert_eq!(found, expected);
    }

    fn put<R: Record>(trees: &Trees, record: &R) {
        trees
            .of(R::TABLE)
            .insert(record.key(), record.encode())
            .expect("a write");
    }
}
