//! Frees space in the file of the store while the store is used.
//!
//! sled frees a segment of its file when no live page is left in it. Once most pages of a segment are dead, sled moves
//! the live ones, but only one each time that it joins ten changes of any page into one (`PageCache::replace`). That is
//! too seldom: a store whose records are changed at random takes eleven times its data. So the writer changes the record
//! of `commits` ten times for each page that is to be moved. It does so while no change waits.

use super::engine::SledEngine;
use super::trees::contained;
use crate::store::commits::Commits;
use crate::store::edits::Edits;
use crate::store::engine::Lost;
use crate::store::records::Record;
use crate::store::room::Room;

/// The changes of a page that sled joins (`PAGE_CONSOLIDATION_THRESHOLD` of sled 0.34.7). It is even, so that the last
/// change restores the record.
const JOINED_CHANGES: usize = 10;

/// The written bytes for which one page is moved. With four times as many, a store whose records are changed at random
/// takes seven times its data; with these, two and a half times.
const BYTES_A_PAGE: usize = 1_536;

/// Maximum bytes that are remembered as not cleaned, so that the writer is not busy for seconds after an import.
const MAX_UNCLEANED_BYTES: usize = 8 * 1024 * 1024;

/// The bytes that sled writes for an edit besides its key and value: a head, and a tenth of the page, which sled writes
/// again after ten edits.
const EDIT_BYTES: usize = 256;

impl SledEngine {
    /// Counts the bytes that sled wrote for a batch.
    pub(super) fn note_written(&mut self, edits: &Edits) {
        let overlay = edits.overlay.iter();
        let written: usize = overlay
            .map(|((_, key), value)| EDIT_BYTES + key.len() + value.as_ref().map_or(0, Vec::len))
            .sum();
        self.uncleaned_bytes += written;
    }

    /// Lets sled move pages, one after the other while `is_idle`, until it has moved enough for what was written. A moved
    /// page needs space before its segment is free, so that none is moved while the disk has little.
    pub(super) fn clean(&mut self, is_idle: &dyn Fn() -> bool) -> Result<(), Lost> {
        self.uncleaned_bytes = self.uncleaned_bytes.min(MAX_UNCLEANED_BYTES);
        while self.uncleaned_bytes >= BYTES_A_PAGE && is_idle() && self.shared.room() == Room::Enough {
            let Ok(store) = self.store() else {
                return Ok(());
            };
            let commits = self.shared.shown.load().commits;
            let moved = self.shared.clock.during_write(store.waker(), || {
                contained(|| move_page(store.trees.of(Commits::TABLE), &commits))
            });
            if let Err(cause) = moved {
                return self.go_on_after(None, &cause).map(drop);
            }
            self.uncleaned_bytes -= BYTES_A_PAGE;
        }
        Ok(())
    }
}

/// Lets sled move one page. sled ignores an edit that changes nothing. So each second edit stores another size of the last
/// compaction, which differs by one byte. After a crash in between, the next start reads that size.
fn move_page(tree: &sled::Tree, commits: &Commits) -> sled::Result<()> {
    let other = Commits {
        compacted_bytes: commits.compacted_bytes ^ 1,
        ..*commits
    };
    let (key, values) = (commits.key(), [other.encode(), commits.encode()]);
    for number in 0..JOINED_CHANGES {
        tree.insert(&key, values[number % values.len()].as_slice())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::domain::user_status::RecentStatus;
    use crate::domain::{StatusText, StatusType, UserId, UserStatus};
    use crate::store::Change;
    use crate::store::engine::{Engine, Outcome};
    use crate::store::flush_clock::FlushClock;
    use crate::store::outdated::Outdated;
    use crate::store::records::Table;
    use crate::store::shared::Shared;
    use crate::store::sled::OpenStore;
    use crate::store::snapshot::Snapshot;

    /// So many that a few segments of 512 KiB, which sled frees later when the machine is busy, decide nothing.
    const USERS: usize = 4_000;

    /// The users whose status is changed in one batch.
    const TOGETHER: usize = 100;

    const ROUNDS: usize = 320;

    fn engine(folder: &Path) -> SledEngine {
        let store = OpenStore::open(folder).expect("a store");
        let clock = FlushClock::start(30).expect("a thread");
        SledEngine::new(store, Outdated::default(), Shared::new(Snapshot::default(), clock))
    }

    /// Returns a status of some 700 bytes.
    fn status(user: usize, round: usize) -> UserStatus {
        let recent = RecentStatus {
            status: StatusType::Busy,
            text: StatusText::restore(&format!("round {round}, {}", "at work ".repeat(12))),
            emoji: None,
        };
        let mut status = UserStatus::of(&UserId::new(&format!("user{user:013}")));
        status.recent = vec![recent; 6];
        status
    }

    /// Writes the statuses of these users in one batch.
    fn write(engine: &mut SledEngine, users: impl Iterator<Item = usize>, round: usize) {
        let change = users.fold(Change::new(), |change, user| change.insert(&status(user, round)));
        let outcome = engine.commit(&Edits::of(&change.edits));
        assert!(matches!(outcome, Ok(Outcome::Stored)), "{outcome:?}");
    }

    #[test]
    fn a_busy_store_takes_at_most_four_times_its_data() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut engine = engine(home.path());
        write(&mut engine, 0..USERS, 0);
        for round in 1..=ROUNDS {
            // The multiples of a prime number are all users, in an order that looks random.
            let users = (round * TOGETHER..(round + 1) * TOGETHER).map(|number| number * 1_187 % USERS);
            write(&mut engine, users, round);
            engine.clean(&|| true).expect("a disk");
        }
        let shown = engine.shared.shown.load().commits;
        let store = engine.store().expect("an open store");
        let kept = store.trees.get(Commits::TABLE, &shown.key()).expect("a read");
        assert_eq!(kept.as_deref(), Some(&shown.encode()[..]), "the record is restored");
        let entries = store.trees.of(Table::UserStatuses).iter();
        let live: usize = entries
            .map(|entry| entry.map_or(0, |(key, value)| key.len() + value.len()))
            .sum();
        let file = fs::metadata(home.path().join("store/db")).expect("a file").len();
        assert!(live > USERS * 600, "{live} bytes are alive");
        assert!(file < 4 * live as u64, "{file} bytes for {live}");
    }

    #[test]
    fn nothing_is_moved_while_a_change_waits() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut engine = engine(home.path());
        write(&mut engine, 0..TOGETHER, 0);
        let before = engine.uncleaned_bytes;
        assert!(before > 600 * TOGETHER);
        engine.clean(&|| false).expect("a disk");
        assert_eq!(engine.uncleaned_bytes, before);
        engine.clean(&|| true).expect("a disk");
        assert!(engine.uncleaned_bytes < BYTES_A_PAGE);
    }
}
