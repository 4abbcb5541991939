//! Administration from the machine itself: the operations behind the command line.
//!
//! A command is plain data. While a server runs on the data folder, the command is sent over its administration socket;
//! otherwise it is executed on the store directly. Every user of the machine who may enter the folder is the
//! [operator](crate::auth::Actor::Operator).

mod advice;
mod backup;
mod command;
mod execute;
mod export;
mod finding;
mod import;
mod migrate;
mod place;
mod socket;
mod transfer;
mod whole_file;
mod wire;

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::time::timeout;

pub(crate) use advice::explained;
pub(crate) use backup::{backup, backup_to, check_backup, lock_of, restore};
pub(crate) use command::{
    AuditLine, AuditQuestion, ClockEntry, DiskEntry, StatusEntry, SurroundingsEntry, TokenEntry, UserEntry,
};
pub use command::{Command, CommandAnswer};
pub(crate) use export::{export, export_to};
pub(crate) use finding::Finding;
pub(crate) use import::{ImportedItem, import};
pub(crate) use migrate::migrate;
use place::Place;
pub(crate) use socket::AdminSocket;
use wire::SILENCE;

use crate::app::{App, Clock, Overrides};
use crate::auth::password::Passwords;
use crate::domain::RequestError;
use crate::ops::opening::{self, OpeningError};
use crate::store::backup::RestoreError;
use crate::store::{Compaction, CopyError, OpenError, Store, holder, is_begun, refuse_exposed};

/// The user id of the superuser.
const ROOT: u32 = 0;

/// The reason why a command was not executed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operation returned an error.
    #[error("{0}")]
    Refused(String),
    /// No server runs, and the store does not open.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// There is no store yet. Only a few commands create one, such as `user create`.
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
    /// The store is in a cluster, which compacts itself.
    #[error(
        "the store {0} is in a cluster, which compacts itself: `etcdctl compact` and `etcdctl defrag` do it at once"
    )]
    InCluster(String),
    /// A backup or an export cannot be written.
    #[error("the {what} is not written: {cause}")]
    Unwritten {
        /// The noun for what is written.
        what: &'static str,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// A backup was not made, or is not sound.
    #[error("{0}")]
    Backup(String),
    /// An export was not made, or an import did not come to its end.
    #[error("{0}")]
    Transfer(String),
    /// A backup was not restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// A store was not copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The server's answer is not valid.
    #[error("the server on this data folder does not answer: {0}; is it another version of rollcall?")]
    Socket(io::Error),
    /// A process has locked the data folder, and its socket cannot be reached.
    #[error(
        "process {process} runs on {} and cannot be asked: {cause}; name its administration socket with --admin-socket, \
         or stop the process",
        folder.display()
    )]
    Unreachable {
        /// The path of the data folder.
        folder: PathBuf,
        /// The process id of the server.
        process: String,
        /// The reason, with the path of the socket.
        cause: String,
    },
    /// The server accepted the connection and sent nothing.
    #[error(
        "process {process} has sent no answer on {} for {} seconds: it is stopped, overloaded or out of file descriptors; \
         see its log, or restart it. It is not known whether the command was carried out",
        socket.display(),
        silence.as_secs()
    )]
    Silent {
        /// The process id of the server.
        process: String,
        /// The path of the socket.
        socket: PathBuf,
        /// The time without an answer.
        silence: Duration,
    },
    /// The process behind the socket belongs to another user, who could read passwords.
    #[error(
        "the administration socket {} belongs to a process of user {owner}: nothing was sent to it; name the socket of \
         your server with --admin-socket",
        socket.display()
    )]
    Foreign {
        /// The path of the socket.
        socket: PathBuf,
        /// The user id of the process.
        owner: u32,
    },
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        Self::Refused(explained(&error))
    }
}

/// Executes a command on a data folder, with or without a running server. Without one, the settings in `fixed` apply,
/// as they would for a server.
///
/// # Errors
/// [`Error`] if the operation failed or could not be started.
pub async fn run(folder: &Path, fixed: Overrides, command: Command) -> Result<CommandAnswer, Error> {
    // Checked before connecting too: another user's socket could receive passwords.
    refuse_exposed(folder)?;
    let place = Place::find(folder, fixed.admin_socket.as_deref());
    let unreached = match reach(folder, &place).await? {
        Ok(connection) => return ask(folder, place, connection, &command).await,
        Err(cause) => cause,
    };
    if !has_store(folder, &fixed) && !matches!(command, Command::CreateUser { .. }) {
        return Err(Error::NoStore(folder.to_owned()));
    }
    let opened = execute_alone(folder, fixed, command).await;
    opened.map_err(|error| explain_in_use(error, place, &unreached))
}

