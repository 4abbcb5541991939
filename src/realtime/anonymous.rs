//! The sockets without a login, ordered by their last sign of life.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::SourceAddress;

/// The registry of sockets without a login.
#[derive(Debug, Default)]
pub(super) struct Anonymous {
    /// The number of the last sign of life of any socket. It only increases.
    last: u64,
    /// The sockets by the number of their last sign of life, so the longest idle socket is first.
    sockets: BTreeMap<u64, Entry>,
    /// The same numbers by source address.
    sources: HashMap<Option<SourceAddress>, BTreeSet<u64>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    number: u64,
    source: Option<SourceAddress>,
}

impl Anonymous {
    /// Adds a socket; returns the number of its sign of life, here called its turn.
    pub(super) fn enter(&mut self, number: u64, source: Option<SourceAddress>) -> u64 {
        self.last += 1;
        self.sockets.insert(self.last, Entry { number, source });
        self.sources.entry(source).or_default().insert(self.last);
        self.last
    }

    /// Records a sign of life of the socket with this turn; returns its new turn. An unknown socket is not added.
    pub(super) fn touch(&mut self, turn: u64) -> u64 {
        match self.leave(turn) {
            Some(entry) => self.enter(entry.number, entry.source),
            None => turn,
        }
    }

    fn leave(&mut self, turn: u64) -> Option<Entry> {
        let entry = self.sockets.remove(&turn)?;
        if let Some(turns) = self.sources.get_mut(&entry.source) {
            turns.remove(&turn);
            if turns.is_empty() {
                self.sources.remove(&entry.source);
            }
        }
        Some(entry)
    }

    /// Removes the socket with this turn, if it is registered.
    pub(super) fn remove(&mut self, turn: u64) {
        self.leave(turn);
    }

    /// Removes the longest idle socket of a source that has more than `most` sockets; returns its number.
    pub(super) fn take_beyond_in(&mut self, source: Option<SourceAddress>, most: usize) -> Option<u64> {
        let turns = self.sources.get(&source)?;
        let turn = *turns.first().filter(|_| turns.len() > most)?;
        self.leave(turn).map(|entry| entry.number)
    }

    /// Removes the longest idle socket if there are more than `most` in total; returns its number.
    pub(super) fn take_beyond(&mut self, most: usize) -> Option<u64> {
        let turn = *self.sockets.first_key_value().filter(|_| self.sockets.len() > most)?.0;
        self.leave(turn).map(|entry| entry.number)
    }
}
