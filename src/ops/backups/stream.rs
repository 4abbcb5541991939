//! The bytes of a backup on their way from the thread that makes it to a client.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Bytes of a piece.
const PIECE_BYTES: usize = 64 * 1024;

/// Maximum pieces that wait for the client.
const WAITING: usize = 8;

/// The pause of the thread while the client takes nothing.
const FULL_QUEUE_PAUSE: Duration = Duration::from_millis(2);

/// What is added to the niceness of a thread that makes a backup. On Linux, it counts for the calling thread only.
const NICENESS: i32 = 10;

/// The time limit of a backup. A client that takes longer gets no whole one, so that none can hold a moment for ever.
const TIME_LIMIT: Duration = Duration::from_hours(2);

/// The bytes of a backup. An error is the last item of one that failed.
pub(crate) struct BackupStream(mpsc::Receiver<io::Result<Bytes>>);

impl BackupStream {
    /// Returns the next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.0.recv().await
    }
}

impl Stream for BackupStream {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// Lets all other threads of the server go first, because a backup needs a whole processor.
pub(super) fn step_back() {
    // If this fails, the backup still works, but writes are slower meanwhile.
    let _ = rustix::process::nice(NICENESS);
}

/// Returns a stream, and the writer of its bytes.
pub(super) fn new() -> (BackupStream, Pieces) {
    let (pieces, stream) = mpsc::channel(WAITING);
    let writer = Pieces {
        pieces,
        piece: Vec::with_capacity(PIECE_BYTES),
        ends: Instant::now() + TIME_LIMIT,
    };
    (BackupStream(stream), writer)
}

/// Writes into a stream. A write waits while [`WAITING`] pieces wait for the client.
pub(super) struct Pieces {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
    ends: Instant,
}

impl Pieces {
    /// Ends the stream with an error.
    pub(super) fn fail(&mut self, cause: &impl ToString) {
        // If the client is gone, it needs no error.
        let _ = self.send(Err(io::Error::other(cause.to_string())));
    }

    fn send(&self, piece: io::Result<Bytes>) -> io::Result<()> {
        let mut piece = piece;
        loop {
            match self.pieces.try_send(piece) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Closed(_)) => {
                    let gone = "the receiver ended the transfer";
                    return Err(io::Error::new(io::ErrorKind::BrokenPipe, gone));
                }
                Err(TrySendError::Full(_)) if Instant::now() > self.ends => {
                    let slow = format!("the receiver took longer than {} minutes", TIME_LIMIT.as_secs() / 60);
                    return Err(io::Error::new(io::ErrorKind::TimedOut, slow));
                }
                Err(TrySendError::Full(back)) => piece = back,
            }
            thread::sleep(FULL_QUEUE_PAUSE);
        }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE_BYTES - self.piece.len());
        self.piece.extend(&bytes[..taken]);
        if self.piece.len() == PIECE_BYTES {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES));
        self.send(Ok(piece.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_writer_waits_for_its_client_and_ends_with_it() {
        let (mut stream, mut pieces) = new();
        let writing = thread::spawn(move || {
            let mut taken = 0;
            loop {
                match pieces.write_all(&[7; 1000]) {
                    Ok(()) => taken += 1000,
                    Err(error) => return (taken, error.kind()),
                }
            }
        });
        let mut read = 0;
        for _ in 0..20 {
            read += stream.next().await.expect("a piece").expect("bytes").len();
        }
        drop(stream);
        let (taken, end) = writing.join().expect("the thread ends");
        assert_eq!((read, end), (20 * PIECE_BYTES, io::ErrorKind::BrokenPipe));
        assert!(
            taken <= read + (WAITING + 2) * PIECE_BYTES,
            "{taken} bytes were in memory"
        );
    }

    #[tokio::test]
    async fn a_client_that_takes_too_long_gets_no_whole_backup() {
        let (mut stream, mut pieces) = new();
        pieces.ends = Instant::now();
        let writing = thread::spawn(move || pieces.write_all(&vec![7; (WAITING + 2) * PIECE_BYTES]));
        let ended = writing.join().expect("the thread ends").expect_err("too long");
        assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
        while let Some(piece) = stream.next().await {
            piece.expect("the bytes before");
        }
    }

    #[tokio::test]
    async fn a_failure_is_the_last_item() {
        let (mut stream, mut pieces) = new();
        pieces.write_all(b"half").expect("room");
        pieces.flush().expect("room");
        pieces.fail(&"the disk failed");
        drop(pieces);
        assert_eq!(stream.next().await.expect("a piece").expect("bytes"), "half");
        assert!(stream.next().await.expect("an item").is_err());
        assert!(stream.next().await.is_none());
    }
}
