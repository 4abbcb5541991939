//! The keys of one Rollcall in a cluster.
//!
//! All keys begin with `/rollcall/NAME/`. Below it, `w/` is what each process follows: `w/t/TABLE/KEY` are records and index
//! entries, `w/h/PROCESS/USER` are the connections of a user at a process, and `w/p/PROCESS` is the marker of a process.
//! `w/format` repeats the number of the format when it is raised. `n/PROCESS` is the marker of the transactions of a process
//! with connections, and `v/PROCESS` says which format it knows.
//! `b/TABLE/KEY` are large and seldom read records, which are read
//! when they are needed. `meta/format` says how all this is stored. `meta/copying` and `meta/source` are there while a store or
//! backup is copied into it.

use crate::store::records::Table;

/// The keys of one Rollcall.
#[derive(Debug, Clone)]
pub(super) struct Keyspace {
    root: String,
}

/// Returns whether each process has the records of this table in its memory.
pub(super) const fn is_followed(table: Table) -> bool {
    !matches!(table, Table::Avatars | Table::AuditLog)
}

/// Returns the first key after all keys that begin with this prefix, which ends with a slash.
pub(super) fn end_of(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

/// Returns the name that follows this prefix in a key.
fn name_after<'key>(prefix: &[u8], key: &'key [u8]) -> Option<&'key str> {
    std::str::from_utf8(key.strip_prefix(prefix)?).ok()
}

impl Keyspace {
    /// Returns the keys of the Rollcall with this name.
    pub(super) fn new(name: &str) -> Self {
        Self {
            root: format!("/rollcall/{name}/"),
        }
    }

    /// Returns the prefix of all keys that each process follows.
    pub(super) fn followed(&self) -> Vec<u8> {
        format!("{}w/", self.root).into_bytes()
    }

    /// Returns the key of the marker of a process.
    pub(super) fn marker(&self, process: &str) -> Vec<u8> {
        format!("{}w/p/{process}", self.root).into_bytes()
    }

    /// Returns the prefix of the markers of all processes.
    pub(super) fn markers(&self) -> Vec<u8> {
        self.marker("")
    }

    /// Returns the name of the process whose marker has this key.
    pub(super) fn parse_marker<'key>(&self, key: &'key [u8]) -> Option<&'key str> {
        name_after(&self.markers(), key)
    }

    /// Returns the key of the marker of the transactions with the connections at a process.
    pub(super) fn connections_marker(&self, process: &str) -> Vec<u8> {
        format!("{}n/{process}", self.root).into_bytes()
    }

    /// Returns the prefix of the keys of the connections at one process.
    pub(super) fn connections_at(&self, process: &str) -> Vec<u8> {
        self.connections(process, "")
    }

    /// Returns the prefix of the keys of the connections at all processes.
    pub(super) fn all_connections(&self) -> Vec<u8> {
        format!("{}w/h/", self.root).into_bytes()
    }

    /// Returns the key of the connections of a user at a process.
    pub(super) fn connections(&self, process: &str, user: &str) -> Vec<u8> {
        format!("{}w/h/{process}/{user}", self.root).into_bytes()
    }

    /// Returns the process and the user of a key of connections.
    pub(super) fn parse_connections<'key>(&self, key: &'key [u8]) -> Option<(&'key str, &'key str)> {
        let rest = key.strip_prefix(self.root.as_bytes())?.strip_prefix(b"w/h/")?;
        std::str::from_utf8(rest).ok()?.split_once('/')
    }

    /// Returns the key of what a process says about itself.
    pub(super) fn announcement(&self, process: &str) -> Vec<u8> {
        format!("{}v/{process}", self.root).into_bytes()
    }

    /// Returns the prefix of what all processes say about themselves.
    pub(super) fn announcements(&self) -> Vec<u8> {
        self.announcement("")
    }

    /// Returns the name of the process that says this about itself.
    pub(super) fn parse_announcement<'key>(&self, key: &'key [u8]) -> Option<&'key str> {
        name_after(&self.announcements(), key)
    }

    /// Returns the key that repeats the format for the processes that follow.
    pub(super) fn followed_format(&self) -> Vec<u8> {
        format!("{}w/format", self.root).into_bytes()
    }

    /// Returns the key of the format of all keys and values.
    pub(super) fn format(&self) -> Vec<u8> {
        format!("{}meta/format", self.root).into_bytes()
    }

    /// Returns the key of the marker of a copy that is being written into the store.
    pub(super) fn copying(&self) -> Vec<u8> {
        format!("{}meta/copying", self.root).into_bytes()
    }

    /// Returns the key of what identifies the source of that copy.
    pub(super) fn source(&self) -> Vec<u8> {
        format!("{}meta/source", self.root).into_bytes()
    }

    /// Returns the prefix of all keys.
    pub(super) fn all(&self) -> String {
        self.root.clone()
    }

    /// Returns the prefix of the keys of a table.
    pub(super) fn table(&self, table: Table) -> Vec<u8> {
        let part = if is_followed(table) { "w/t" } else { "b" };
        format!("{}{part}/{}/", self.root, table.name()).into_bytes()
    }

    /// Returns the key of a record or index entry.
    pub(super) fn entry(&self, table: Table, key: &[u8]) -> Vec<u8> {
        [self.table(table).as_slice(), key].concat()
    }

    /// Returns the table and the key in it of a record or index entry that each process follows.
    pub(super) fn parse<'key>(&self, key: &'key [u8]) -> Option<(Table, &'key [u8])> {
        let rest = key.strip_prefix(self.root.as_bytes())?.strip_prefix(b"w/t/")?;
        let slash = memchr::memchr(b'/', rest)?;
        let table = Table::ALL
            .iter()
            .find(|table| table.name().as_bytes() == &rest[..slash])?;
        Some((*table, &rest[slash + 1..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_to_their_tables_and_back_also_with_slashes_in_them() {
        let keys = Keyspace::new("acme");
        for table in Table::ALL.iter().copied() {
            let key = keys.entry(table, b"a/b\xff");
            let expected = is_followed(table).then_some((table, &b"a/b\xff"[..]));
            assert_eq!(keys.parse(&key), expected, "{table}");
            assert!(key < end_of(&keys.table(table)));
        }
        assert_eq!(keys.entry(Table::Users, b"x"), b"/rollcall/acme/w/t/users/x");
        assert_eq!(keys.entry(Table::Avatars, b"x"), b"/rollcall/acme/b/avatars/x");
        for other in [
            "/rollcall/acme/w/p/x",
            "/rollcall/ac/w/t/users/x",
            "/rollcall/acme/w/t/users",
        ] {
            assert_eq!(keys.parse(other.as_bytes()), None, "{other}");
        }
    }
}
