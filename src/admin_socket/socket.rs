//! The administration socket. A request is one line of JSON, and so is its answer. While a request is executed, the server
//! sends a space every few seconds, so that the command line can distinguish a long request from a server that does not
//! answer.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::advice::explained;
use super::command::{Command, CommandAnswer};
use super::wire::{CommandOutcome, QUESTION_BYTES, read_outcome, send_outcome, send_question, with_signs};
use super::{execute, place, transfer};
use crate::app::App;
use crate::auth::Actor;
use crate::net::open_files;
use crate::net::unix_socket::{self, SocketFile};
use crate::ops::backups::{self, Backup, BackupStream};
use crate::ops::transfer::{Export, Importer};

/// The time limit for receiving a request.
const QUESTION_TIME: Duration = Duration::from_secs(10);

/// The pause after a connection could not be accepted, for example because no descriptor is free.
const ACCEPT_RETRY_PAUSE: Duration = Duration::from_millis(100);

/// The mode of the socket: only the user of this process may connect.
const MODE: u32 = 0o600;

/// Maximum connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// The server's end of the socket. Dropping it removes the socket's file.
#[derive(Debug)]
pub(crate) struct AdminSocket {
    listener: UnixListener,
    _file: SocketFile,
    folder: PathBuf,
}

impl AdminSocket {
    /// Opens the socket of a data folder that this process has locked. Only the user of this process may connect.
    /// Replaces a socket that a killed server left. Writes the path of the socket, or the reason why the server has no
    /// socket, into the data folder.
    ///
    /// # Errors
    /// The error of the operating system, for example if the path has more than about 100 bytes, or if the file system
    /// has no sockets; `AddrInUse` if another server answers at the path.
    pub(crate) fn bind(folder: &Path, path: &Path) -> io::Result<Self> {
        let bound = unix_socket::bind(path, MODE, BACKLOG);
        match &bound {
            Ok(_) => place::announce(folder, Ok(path)),
            Err(error) => place::announce(folder, Err(&error.to_string())),
        }
        let (listener, file) = bound?;
        Ok(Self {
            listener,
            _file: file,
            folder: folder.to_owned(),
        })
    }

    /// Executes the requests of all connections, until the future is dropped.
    pub(crate) async fn serve(&self, app: &App) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let (app, folder) = (app.clone(), self.folder.clone());
                    tokio::spawn(async move {
                        // A failed connection gets no answer, and does not affect others.
                        let _ = answer(stream, &app, &folder).await;
                    });
                }
                Err(error) => {
                    open_files::warn_not_accepted("administration", &error);
                    tokio::time::sleep(ACCEPT_RETRY_PAUSE).await;
                }
            }
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        place::withdraw(&self.folder);
    }
}

async fn answer(stream: UnixStream, app: &App, folder: &Path) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut line = String::new();
    let mut reading = BufReader::new(reading.take(QUESTION_BYTES));
    timeout(QUESTION_TIME, reading.read_line(&mut line)).await??;
    let outcome: CommandOutcome = match serde_json::from_str(&line) {
        Ok(Command::Backup { with_key }) => match begin_backup(app, with_key).await {
            Ok(stream) => return send_backup(&mut writing, stream).await,
            Err(words) => Err(words),
        },
        Ok(Command::Export { with_secrets }) => match Export::begin(app, with_secrets).await {
            Ok(export) => return transfer::send(&mut writing, export).await,
            Err(error) => Err(explained(&error)),
        },
        Ok(Command::Import(mode)) => {
            // The client sends many lists, each with the limit of a request.
            reading.get_mut().set_limit(u64::MAX);
            let importer = Importer::new(app.clone(), mode);
            return transfer::receive(reading, &mut writing, importer).await;
        }
        Ok(command) => {
            let executed = with_signs(&writing, execute::execute(app, folder, command)).await;
            executed.map_err(|error| explained(&error))
        }
        Err(error) => Err(format!("the server does not understand the question: {error}")),
    };
    send_outcome(&mut writing, &outcome).await
}

async fn begin_backup(app: &App, with_key: bool) -> Result<BackupStream, String> {
    let begun = backups::begin(app, &Actor::Operator, with_key).await;
    begun.and_then(Backup::stream).map_err(|error| explained(&error))
}

async fn send_backup(writing: &mut OwnedWriteHalf, mut stream: BackupStream) -> io::Result<()> {
    send_outcome(writing, &Ok(CommandAnswer::Backup)).await?;
    // After an error, the client finds that the backup is cut short.
    while let Some(Ok(piece)) = stream.next().await {
        writing.write_all(&piece).await?;
    }
    Ok(())
}

/// Sends a command to the server, and waits for the answer.
///
/// # Errors
/// `TimedOut` if the server sends nothing for [`SILENCE`](super::wire::SILENCE); the error of the operating system; an
/// answer that is not valid.
pub(super) async fn ask(stream: UnixStream, command: &Command) -> io::Result<CommandOutcome> {
    let (reading, mut writing) = stream.into_split();
    send_question(&mut writing, command).await?;
    read_outcome(&mut BufReader::new(reading)).await
}
