//! What every operation works with: a cheap clone over the store, the clock and the rules.

mod clock;

use std::sync::Arc;

pub use clock::Clock;

use crate::auth::password::Passwords;
use crate::domain::StatusType;
use crate::store::Store;

/// The application. Cloning is cheap; all clones are the same application.
#[derive(Clone)]
pub struct App {
    /// What is kept.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
    /// What hashes and verifies passwords.
    pub passwords: Passwords,
    /// What the operations obey.
    pub rules: Arc<Rules>,
}

/// Settings that operations obey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Days that a login token lives.
    pub token_lifetime_days: u32,
    /// What a custom status created without a `statusType` gets; none refuses it.
    pub default_status_type: Option<StatusType>,
    /// Where clients reach this server, without a slash at the end.
    pub public_url: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            token_lifetime_days: 90,
            default_status_type: None,
            public_url: String::new(),
        }
    }
}

impl App {
    /// Puts an application together.
    #[must_use]
    pub fn new(store: Store, clock: Clock, passwords: Passwords, rules: Rules) -> Self {
        Self {
            store,
            clock,
            passwords,
            rules: Arc::new(rules),
        }
    }
}
