//! Moves index entries that older versions stored under other keys.

use std::collections::HashSet;

use tracing::warn;

use super::change::RecordEdit;
use super::index_entry::{IndexEntry, decode_index, index_entries};
use super::records::{Record, Table};
use super::stored::StoredRecords;

/// Returns whether an index has this record under a former key, which is not one of its present keys.
pub(super) fn is_under_former_keys<R: Record>(stored: &dyn StoredRecords, record: &R) -> bool {
    let present = record.index_keys();
    record.former_index_keys().into_iter().any(|(table, key)| {
        !present.contains(&(table, key.clone()))
            && holder(stored, table, &key).is_some_and(|holder| holder == record.key())
    })
}

fn holder(stored: &dyn StoredRecords, table: Table, key: &[u8]) -> Option<Vec<u8>> {
    let bytes = stored.get(table, key).ok()??;
    decode_index(table, key, &bytes).ok()
}

/// Returns the edits that move these records to their present index keys. If two records have the same key, the one
/// with precedence keeps it, and the other one loses the value.
pub(super) fn moves<R: Record>(stored: &dyn StoredRecords, mut records: Vec<R>) -> Vec<RecordEdit> {
    records.sort_by_key(R::precedence);
    let mut edits = Vec::new();
    let mut taken: HashSet<(Table, Vec<u8>)> = HashSet::new();
    for mut record in records {
        let former = record.former_index_keys();
        let conflict = |entry: &IndexEntry| {
            let is_held = holder(stored, entry.table, &entry.key).is_some_and(|holder| holder != record.key());
            is_held || taken.contains(&(entry.table, entry.key.clone()))
        };
        let lost: Vec<_> = index_entries(&record)
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
        // These edits come first: the former key of one record may be the present key of another one.
        let ended = former.into_iter().map(|(table, key)| RecordEdit {
            table,
            key,
            value: None,
        });
        edits.splice(0..0, ended);
        for entry in index_entries(&record) {
            taken.insert((entry.table, entry.key.clone()));
            edits.push(RecordEdit {
                table: entry.table,
                key: entry.key,
                value: Some(entry.value),
            });
        }
        edits.push(RecordEdit {
            table: R::TABLE,
            key: record.key(),
            value: Some(record.encode()),
        });
    }
    edits
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::sled::{open_sled, wait_until_closed};
    use super::super::{Change, Store, codec};
    use super::*;
    use crate::domain::user::UserEmail;
    use crate::domain::{Email, EmailKey, Timestamp, User, UserId};
    use crate::store::user_index::tests::user;

    /// The version of index entries.
    const VERSION: u8 = 1;

    fn with_address(number: u32, address: &str) -> User {
        User {
            email: Some(UserEmail {
                address: Email::restore(address),
                verified: true,
            }),
            created_at: Timestamp::from_millis(number.into()),
            ..User::clone(&user(&format!("user{number}"), "Name"))
        }
    }

    /// Makes a store as version 0.1 left it: addresses are indexed by their lower-case form.
    async fn old_store(folder: &Path, users: &[User]) {
        let store = Store::open(folder).expect("a store");
        for user in users {
            // The address is added later, since by today's rules some of these addresses are the same.
            let without = User {
                email: None,
                ..user.clone()
            };
            store.commit(Change::new().insert(&without)).await.expect("a commit");
        }
        store.close().await;
        drop(store);
        let files = folder.join("store");
        wait_until_closed(&files).expect("a closed store");
        let (db, trees) = open_sled(&files).expect("a store");
        for user in users {
            let put =
                |table: Table, key: &[u8], value: Vec<u8>| drop(trees.of(table).insert(key, value).expect("a write"));
            put(Table::Users, &user.key(), user.encode());
            let former = user.former_index_keys().remove(0).1;
            put(
                Table::UsersByEmail,
                &former,
                codec::seal(Table::UsersByEmail, &former, VERSION, &user.key()),
            );
        }
        db.flush().expect("a flush");
        drop((trees, db));
        wait_until_closed(&files).expect("a closed store");
    }

    fn holder_of(store: &Store, typed: &str) -> Option<UserId> {
        store.read().user_at(&EmailKey::of(typed)).map(|user| user.id.clone())
    }

    #[tokio::test]
    async fn an_address_under_a_former_key_is_found_and_moved_at_the_opening() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let users = [
            with_address(1, "Jose\u{301}@example.com"),
            with_address(2, "ada@M\u{fc}nchen.example"),
            with_address(3, "plain@example.com"),
        ];
        old_store(home.path(), &users).await;
        assert_eq!(
            Store::inspect(home.path(), None).expect("a store").0,
            [],
            "what is old is not damaged"
        );
        wait_until_closed(&home.path().join("store")).expect("a closed store");
        for opening in ["first", "second"] {
            let store = Store::open(home.path()).expect("a store");
            for (typed, user) in [
                ("jos\u{e9}@example.com", &users[0]),
                ("JOSE\u{301}@example.com", &users[0]),
                ("ada@xn--mnchen-3ya.example", &users[1]),
                ("plain@example.com", &users[2]),
            ] {
                assert_eq!(
                    holder_of(&store, typed),
                    Some(user.id.clone()),
                    "{typed} at the {opening} opening"
                );
            }
            // A change of such a user finds the moved index entries.
            let before = store.read().user(&users[0].id).cloned().expect("a user");
            let after = before.changed(Timestamp::from_millis(9));
            store
                .commit(Change::new().replace(&*before, &after))
                .await
                .expect("a commit");
            assert_eq!(store.verify().await.expect("an answer"), []);
            store.close().await;
            drop(store);
            wait_until_closed(&home.path().join("store")).expect("a closed store");
        }
    }

    #[tokio::test]
    async fn of_two_accounts_with_one_address_by_todays_rule_the_older_one_keeps_it() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let users = [
            with_address(7, "jose\u{301}@example.com"),
            with_address(3, "ada@M\u{fc}nchen.example"),
            with_address(4, "ada@Mu\u{308}nchen.example"),
            with_address(9, "eve@xn--mnchen-3ya.example"),
            with_address(1, "eve@m\u{fc}nchen.example"),
        ];
        old_store(home.path(), &users).await;
        let store = Store::open(home.path()).expect("a store");
        for (typed, user) in [
            ("jos\u{e9}@example.com", &users[0]),
            ("ada@m\u{fc}nchen.example", &users[1]),
            // An account that was under the present key from the beginning keeps its address.
            ("eve@m\u{fc}nchen.example", &users[3]),
        ] {
            assert_eq!(holder_of(&store, typed), Some(user.id.clone()), "{typed}");
        }
        for loser in [&users[2], &users[4]] {
            assert_eq!(store.read().user(&loser.id).expect("a user").email, None);
        }
        assert_eq!(store.verify().await.expect("an answer"), []);
        store.close().await;
    }
}
