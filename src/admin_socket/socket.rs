//! The administration socket. A request is one line of JSON, and so is its answer. While a request is executed, the server
//! sends a space every few seconds, so that the command line can distinguish a long request from a server that does not
//! answer.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{interval, timeout};

use super::advice::explained;
use super::command::{Command, CommandAnswer};
use super::{execute, place};
use crate::app::App;
use crate::auth::Actor;
use crate::net::open_files;
use crate::net::unix_socket::{self, SocketFile};
use crate::ops::backups::{self, Backup, BackupStream};

/// Maximum bytes of a request.
const QUESTION_BYTES: u64 = 1024 * 1024;

/// The time limit for receiving a request.
const QUESTION_TIME: Duration = Duration::from_secs(10);

/// The time between two spaces that the server sends while it executes a request.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// The time after which a server that sends nothing counts as one that does not answer.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// The pause after a connection could not be accepted, for example because no descriptor is free.
const PAUSE: Duration = Duration::from_millis(100);

/// The mode of the socket: only the user of this process may connect.
const MODE: u32 = 0o600;

/// Maximum connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// The answer on the socket: the result, or the error's text.
pub(super) type CommandOutcome = Result<CommandAnswer, String>;

/// The server's end of the socket. Dropping it removes the socket's file.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    _file: SocketFile,
    folder: PathBuf,
}

impl AdminSocket {
    /// Opens the socket of a data folder that this process has locked. Only the user of this process may connect.
    /// Replaces a socket that a killed server left. Writes into the data folder where the socket is, or why the server has
    /// none.
    ///
    /// # Errors
    /// The error of the operating system, for example if the path has more than about 100 bytes, or if the file system
    /// has no sockets; `AddrInUse` if another server answers at the path.
    pub fn bind(folder: &Path, path: &Path) -> io::Result<Self> {
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
    pub async fn serve(&self, app: &App) {
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
                    tokio::time::sleep(PAUSE).await;
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
    let mut stream = None;
    let outcome: CommandOutcome = match serde_json::from_str(&line) {
        Ok(Command::Backup { with_key }) => begin_backup(app, with_key).await.map(|begun| {
            stream = Some(begun);
            CommandAnswer::Backup
        }),
        Ok(command) => {
            let mut work = pin!(execute::execute(app, folder, command));
            let mut signs = interval(SIGN_OF_LIFE);
            let executed = loop {
                tokio::select! {
                    executed = &mut work => break executed,
                    // The request is executed to its end, also if the client is gone.
                    _ = signs.tick() => drop(writing.try_write(b" ")),
                }
            };
            executed.map_err(|error| explained(&error))
        }
        Err(error) => Err(format!("the server does not understand the question: {error}")),
    };
    let mut bytes = serde_json::to_vec(&outcome)?;
    bytes.push(b'\n');
    writing.write_all(&bytes).await?;
    // After an error, the client finds that the backup is cut short.
    while let Some(Ok(piece)) = next(&mut stream).await {
        writing.write_all(&piece).await?;
    }
    Ok(())
}

async fn begin_backup(app: &App, with_key: bool) -> Result<BackupStream, String> {
    let begun = backups::begin(app, &Actor::Operator, with_key).await;
    begun.and_then(Backup::stream).map_err(|error| explained(&error))
}

/// Returns the next bytes of a backup, if there is one.
async fn next(stream: &mut Option<BackupStream>) -> Option<io::Result<Bytes>> {
    stream.as_mut()?.next().await
}

/// Sends a command to the server, and waits for the answer.
///
/// # Errors
/// `TimedOut` if the server sends nothing for [`SILENCE`]; the error of the operating system; an answer that is not valid.
pub(super) async fn ask(stream: UnixStream, command: &Command) -> io::Result<CommandOutcome> {
    let (reading, mut writing) = stream.into_split();
    let mut bytes = serde_json::to_vec(command)?;
    bytes.push(b'\n');
    timeout(SILENCE, writing.write_all(&bytes)).await??;
    let mut reading = BufReader::new(reading);
    let mut line = Vec::new();
    loop {
        let read = timeout(SILENCE, reading.fill_buf()).await??;
        let end = read.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(read.len(), |end| end + 1);
        line.extend_from_slice(&read[..used]);
        reading.consume(used);
        if end.is_some() || used == 0 {
            return Ok(serde_json::from_slice(&line)?);
        }
    }
}
