//! The server's side of exports and imports on the administration socket.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::OwnedWriteHalf;
use tokio::time::timeout;

use super::advice::explained;
use super::command::CommandAnswer;
use super::wire::{CommandOutcome, QUESTION_BYTES, send_outcome, with_signs};
use crate::domain::transfer::TransferLine;
use crate::ops::transfer::{Export, Importer};

/// The time after which the connection of a client that sends and receives nothing is closed. The client may read a
/// large file between two lists of lines.
const IDLE: Duration = Duration::from_mins(10);

/// Sends an export. After an error, the client finds that the last line is missing.
pub(super) async fn send(writing: &mut OwnedWriteHalf, mut export: Export) -> io::Result<()> {
    send_outcome(writing, &Ok(CommandAnswer::Export)).await?;
    while let Some(Ok(line)) = export.next().await {
        timeout(IDLE, writing.write_all(&line)).await??;
    }
    Ok(())
}

/// Receives lists of lines until the client ends the connection, and answers each.
pub(super) async fn receive(
    mut reading: impl AsyncBufRead + Unpin,
    writing: &mut OwnedWriteHalf,
    mut importer: Importer,
) -> io::Result<()> {
    send_outcome(writing, &Ok(CommandAnswer::Import)).await?;
    loop {
        let mut list = Vec::new();
        let mut bounded = (&mut reading).take(QUESTION_BYTES);
        if timeout(IDLE, bounded.read_until(b'\n', &mut list)).await?? == 0 {
            return Ok(());
        }
        let outcome = with_signs(writing, put(&mut importer, &list)).await;
        let is_over = !matches!(&outcome, Ok(CommandAnswer::Imported { failure: None, .. }));
        send_outcome(writing, &outcome).await?;
        if is_over {
            return Ok(());
        }
    }
}

async fn put(importer: &mut Importer, list: &[u8]) -> CommandOutcome {
    let lines: Vec<TransferLine> = serde_json::from_slice(list).map_err(|error| {
        format!("the server does not understand the lines: {error}; is it another version of rollcall?")
    })?;
    let mut reports = Vec::with_capacity(lines.len());
    let mut failure = None;
    for line in lines {
        match importer.put(line).await {
            Ok(report) => reports.push(report),
            // The lines before are imported, so that the client reports them.
            Err(error) => {
                failure = Some(explained(&error));
                break;
            }
        }
    }
    Ok(CommandAnswer::Imported {
        reports,
        has_administrator: importer.has_administrator(),
        failure,
    })
}
