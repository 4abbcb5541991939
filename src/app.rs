//! The application state that every operation uses: store, hub, clock, settings and limits.

mod account_key;
pub(crate) mod attempts;
mod backups;
mod certificate;
mod follow;
mod online;
mod origins;
mod pictures;
mod presence_list;
mod public_address;
pub(crate) mod rates;
mod readiness;
mod recent_lines;
mod rendered;
mod settings;
mod status_pages;
mod turns;
mod usernames;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Mutex;

pub use crate::clock::Clock;
pub(crate) use account_key::AccountKey;
use attempts::Attempts;
use backups::ScheduledBackups;
pub(crate) use backups::{BackupState, ScheduledBackup};
pub(crate) use certificate::{CertificateStatus, ServedCertificate};
use online::OnlineCount;
pub(crate) use origins::AllowedOrigins;
pub(crate) use pictures::{Pictures, Sender};
use presence_list::PresenceListCache;
use public_address::LastPublicAddress;
pub(crate) use public_address::PublicAddress;
use rates::Rates;
pub(crate) use readiness::{Checks, Readiness};
pub(crate) use recent_lines::{LineSight, RecentLines};
pub(crate) use rendered::RenderedKey;
pub use settings::Overrides;
pub(crate) use settings::Settings;
use status_pages::StatusPages;
pub(crate) use turns::{QueueFull, Turn};
use usernames::Usernames;

use crate::auth::password::Passwords;
use crate::auth::{SecretKey, random};
use crate::domain::{SettingId, SettingValue, Timestamp, UsernameRule};
use crate::hub::Hub;
use crate::observe::{Metrics, RequestIds};
use crate::store::{Snapshot, Store};

/// The application state. Cloning counts one reference; all clones share the same state.
#[derive(Clone)]
pub struct App(Arc<AppState>);

/// The parts of the application state.
#[derive(Clone)]
pub struct AppState {
    /// The store with all durable data.
    pub store: Store,
    /// The live connections and the visible presence of all users.
    pub hub: Hub,
    /// The call counters of the rate limits.
    pub rates: Arc<Rates>,
    /// The in-memory state of login attempts: turns, and failures of unknown names.
    pub attempts: Arc<Attempts>,
    /// The clock that all operations use.
    pub clock: Clock,
    /// The pool that hashes and verifies passwords.
    pub passwords: Passwords,
    /// The key that encrypts secrets in the store.
    pub key: Arc<SecretKey>,
    /// The pool that decodes uploaded pictures.
    pub pictures: Pictures,
    /// The results of scheduled backups.
    pub backups: Arc<ScheduledBackups>,
    /// The certificate that the server shows to clients.
    pub certificate: Arc<CertificateStatus>,
    /// The number of users who are not offline, for callers without a login.
    pub online: Arc<OnlineCount>,
    /// The last presence list that was made.
    pub(crate) presence_list: Arc<PresenceListCache>,
    /// The JSON of pages of custom statuses.
    pub(crate) status_pages: Arc<StatusPages>,
    /// The lines of lists of users.
    pub(crate) list_lines: Arc<RecentLines>,
    /// The lines of the directory.
    pub(crate) directory_lines: Arc<RecentLines>,
    /// The steady time at which this value was created.
    pub started: Timestamp,
    /// The state that the endpoints of monitoring report.
    pub readiness: Arc<Readiness>,
    /// The metrics of the server.
    pub metrics: Arc<Metrics>,
    /// The moment at which the gauges of the disk and the process were measured. Its lock lets one reader of the metrics in
    /// at a time.
    pub metrics_measured: Arc<Mutex<Option<Instant>>>,
    /// The ids of requests.
    pub request_ids: Arc<RequestIds>,
    /// The configuration that can't change while the server runs.
    pub fixed: Arc<Overrides>,
    usernames: Arc<Usernames>,
    public_address: Arc<LastPublicAddress>,
}

impl Deref for App {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0
    }
}

impl App {
    /// Creates the application state with a new key for secrets, which is not stored; see [`Self::with_key`].
    #[must_use]
    pub fn new(store: Store, clock: Clock, passwords: Passwords, fixed: Overrides) -> Self {
        let fixed = Arc::new(fixed);
        let clock = clock.of_store(store.read().believed_at());
        store.stamp(clock.clone());
        store.keep_free(fixed.disk_reserve_bytes);
        let hub = Hub::new(clock.clone());
        follow::follow(&hub, &store, &fixed);
        Self(Arc::new(AppState {
            attempts: Arc::new(Attempts::new(&store, &clock, &fixed)),
            rates: Arc::default(),
            online: Arc::default(),
            presence_list: Arc::default(),
            status_pages: Arc::default(),
            list_lines: Arc::default(),
            directory_lines: Arc::default(),
            backups: Arc::default(),
            certificate: Arc::default(),
            started: clock.steady(),
            clock,
            passwords,
            key: Arc::new(SecretKey::generate()),
            pictures: Pictures::default(),
            readiness: Arc::default(),
            metrics: Arc::new(Metrics::new(store.meter(), hub.meter())),
            metrics_measured: Arc::default(),
            request_ids: Arc::new(RequestIds::new(u64::from_be_bytes(random::bytes()))),
            fixed,
            usernames: Arc::default(),
            public_address: Arc::default(),
            store,
            hub,
        }))
    }

    /// Replaces the key by the one of the data folder.
    #[must_use]
    pub fn with_key(self, key: impl Into<Arc<SecretKey>>) -> Self {
        Self(Arc::new(AppState {
            key: key.into(),
            ..AppState::clone(&self)
        }))
    }

    /// Shows the statuses of all users again, because another time applies to them.
    pub fn show_again(&self) {
        follow::show_all(&self.hub, &self.store);
    }

    /// Sets the URL of the address where the server listens.
    #[must_use]
    pub fn at(self, address_url: String) -> Self {
        Self(Arc::new(AppState {
            fixed: Arc::new(Overrides {
                address_url,
                ..Overrides::clone(&self.fixed)
            }),
            public_address: Arc::default(),
            ..AppState::clone(&self)
        }))
    }

    /// Returns the current rule for new usernames.
    #[must_use]
    pub fn username_rule(&self) -> Arc<UsernameRule> {
        self.username_rule_in(&self.settings())
    }

    /// Returns the rule of these settings for new usernames.
    pub(crate) fn username_rule_in(&self, settings: &Settings) -> Arc<UsernameRule> {
        self.usernames.rule(&settings.text(SettingId::UsernamePattern))
    }

    /// Returns the current settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::new(self.store.read(), Arc::clone(&self.fixed))
    }

    /// Returns the address at which clients reach the server, and the origins of the pages that may use it.
    #[must_use]
    pub fn public_address(&self) -> Arc<PublicAddress> {
        self.public_address.of(self.store.read(), &self.fixed)
    }

    /// Returns the settings as they would be with these values, on this snapshot.
    pub(crate) fn settings_with(&self, snapshot: &Snapshot, values: BTreeMap<SettingId, SettingValue>) -> Settings {
        Settings::new(Arc::new(snapshot.clone()), Arc::clone(&self.fixed)).with(values)
    }
}
