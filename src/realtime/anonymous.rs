//! The sockets without a login, in the order of their last sign of life.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::SourceAddress;

/// The sockets without a login.
#[derive(Debug, Default)]
pub(super) struct Anonymous {
    /// The turn of the last sign of life of any of them. It only rises.
    last: u64,
    /// The sockets by their turns, the longest idle first.
    sockets: BTreeMap<u64, Entry>,
    /// The turns of the sockets of each source.
    sources: HashMap<Option<SourceAddress>, BTreeSet<u64>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    number: u64,
    source: Option<SourceAddress>,
}

impl Anonymous {
    /// Takes in a socket by its number; returns its turn.
    pub fn enter(&mut self, number: u64, source: Option<SourceAddress>) -> u64 {
        self.last += 1;
        self.sockets.insert(self.last, Entry { number, source });
        self.sources.entry(source).or_default().insert(self.last);
        self.last
    }

    /// Notes a sign of life of the socket with this turn; returns its new turn. One that is not there stays away.
    pub fn touch(&mut self, turn: u64) -> u64 {
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

    /// Takes out the socket with this turn, if it is there.
    pub fn remove(&mut self, turn: u64) {
        self.leave(turn);
    }

    /// Takes out the longest idle socket of a source that has more than `most`; returns its number.
    pub fn take_beyond_in(&mut self, source: Option<SourceAddress>, most: usize) -> Option<u64> {
        let turns = self.sources.get(&source)?;
        let turn = *turns.first().filter(|_| turns.len() > most)?;
        self.leave(turn).map(|entry| entry.number)
    }

    /// Takes out the longest idle socket where there are more than `most`; returns its number.
    pub fn take_beyond(&mut self, most: usize) -> Option<u64> {
        let turn = *self.sockets.first_key_value().filter(|_| self.sockets.len() > most)?.0;
        self.leave(turn).map(|entry| entry.number)
    }
}
