//! Splits values that are too long for one entry of a tree into parts.
//!
//! sled writes a leaf of a tree as one message. It writes a message over 128 KiB to a separate file that it never
//! syncs, so that a power cut loses it and everything committed after it. A leaf has some twenty values, so values of
//! six KiB are enough. Therefore long values are split: the entry then holds only the number of parts, and the parts
//! are entries of [`Table::Overflow`]. The value's own checksum covers all of them.

use std::convert::Infallible;

use sled::transaction::{ConflictableTransactionError, TransactionError, TransactionalTree, abort};
use sled::{IVec, Transactional, Tree};

use crate::store::records::Table;

/// Maximum bytes of a value, or of a part, in one entry. Thirty of them, with their keys, are less than 128 KiB.
const PART_BYTES: usize = 3 * 1024;

/// The first byte of an entry whose value is in parts; the number of parts follows, little-endian. A record begins
/// with its version, and no version is 0.
const IN_PARTS: u8 = 0;

type Number = u16;

/// Returns whether a value in one entry should be split. Older binaries wrote such entries.
pub(super) fn is_too_long(placed: &[u8]) -> bool {
    placed.len() > PART_BYTES
}

/// Returns the number of parts of the value of an entry; 0 if the entry is the value itself.
pub(super) fn parts(placed: &[u8]) -> Number {
    match placed {
        [IN_PARTS, number @ ..] => number.try_into().map_or(0, Number::from_le_bytes),
        _ => 0,
    }
}

fn key_of_part(table: Table, key: &[u8], number: Number) -> Vec<u8> {
    [table.name().as_bytes(), &[0], key, &number.to_be_bytes()].concat()
}

/// Reads the value of a key whose entry said that it is in parts. If parts are missing, the value is too short and
/// its checksum fails.
pub(super) fn read(tree: &Tree, overflow: &Tree, (table, key): (Table, &[u8])) -> sled::Result<Option<IVec>> {
    // A commit could come between the reads of two parts, but not into a transaction. The transaction is aborted with
    // the value, because a committed one writes to the log.
    let outcome: Result<Infallible, _> = (tree, overflow).transaction(|(tree, overflow)| {
        let Some(placed) = tree.get(key)? else {
            return abort(None);
        };
        let number = parts(&placed);
        if number == 0 {
            return abort(Some(placed));
        }
        let mut value = Vec::with_capacity(usize::from(number) * PART_BYTES);
        for number in 0..number {
            let part = overflow.get(key_of_part(table, key, number))?;
            value.extend_from_slice(&part.unwrap_or_default());
        }
        abort(Some(IVec::from(value)))
    });
    match outcome {
        Err(TransactionError::Abort(value)) => Ok(value),
        Err(TransactionError::Storage(error)) => Err(error),
        Ok(never) => match never {},
    }
}

