//! What every operation works with: a cheap clone over the store, the clock and the settings.

mod follow;
pub mod rates;
mod settings;

use std::sync::Arc;

pub use crate::clock::Clock;
use rates::Rates;
pub use settings::{Fixed, Settings, network};

use crate::auth::password::Passwords;
use crate::hub::Hub;
use crate::store::Store;

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
        follow::follow(&hub, &store, &fixed);
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
