//! What every operation works with: a cheap clone over the store, the clock and the settings.

pub mod attempts;
mod follow;
mod online;
mod origins;
mod pictures;
pub mod rates;
mod settings;
mod turns;
mod usernames;

use std::sync::Arc;

pub use crate::clock::Clock;
use attempts::Attempts;
use online::OnlineCount;
pub use origins::AllowedOrigins;
pub use pictures::{Pictures, Sender};
use rates::Rates;
pub use settings::{Fixed, Settings, network};
pub use turns::{QueueFull, Turn};
use usernames::Usernames;

use crate::auth::SecretKey;
use crate::auth::password::Passwords;
use crate::domain::{SettingId, Timestamp, UsernameRule};
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
    /// The in-memory state of guesses: turns, failures of unknown names.
    pub attempts: Arc<Attempts>,
    /// What time it is.
    pub clock: Clock,
    /// What hashes and verifies passwords.
    pub passwords: Passwords,
    /// The key that seals secrets in the store.
    pub key: Arc<SecretKey>,
    /// The pool that decodes uploaded pictures.
    pub pictures: Pictures,
    /// The number of users who are not offline, for callers without a login.
    pub online: Arc<OnlineCount>,
    /// The steady time at which the application was put together.
    pub started: Timestamp,
    /// What was fixed when the server was started.
    pub fixed: Arc<Fixed>,
    usernames: Arc<Usernames>,
}

impl App {
    /// Puts an application together. It seals secrets with a new key that is kept nowhere; see [`Self::with_key`].
    #[must_use]
    pub fn new(store: Store, clock: Clock, passwords: Passwords, fixed: Fixed) -> Self {
        let fixed = Arc::new(fixed);
        let hub = Hub::new(clock.clone());
        follow::follow(&hub, &store, &fixed);
        Self {
            attempts: Arc::new(Attempts::new(&store, &clock, &fixed)),
            store,
            hub,
            rates: Arc::default(),
            online: Arc::default(),
            started: clock.steady(),
            clock,
            passwords,
            key: Arc::new(SecretKey::generate()),
            pictures: Pictures::default(),
            fixed,
            usernames: Arc::default(),
        }
    }

    /// The same application with the key of its data folder.
    #[must_use]
    pub fn with_key(self, key: SecretKey) -> Self {
        Self {
            key: Arc::new(key),
            ..self
        }
    }

    /// The same application at the address where its server listens, as a URL.
    #[must_use]
    pub fn at(self, address_url: String) -> Self {
        Self {
            fixed: Arc::new(Fixed {
                address_url,
                ..Fixed::clone(&self.fixed)
            }),
            ..self
        }
    }

    /// The rule for new usernames that is in force now.
    #[must_use]
    pub fn username_rule(&self) -> Arc<UsernameRule> {
        self.usernames.rule(&self.settings().text(SettingId::UsernamePattern))
    }

    /// The settings in force now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::new(self.store.read(), Arc::clone(&self.fixed))
    }
}
