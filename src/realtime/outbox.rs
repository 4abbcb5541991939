//! The outgoing side of one socket, for its session and for the fan-out.
//!
//! A sender writes directly to the socket. What the kernel does not accept is queued, in memory that all sockets share,
//! until the session finds the socket writable again.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::close_reason::CloseReason;
use crate::net::SharedWire;

/// The maximum number of queued batches before the client is disconnected.
const MAX_FRAMES: usize = 2048;

/// The maximum number of queued bytes. It is large, because ten thousand changes at once are two million bytes, and all
/// sockets that wait for the same messages share the memory.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The maximum number of queued bytes before a login, when all messages are short.
const MOST_BYTES_BEFORE_LOGIN: usize = 64 * 1024;

/// The maximum number of batches in one system call.
const FRAMES_IN_WRITE: usize = 64;

/// The number of batches for which memory stays allocated while the queue is empty.
const KEPT_CAPACITY: usize = 4;

/// The outgoing side of one socket.
pub(super) struct Outbox {
    wire: SharedWire,
    waiting: Mutex<Waiting>,
    /// Notifies the session that the queue is not empty or that the socket must end.
    more: Notify,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// `true` if the client is logged in, so that more bytes may be queued.
    logged_in: bool,
    /// `true` if a part of the first batch is already sent.
    begun: bool,
    /// The reason why the queue accepts no more frames.
    end: Option<CloseReason>,
    /// `true` if the connection has failed. Bytes that TLS still keeps then stay pending for ever.
    lost: bool,
}

impl Outbox {
    pub(super) fn new(wire: SharedWire) -> Self {
        Self {
            wire,
            waiting: Mutex::default(),
            more: Notify::new(),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends frames after all queued ones, without waiting.
    pub(super) fn send(&self, frames: Bytes) {
        if frames.is_empty() {
            return;
        }
        let mut waiting = self.waiting();
        if waiting.end.is_some() {
            return;
        }
        // Otherwise the session sends them: it is about to, or waits until the socket is writable.
        let free = waiting.frames.is_empty();
        waiting.push(frames, &self.wire);
        if free {
            waiting.write(&self.wire);
        }
        self.wake(&waiting);
    }

    /// Queues a frame. It is sent with the next [`Self::release`].
    pub(super) fn hold(&self, frame: Bytes) {
        self.waiting().push(frame, &self.wire);
    }

    fn wake(&self, waiting: &Waiting) {
        if !waiting.frames.is_empty() || waiting.end.is_some() || self.wire.has_pending() {
            self.more.notify_one();
        }
    }

    /// Sends queued frames, as far as the kernel accepts them.
    pub(super) fn release(&self) {
        let mut waiting = self.waiting();
        if !waiting.frames.is_empty() || self.wire.has_pending() {
            waiting.write(&self.wire);
        }
        self.wake(&waiting);
    }

    /// Sets whether the client is logged in, which decides how many bytes may be queued.
    pub(super) fn set_logged_in(&self, logged_in: bool) {
        self.waiting().logged_in = logged_in;
    }

    /// Returns the reason why the queue accepts no more frames, if it has been closed.
    pub(super) fn end(&self) -> Option<CloseReason> {
        self.waiting().end
    }

    /// Closes the queue for further frames.
    pub(super) fn shut(&self, end: CloseReason) {
        self.waiting().end.get_or_insert(end);
        self.more.notify_one();
    }

    /// Sends queued frames whenever the socket is writable. Returns the reason to end: the queue was closed, the client
    /// read nothing for `patience`, or the connection failed.
    pub(super) async fn serve(&self, patience: Duration) -> CloseReason {
        loop {
            let (idle, end) = {
                let waiting = self.waiting();
                (waiting.frames.is_empty() && !self.wire.has_pending(), waiting.end)
            };
            if let Some(end) = end {
                return end;
            }
            if idle {
                self.more.notified().await;
                continue;
            }
            match timeout(patience, self.wire.writable()).await {
                Ok(Ok(())) => self.release(),
                Ok(Err(_)) => return CloseReason::Gone,
                Err(_) => return CloseReason::TooSlow,
            }
        }
    }

    /// Removes the queued frames, except the rest of a batch that is partly sent.
    pub(super) fn forget(&self) {
        let mut waiting = self.waiting();
        let begun = usize::from(waiting.begun);
        waiting.frames.truncate(begun);
        waiting.bytes = waiting.frames.iter().map(Bytes::len).sum();
    }

    /// Sends all queued frames, without a time limit. Returns if the connection fails.
    pub(super) async fn finish(&self) {
        loop {
            self.release();
            let is_done = {
                let waiting = self.waiting();
                waiting.lost || (waiting.frames.is_empty() && !self.wire.has_pending())
            };
            if is_done || self.wire.writable().await.is_err() {
                return;
            }
        }
    }

    /// Says below WebSocket, too, that nothing more follows.
    pub(super) fn close(&self) {
        self.wire.close();
    }

    /// Waits until the socket may be readable.
    pub(super) async fn readable(&self) -> io::Result<()> {
        self.wire.readable().await
    }

    /// Reads and discards all incoming bytes until the end.
    pub(super) async fn discard(&self) {
        let mut buffer = [0; 1024];
        loop {
            match self.wire.try_read(&mut buffer) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.readable().await.is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }
}

impl Waiting {
    fn push(&mut self, frames: Bytes, wire: &SharedWire) {
        self.bytes += frames.len();
        self.frames.push_back(frames);
        // Bytes that the kernel accepts do not count as queued.
        if self.is_too_much() {
            self.write(wire);
        }
        if self.is_too_much() {
            self.end.get_or_insert(CloseReason::TooSlow);
        }
    }

    fn is_too_much(&self) -> bool {
        let most_bytes = if self.logged_in {
            MOST_BYTES
        } else {
            MOST_BYTES_BEFORE_LOGIN
        };
        self.frames.len() > MAX_FRAMES || self.bytes > most_bytes
    }

    fn write(&mut self, wire: &SharedWire) {
        while let Some(first) = self.frames.front() {
            let written = if self.frames.len() == 1 {
                wire.try_write(first)
            } else {
                let mut slices = [IoSlice::new(&[]); FRAMES_IN_WRITE];
                let filled = slices.iter_mut().zip(&self.frames);
                let count = filled.map(|(slice, frame)| *slice = IoSlice::new(frame)).count();
                wire.try_write_vectored(&slices[..count])
            };
            match written {
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.lose(),
            }
        }
        if let Err(error) = wire.try_flush()
            && error.kind() != io::ErrorKind::WouldBlock
        {
            self.lose();
        }
        if self.frames.capacity() > KEPT_CAPACITY {
            self.frames = VecDeque::new();
        }
    }

    /// Removes all frames, because the connection has failed.
    fn lose(&mut self) {
        self.frames.clear();
        self.bytes = 0;
        self.end = Some(CloseReason::Gone);
        self.lost = true;
    }

    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        while let Some(first) = self.frames.front_mut() {
            if written < first.len() {
                self.begun |= written > 0;
                first.advance(written);
                return;
            }
            written -= first.len();
            self.frames.pop_front();
            self.begun = false;
        }
    }
}

/// The two directions of a socket for the WebSocket library. It reads from the stream. Its writes go into the queue as
/// whole frames, so that they never land inside a frame of another sender.
pub(super) struct Duplex(pub Arc<Outbox>);

impl Read for Duplex {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.wire.try_read(buffer)
    }
}

impl Write for Duplex {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.hold(Bytes::copy_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpSocket, TcpStream};

