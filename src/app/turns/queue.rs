//! The two stages of the queue: the attempts from one address, then the attempts for one account.

use std::collections::{HashMap, VecDeque};

use tokio::sync::oneshot;

use crate::app::account_key::CountedAccount;

/// The attempts from one address.
#[derive(Default)]
pub(super) struct AddressQueue {
    /// The number of turns of this address by account, including those that still wait for the account.
    pub held: HashMap<CountedAccount, u32>,
    pub held_in_all: u32,
    /// The accounts with waiting attempts, the next one first.
    pub order: VecDeque<CountedAccount>,
    pub waiting: HashMap<CountedAccount, VecDeque<Waiter>>,
    pub waiting_in_all: u32,
}

/// The attempts for one account that already have a turn of their address.
#[derive(Default)]
pub(super) struct AccountQueue {
    pub held: u32,
    pub waiting: VecDeque<Waiter>,
}

pub(super) struct Waiter {
    pub id: u64,
    pub granted: oneshot::Sender<()>,
}

impl AddressQueue {
    /// Removes the first waiting attempt for an account, and returns it with whether more are waiting.
    pub(super) fn next_of(&mut self, account: &CountedAccount) -> Option<(Waiter, bool)> {
        let queue = self.waiting.get_mut(account)?;
        let waiter = queue.pop_front()?;
        self.waiting_in_all -= 1;
        let more = !queue.is_empty();
        if !more {
            self.waiting.remove(account);
        }
        Some((waiter, more))
    }

    /// Removes a waiting attempt; returns false if it does not wait here.
    pub(super) fn leave(&mut self, account: &CountedAccount, id: u64) -> bool {
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

impl AccountQueue {
    pub(super) fn advance(&mut self, most: u32) {
        while self.held < most
            && let Some(waiter) = self.waiting.pop_front()
        {
            self.held += 1;
            waiter.grant();
        }
    }

    /// Removes a waiting attempt; returns false if it does not wait here.
    pub(super) fn leave(&mut self, id: u64) -> bool {
        let place = self.waiting.iter().position(|waiter| waiter.id == id);
        place.is_some_and(|place| self.waiting.remove(place).is_some())
    }
}

impl Waiter {
    pub(super) fn grant(self) {
        // If the receiver is gone, the turn is returned when its `Turn` is dropped.
        let _ = self.granted.send(());
    }
}