/// Stores or removes a value and its parts, and removes parts of the old value that are no longer used.
pub(super) fn put(
    tree: &TransactionalTree,
    overflow: &TransactionalTree,
    (table, key): (Table, &[u8]),
    value: Option<&[u8]>,
) -> Result<(), ConflictableTransactionError<()>> {
    let mut number: Number = 0;
    let before = match value {
        Some(value) if is_too_long(value) => {
            for part in value.chunks(PART_BYTES) {
                overflow.insert(key_of_part(table, key, number), part)?;
                number += 1;
            }
            let [low, high] = number.to_le_bytes();
            tree.insert(key, &[IN_PARTS, low, high])?
        }
        Some(value) => tree.insert(key, value)?,
        None => tree.remove(key)?,
    };
    for number in number..before.as_deref().map_or(0, parts) {
        overflow.remove(key_of_part(table, key, number))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::{Avatar, ImageKind, UserId};
    use crate::store::records::Record;
    use crate::store::sled::OpenStore;
    use crate::store::{Change, Store};

    const KEY: &[u8] = b"key";

    fn set(trees: &[Tree; 2], value: Option<&[u8]>) {
        trees[..]
            .transaction(|views| put(&views[0], &views[1], (Table::Avatars, KEY), value))
            .expect("a transaction");
    }

    fn get([tree, overflow]: &[Tree; 2]) -> Option<IVec> {
        read(tree, overflow, (Table::Avatars, KEY)).expect("a tree")
    }

    fn avatar(bytes: Vec<u8>) -> Avatar {
        Avatar {
            user: UserId::new("rbAXPnMktTFbNpwtJ"),
            etag: "etag".into(),
            kind: ImageKind::Png,
            bytes,
            clean: true,
        }
    }

    #[test]
    fn a_value_of_any_length_takes_the_place_of_one_of_any_other_and_leaves_nothing_behind() {
        let db = sled::Config::new().temporary(true).open().expect("a store");
        let trees = ["values", "overflow"].map(|name| db.open_tree(name).expect("a tree"));
        let lengths = [1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES, 100 * PART_BYTES + 7];
        for before in lengths {
            for after in lengths {
                for length in [before, after] {
                    let value: Vec<_> = (0..=250).cycle().take(length).collect();
                    set(&trees, Some(&value));
                    assert_eq!(get(&trees).as_deref(), Some(&*value), "{before} then {after}");
                    let expected = if length > PART_BYTES {
                        length.div_ceil(PART_BYTES)
                    } else {
                        0
                    };
                    assert_eq!(trees[1].len(), expected, "{before} then {after}");
                }
                set(&trees, None);
                assert_eq!((get(&trees), trees[1].len()), (None, 0), "{before} then {after}");
            }
        }
    }

    #[tokio::test]
    async fn a_long_value_that_an_older_binary_left_whole_is_put_in_parts_when_the_store_is_opened() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let avatar = avatar(vec![7; 200_000]);
        let engine = OpenStore::open(home.path()).expect("a store");
        let tree = engine.trees.of(Table::Avatars);
        tree.insert(avatar.key(), avatar.encode()).expect("a tree");
        engine.db.flush().expect("a flush");
        drop(engine);

        let store = Store::open(home.path()).expect("a store");
        assert_eq!(store.avatar(&avatar.user).await.expect("a store"), Some(avatar.clone()));
        store.close().await;
        let engine = OpenStore::open(home.path()).expect("a store");
        let placed = engine.trees.of(Table::Avatars).get(avatar.key());
        let placed = placed.expect("a tree").expect("a value");
        assert_eq!(usize::from(parts(&placed)), avatar.encode().len().div_ceil(PART_BYTES));
        assert_eq!(engine.verify().problems, []);
        engine
            .trees
            .of(Table::Overflow)
            .insert("users\0nobody\0\0", "x")
            .expect("a tree");
        assert_eq!(engine.verify().problems.len(), 1, "a part of nothing is told of");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_reader_never_sees_parts_of_two_values() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(home.path()).expect("a store");
        let avatars = Arc::new([avatar(vec![1; 200_000]), avatar(vec![2; 90_000])]);
        let commit = async |change: Change| store.commit(change).await.expect("a commit");
        commit(Change::new().insert(&avatars[0])).await;
        let reader = {
            let (store, avatars) = (store.clone(), Arc::clone(&avatars));
            tokio::spawn(async move {
                let mut changes = 0;
                let mut before = None;
                while changes < 50 {
                    let shown = store.avatar(&avatars[0].user).await.expect("a sound picture");
                    let shown = avatars.iter().position(|avatar| Some(avatar) == shown.as_ref());
                    assert!(shown.is_some(), "it is one of the two");
                    changes += usize::from(shown != before);
                    before = shown;
                }
            })
        };
        while !reader.is_finished() {
            commit(Change::new().replace(&avatars[0], &avatars[1])).await;
            commit(Change::new().replace(&avatars[1], &avatars[0])).await;
        }
        reader.await.expect("the reader saw sound pictures only");
    }
}
