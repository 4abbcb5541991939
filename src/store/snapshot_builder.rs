//! Builds a snapshot on a thread of its own, while another one reads the records from the disk.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::change::RecordEdit;
use super::problem::Problem;
use super::snapshot::Snapshot;

/// The number of edits that the threads exchange at once. One at a time would cost more than to apply it.
const AT_ONCE: usize = 512;

/// The bytes of values that the threads exchange at once, so that many large pictures do not fill the memory.
const BYTES_AT_ONCE: usize = 256 * 1024;

/// The maximum number of waiting lists of edits, so that a fast disk does not fill the memory.
const WAITING: usize = 8;

/// A snapshot to which the records of a store are added, in the order of their tables and keys.
pub(super) struct SnapshotBuilder {
    edits: Vec<RecordEdit>,
    /// The bytes of the values of these edits.
    bytes: usize,
    applied: Applied,
}

/// The thread on which the edits are applied.
enum Applied {
    Elsewhere(SyncSender<Vec<RecordEdit>>, JoinHandle<Built>),
    /// The system gave no further thread.
    Here(Box<Built>),
}

/// The snapshot, and the edits that could not be applied.
#[derive(Default)]
pub(super) struct Built {
    pub(super) snapshot: Snapshot,
    pub(super) problems: Vec<Problem>,
}

impl Built {
    /// Applies edits of one table: first every second one, then the others. The records come in the order of their keys,
    /// and a map that grows at its end only has half-full nodes. The second pass fills the gaps.
    fn apply(&mut self, edits: &[RecordEdit]) {
        let every_second = |first| edits.iter().skip(first).step_by(2);
        for edit in every_second(0).chain(every_second(1)) {
            if let Err(damage) = self.snapshot.apply(edit) {
                self.problems.push(Problem::new(edit.table, &edit.key, damage));
            }
        }
    }

    fn of(waiting: &Receiver<Vec<RecordEdit>>) -> Self {
        let mut built = Self::default();
        for edits in waiting {
            built.apply(&edits);
        }
        built
    }
}

impl SnapshotBuilder {
    /// Begins with an empty snapshot.
    pub(super) fn begin() -> Self {
        let (sender, waiting) = sync_channel(WAITING);
        let builder = thread::Builder::new().name("snapshot".to_owned());
        let applied = match builder.spawn(move || Built::of(&waiting)) {
            Ok(thread) => Applied::Elsewhere(sender, thread),
            Err(_) => Applied::Here(Box::default()),
        };
        Self {
            edits: Vec::with_capacity(AT_ONCE),
            bytes: 0,
            applied,
        }
    }

    /// Adds the edit of another record. It is applied after all edits of other tables before it.
    pub(super) fn add(&mut self, edit: RecordEdit) {
        let is_other_table = self.edits.first().is_some_and(|first| first.table != edit.table);
        if is_other_table || self.edits.len() >= AT_ONCE || self.bytes >= BYTES_AT_ONCE {
            self.pass_on();
        }
        self.bytes += edit.value.as_ref().map_or(0, Vec::len);
        self.edits.push(edit);
    }

    fn pass_on(&mut self) {
        self.bytes = 0;
        let edits = std::mem::replace(&mut self.edits, Vec::with_capacity(AT_ONCE));
        match &mut self.applied {
            // The other thread ends early only by a panic, which `finish` passes on.
            Applied::Elsewhere(sender, _) => drop(sender.send(edits)),
            Applied::Here(built) => built.apply(&edits),
        }
    }

    /// Returns the snapshot with all edits.
    pub(super) fn finish(mut self) -> Built {
        self.pass_on();
        match self.applied {
            Applied::Elsewhere(sender, thread) => {
                drop(sender);
                thread.join().unwrap_or_else(|panic| resume_unwind(panic))
            }
            Applied::Here(built) => *built,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::{Record, Table};
    use super::*;
    use crate::domain::{Session, Timestamp, Token, TokenHash, TokenKind, User, UserId, UserStatus};
    use crate::store::user_index::tests::user;

    const USERS: usize = 3 * AT_ONCE + 7;

    fn edit<R: Record>(record: &R) -> RecordEdit {
        RecordEdit {
            table: R::TABLE,
            key: record.key(),
            value: Some(record.encode()),
        }
    }

    fn token(owner: &UserId, number: u32) -> Token {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&number.to_be_bytes());
        Token {
            hash: TokenHash::new(hash),
            user: owner.clone(),
            created_at: Timestamp::from_millis(0),
            expires_at: None,
            last_used_at: None,
            kind: TokenKind::Session(Session::default()),
        }
    }

    fn built(mut builder: SnapshotBuilder) -> Built {
        let users: Vec<User> = (0..USERS)
            .map(|number| User::clone(&user(&format!("user{number:05}"), "Name")))
            .collect();
        for user in &users {
            builder.add(edit(user));
        }
        // The last users are in the last list of their table, which must not wait for the records of the next table.
        for user in users.iter().rev() {
            builder.add(edit(&UserStatus::of(&user.id)));
        }
        for (user, number) in users.iter().zip(0..) {
            builder.add(edit(&token(&user.id, number)));
        }
        builder.add(RecordEdit {
            table: Table::Tokens,
            key: vec![0; 32],
            value: Some(b"damaged".to_vec()),
        });
        builder.finish()
    }

    #[test]
    fn all_records_are_in_the_snapshot_and_share_the_ids_of_their_users_on_a_thread_and_without_one() {
        let here = SnapshotBuilder {
            edits: Vec::new(),
            bytes: 0,
            applied: Applied::Here(Box::default()),
        };
        for Built { snapshot, problems } in [built(SnapshotBuilder::begin()), built(here)] {
            let users: Vec<_> = snapshot.users().collect();
            assert_eq!(users.len(), USERS);
            assert!(users.is_sorted_by_key(|user| user.username.as_str()));
            for user in users {
                let id = user.id.as_str().as_ptr();
                let tokens: Vec<_> = snapshot.tokens_of(&user.id).collect();
                let status = snapshot
                    .user_status(&user.id)
                    .map(|status| status.user.as_str().as_ptr());
                assert_eq!(status, Some(id), "{user:?}");
                assert!(tokens.len() == 1 && tokens[0].user.as_str().as_ptr() == id, "{user:?}");
            }
            let [problem] = &*problems else {
                panic!("one problem is reported: {problems:?}");
            };
            assert_eq!(
                (&*problem.table, &*problem.what),
                ("tokens", "its checksum does not match")
            );
        }
    }

    #[test]
    fn large_values_do_not_wait_for_many_others() {
        let mut builder = SnapshotBuilder::begin();
        for number in 0..9 {
            builder.add(RecordEdit {
                table: Table::Avatars,
                key: vec![number],
                value: Some(vec![0; BYTES_AT_ONCE]),
            });
            assert_eq!(builder.edits.len(), 1, "after {number}");
        }
        assert_eq!(builder.finish().problems, []);
    }
}
