//! Callers of all servers, which use shared objects until they are stopped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedRwLockWriteGuard, RwLock};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::caller::{HttpCaller, Reply};
use crate::dice::Dice;
use crate::epoch::Epoch;
use crate::gaps::Gaps;
use crate::servers::Servers;
use crate::waiting::until_true;

/// The number of callers.
const CALLERS: usize = 16;

/// The pause between two calls of a caller, so that etcd and the servers also get the processors.
const PAUSE: Duration = Duration::from_millis(5);

/// The pause after a call that was not done, so that a server that is away is not asked all the time.
const LONG_PAUSE: Duration = Duration::from_millis(100);

/// The acknowledged writes of each server that show that it works.
const ENOUGH: usize = 40;

/// The callers.
pub struct Load {
    state: Arc<LoadState>,
    callers: Vec<JoinHandle<()>>,
}

struct LoadState {
    /// Held for reading during a call, and for writing while the load is paused.
    gate: Arc<RwLock<()>>,
    epoch: Mutex<Arc<Epoch>>,
    gaps: Gaps,
    is_over: AtomicBool,
}

impl Load {
    /// Starts the callers, spread over the servers, each with a token of its own.
    pub async fn start(servers: &Servers, dice: &mut Dice) -> Self {
        let state = Arc::new(LoadState {
            gate: Arc::default(),
            epoch: Mutex::new(Arc::new(Epoch::new(0))),
            gaps: Gaps::default(),
            is_over: AtomicBool::new(false),
        });
        let mut callers = Vec::new();
        for number in 0..CALLERS {
            let caller = servers.new_login(number % servers.services.len()).await;
            let dice = Dice::new(dice.next());
            callers.push(tokio::spawn(call(Arc::clone(&state), caller, dice)));
        }
        Self { state, callers }
    }

    /// Returns the objects in use.
    pub fn epoch(&self) -> Arc<Epoch> {
        Arc::clone(&self.state.epoch.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets the callers use new objects. The load has to be paused, or the old objects to stay.
    pub fn renew(&self, epoch: usize) {
        *self.state.epoch.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(Epoch::new(epoch));
    }

    /// Waits until all calls have ended. The callers go on when the guard is dropped.
    pub async fn pause(&self) -> OwnedRwLockWriteGuard<()> {
        self.check();
        Arc::clone(&self.state.gate).write_owned().await
    }

    /// Waits until these servers have acknowledged some more writes.
    pub async fn until_written_at(&self, servers: &[usize]) {
        let before = self.state.gaps.counts();
        let is_enough = async || {
            self.check();
            let now = self.state.gaps.counts();
            servers.iter().all(|server| now[*server] >= before[*server] + ENOUGH)
        };
        until_true(&format!("writes at the servers {servers:?}"), is_enough).await;
    }

    /// Returns when writes were acknowledged.
    pub fn gaps(&self) -> &Gaps {
        &self.state.gaps
    }

    /// Ends the callers.
    pub async fn end(self) {
        self.state.is_over.store(true, Ordering::Release);
        for caller in self.callers {
            caller.await.expect("a caller got only answers that it knows");
        }
    }

    fn check(&self) {
        let ended = self.callers.iter().any(JoinHandle::is_finished);
        assert!(!ended, "a caller got an answer that it does not know");
    }
}

async fn call(state: Arc<LoadState>, caller: HttpCaller, mut dice: Dice) {
    while !state.is_over.load(Ordering::Acquire) {
        let turn = state.gate.read().await;
        let epoch = Arc::clone(&state.epoch.lock().unwrap_or_else(PoisonError::into_inner));
        let reply = epoch.use_once(&caller, &mut dice).await;
        drop(turn);
        let pause = match reply {
            Some(Reply::Done(_)) => {
                state.gaps.note(caller.server);
                PAUSE
            }
            None | Some(Reply::Refused(400, _)) => PAUSE,
            Some(_) => LONG_PAUSE,
        };
        sleep(pause).await;
    }
}
