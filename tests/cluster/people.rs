//! Users who are connected to different servers, and go away and come back under load.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::dice::Dice;
use crate::person::{PersonState, stay};
use crate::servers::Servers;
use crate::settled::presence_tables;
use crate::waiting::until_right;

/// The number of users, two at each server.
const PEOPLE: usize = 6;

/// The pause between two changes of what one of the users wants to be.
const PAUSE: Duration = Duration::from_millis(500);

/// The users.
pub struct ConnectedUsers {
    /// The ids of the users, and what they want to be.
    all: Vec<(String, Arc<PersonState>)>,
    /// True while no user changes what they want to be.
    is_calm: Arc<AtomicBool>,
    changes: JoinHandle<()>,
    stays: Vec<JoinHandle<()>>,
}

impl ConnectedUsers {
    /// Creates the users and connects them.
    pub async fn start(servers: &Servers, dice: &mut Dice) -> Self {
        let addresses: Vec<_> = servers.services.iter().map(|service| service.address).collect();
        let (mut all, mut stays) = (Vec::new(), Vec::new());
        for number in 0..PEOPLE {
            let caller = servers
                .new_user(&format!("person{number}"), number % addresses.len())
                .await;
            let state = Arc::new(PersonState::default());
            let (id, _) = caller.login.clone().expect("a login");
            all.push((id, Arc::clone(&state)));
            stays.push(tokio::spawn(stay(state, caller, addresses.clone())));
        }
        let is_calm = Arc::new(AtomicBool::new(false));
        let states = all.iter().map(|(_, state)| Arc::clone(state)).collect();
        Self {
            all,
            changes: tokio::spawn(change(states, Arc::clone(&is_calm), Dice::new(dice.next()))),
            is_calm,
            stays,
        }
    }

    /// Stops the changes, and waits until all servers show each user as the user wants to be. Then the changes go on.
    ///
    /// # Panics
    /// If a server shows something else for long.
    pub async fn check(&self, servers: &Servers) {
        self.is_calm.store(true, Ordering::Release);
        // The task that changes them has seen it.
        sleep(2 * PAUSE).await;
        let status = |state: &PersonState| {
            if state.is_away.load(Ordering::Acquire) {
                "away"
            } else {
                "online"
            }
        };
        let wanted: BTreeMap<_, _> = self
            .all
            .iter()
            .map(|(id, state)| (id.clone(), status(state).to_owned()))
            .collect();
        let are_right = |tables: &Vec<Option<BTreeMap<String, (String, String)>>>| {
            tables.iter().all(|table| {
                let Some(table) = table else { return false };
                let row_of = table.iter().map(|(id, (status, _))| (id.clone(), status.clone()));
                table.values().all(|(_, text)| text.is_empty()) && row_of.collect::<BTreeMap<_, _>>() == wanted
            })
        };
        let look = async || presence_tables(servers).await;
        until_right(&format!("presence {wanted:?}"), look, are_right).await;
        self.is_calm.store(false, Ordering::Release);
    }

    /// Returns the number of connections that were made.
    pub fn connections(&self) -> usize {
        self.all
            .iter()
            .map(|(_, state)| state.connections.load(Ordering::Acquire))
            .sum()
    }

    /// Ends all connections.
    pub async fn end(self) {
        self.changes.abort();
        for (_, state) in &self.all {
            state.is_over.store(true, Ordering::Release);
        }
        for person in self.stays {
            person.await.expect("a person leaves");
        }
    }
}

async fn change(states: Vec<Arc<PersonState>>, is_calm: Arc<AtomicBool>, mut dice: Dice) {
    loop {
        sleep(PAUSE).await;
        if !is_calm.load(Ordering::Acquire) {
            let state = &states[dice.below(states.len())];
            state.is_away.fetch_xor(true, Ordering::AcqRel);
        }
    }
}