/// Returns whether there is a store: in the cluster, or in the data folder.
pub(crate) fn has_store(folder: &Path, fixed: &Overrides) -> bool {
    fixed.cluster.is_some() || is_begun(folder)
}

/// Adds to the error about a folder in use why the server there was not reached.
fn explain_in_use(error: Error, place: Place, unreached: &io::Error) -> Error {
    let (Error::Store(OpenError::InUse { folder, holder })
    | Error::Opening(OpeningError::Store(OpenError::InUse { folder, holder }))) = error
    else {
        return error;
    };
    Error::Unreachable {
        folder,
        process: holder,
        cause: place.reason.map_or_else(
            || format!("{}: {unreached}", place.path.display()),
            |reason| format!("it runs without an administration socket ({reason})"),
        ),
    }
}

/// Executes a command on the store of a data folder on which no server runs.
async fn execute_alone(folder: &Path, fixed: Overrides, command: Command) -> Result<CommandAnswer, Error> {
    if matches!(command, Command::Check) {
        let (problems, snapshot) = Store::inspect(folder, fixed.cluster.as_ref())?;
        let key = opening::key_problem(&snapshot, folder, fixed.secret_key_file.as_deref());
        return Ok(CommandAnswer::Findings(Finding::all(problems, key)));
    }
    let store = Store::open_with(folder, fixed.cluster.as_ref(), &fixed.upgrade)?;
    let app = App::new(store, Clock::system(), Passwords::default(), fixed);
    opening::refuse_settings(&app).await?;
    let outcome = execute::execute(&app, folder, command).await;
    app.store.close().await;
    Ok(outcome?)
}

/// Connects to the server of a data folder. The inner error is the reason why no server answers.
async fn reach(folder: &Path, place: &Place) -> Result<Result<UnixStream, io::Error>, Error> {
    let connected = match timeout(SILENCE, UnixStream::connect(&place.path)).await {
        Ok(connected) => connected,
        Err(elapsed) => Err(elapsed.into()),
    };
    let stream = match connected {
        Ok(stream) => stream,
        Err(error) => return Ok(Err(error)),
    };
    let me = rustix::process::geteuid().as_raw();
    // A container or an administrator often runs commands as root on the folder of the server's user.
    let trusted = fs::metadata(folder)
        .ok()
        .map(|found| found.uid())
        .filter(|_| me == ROOT);
    match stream.peer_cred() {
        Ok(peer) if [Some(me), Some(ROOT), trusted].contains(&Some(peer.uid())) => Ok(Ok(stream)),
        Ok(peer) => Err(Error::Foreign {
            socket: place.path.clone(),
            owner: peer.uid(),
        }),
        Err(error) => Ok(Err(error)),
    }
}

/// Returns the process id of the server that runs on a data folder; `None` if no server runs, or if its socket cannot
/// be reached.
pub async fn server_process(folder: &Path, named: Option<&Path>) -> Option<i32> {
    let reached = reach(folder, &Place::find(folder, named)).await;
    reached.ok()?.ok()?.peer_cred().ok()?.pid()
}

async fn ask(folder: &Path, place: Place, connection: UnixStream, command: &Command) -> Result<CommandAnswer, Error> {
    let outcome = socket::ask(connection, command)
        .await
        .map_err(|error| unanswered(error, folder, place.path, SILENCE))?;
    outcome.map_err(Error::Refused)
}

/// Returns the error for a server that did not answer. A blocking socket reports the end of its time as `WouldBlock`.
fn unanswered(error: io::Error, folder: &Path, socket: PathBuf, silence: Duration) -> Error {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Error::Silent {
            process: holder(folder),
            socket,
            silence,
        },
        _ => Error::Socket(error),
    }
}

/// Compacts the store of a data folder on which no server runs.
///
/// # Errors
/// [`Error::ServerRuns`] if a server runs; otherwise the reason why the store was not compacted.
pub async fn compact(folder: &Path, fixed: Overrides) -> Result<Compaction, Error> {
    refuse_exposed(folder)?;
    if let Some(cluster) = &fixed.cluster {
        return Err(Error::InCluster(cluster.to_string()));
    }
    if reach(folder, &Place::find(folder, fixed.admin_socket.as_deref()))
        .await?
        .is_ok()
    {
        return Err(Error::ServerRuns(folder.to_owned()));
    }
    if !is_begun(folder) {
        return Err(Error::NoStore(folder.to_owned()));
    }
    Ok(opening::compact(folder, fixed).await?)
}
