//! The queue before everything that can be guessed.
//!
//! A turn is the right to verify one guess. It belongs to an account and to the address that the guess comes
//! from. An address has a few turns at a time; its accounts get them one after the other. An account has one
//! turn at a time; the addresses that try it get it in the order in which they asked. An address therefore
//! delays the others by the turns that it has, whatever it sends.
//!
//! An address waits for an account with one turn at most, so that a busy account does not block the other
//! accounts of the address.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::attempts::AccountKey;
use crate::domain::SourceAddress;

/// The address that a guess comes from, if the server knows it.
type Source = Option<SourceAddress>;

/// The account that is guessed at. A secret of the server, such as a link, belongs to no account.
type Account = Option<AccountKey>;

/// How many turns there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    /// The most turns at once.
    pub at_once: u32,
    /// The most guesses that wait, from one address.
    pub waiting: u32,
}

/// The limits in force. The queue asks for them again for each turn.
pub(super) trait Limits: Send + Sync {
    fn of_account(&self, account: &AccountKey) -> Room;
    fn of_source(&self, source: Source) -> Room;
}

/// Too many guesses wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueFull;

/// The queue.
pub(super) struct Turns {
    limits: Box<dyn Limits>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lines: HashMap<Source, Line>,
    desks: HashMap<AccountKey, Desk>,
    next_id: u64,
}

/// The guesses from one address.
#[derive(Default)]
struct Line {
    /// The turns of this address, by account. Turns that still wait for the account are among them.
    held: HashMap<Account, u32>,
    held_in_all: u32,
    /// The accounts for which guesses wait, the next one first.
    order: VecDeque<Account>,
    waiting: HashMap<Account, VecDeque<Waiter>>,
    waiting_in_all: u32,
}

/// The guesses at one account that have the turn of their address.
#[derive(Default)]
struct Desk {
    held: u32,
    waiting: VecDeque<Waiter>,
}

struct Waiter {
    id: u64,
    granted: oneshot::Sender<()>,
}

/// The right to verify one guess, or a place in the queue for it. Dropping it gives it back.
pub struct Turn {
    turns: Arc<Turns>,
    id: u64,
    account: Account,
    source: Source,
    granted: bool,
}

impl Turns {
    pub fn new(limits: impl Limits + 'static) -> Arc<Self> {
        Arc::new(Self {
            limits: Box::new(limits),
            state: Mutex::default(),
        })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`QueueFull`] when it can't be had now and too many wait for the account or the address.
    pub async fn take(self: &Arc<Self>, account: Account, source: Source) -> Result<Turn, QueueFull> {
        let (mut turn, granted) = self.join(account, source)?;
        // The sender is dropped only with the place of this turn, which ends with this future.
        turn.granted = granted.await.is_ok();
        Ok(turn)
    }

