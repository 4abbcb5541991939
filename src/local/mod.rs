//! Administration from the machine itself: the operations behind the command line.
//!
//! A command is plain data. While a server runs on the data folder, the command is sent over a socket inside the
//! folder; otherwise it is executed on the store directly. Every user of the machine who may enter the folder is the
//! [operator](crate::auth::Actor::Operator).

mod advice;
mod command;
mod execute;
mod socket;

use std::path::{Path, PathBuf};

pub use advice::explained;
pub use command::{Answer, AuditLine, AuditQuestion, Command, Finding, StatusEntry, TokenEntry, UserEntry};
pub use socket::Socket;

use crate::app::{App, Clock, Fixed};
use crate::auth::password::Passwords;
use crate::domain::Fault;
use crate::ops::opening::{self, OpeningError};
use crate::store::{Compaction, OpenError, Store, is_begun, refuse_exposed, socket_path};

/// The reason why a command was not executed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operation returned an error.
    #[error("{0}")]
    Refused(String),
    /// No server runs, and the store does not open.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// There is no store yet; only creating a user creates one.
    #[error(
        "there is no store in {}: name its data folder with --data-dir, or begin one by `rollcall serve` or \
         `rollcall user create`",
        .0.display()
    )]
    NoStore(PathBuf),
    /// The data folder does not open.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// A server runs on the data folder, which must not be in use.
    #[error(
        "a server runs on {}: stop it, run this again, and start it; or restart it with --compact-at-start always",
        .0.display()
    )]
    ServerRuns(PathBuf),
    /// The server does not answer, or its answer is not valid.
    #[error("the server on this data folder does not answer: {0}; is it another version of rollcall?")]
    Socket(std::io::Error),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Refused(explained(&fault))
    }
}

/// Executes a command on a data folder, with or without a running server. Without one, the settings in `fixed` apply,
/// as they would for a server.
///
/// # Errors
/// [`Error`] if the operation failed or could not be started.
pub async fn run(folder: &Path, fixed: Fixed, command: Command) -> Result<Answer, Error> {
    // Checked before connecting too: another user's socket could receive passwords.
    refuse_exposed(folder)?;
    if let Some(connection) = socket::connect(&socket_path(folder)).await {
        let outcome = socket::ask(connection, &command).await.map_err(Error::Socket)?;
        return outcome.map_err(Error::Refused);
    }
    if !is_begun(folder) && !matches!(command, Command::CreateUser { .. }) {
        return Err(Error::NoStore(folder.to_owned()));
    }
    if matches!(command, Command::Check) {
        let (problems, snapshot) = Store::inspect(folder)?;
        let key = opening::key_problem(&snapshot, folder, fixed.secret_key_file.as_deref());
        return Ok(Answer::Findings(Finding::all(problems, key)));
    }
    let app = App::new(Store::open(folder)?, Clock::System, Passwords::default(), fixed);
    opening::refuse_settings(&app).await?;
    let outcome = execute::execute(&app, folder, command).await;
    app.store.close().await;
    Ok(outcome?)
}

/// Compacts the store of a data folder on which no server runs.
///
/// # Errors
/// [`Error::ServerRuns`] if a server runs; otherwise the reason why the store was not compacted.
pub async fn compact(folder: &Path, fixed: Fixed) -> Result<Compaction, Error> {
    refuse_exposed(folder)?;
    if socket::connect(&socket_path(folder)).await.is_some() {
        return Err(Error::ServerRuns(folder.to_owned()));
    }
    if !is_begun(folder) {
        return Err(Error::NoStore(folder.to_owned()));
    }
    Ok(opening::compact(folder, fixed).await?)
}
