//! The open trees of sled, and the reading of whole values from them.

use std::fmt::Display;

use sled::{Db, IVec, Tree};

use super::overflow;
use crate::store::catch_panic::catch_panic;
use crate::store::records::Table;

/// The open trees, one for each table.
pub(in crate::store) struct Trees {
    trees: [Tree; Table::ALL.len()],
    /// True if each table has a tree of its own. A store of an older version has no trees for newer tables.
    is_complete: bool,
}

impl Trees {
    /// Opens all trees, and creates missing ones. An older version does not open the store afterwards.
    pub(super) fn open(db: &Db) -> sled::Result<Self> {
        Self::of_tables(true, |table| db.open_tree(table.name()))
    }

    /// Opens the trees that exist. Each other table has sled's default tree, which is empty, so that all tables can be
    /// read. Nothing may be written.
    pub(super) fn open_existing(db: &Db) -> sled::Result<Self> {
        let existing = db.tree_names();
        let exists = |table: Table| existing.iter().any(|name| name == table.name().as_bytes());
        let is_complete = Table::ALL.iter().copied().all(exists);
        Self::of_tables(is_complete, |table| {
            if exists(table) {
                db.open_tree(table.name())
            } else {
                Ok(Tree::clone(db))
            }
        })
    }

    fn of_tables(is_complete: bool, open: impl Fn(Table) -> sled::Result<Tree>) -> sled::Result<Self> {
        let mut trees = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL.iter().copied() {
            trees.push(open(table)?);
        }
        let trees = trees.try_into();
        let trees = trees.map_err(|_| sled::Error::ReportableBug("as many trees as tables".into()))?;
        Ok(Self { trees, is_complete })
    }

    /// Returns whether each table has a tree of its own.
    pub(super) const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Returns the tree of a table.
    pub(in crate::store) fn of(&self, table: Table) -> &Tree {
        &self.trees[table as usize]
    }

    /// Returns the whole value under a key.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> sled::Result<Option<IVec>> {
        match self.of(table).get(key)? {
            Some(placed) => self.whole(table, key, placed),
            None => Ok(None),
        }
    }

    /// Returns the whole value of an entry of this table, which has either the value itself or the number of its
    /// parts. `None` if the entry was removed since it was read.
    pub(super) fn whole(&self, table: Table, key: &[u8], placed: IVec) -> sled::Result<Option<IVec>> {
        if overflow::parts(&placed) == 0 {
            return Ok(Some(placed));
        }
        overflow::read(self.of(table), self.of(Table::Overflow), (table, key))
    }

    /// Returns the name of a tree that this version has no table for, if there is one.
    pub(super) fn unknown(db: &Db) -> Option<String> {
        let known =
            |name: &[u8]| name == b"__sled__default" || Table::ALL.iter().any(|table| table.name().as_bytes() == name);
        db.tree_names()
            .into_iter()
            .find(|name| !known(name))
            .map(|name| String::from_utf8_lossy(&name).into_owned())
    }
}

/// Reads from sled. A panic of sled becomes an error.
///
/// # Errors
/// The cause, as text for the log.
pub(super) fn contained<T, E: Display>(read: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    catch_panic(read)?.map_err(|error| error.to_string())
}
