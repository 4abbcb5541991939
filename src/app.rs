//! What every operation works with: a cheap clone over the store, the clock and the settings.

pub mod rates;
mod settings;

use std::sync::Arc;

pub use crate::clock::Clock;
use rates::Rates;
pub use settings::{Fixed, Settings, network};

use crate::auth::password::Passwords;
use crate::domain::SettingId;
use crate::hub::Hub;
use crate::store::{Snapshot, Store, Touched};

/// The application. Cloning is cheap; all clones are the same application.
#[derive(Clone)]
pub struct App {
    /// What is kept.
    pub store: Store,
    /// Who is here.
    pub hub: Hub,
    /// How often who calls what.
    pub rates: Arc<Rates>,
    /// What time it is.
    pub clock: Clock,
    /// What hashes and verifies passwords.
    pub passwords: Passwords,
    /// What was fixed when the server was started.
    pub fixed: Arc<Fixed>,
}

impl App {
    /// Puts an application together.
    #[must_use]
    pub fn new(store: Store, clock: Clock, passwords: Passwords, fixed: Fixed) -> Self {
        let fixed = Arc::new(fixed);
        let hub = Hub::new(clock.clone());
        let follow = {
            let (hub, fixed) = (hub.clone(), Arc::clone(&fixed));
            move |snapshot: &Arc<Snapshot>, touched: &Touched| {
                if touched.settings {
                    let settings = Settings::new(Arc::clone(snapshot), Arc::clone(&fixed));
                    hub.require_connection(settings.flag(SettingId::PresenceRequiresConnection));
                }
                for id in &touched.users {
                    match snapshot.user(id) {
                        Some(user) => hub.follow(user, snapshot.user_status(id)),
                        None => hub.forget(id),
                    }
                }
            }
        };
        let begun = store.read();
        let kept = begun.user_statuses().map(|status| status.user.clone());
        let all = Touched {
            users: kept.collect(),
            settings: true,
        };
        follow(&begun, &all);
        store.watch(follow);
        Self {
            store,
            hub,
            rates: Arc::default(),
            clock,
            passwords,
            fixed,
        }
    }

    /// The settings in force now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::new(self.store.read(), Arc::clone(&self.fixed))
    }
}
