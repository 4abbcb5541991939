//! A status message that is set at some servers in turn and read at all of them: how late each server shows it, and whether
//! all show the same order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::RwLock;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::caller::{HttpCaller, Reply};
use crate::servers::Servers;

/// The pause between two reads of a server.
const READ_PAUSE: Duration = Duration::from_millis(80);

/// The pause between two messages.
const WRITE_PAUSE: Duration = Duration::from_millis(150);

/// The message, its writer and its readers.
pub struct Boards {
    state: Arc<BoardsState>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct BoardsState {
    gate: Arc<RwLock<()>>,
    seen: Mutex<Seen>,
    is_over: AtomicBool,
}

/// The objects that were written and read since the last check.
#[derive(Debug, Default)]
struct Seen {
    /// The number of the next message.
    next: u64,
    /// The acknowledged messages in the order in which they were sent, with the times of the answers.
    acknowledged: Vec<(u64, Instant)>,
    /// The messages that each server has shown, without repetitions in a row.
    shown: [Vec<u64>; 3],
    /// The longest time after the answer to a message for which a server showed an earlier one.
    longest: Duration,
}

impl Boards {
    /// Starts a writer at these servers, and a reader at each server, for a message of a new user.
    pub async fn start(servers: &Servers, user: &str, writers: &[usize]) -> Self {
        let owner = servers.new_user(user, 0).await;
        let at = |number: usize| owner.at(number, servers.services[number].address);
        let state = Arc::new(BoardsState::default());
        let all: Vec<_> = (0..servers.services.len()).map(at).collect();
        let writers = writers.iter().map(|writer| all[*writer].clone()).collect();
        let mut tasks = vec![tokio::spawn(write(Arc::clone(&state), writers))];
        for caller in all {
            tasks.push(tokio::spawn(read(Arc::clone(&state), caller)));
        }
        Self { state, tasks }
    }

    /// Checks the order of the messages that the servers showed, forgets them, and returns the longest disagreement.
    ///
    /// # Panics
    /// If no order of the messages explains what the servers showed.
    pub async fn check(&self) -> Duration {
        // No read or write is under way.
        let _paused = self.state.gate.write().await;
        assert!(
            !self.tasks.iter().any(JoinHandle::is_finished),
            "a task of the boards failed"
        );
        let mut seen = self.state.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let sent: Vec<_> = seen.acknowledged.iter().map(|(number, _)| *number).collect();
        let orders = [&sent, &seen.shown[0], &seen.shown[1], &seen.shown[2]];
        assert!(
            is_one_order(&orders),
            "the servers showed different orders: {:?}",
            *seen
        );
        let longest = seen.longest;
        *seen = Seen {
            next: seen.next,
            ..Seen::default()
        };
        longest
    }

    /// Ends the writer and the readers.
    pub async fn end(self) {
        self.state.is_over.store(true, Ordering::Release);
        for task in self.tasks {
            task.await.expect("a task of the boards");
        }
    }
}

async fn write(state: Arc<BoardsState>, callers: Vec<HttpCaller>) {
    while !state.is_over.load(Ordering::Acquire) {
        sleep(WRITE_PAUSE).await;
        let _turn = state.gate.read().await;
        let number = {
            let mut seen = state.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.next += 1;
            seen.next
        };
        let server = usize::try_from(number).expect("a small number") % callers.len();
        let reply = callers[server]
            .post("users.setStatus", &json!({"message": format!("m{number}")}))
            .await;
        match reply {
            Reply::Done(_) => {
                let mut seen = state.seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.acknowledged.push((number, Instant::now()));
            }
            Reply::NotSent | Reply::Unknown | Reply::Refused(507, _) => {}
            Reply::Refused(..) => panic!("{reply:?}"),
        }
    }
}

async fn read(state: Arc<BoardsState>, caller: HttpCaller) {
    while !state.is_over.load(Ordering::Acquire) {
        sleep(READ_PAUSE).await;
        let _turn = state.gate.read().await;
        let began = Instant::now();
        let Some(body) = caller.get("users.getStatus").await else {
            continue;
        };
        let message = body["message"].as_str().unwrap_or_default();
        let Ok(number) = message.trim_start_matches('m').parse::<u64>() else {
            continue;
        };
        let mut seen = state.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // A message that was acknowledged after the shown one was sent, and before this read began.
        let is_later = |(other, at): &&(u64, Instant)| *other > number && *at < began;
        let is_acknowledged = seen.acknowledged.iter().any(|(other, _)| *other == number);
        if let Some((_, at)) = seen.acknowledged.iter().find(is_later)
            && is_acknowledged
        {
            let late = began.duration_since(*at);
            seen.longest = seen.longest.max(late);
        }
        let shown = &mut seen.shown[caller.server];
        if shown.last() != Some(&number) {
            shown.push(number);
        }
    }
}

/// Returns whether there is one order of all numbers that has each of these orders. A number that is in one of them twice
/// is in no order.
fn is_one_order(orders: &[&Vec<u64>]) -> bool {
    let mut after: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    let mut before: BTreeMap<u64, usize> = BTreeMap::new();
    for order in orders {
        for number in *order {
            before.entry(*number).or_default();
        }
        for pair in order.windows(2) {
            if after.entry(pair[0]).or_default().insert(pair[1]) {
                *before.entry(pair[1]).or_default() += 1;
            }
        }
    }
    let mut free: Vec<_> = before
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(number, _)| *number)
        .collect();
    let mut placed = 0;
    while let Some(number) = free.pop() {
        placed += 1;
        for next in after.get(&number).into_iter().flatten() {
            let count = before.get_mut(next).expect("each number is there");
            *count -= 1;
            if *count == 0 {
                free.push(*next);
            }
        }
    }
    placed == before.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_that_contradict_each_other_or_go_back_are_found() {
        let is_one = |orders: &[Vec<u64>]| is_one_order(&orders.iter().collect::<Vec<_>>());
        assert!(is_one(&[vec![1, 2, 4], vec![1, 3, 4], vec![2, 3]]));
        assert!(!is_one(&[vec![1, 2], vec![2, 1]]));
        assert!(!is_one(&[vec![1, 2, 1]]));
        // Two servers that agree on no common pair, but not with a third one.
        assert!(!is_one(&[vec![1, 2], vec![2, 3], vec![3, 1]]));
    }
}
