//! The administration socket. A request is one line of JSON, and so is its answer.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::advice::explained;
use super::command::{Answer, Command};
use super::execute;
use crate::app::App;

/// Maximum bytes of a request.
const QUESTION_BYTES: u64 = 1024 * 1024;

/// The time limit for receiving a request.
const QUESTION_TIME: Duration = Duration::from_secs(10);

/// The answer on the socket: the result, or the error's text.
type Outcome = Result<Answer, String>;

/// The server's end of the socket. Dropping it removes the socket's file.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Opens the socket in a data folder that this process has locked. Only the folder's owner may connect. Replaces
    /// a socket that a killed server left.
    ///
    /// # Errors
    /// The error of the operating system, for example if the path has more than about 100 bytes.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    /// Executes the requests of all connections, until the future is dropped.
    pub async fn serve(&self, app: &App) {
        loop {
            if let Ok((stream, _)) = self.listener.accept().await {
                let app = app.clone();
                let folder = self.path.parent().unwrap_or(Path::new("")).to_owned();
                tokio::spawn(async move {
                    // A failed connection gets no answer, and does not affect others.
                    let _ = answer(stream, &app, &folder).await;
                });
            } else {
                // The process has no free file descriptor, so the loop waits for one.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // If this fails, the next server replaces the file.
        let _ = fs::remove_file(&self.path);
    }
}

async fn answer(stream: UnixStream, app: &App, folder: &Path) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut line = String::new();
    let mut reading = BufReader::new(reading.take(QUESTION_BYTES));
    tokio::time::timeout(QUESTION_TIME, reading.read_line(&mut line)).await??;
    let outcome: Outcome = match serde_json::from_str(&line) {
        Ok(command) => execute::execute(app, folder, command)
            .await
            .map_err(|fault| explained(&fault)),
        Err(error) => Err(format!("the server does not understand the question: {error}")),
    };
    let mut bytes = serde_json::to_vec(&outcome)?;
    bytes.push(b'\n');
    writing.write_all(&bytes).await
}

/// Connects to the server of this socket, if one runs.
pub(super) async fn connect(path: &Path) -> Option<UnixStream> {
    UnixStream::connect(path).await.ok()
}

/// Sends a command to the server, and waits for the answer.
pub(super) async fn ask(stream: UnixStream, command: &Command) -> io::Result<Outcome> {
    let (reading, mut writing) = stream.into_split();
    let mut bytes = serde_json::to_vec(command)?;
    bytes.push(b'\n');
    writing.write_all(&bytes).await?;
    let mut line = String::new();
    BufReader::new(reading).read_line(&mut line).await?;
    Ok(serde_json::from_str(&line)?)
}
