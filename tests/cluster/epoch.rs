//! The objects that the load uses during one fault.

use crate::caller::{HttpCaller, Reply};
use crate::dice::Dice;
use crate::names::ContestedName;
use crate::registers::HomeRegister;
use crate::rotation::Rotation;
use crate::settled::ListedByName;
use crate::tickets::TicketCounter;

/// The names that callers contest at the same time.
const NAMES: usize = 3;

/// The objects of one fault. After it, all of them are checked and removed.
pub struct Epoch {
    names: Rotation<ContestedName>,
    counters: Rotation<TicketCounter>,
    /// The registers, one for each server.
    registers: Rotation<HomeRegister>,
}

/// The results of the checks after a fault.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checked {
    pub objects: usize,
    /// The number of calls whose outcome was unknown to the caller.
    pub unknown: usize,
}

impl Epoch {
    /// Returns new objects, with names that no other epoch has.
    pub fn new(number: usize) -> Self {
        Self {
            names: Rotation::new(NAMES, move |_, object| {
                ContestedName::new(format!("name {number:03} {object:05}"))
            }),
            counters: Rotation::new(1, move |_, object| {
                TicketCounter::new(format!("ticket {number:03} {object:05}"))
            }),
            registers: Rotation::new(3, move |_, object| {
                HomeRegister::new(format!("register {number:03} {object:05}"))
            }),
        }
    }

    /// Makes one call to a random object. Returns the reply to a write.
    pub async fn use_once(&self, caller: &HttpCaller, dice: &mut Dice) -> Option<Reply> {
        match dice.below(10) {
            0..4 => Some(self.names.get(dice.below(NAMES)).use_once(caller, dice).await),
            4..6 => Some(self.counters.get(0).draw(caller).await),
            6 => {
                self.counters.get(0).view(caller).await;
                None
            }
            _ => self.registers.get(caller.server).use_once(caller, dice).await,
        }
    }

    /// Checks the calls to all objects, and what the servers list now.
    ///
    /// # Panics
    /// If something that was acknowledged is lost or was done twice.
    pub fn check(&self, board: &ListedByName) -> Checked {
        let (names, counters, registers) = (self.names.all(), self.counters.all(), self.registers.all());
        let problems: Vec<_> = names
            .iter()
            .map(|name| name.check(board))
            .chain(counters.iter().map(|counter| counter.check(board)))
            .chain(registers.iter().map(|register| register.check(board)))
            .filter_map(Result::err)
            .collect();
        assert!(
            problems.is_empty(),
            "{} objects are wrong:\n{}",
            problems.len(),
            problems.join("\n")
        );
        let unknown = names.iter().map(|name| name.unknown());
        let unknown = unknown.chain(counters.iter().map(|counter| counter.unknown()));
        Checked {
            objects: names.len() + counters.len() + registers.len(),
            unknown: unknown.chain(registers.iter().map(|register| register.unknown())).sum(),
        }
    }
}