    fn join(self: &Arc<Self>, account: Account, source: Source) -> Result<(Turn, oneshot::Receiver<()>), QueueFull> {
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

    /// Whether an address may have one more turn for this account.
    fn is_free(&self, line: &Line, account: &Account, source: Source) -> bool {
        let held = line.held.get(account).copied().unwrap_or_default();
        line.held_in_all < self.limits.of_source(source).at_once.max(1) && held < self.most(account)
    }

    /// The most turns of an account at once.
    fn most(&self, account: &Account) -> u32 {
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

    /// Takes a turn or a place in the queue back.
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
        let empty = |line: &Line| line.held_in_all == 0 && line.waiting_in_all == 0;
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

impl Line {
    /// Takes the first guess at an account out of the queue, and whether more of them wait.
    fn next_of(&mut self, account: &Account) -> Option<(Waiter, bool)> {
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
    fn leave(&mut self, account: &Account, id: u64) -> bool {
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
    fn advance(&mut self, most: u32) {
        while self.held < most
            && let Some(waiter) = self.waiting.pop_front()
        {
            self.held += 1;
            waiter.grant();
        }
    }

    /// Removes a guess that waits; false when it does not wait here.
    fn leave(&mut self, id: u64) -> bool {
        let place = self.waiting.iter().position(|waiter| waiter.id == id);
        place.is_some_and(|place| self.waiting.remove(place).is_some())
    }
}

impl Waiter {
    fn grant(self) {
        // A receiver that is gone gives the turn back when its `Turn` is dropped.
        let _ = self.granted.send(());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.give_back(self);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use proptest::prelude::*;

    use super::*;

    const AT_ONCE: u32 = 2;
    const WAITING_OF_USER: u32 = 3;
    const WAITING_OF_ADDRESS: u32 = 6;

    struct Fixed;

    impl Limits for Fixed {
        fn of_account(&self, _: &AccountKey) -> Room {
            Room {
                at_once: 1,
                waiting: WAITING_OF_USER,
            }
        }

        fn of_source(&self, _: Source) -> Room {
            Room {
                at_once: AT_ONCE,
                waiting: WAITING_OF_ADDRESS,
            }
        }
    }

    #[allow(clippy::unnecessary_wraps, reason = "the type of the queue")]
    fn account(name: u8) -> Account {
        Some(AccountKey::unknown(&name.to_string()))
    }

    #[allow(clippy::unnecessary_wraps, reason = "the type of the queue")]
    fn source(number: u8) -> Source {
        Some(SourceAddress::of(IpAddr::V4(Ipv4Addr::new(192, 0, 2, number))))
    }

    type Waiting = Pin<Box<dyn Future<Output = Result<Turn, QueueFull>>>>;

    /// A guess, and what became of it.
    enum Guess {
        Waits(Waiting),
        Has(Turn),
        Refused,
    }

    fn guess(turns: &Arc<Turns>, user: u8, address: u8) -> Guess {
        let turns = Arc::clone(turns);
        let waiting: Waiting = Box::pin(async move { turns.take(account(user), source(address)).await });
        Guess::Waits(waiting).poll()
    }

    impl Guess {
        fn poll(self) -> Self {
            let Self::Waits(mut waiting) = self else {
                return self;
            };
            match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(turn)) => Self::Has(turn),
                Poll::Ready(Err(QueueFull)) => Self::Refused,
                Poll::Pending => Self::Waits(waiting),
            }
        }

        fn has(&self) -> bool {
            matches!(self, Self::Has(turn) if turn.granted)
        }
    }

    fn poll(guesses: Vec<Guess>) -> Vec<Guess> {
        guesses.into_iter().map(Guess::poll).collect()
    }

    /// Gives the turns back in the order in which they were had, and returns the places of the guesses in that
    /// order.
    fn order(guesses: Vec<Guess>) -> Vec<usize> {
        let mut waiting: Vec<_> = guesses.into_iter().enumerate().collect();
        let (mut having, mut order) = (VecDeque::new(), Vec::new());
        while !waiting.is_empty() {
            having.pop_front();
            let polled = waiting.into_iter().map(|(place, guess)| (place, guess.poll()));
            let (has, waits): (Vec<_>, Vec<_>) = polled.partition(|(_, guess)| guess.has());
            order.extend(has.iter().map(|(place, _)| *place));
            having.extend(has);
            waiting = waits;
            assert!(!having.is_empty(), "a guess never gets its turn");
        }
        order
    }

    fn is_empty(turns: &Turns) -> bool {
        let state = turns.lock();
        state.lines.is_empty() && state.desks.is_empty()
    }

    #[test]
    fn a_user_has_one_turn_and_an_address_two() {
        let turns = Turns::new(Fixed);
        let guesses: Vec<_> = [(1, 1), (1, 1), (2, 1), (3, 1), (3, 2), (4, 2), (5, 2), (1, 3)]
            .map(|(user, address)| guess(&turns, user, address).has())
            .into();
        // They are dropped at once: each was alone.
        assert!(guesses.iter().all(|has| *has) && is_empty(&turns));
        let held: Vec<_> = [(1, 1), (1, 1), (2, 1), (3, 1), (3, 2), (4, 2), (5, 2), (1, 3)]
            .map(|(user, address)| guess(&turns, user, address))
            .into();
        let has: Vec<_> = held.iter().map(Guess::has).collect();
        assert_eq!(has, [true, false, true, false, true, true, false, false]);
    }

    #[test]
    fn users_of_an_address_take_turns_however_many_guesses_one_has() {
        let turns = Turns::new(Fixed);
        let users = [1, 1, 1, 1, 2, 2, 3];
        let guesses = users.map(|user| guess(&turns, user, 1));
        let order = order(guesses.into());
        let order: Vec<_> = order.into_iter().map(|place| users[place]).collect();
        assert_eq!(order, [1, 2, 1, 2, 3, 1, 1]);
    }

    #[test]
    fn addresses_take_turns_at_one_user() {
        let turns = Turns::new(Fixed);
        let addresses = [1, 1, 1, 1, 2, 3];
        let guesses = addresses.map(|address| guess(&turns, 1, address));
        let order = order(guesses.into());
        let order: Vec<_> = order.into_iter().map(|place| addresses[place]).collect();
        assert_eq!(order, [1, 2, 3, 1, 1, 1]);
    }

    #[test]
    fn more_guesses_than_may_wait_are_refused_and_do_not_touch_others() {
        let turns = Turns::new(Fixed);
        let guesses: Vec<_> = (0..6).map(|_| guess(&turns, 1, 1)).collect();
        let refused = |guess: &&Guess| matches!(guess, Guess::Refused);
        assert_eq!(guesses.iter().filter(refused).count(), 2);
        // Another user of the address, and the same user elsewhere.
        assert!(guess(&turns, 2, 1).has());
        assert!(!matches!(guess(&turns, 1, 2), Guess::Refused));
        let others: Vec<_> = (10..20).map(|user| guess(&turns, user, 1)).collect();
        assert_eq!(others.iter().filter(refused).count(), 6, "1 has a turn, 3 + 3 wait");
    }

    #[test]
    fn a_guess_that_is_given_up_gives_its_place_and_its_turn_back() {
        let turns = Turns::new(Fixed);
        let mut guesses: Vec<_> = (0..4).map(|_| guess(&turns, 1, 1)).collect();
        assert!(matches!(guess(&turns, 1, 1), Guess::Refused));
        drop(guesses.pop());
        let last = guess(&turns, 1, 1);
        assert!(matches!(last, Guess::Waits(_)));
        let elsewhere = guess(&turns, 1, 2);
        // The turn passes to the second without the second having looked: dropped, it passes it on.
        drop(guesses.remove(0));
        let elsewhere = elsewhere.poll();
        assert!(elsewhere.has());
        drop(elsewhere);
        drop(guesses.remove(0));
        let mut guesses = poll(vec![guesses.remove(0), last]);
        assert!(guesses[0].has() && !guesses[1].has());
        guesses.clear();
        assert!(is_empty(&turns));
    }

    proptest! {
        #[test]
        fn bounds_hold_and_every_guess_gets_its_turn(steps in prop::collection::vec((0..4_u8, 0..3_u8, 0..3_u8, 0..64_usize), 1..300)) {
            let turns = Turns::new(Fixed);
            let mut guesses: Vec<(u8, u8, Guess)> = Vec::new();
            for (step, user, address, place) in steps {
                if step < 2 {
                    guesses.push((user, address, guess(&turns, user, address)));
                } else if !guesses.is_empty() {
                    guesses.remove(place % guesses.len());
                }
                guesses = guesses.into_iter().map(|(user, address, guess)| (user, address, guess.poll())).collect();
                guesses.retain(|(_, _, guess)| !matches!(guess, Guess::Refused));
                for number in 0..3 {
                    let of_user = guesses.iter().filter(|(user, _, guess)| *user == number && guess.has()).count();
                    let of_address = guesses.iter().filter(|(_, address, guess)| *address == number && guess.has()).count();
                    let waiting = guesses.iter().filter(|(_, address, guess)| *address == number && !guess.has()).count();
                    prop_assert!(of_user <= 1);
                    prop_assert!(of_address <= AT_ONCE as usize);
                    prop_assert!(waiting <= (WAITING_OF_ADDRESS + AT_ONCE) as usize);
                }
            }
            order(guesses.into_iter().map(|(_, _, guess)| guess).collect());
            prop_assert!(is_empty(&turns));
        }
    }
}
