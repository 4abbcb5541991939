//! A counter: its next number is the first one of which the name is free. It orders the calls of all servers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use crate::caller::{HttpCaller, Reply};
use crate::rotation::Wearing;
use crate::settled::ListedByName;

/// The number after which a counter is not used any more.
const MAX_NUMBER: usize = 40;

/// A counter that callers of all servers increment.
pub struct TicketCounter {
    name: String,
    /// The order of beginnings and ends.
    clock: AtomicU64,
    draws: Mutex<Vec<Draw>>,
    views: Mutex<Vec<View>>,
}

/// A call that took a number, or may have taken it.
#[derive(Debug, Clone)]
struct Draw {
    began: u64,
    /// The end; `None` if the outcome is unknown.
    ended: Option<u64>,
    number: usize,
    server: usize,
    /// The number of the call, which its status has as its duration.
    call: u32,
}

/// A list that a server returned.
#[derive(Debug, Clone, Copy)]
struct View {
    began: u64,
    ended: u64,
    server: usize,
    count: usize,
}

impl Wearing for TicketCounter {
    fn is_worn(&self) -> bool {
        let draws = self.draws.lock().unwrap_or_else(PoisonError::into_inner);
        draws.iter().any(|draw| draw.number >= MAX_NUMBER)
    }
}

impl TicketCounter {
    /// Returns a counter with this unique name.
    pub fn new(name: String) -> Self {
        Self {
            name,
            clock: AtomicU64::new(0),
            draws: Mutex::default(),
            views: Mutex::default(),
        }
    }

    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::AcqRel)
    }

    fn name_of(&self, number: usize) -> String {
        format!("{} {number:03}", self.name)
    }

    /// Takes the next number.
    pub async fn draw(&self, caller: &HttpCaller) -> Reply {
        let began = self.now();
        let call = u32::try_from(began + 1).expect("a small number");
        // All numbers that are known to be taken are passed over. The others were tried by this call.
        let mut number = 1 + self.known();
        loop {
            let body = json!({"name": self.name_of(number), "statusType": "busy", "durationMinutes": call});
            let reply = caller.post("custom-user-status.create", &body).await;
            let ended = match &reply {
                Reply::Done(_) => Some(self.now()),
                Reply::Unknown => None,
                Reply::Refused(507, _) | Reply::NotSent => return reply,
                Reply::Refused(..) => {
                    assert!(
                        reply.is_refusal("Custom_User_Status_Error_Name_Already_In_Use"),
                        "{reply:?}"
                    );
                    number += 1;
                    continue;
                }
            };
            let draw = Draw {
                began,
                ended,
                number,
                server: caller.server,
                call,
            };
            self.draws.lock().unwrap_or_else(PoisonError::into_inner).push(draw);
            return reply;
        }
    }

    /// Returns a number up to which all are taken: five less than the highest acknowledged one, so that callers race.
    fn known(&self) -> usize {
        let draws = self.draws.lock().unwrap_or_else(PoisonError::into_inner);
        let acknowledged = draws.iter().filter(|draw| draw.ended.is_some());
        acknowledged
            .map(|draw| draw.number)
            .max()
            .unwrap_or_default()
            .saturating_sub(5)
    }

    /// Reads how many numbers a server shows as taken.
    pub async fn view(&self, caller: &HttpCaller) {
        let began = self.now();
        let path = format!("custom-user-status.list?count=0&name={}", self.name.replace(' ', "%20"));
        let Some(body) = caller.get(&path).await else { return };
        let view = View {
            began,
            ended: self.now(),
            server: caller.server,
            count: body["statuses"].as_array().expect("a list").len(),
        };
        self.views.lock().unwrap_or_else(PoisonError::into_inner).push(view);
    }

    /// Checks all calls, and what the servers list now.
    pub fn check(&self, board: &ListedByName) -> Result<(), String> {
        let draws = self.draws.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let views = self.views.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let taken: BTreeMap<usize, u32> = (1..)
            .map_while(|number| Some((number, board.get(&self.name_of(number))?.minutes)))
            .collect();
        let in_all = board.keys().filter(|name| name.starts_with(&self.name)).count();
        let problem = gap(in_all, &taken)
            .or_else(|| owners(&draws, &taken))
            .or_else(|| order(&draws))
            .or_else(|| shrinking(&draws, &views));
        problem.map_or(Ok(()), |problem| Err(format!("{:?}: {problem}; {draws:?}", self.name)))
    }

    /// Returns the number of calls whose outcome is unknown.
    pub fn unknown(&self) -> usize {
        let draws = self.draws.lock().unwrap_or_else(PoisonError::into_inner);
        draws.iter().filter(|draw| draw.ended.is_none()).count()
    }
}

