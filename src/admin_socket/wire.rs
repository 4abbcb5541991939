//! Requests and answers on the administration socket: one line of JSON each. While a request is executed, the server
//! sends a space every few seconds, so that the command line can distinguish a long request from a server that does not
//! answer.

use std::io::{self, BufRead, Read, Write};
use std::os::unix::net::UnixStream as BlockingStream;
use std::pin::pin;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{interval, timeout};

use super::command::{Command, CommandAnswer};

/// Maximum bytes of a request.
pub(super) const QUESTION_BYTES: u64 = 1024 * 1024;

/// The time between two spaces that the server sends while it executes a request.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// The time after which a server that sends nothing counts as one that does not answer.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// The time without a byte from the server after which a transfer fails.
pub(super) const BYTES_TIMEOUT: Duration = Duration::from_mins(1);

/// The answer on the socket: the result, or the error's text.
pub(super) type CommandOutcome = Result<CommandAnswer, String>;

/// Returns a request or an answer as a line of JSON.
fn line_of(message: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

/// Sends signs of life while the work is done. The work goes on to its end, even if the client is gone.
pub(super) async fn with_signs<T>(writing: &OwnedWriteHalf, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut signs = interval(SIGN_OF_LIFE);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = signs.tick() => drop(writing.try_write(b" ")),
        }
    }
}

/// Sends an answer.
pub(super) async fn send_outcome(writing: &mut OwnedWriteHalf, outcome: &CommandOutcome) -> io::Result<()> {
    let line = line_of(outcome)?;
    writing.write_all(&line).await
}

/// Sends a request.
///
/// # Errors
/// `TimedOut` if the server does not take it for [`SILENCE`]; the error of the operating system.
pub(super) async fn send_question(writing: &mut OwnedWriteHalf, command: &Command) -> io::Result<()> {
    let line = line_of(command)?;
    timeout(SILENCE, writing.write_all(&line)).await?
}

/// Waits for an answer.
///
/// # Errors
/// `TimedOut` if the server sends nothing for [`SILENCE`]; the error of the operating system; an answer that is not valid.
pub(super) async fn read_outcome(reading: &mut BufReader<OwnedReadHalf>) -> io::Result<CommandOutcome> {
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

/// Asks a server for a backup or an export, on this thread. Returns the bytes that follow its answer.
///
/// # Errors
/// The error of the operating system. The inner one is that of the server.
pub(super) fn ask_for_bytes(server: UnixStream, command: &Command) -> io::Result<Result<impl BufRead + use<>, String>> {
    let mut server: BlockingStream = server.into_std()?;
    server.set_nonblocking(false)?;
    server.set_read_timeout(Some(BYTES_TIMEOUT))?;
    server.set_write_timeout(Some(BYTES_TIMEOUT))?;
    server.write_all(&line_of(command)?)?;
    let mut server = io::BufReader::new(server);
    let mut line = String::new();
    server.by_ref().take(QUESTION_BYTES).read_line(&mut line)?;
    Ok(match serde_json::from_str::<CommandOutcome>(&line)? {
        Ok(CommandAnswer::Backup | CommandAnswer::Export) => Ok(server),
        Ok(_) => Err("the server answered something else".into()),
        Err(words) => Err(words),
    })
}
