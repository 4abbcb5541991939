//! Fair turns: the queue for verifying passwords, codes and secrets, and for decoding pictures.
//!
//! A turn is the right to verify one attempt, or to have one picture decoded. It belongs to an account and to the
//! source address of the request. An address has a few turns at once; its accounts get them one after the other. An
//! account has, by default, one turn at once; the addresses that use it get it in the order of their requests. So an
//! address delays the others at most by its own turns, whatever it sends.
//!
//! An address holds at most as many turns for one account as the account may have at once, so that a busy account does
//! not block the other accounts of the address.

mod queue;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use self::queue::{AccountQueue, AddressQueue, Waiter};
use super::account_key::{AccountKey, CountedAccount};
use crate::domain::SourceAddress;

/// The source address of an attempt, if the server knows it.
type Source = Option<SourceAddress>;

/// The limits of turns for an account or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TurnRoom {
    /// The maximum number of turns at once.
    pub at_once: u32,
    /// The maximum number of attempts that wait, from one address.
    pub waiting: u32,
}

/// The source of the current limits. The queue reads them again for each turn.
pub(super) trait TurnLimits: Send + Sync {
    fn of_account(&self, account: &AccountKey) -> TurnRoom;
    fn of_source(&self, source: Source) -> TurnRoom;
}

/// The error when too many attempts are already waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueFull;

/// The queue of all attempts.
pub(super) struct Turns {
    limits: Box<dyn TurnLimits>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lines: HashMap<Source, AddressQueue>,
    desks: HashMap<AccountKey, AccountQueue>,
    next_id: u64,
}

/// A turn, or a place in the queue for one. Dropping it returns it to the queue.
pub struct Turn {
    turns: Arc<Turns>,
    id: u64,
    account: CountedAccount,
    source: Source,
    granted: bool,
}

impl Turns {
    pub(super) fn new(limits: impl TurnLimits + 'static) -> Arc<Self> {
        Arc::new(Self {
            limits: Box::new(limits),
            state: Mutex::default(),
        })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`QueueFull`] if no turn is free, and too many attempts of the account or the address are waiting.
    pub(super) async fn take(self: &Arc<Self>, account: CountedAccount, source: Source) -> Result<Turn, QueueFull> {
        let (mut turn, granted) = self.join(account, source)?;
        // The sender is dropped only together with this turn's place, which ends with this future.
        turn.granted = granted.await.is_ok();
        Ok(turn)
    }

    /// Returns the numbers of turns that addresses hold, and of attempts that wait.
    pub(super) fn load(&self) -> (usize, usize) {
        let state = self.lock();
        let sum = |of: fn(&AddressQueue) -> u32| state.lines.values().map(|line| of(line) as usize).sum();
        (sum(|line| line.held_in_all), sum(|line| line.waiting_in_all))
    }

    fn join(
        self: &Arc<Self>,
        account: CountedAccount,
        source: Source,
    ) -> Result<(Turn, oneshot::Receiver<()>), QueueFull> {
        let mut state = self.lock();
        let id = state.next_id;
        state.next_id += 1;
        let line = state.lines.entry(source).or_default();
        let alike = line.waiting.get(&account).map_or(0, VecDeque::len);
        if alike > 0 || !self.is_free(line, &account, source) {
            let of_account = account.as_ref().map(|account| self.limits.of_account(account).waiting);
            if of_account.is_some_and(|most| alike >= most as usize)
                || line.waiting_in_all >= self.limits.of_source(source).waiting
            {
                return Err(QueueFull);
            }
        }
        let (granted, receiver) = oneshot::channel();
        if alike == 0 {
            line.order.push_back(account.clone());
        }
        let queue = line.waiting.entry(account.clone()).or_default();
        queue.push_back(Waiter { id, granted });
        line.waiting_in_all += 1;
        self.advance(&mut state, source);
        let turn = Turn {
            turns: Arc::clone(self),
            id,
            account,
            source,
            granted: false,
        };
        Ok((turn, receiver))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether an address may have one more turn for this account.
    fn is_free(&self, line: &AddressQueue, account: &CountedAccount, source: Source) -> bool {
        let held = line.held.get(account).copied().unwrap_or_default();
        line.held_in_all < self.limits.of_source(source).at_once.max(1) && held < self.most(account)
    }

    /// Returns the maximum number of turns of an account at once.
    fn most(&self, account: &CountedAccount) -> u32 {
        let limit = account.as_ref().map(|account| self.limits.of_account(account).at_once);
        limit.unwrap_or(1).max(1)
    }

    /// Gives the free turns of an address to its accounts, one after the other.
    fn advance(&self, state: &mut State, source: Source) {
        loop {
            let Some(line) = state.lines.get_mut(&source) else {
                return;
            };
            let next = line
                .order
                .iter()
                .position(|account| self.is_free(line, account, source));
            let Some(account) = next.and_then(|place| line.order.remove(place)) else {
                return;
            };
            let Some((waiter, more)) = line.next_of(&account) else {
                continue;
            };
            if more {
                line.order.push_back(account.clone());
            }
            *line.held.entry(account.clone()).or_default() += 1;
            line.held_in_all += 1;
            match account {
                Some(account) => {
                    let most = self.most(&Some(account.clone()));
                    let desk = state.desks.entry(account).or_default();
                    desk.waiting.push_back(waiter);
                    desk.advance(most);
                }
                None => waiter.grant(),
            }
        }
    }

    /// Returns a turn, or a place in the queue, to the queue.
    fn give_back(&self, turn: &Turn) {
        let mut state = self.lock();
        let state = &mut *state;
        let waited = !turn.granted
            && state
                .lines
                .get_mut(&turn.source)
                .is_some_and(|line| line.leave(&turn.account, turn.id));
        if !waited {
            self.give_turn_back(state, turn);
        }
        let empty = |line: &AddressQueue| line.held_in_all == 0 && line.waiting_in_all == 0;
        if state.lines.get(&turn.source).is_some_and(empty) {
            state.lines.remove(&turn.source);
        }
    }

    fn give_turn_back(&self, state: &mut State, turn: &Turn) {
        if let Some(line) = state.lines.get_mut(&turn.source) {
            line.held_in_all -= 1;
            if let Some(held) = line.held.get_mut(&turn.account) {
                *held -= 1;
                if *held == 0 {
                    line.held.remove(&turn.account);
                }
            }
        }
        if let Some(account) = &turn.account
            && let Some(desk) = state.desks.get_mut(account)
        {
            if turn.granted || !desk.leave(turn.id) {
                desk.held -= 1;
            }
            desk.advance(self.most(&turn.account));
            if desk.held == 0 && desk.waiting.is_empty() {
                state.desks.remove(account);
            }
        }
        self.advance(state, turn.source);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.give_back(self);
    }
}

#[cfg(test)]
mod tests;