fn gap(in_all: usize, taken: &BTreeMap<usize, u32>) -> Option<String> {
    (in_all != taken.len()).then(|| format!("of {in_all} numbers one is missing after {}", taken.len()))
}

/// Finds an acknowledged number that its call does not have, and a number that no call took.
fn owners(draws: &[Draw], taken: &BTreeMap<usize, u32>) -> Option<String> {
    let lost = draws
        .iter()
        .find(|draw| draw.ended.is_some() && taken.get(&draw.number) != Some(&draw.call));
    if let Some(draw) = lost {
        return Some(format!(
            "the number of {draw:?} belongs to {:?}",
            taken.get(&draw.number)
        ));
    }
    let made = |number: usize, call: u32| draws.iter().any(|draw| (draw.number, draw.call) == (number, call));
    let odd = taken.iter().find(|(number, call)| !made(**number, **call));
    odd.map(|(number, call)| format!("call {call} has number {number}, and was refused"))
}

/// Finds two calls one after the other of which the later does not have the greater number.
fn order(draws: &[Draw]) -> Option<String> {
    let ends_before = |a: &Draw, b: &Draw| a.ended.is_some_and(|ended| ended < b.began);
    for later in draws.iter().filter(|draw| draw.ended.is_some()) {
        let earlier = draws.iter().filter(|draw| ends_before(draw, later));
        if let Some(greater) = earlier.max_by_key(|draw| draw.number)
            && greater.number >= later.number
        {
            return Some(format!("{later:?} came after {greater:?}"));
        }
    }
    None
}

/// Finds a list that is shorter than an earlier one of the same server, or than what the server had acknowledged.
fn shrinking(draws: &[Draw], views: &[View]) -> Option<String> {
    for view in views {
        let before = views
            .iter()
            .filter(|other| other.server == view.server && other.ended < view.began);
        let shown = before.map(|other| other.count).max().unwrap_or_default();
        let own = draws
            .iter()
            .filter(|draw| draw.server == view.server && draw.ended.is_some_and(|ended| ended < view.began));
        // All numbers before an acknowledged one were taken before.
        let acknowledged = own.map(|draw| draw.number).max().unwrap_or_default();
        if view.count < shown.max(acknowledged) {
            return Some(format!(
                "{view:?}: {shown} were shown, {acknowledged} acknowledged before"
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(began: u64, ended: u64, number: usize) -> Draw {
        Draw {
            began,
            ended: Some(ended),
            number,
            server: 0,
            call: u32::try_from(began + 1).expect("a small number"),
        }
    }

    #[test]
    fn a_number_that_was_given_twice_or_lost_is_found() {
        let both = [draw(0, 2, 1), draw(1, 3, 1)];
        assert!(owners(&both, &BTreeMap::from([(1, 1)])).is_some());
        assert!(owners(&both[..1], &BTreeMap::new()).is_some());
        assert!(owners(&both[..1], &BTreeMap::from([(1, 7)])).is_some());
        assert!(owners(&both[..1], &BTreeMap::from([(1, 1)])).is_none());
        assert!(gap(2, &BTreeMap::from([(1, 1)])).is_some());
    }

    #[test]
    fn a_later_call_with_a_smaller_number_is_found() {
        assert!(order(&[draw(0, 1, 2), draw(2, 3, 1)]).is_some());
        assert!(order(&[draw(0, 2, 2), draw(1, 3, 1)]).is_none());
    }

    #[test]
    fn a_list_that_shrinks_or_lacks_an_own_write_is_found() {
        let view = |began, ended, count| View {
            began,
            ended,
            server: 0,
            count,
        };
        assert!(shrinking(&[], &[view(0, 1, 2), view(2, 3, 1)]).is_some());
        assert!(shrinking(&[draw(0, 1, 1)], &[view(2, 3, 0)]).is_some());
        assert!(shrinking(&[draw(0, 2, 1)], &[view(1, 3, 0)]).is_none());
    }
}
