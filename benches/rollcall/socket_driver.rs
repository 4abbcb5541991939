//! A socket of one user with little overhead, since it runs on the same cores as the measured server.
//!
//! Outgoing messages are built in one piece. Incoming bytes are read into a buffer that all sockets share, and are
//! parsed only as far as needed to identify the message.

use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use crate::Outcome;
use crate::crowd::Common;
use crate::websocket::{self, Frame};

/// The pause of a client whose socket ended before it reconnects.
const PAUSE: Duration = Duration::from_secs(1);

const CONNECT: &str = r#"{"msg":"connect","version":"1","support":["1"]}"#;
const SUBSCRIBE: &str = r#"{"msg":"sub","id":"2","name":"stream-notify-logged","params":["user-status",false]}"#;
const PONG: &str = r#"{"msg":"pong"}"#;

/// The code for a close frame without a code.
const NO_CODE: u16 = 1005;

/// The character before the number in the text of a status that is measured.
pub const MARK: u8 = b'#';

/// Keeps a socket of the user with this token open: opens it when a server runs, and again after a pause whenever it
/// ends, for ever.
pub async fn keep(common: Rc<Common>, number: usize, token: String) {
    loop {
        let address = common.server(number).await;
        let mut client = Client::new(&common);
        let Err(cause) = client.live(address, &token).await;
        client.note(cause.to_string());
        drop(client);
        // If the server has stopped, all clients reconnect as soon as it runs again.
        if common.is_open() {
            common.counts.borrow_mut().again += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The state of one socket. Dropping it removes the socket from the counters.
struct Client<'common> {
    common: &'common Common,
    /// The beginning of a frame that is not complete yet.
    rest: Vec<u8>,
    /// True after the handshake was answered.
    accepted: bool,
    logged_in: bool,
    ready: bool,
    /// The number of the last measured status that the socket has received.
    heard: u64,
    /// The code of the server's close frame, if it has sent one.
    farewell: Option<u16>,
}

type Cause = Box<dyn Error + Send + Sync>;

/// A result that never occurs: a socket only ends with an error.
type Never = Infallible;

impl<'common> Client<'common> {
    fn new(common: &'common Common) -> Self {
        Self {
            common,
            rest: Vec::new(),
            accepted: false,
            logged_in: false,
            ready: false,
            heard: 0,
            farewell: None,
        }
    }

    /// Counts the reason for the end.
    fn note(&self, cause: String) {
        let mut counts = self.common.counts.borrow_mut();
        if !self.accepted {
            counts.unconnected += 1;
        } else if self.common.is_open() {
            counts.closed += 1;
        }
        if self.common.is_open() {
            *counts.causes.entry(cause).or_default() += 1;
        }
    }

    /// Connects, logs in, subscribes (at once, or when all sockets are to), and reads messages.
    async fn live(&mut self, address: SocketAddr, token: &str) -> Outcome<Never> {
        let common = self.common;
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        // A dropped socket then closes at once, and does not keep its port in use.
        stream.set_zero_linger()?;
        stream.write_all(websocket::HANDSHAKE).await?;
        poll_fn(|context| self.poll_accepted(&mut stream, context)).await?;

        let mut opening = Vec::with_capacity(320);
        websocket::put_text(&mut opening, CONNECT)?;
        let login = format!(r#"{{"msg":"method","id":"1","method":"login","params":[{{"resume":"{token}"}}]}}"#);
        websocket::put_text(&mut opening, &login)?;
        let together = common.is_to_subscribe();
        if together {
            websocket::put_text(&mut opening, SUBSCRIBE)?;
        }
        stream.write_all(&opening).await?;
        if !together {
            tokio::select! {
                never = poll_fn(|context| self.poll_heard(&mut stream, context)) => return never,
                () = common.to_subscribe() => {}
            }
            opening.clear();
            websocket::put_text(&mut opening, SUBSCRIBE)?;
            stream.write_all(&opening).await?;
        }
        drop(opening);
        poll_fn(|context| self.poll_heard(&mut stream, context)).await
    }

    /// Reads until the handshake is answered. Bytes after it are left for [`Self::poll_heard`].
    fn poll_accepted(&mut self, stream: &mut TcpStream, context: &mut Context) -> Poll<Outcome> {
        loop {
            let mut buffer = self.common.buffer.borrow_mut();
            let read = ready!(poll_read(stream, &mut buffer, context))?;
            self.rest.extend(read);
            if let Some(end) = websocket::accepted(&self.rest)? {
                self.rest.drain(..end);
                self.accepted = true;
                self.common.counts.borrow_mut().last_accepted = Instant::now();
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Reads and handles messages until the socket ends.
    fn poll_heard(&mut self, stream: &mut TcpStream, context: &mut Context) -> Poll<Outcome<Never>> {
        loop {
            let mut buffer = self.common.buffer.borrow_mut();
            let read = match ready!(poll_read(stream, &mut buffer, context)) {
                Ok(read) => read,
                Err(error) => return Poll::Ready(Err(self.end(error))),
            };
            if self.rest.is_empty() {
                let used = self.hear_all(stream, read)?;
                self.rest.extend(&read[used..]);
            } else {
                let mut rest = std::mem::take(&mut self.rest);
                rest.extend(read);
                let used = self.hear_all(stream, &rest)?;
                if used < rest.len() {
                    rest.drain(..used);
                    self.rest = rest;
                }
            }
        }
    }

    /// Returns the reason for the end: the server's close code, or else the error of the system.
    fn end(&self, error: Cause) -> Cause {
        match self.farewell {
            Some(code) => format!("the server closed it with {code}").into(),
            None => error,
        }
    }

    /// Handles the complete frames in these bytes, and returns their total length.
    fn hear_all(&mut self, stream: &TcpStream, bytes: &[u8]) -> Outcome<usize> {
        let mut used = 0;
        while let Some((frame, length)) = websocket::first(&bytes[used..])? {
            used += length;
            match frame {
                Frame::Text(text) => self.hear(stream, text)?,
                Frame::Ping(payload) => say(stream, &websocket::pong(payload)?)?,
                // The server closes the connection when it receives the answer.
                Frame::Close(code) => {
                    self.farewell = Some(code.unwrap_or(NO_CODE));
                    say(stream, &websocket::close(code)?)?;
                }
            }
        }
        Ok(used)
    }

    fn hear(&mut self, stream: &TcpStream, text: &[u8]) -> Outcome {
        // The greeting has no `msg`.
        let Some(message) = text.strip_prefix(br#"{"msg":""#) else {
            return Ok(());
        };
        let word = message.split(|byte| *byte == b'"').next().unwrap_or_default();
        match word {
            b"changed" => self.hear_change(message),
            b"result" if has(message, br#""error":"#) => return Err(self.refuse(text)),
            b"result" => {
                self.logged_in = true;
                let mut counts = self.common.counts.borrow_mut();
                counts.logged_in += 1;
                counts.last_step = Instant::now();
            }
            b"ready" => {
                self.ready = true;
                let mut counts = self.common.counts.borrow_mut();
                counts.ready += 1;
                counts.last_step = Instant::now();
            }
            b"ping" => {
                let mut bytes = Vec::new();
                websocket::put_text(&mut bytes, PONG)?;
                say(stream, &bytes)?;
            }
            b"connected" | b"added" | b"updated" => {}
            b"nosub" => return Err(self.refuse(text)),
            _ => return Err(format!("the server says {}", String::from_utf8_lossy(text)).into()),
        }
        Ok(())
    }

    fn refuse(&self, text: &[u8]) -> Cause {
        self.common.counts.borrow_mut().refused += 1;
        format!("the server refuses: {}", String::from_utf8_lossy(text)).into()
    }

    /// Counts a presence event, and records its time if it is the measured one.
    fn hear_change(&mut self, message: &[u8]) {
        let now = Instant::now();
        let mut counts = self.common.counts.borrow_mut();
        counts.changes += 1;
        counts.last_change = Some(now);
        let mut watched = self.common.watched.borrow_mut();
        if let Some(watched) = watched.as_mut()
            && number(message) == Some(watched.number)
            && self.heard != watched.number
        {
            self.heard = watched.number;
            watched.hear(now);
        }
    }
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        let mut counts = self.common.counts.borrow_mut();
        counts.logged_in -= usize::from(self.logged_in);
        counts.ready -= usize::from(self.ready);
    }
}

/// Reads once into the buffer.
pub fn poll_read<'buffer>(
    stream: &mut TcpStream,
    buffer: &'buffer mut [u8],
    context: &mut Context,
) -> Poll<Outcome<&'buffer [u8]>> {
    let mut space = ReadBuf::new(buffer);
    ready!(Pin::new(stream).poll_read(context, &mut space))?;
    let read = space.filled().len();
    Poll::Ready(match read {
        0 => Err("the server ended the connection".into()),
        read => Ok(&buffer[..read]),
    })
}

/// Sends a short message. The kernel's buffer has room for it unless the server has stopped reading.
fn say(stream: &TcpStream, bytes: &[u8]) -> Outcome {
    match stream.try_write(bytes)? {
        written if written == bytes.len() => Ok(()),
        _ => Err("the server does not read what is said to it".into()),
    }
}

fn has(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Returns the number after [`MARK`].
pub fn number(message: &[u8]) -> Option<u64> {
    let mark = message.iter().position(|byte| *byte == MARK)?;
    let digits = message[mark + 1..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}
