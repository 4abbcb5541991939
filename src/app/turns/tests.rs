//! Tests of the queue: the order of turns, and the limits.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::*;

const AT_ONCE: u32 = 2;
const WAITING_OF_USER: u32 = 3;
const WAITING_OF_ADDRESS: u32 = 6;

struct Fixed;

impl TurnLimits for Fixed {
    fn of_account(&self, _: &AccountKey) -> TurnRoom {
        TurnRoom {
            at_once: 1,
            waiting: WAITING_OF_USER,
        }
    }

    fn of_source(&self, _: Source) -> TurnRoom {
        TurnRoom {
            at_once: AT_ONCE,
            waiting: WAITING_OF_ADDRESS,
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the type of the queue")]
fn account(name: u8) -> CountedAccount {
    Some(AccountKey::unknown(&name.to_string()))
}

#[allow(clippy::unnecessary_wraps, reason = "the type of the queue")]
fn source(number: u8) -> Source {
    Some(SourceAddress::of(IpAddr::V4(Ipv4Addr::new(192, 0, 2, number))))
}

type Waiting = Pin<Box<dyn Future<Output = Result<Turn, QueueFull>>>>;

/// An attempt with its current state.
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

/// Returns the turns in the order in which they were granted, and the positions of the attempts in that order.
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
    // Each attempt was dropped at once, so that it was alone.
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
    // Another user of the address, and the same user from another address.
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
    // The turn passes to the second attempt before that one is polled. When it is dropped, it passes the turn on.
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
