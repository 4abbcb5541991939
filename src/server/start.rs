//! The parameters of a server's start, and the reasons why it does not start.

use std::path::PathBuf;

use crate::admin_socket;
use crate::app::{Clock, Overrides};
use crate::auth::password::Passwords;
use crate::config::TlsSource;
use crate::domain::{ListenAddress, RequestError};
use crate::http::Limits;
use crate::net::tls::TlsError;
use crate::net::{InheritedSocket, ListenError};
use crate::observe::LogMeter;
use crate::ops::opening::OpeningError;
use crate::ops::users::NewUser;
use crate::realtime::Timing;

/// The parameters of a server's start.
pub struct Options {
    /// The addresses to listen on; port 0 chooses a free port.
    pub listen: Vec<ListenAddress>,
    /// The sockets that the parent of the process has opened.
    pub inherited: Vec<InheritedSocket>,
    /// The addresses that have only the metrics, without a login. Without one, they are below the main addresses.
    pub metrics_listen: Vec<ListenAddress>,
    /// The meter of the log.
    pub log: LogMeter,
    /// The certificate for TLS; `None` listens without TLS.
    pub tls: Option<TlsSource>,
    /// The addresses without TLS whose answers only name the address with TLS.
    pub redirect: Vec<ListenAddress>,
    /// The path of the data folder.
    pub data_dir: PathBuf,
    /// The configuration that can't change while the server runs; the server adds the URL of its address.
    pub fixed: Overrides,
    /// The limits of the API.
    pub limits: Limits,
    /// The timeouts of sockets.
    pub timing: Timing,
    /// The pool that hashes and verifies passwords.
    pub passwords: Passwords,
    /// The first administrator, created if the store has no users.
    pub administrator: Option<NewUser>,
    /// The clock of the server.
    pub clock: Clock,
}

/// The reason why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder can't be opened.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The server can't listen on an address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The certificate for TLS can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The first administrator can't be created.
    #[error("cannot prepare the first administrator: {0}")]
    Administrator(#[from] RequestError),
    /// The policy refuses the first administrator's password from the settings.
    #[error("ROLLCALL_ADMIN_PASSWORD: {}", admin_socket::explained(.0))]
    AdministratorPassword(RequestError),
    /// The statuses that expired while the server was down can't be removed.
    #[error("cannot end the statuses whose time has come: {0}")]
    Statuses(RequestError),
    /// The failed logins from before the clock was set back can't be updated.
    #[error("cannot settle failed logins from before the clock was set back: {0}")]
    Blocks(RequestError),
    /// The connections that the previous server process stored can't be restored.
    #[error("cannot settle the connections that ended with the server before: {0}")]
    Connections(RequestError),
}

impl StartError {
    /// Returns the reason for an error of the first administrator.
    pub(super) fn of_administrator(error: RequestError) -> Self {
        match error {
            RequestError::PasswordPolicy { .. } | RequestError::PasswordInvalid => Self::AdministratorPassword(error),
            other => Self::Administrator(other),
        }
    }
}
