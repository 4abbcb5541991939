//! A ledger of the changes that were asked of a server and of those that it acknowledged. After a crash, it is compared with
//! the state that the server shows.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// The state of one thing: its id, if it has one, and what is known of it.
pub type State = (String, String);

/// All things that a server shows, by their keys.
pub type Shown = BTreeMap<String, State>;

/// The state of one thing that was acknowledged last, and the one that was asked for last. If a request had no answer,
/// either may hold.
#[derive(Debug, Clone, Default)]
struct Known {
    acknowledged: Option<State>,
    asked: Option<State>,
}

/// The states of all things that the clients of a test change. Each thing is changed by one client at a time.
#[derive(Default)]
pub struct Ledger {
    things: Mutex<BTreeMap<String, Known>>,
    answers: AtomicUsize,
    more: Notify,
}

impl Ledger {
    /// Notes a request that asks for this state; `None` asks that the thing is deleted. A new thing has an empty id.
    pub fn asked(&self, key: &str, state: Option<State>) {
        let mut things = self.things.lock().expect("no client panics");
        things.entry(key.into()).or_default().asked = state;
    }

    /// Notes that the server has acknowledged this state.
    pub fn acknowledged(&self, key: &str, state: Option<State>) {
        let known = Known {
            asked: state.clone(),
            acknowledged: state,
        };
        self.things.lock().expect("no client panics").insert(key.into(), known);
        self.answers.fetch_add(1, Ordering::AcqRel);
        self.more.notify_one();
    }

    /// Returns the number of acknowledgements.
    pub fn answers(&self) -> usize {
        self.answers.load(Ordering::Acquire)
    }

    /// Waits for this number of acknowledgements. Returns early if one of these clients has ended, because it failed.
    pub async fn reaches(&self, answers: usize, clients: &[JoinHandle<()>]) {
        while self.answers() < answers && !clients.iter().any(JoinHandle::is_finished) {
            self.more.notified().await;
        }
    }

    /// Returns the last acknowledged state of a thing.
    pub fn state(&self, key: &str) -> Option<State> {
        let things = self.things.lock().expect("no client panics");
        things.get(key)?.acknowledged.clone()
    }

    /// Compares what a server shows with what is known, and learns how the requests without an answer ended.
    pub fn settle(&self, shown: &Shown, case: &str) {
        let mut things = self.things.lock().expect("no client panics");
        for (key, known) in things.iter_mut() {
            let shown = shown.get(key);
            // A creation that was not answered: its id is unknown.
            let fits = |expected: &Option<State>| match (expected, shown) {
                (Some((id, state)), Some((shown_id, shown_state))) => {
                    state == shown_state && (id.is_empty() || id == shown_id)
                }
                (None, None) => true,
                _ => false,
            };
            assert!(
                fits(&known.acknowledged) || fits(&known.asked),
                "{case}: {key} is {shown:?}, but {known:?} is known"
            );
            *known = Known {
                acknowledged: shown.cloned(),
                asked: shown.cloned(),
            };
        }
        for key in shown.keys() {
            assert!(things.contains_key(key), "{case}: no client asked for {key}");
        }
    }
}
