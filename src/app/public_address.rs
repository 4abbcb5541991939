//! The address at which clients reach the server. Every request needs it, so it is computed once for each change of the
//! settings.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::{AllowedOrigins, Overrides, Settings};
use crate::store::{SettingsVersion, Snapshot};

/// The address at which clients reach the server, from the settings.
#[derive(Debug, PartialEq, Eq)]
pub struct PublicAddress {
    /// The URL of `Site_Url`, else that of the address where the server listens; without a slash at the end.
    pub url: String,
    /// The path of `Site_Url`: empty, or `/` and a path without a slash at the end.
    pub path: String,
    /// The origins whose pages may use this server.
    pub origins: AllowedOrigins,
}

impl PublicAddress {
    fn of(settings: &Settings) -> Self {
        Self {
            url: settings.site_url(),
            path: settings.public_path(),
            origins: AllowedOrigins::of(settings),
        }
    }

    /// Returns whether clients use TLS, that of the server or of a proxy.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.starts_with("https://")
    }
}

/// The public address that was computed last, and the version of the stored settings from which it was computed.
#[derive(Debug, Default)]
pub(super) struct LastPublicAddress(ArcSwapOption<(SettingsVersion, Arc<PublicAddress>)>);

impl LastPublicAddress {
    /// Returns the public address of this snapshot.
    pub(super) fn of(&self, snapshot: Arc<Snapshot>, fixed: &Arc<Overrides>) -> Arc<PublicAddress> {
        if let Some(last) = &*self.0.load()
            && snapshot.has_settings_of(&last.0)
        {
            return Arc::clone(&last.1);
        }
        let version = snapshot.settings_version();
        let address = Arc::new(PublicAddress::of(&Settings::new(snapshot, Arc::clone(fixed))));
        self.0.store(Some(Arc::new((version, Arc::clone(&address)))));
        address
    }
}
