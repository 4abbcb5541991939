//! The calls to one object in the order in which they began and ended, and the check of that order.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use todc_utils::linearizability::WGLChecker;
use todc_utils::linearizability::history::{Action, History};
use todc_utils::specifications::Specification;

use crate::caller::Reply;

/// The largest number of lost answers of one object. Each of them doubles the work of the check.
const MAX_LOST: usize = 4;

/// The calls to one object. A call that was neither done nor refused has an unknown outcome, and stays open.
#[derive(Debug)]
pub struct Recording<O>(Mutex<Log<O>>);

#[derive(Debug)]
struct Log<O> {
    /// The calls in the order of their numbers: what each of them may have done.
    calls: Vec<O>,
    /// The beginnings (`None`) and ends of calls, in order.
    moments: Vec<(usize, Option<O>)>,
    /// The numbers of calls without an effect.
    refused: Vec<usize>,
    /// The number of calls whose answer was lost.
    lost: usize,
}

impl<O> Default for Recording<O> {
    fn default() -> Self {
        Self(Mutex::new(Log {
            calls: Vec::new(),
            moments: Vec::new(),
            refused: Vec::new(),
            lost: 0,
        }))
    }
}

impl<O: Clone + Debug> Recording<O> {
    /// Notes that a call begins. `possible` is the operation if the outcome stays unknown. Returns the number of the call.
    pub fn begin(&self, possible: O) -> usize {
        self.with(|log| {
            let number = log.calls.len();
            log.calls.push(possible);
            log.moments.push((number, None));
            number
        })
    }

    /// Notes that a call was acknowledged.
    pub fn done(&self, call: usize, operation: O) {
        self.with(|log| log.moments.push((call, Some(operation))));
    }

    /// Notes that a call had no effect.
    pub fn refused(&self, call: usize) {
        self.with(|log| log.refused.push(call));
    }

    /// Notes the reply to a call that is `operation` if it was acknowledged, and may be refused by this `errorType` only.
    pub fn settle(&self, call: usize, reply: &Reply, operation: O, refusal: Option<&str>) {
        match reply {
            Reply::Done(_) => self.done(call, operation),
            Reply::Refused(507, _) | Reply::NotSent => self.refused(call),
            // A refusal may be of a state some milliseconds ago, if another server wrote since. So its order is not checked.
            Reply::Refused(..) => {
                assert!(refusal.is_some_and(|kind| reply.is_refusal(kind)), "{reply:?}");
                self.refused(call);
            }
            Reply::Unknown => self.with(|log| log.lost += 1),
        }
    }

    /// Returns whether so many calls began, or so many answers were lost, that a check of more would take long.
    pub fn is_worn(&self, most_calls: usize) -> bool {
        self.with(|log| log.calls.len() >= most_calls || log.lost >= MAX_LOST)
    }

    /// Returns the number of calls whose outcome is unknown, once all calls have returned.
    pub fn unknown(&self) -> usize {
        self.with(|log| {
            let ended = log.moments.iter().filter(|(_, end)| end.is_some()).count();
            log.calls.len() - ended - log.refused.len()
        })
    }

    /// Returns whether one order of the calls explains all answers. `last` is an operation after all of them, but calls of
    /// unknown outcome may come later still.
    pub fn is_linearizable<S: Specification<Operation = O>>(&self, last: O) -> bool {
        let actions = self.with(|log| log.actions(last));
        WGLChecker::<S>::is_linearizable(History::from_actions(actions))
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Log<O>) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<O: Clone> Log<O> {
    /// Returns the history for the checker. Each call is a process of its own there.
    fn actions(&self, last: O) -> Vec<(usize, Action<O>)> {
        let ends: BTreeMap<_, _> = self
            .moments
            .iter()
            .filter_map(|(call, end)| end.clone().map(|end| (*call, end)))
            .collect();
        let mut actions = Vec::new();
        for (call, end) in &self.moments {
            if self.refused.contains(call) {
                continue;
            }
            // The checker uses the operation of the response only.
            actions.push(match end {
                Some(operation) => (*call, Action::Response(operation.clone())),
                None => (*call, Action::Call(self.calls[*call].clone())),
            });
        }
        let after = self.calls.len();
        actions.push((after, Action::Call(last.clone())));
        actions.push((after, Action::Response(last)));
        for (call, possible) in self.calls.iter().enumerate() {
            if !self.refused.contains(&call) && !ends.contains_key(&call) {
                actions.push((call, Action::Response(possible.clone())));
            }
        }
        actions
    }
}