    use super::*;

    const KIB: usize = 1024;
    const FRAME_BYTES: usize = 8 * KIB;

    /// Returns the two ends of a connection with a small send buffer, for a client that does not read.
    async fn connection() -> (TcpStream, TcpStream) {
        let [listening, connecting] = [(); 2].map(|()| TcpSocket::new_v4().expect("a socket"));
        let bytes = u32::try_from(FRAME_BYTES).expect("a small number");
        listening.set_send_buffer_size(bytes).expect("a small buffer");
        connecting.set_recv_buffer_size(bytes).expect("a small buffer");
        listening
            .bind("127.0.0.1:0".parse().expect("an address"))
            .expect("a free port");
        let listener = listening.listen(1).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let (server, client) = tokio::join!(listener.accept(), connecting.connect(address));
        (server.expect("a connection").0, client.expect("a connection"))
    }

    /// Sends frames until the outbox ends, and returns the number of queued bytes at that time.
    async fn waiting_at_the_end(logged_in: bool) -> usize {
        let (server, _client) = connection().await;
        let outbox = Outbox::new(server.into());
        outbox.set_logged_in(logged_in);
        while outbox.end().is_none() {
            outbox.send(Bytes::from(vec![0; FRAME_BYTES]));
        }
        assert_eq!(outbox.end(), Some(CloseReason::TooSlow));
        outbox.waiting().bytes
    }

    #[tokio::test]
    async fn little_waits_for_a_client_before_a_login_and_more_after_it() {
        for (logged_in, most) in [(false, 64 * KIB), (true, 8 * KIB * KIB)] {
            let waiting = waiting_at_the_end(logged_in).await;
            assert!(
                waiting > most && waiting <= most + FRAME_BYTES,
                "logged in: {logged_in}, {waiting} bytes wait"
            );
        }
    }
}
