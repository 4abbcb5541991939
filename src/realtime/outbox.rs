//! What goes out on one socket, from its session and from all who tell it something.
//!
//! Whoever has something to send writes it at once, as far as the system takes it. What it does not take
//! waits, as memory that is shared with all other sockets, until the session finds the client reading again.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::end::End;

/// Most bundles of frames that wait for a client before it is closed.
const MOST: usize = 2048;

/// Most bytes that do. Much: ten thousand changes at once are two million bytes, and all who wait for the same
/// share them.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Most bytes that do before a login: what is said then is short.
const MOST_BYTES_BEFORE_LOGIN: usize = 64 * 1024;

/// Bundles that go out in one call of the system.
const AT_ONCE: usize = 64;

/// Bundles for which room is kept while nothing waits.
const KEPT: usize = 4;

/// What goes out on one socket.
pub(super) struct Outbox {
    stream: TcpStream,
    waiting: Mutex<Waiting>,
    /// That something waits, for the session.
    more: Notify,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Whether the client is logged in, so that more may wait for it.
    logged_in: bool,
    /// Whether a part of the first one is gone already.
    begun: bool,
    /// Why nothing more is taken from others.
    end: Option<End>,
}

impl Outbox {
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            waiting: Mutex::default(),
            more: Notify::new(),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends these frames behind all that wait, without ever waiting itself.
    pub fn send(&self, frames: Bytes) {
        if frames.is_empty() {
            return;
        }
        let mut waiting = self.waiting();
        if waiting.end.is_some() {
            return;
        }
        // Else the session sends: it is about to, or waits for the client.
        let free = waiting.frames.is_empty();
        waiting.push(frames, &self.stream);
        if free {
            waiting.write(&self.stream);
        }
        self.wake(&waiting);
    }

    /// Puts a frame behind all that wait. It goes with the next [`Self::release`].
    pub fn hold(&self, frame: Bytes) {
        self.waiting().push(frame, &self.stream);
    }

    fn wake(&self, waiting: &Waiting) {
        if !waiting.frames.is_empty() || waiting.end.is_some() {
            self.more.notify_one();
        }
    }

    /// Sends what waits, as far as the system takes it.
    pub fn release(&self) {
        let mut waiting = self.waiting();
        if !waiting.frames.is_empty() {
            waiting.write(&self.stream);
        }
        self.wake(&waiting);
    }

    /// Notes whether the client is logged in: that bounds how much may wait for it.
    pub fn set_logged_in(&self, logged_in: bool) {
        self.waiting().logged_in = logged_in;
    }

    /// Returns why nothing more is taken, if that is so.
    pub fn end(&self) -> Option<End> {
        self.waiting().end
    }

    /// Takes no more of what others send.
    pub fn shut(&self, end: End) {
        self.waiting().end.get_or_insert(end);
        self.more.notify_one();
    }

    /// Sends what waits whenever the client reads, until there is a reason to end: it has read nothing for
    /// so long, or too much waits for it.
    pub async fn serve(&self, patience: Duration) -> End {
        loop {
            let (idle, end) = {
                let waiting = self.waiting();
                (waiting.frames.is_empty(), waiting.end)
            };
            if let Some(end) = end {
                return end;
            }
            if idle {
                self.more.notified().await;
                continue;
            }
            match timeout(patience, self.stream.writable()).await {
                Ok(Ok(())) => self.release(),
                Ok(Err(_)) => return End::Gone,
                Err(_) => return End::TooSlow,
            }
        }
    }

    /// Forgets what waits, but for the rest of a frame that has begun.
    pub fn forget(&self) {
        let mut waiting = self.waiting();
        let begun = usize::from(waiting.begun);
        waiting.frames.truncate(begun);
        waiting.bytes = waiting.frames.iter().map(Bytes::len).sum();
    }

    /// Sends all that waits, for as long as it takes.
    pub async fn finish(&self) {
        loop {
            self.release();
            if self.waiting().frames.is_empty() || self.stream.writable().await.is_err() {
                return;
            }
        }
    }

    /// Waits until there may be something to read.
    pub async fn readable(&self) -> io::Result<()> {
        self.stream.readable().await
    }

    /// Reads what comes, to its end, and forgets it.
    pub async fn discard(&self) {
        let mut buffer = [0; 1024];
        loop {
            match self.stream.try_read(&mut buffer) {
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
    fn push(&mut self, frames: Bytes, stream: &TcpStream) {
        self.bytes += frames.len();
        self.frames.push_back(frames);
        // What the system takes does not wait for the client.
        if self.is_too_much() {
            self.write(stream);
        }
        if self.is_too_much() {
            self.end.get_or_insert(End::TooSlow);
        }
    }

    fn is_too_much(&self) -> bool {
        let most_bytes = if self.logged_in {
            MOST_BYTES
        } else {
            MOST_BYTES_BEFORE_LOGIN
        };
        self.frames.len() > MOST || self.bytes > most_bytes
    }

    fn write(&mut self, stream: &TcpStream) {
        while let Some(first) = self.frames.front() {
            let written = if self.frames.len() == 1 {
                stream.try_write(first)
            } else {
                let mut slices = [IoSlice::new(&[]); AT_ONCE];
                let filled = slices.iter_mut().zip(&self.frames);
                let count = filled.map(|(slice, frame)| *slice = IoSlice::new(frame)).count();
                stream.try_write_vectored(&slices[..count])
            };
            match written {
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.frames.clear();
                    self.bytes = 0;
                    self.end = Some(End::Gone);
                }
            }
        }
        if self.frames.capacity() > KEPT {
            self.frames = VecDeque::new();
        }
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

/// The two directions of a socket as the library of WebSocket wants them: it reads from the stream, and what it
/// writes goes into the outbox, as a whole, so that it never lands within a frame of somebody else.
pub(super) struct Duplex(pub Arc<Outbox>);

impl Read for Duplex {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.stream.try_read(buffer)
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
    use tokio::net::TcpSocket;

    use super::*;

    const KIB: usize = 1024;
    const FRAME_BYTES: usize = 8 * KIB;

    /// Returns the two ends of a connection on which the system keeps little for a client that does not read.
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

    /// Sends frames until the outbox ends, and returns the bytes that wait then.
    async fn waiting_at_the_end(logged_in: bool) -> usize {
        let (server, _client) = connection().await;
        let outbox = Outbox::new(server);
        outbox.set_logged_in(logged_in);
        while outbox.end().is_none() {
            outbox.send(Bytes::from(vec![0; FRAME_BYTES]));
        }
        assert_eq!(outbox.end(), Some(End::TooSlow));
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
