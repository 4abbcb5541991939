//! The lines of the queue: the guesses from one address, and the guesses at one account.

use std::collections::{HashMap, VecDeque};

use tokio::sync::oneshot;

use super::Account;

/// The guesses from one address.
#[derive(Default)]
pub(super) struct Line {
    /// The turns of this address, by account. Turns that still wait for the account are among them.
    pub held: HashMap<Account, u32>,
    pub held_in_all: u32,
    /// The accounts for which guesses wait, the next one first.
    pub order: VecDeque<Account>,
    pub waiting: HashMap<Account, VecDeque<Waiter>>,
    pub waiting_in_all: u32,
}

/// The guesses at one account that have the turn of their address.
#[derive(Default)]
pub(super) struct Desk {
    pub held: u32,
    pub waiting: VecDeque<Waiter>,
}

pub(super) struct Waiter {
    pub id: u64,
    pub granted: oneshot::Sender<()>,
}

impl Line {
    /// Takes the first guess at an account out of the queue, and whether more of them wait.
    pub fn next_of(&mut self, account: &Account) -> Option<(Waiter, bool)> {
        let queue = self.waiting.get_mut(account)?;
        let waiter = queue.pop_front()?;
        self.waiting_in_all -= 1;
        let more = !queue.is_empty();
        if !more {
            self.waiting.remove(account);
        }
        Some((waiter, more))
    }

    /// Removes a guess that waits; false when it does not wait here.
    pub fn leave(&mut self, account: &Account, id: u64) -> bool {
        let Some(queue) = self.waiting.get_mut(account) else {
            return false;
        };
        let Some(place) = queue.iter().position(|waiter| waiter.id == id) else {
            return false;
        };
        queue.remove(place);
        self.waiting_in_all -= 1;
        if queue.is_empty() {
            self.waiting.remove(account);
            self.order.retain(|other| other != account);
        }
        true
    }
}

impl Desk {
    pub fn advance(&mut self, most: u32) {
        while self.held < most
            && let Some(waiter) = self.waiting.pop_front()
        {
            self.held += 1;
            waiter.grant();
        }
    }

    /// Removes a guess that waits; false when it does not wait here.
    pub fn leave(&mut self, id: u64) -> bool {
        let place = self.waiting.iter().position(|waiter| waiter.id == id);
        place.is_some_and(|place| self.waiting.remove(place).is_some())
    }
}

impl Waiter {
    pub fn grant(self) {
        // A receiver that is gone gives the turn back when its `Turn` is dropped.
        let _ = self.granted.send(());
    }
}
