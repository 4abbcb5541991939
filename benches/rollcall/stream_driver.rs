//! A stream of events of one user, with little overhead, since it runs on the same cores as the measured server. It does
//! not make its user present, since then each stream that begins would be a change for all others.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::Outcome;
use crate::crowd::Common;
use crate::socket_driver::{number, poll_read};

/// The pause of a client whose stream ended before it reconnects.
const PAUSE: Duration = Duration::from_secs(1);

/// The end of an event.
const END: &[u8] = b"\n\n";

/// Returns the header with the cookie of a page for this token.
pub fn cookie(token: &str) -> String {
    format!("Cookie: rollcall={token}\r\n")
}

/// Keeps a stream of the user with this token open, as [`crate::socket_driver::keep`] does with a socket.
pub async fn keep(common: Rc<Common>, number: usize, token: String) {
    loop {
        let address = common.server(number).await;
        let mut client = Client {
            common: &common,
            rest: Vec::new(),
            ready: false,
        };
        let Err(cause) = client.live(address, &token).await;
        if common.is_open() {
            let mut counts = common.counts.borrow_mut();
            counts.closed += 1;
            *counts.causes.entry(cause.to_string()).or_default() += 1;
            counts.again += 1;
        }
        drop(client);
        tokio::time::sleep(PAUSE).await;
    }
}

/// The state of one stream. Dropping it removes the stream from the counters.
struct Client<'common> {
    common: &'common Common,
    /// The beginning of an event that is not complete yet.
    rest: Vec<u8>,
    ready: bool,
}

impl Client<'_> {
    async fn live(&mut self, address: SocketAddr, token: &str) -> Outcome<Infallible> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        // A dropped stream then closes at once, and does not keep its port in use.
        stream.set_zero_linger()?;
        let request = format!("GET /events?here=0 HTTP/1.1\r\nHost: bench\r\n{}\r\n", cookie(token));
        stream.write_all(request.as_bytes()).await?;
        poll_fn(|context| self.poll_heard(&mut stream, context)).await
    }

    /// Reads and handles events until the stream ends.
    fn poll_heard(&mut self, stream: &mut TcpStream, context: &mut Context) -> Poll<Outcome<Infallible>> {
        loop {
            let mut buffer = self.common.buffer.borrow_mut();
            let read = ready!(poll_read(stream, &mut buffer, context))?;
            self.rest.extend(read);
            if self.rest.starts_with(b"HTTP/1.1 ") && !self.rest.starts_with(b"HTTP/1.1 200") {
                self.common.counts.borrow_mut().refused += 1;
                let head = self.rest.split(|byte| *byte == b'\r').next().unwrap_or_default();
                return Poll::Ready(Err(
                    format!("the server refuses: {}", String::from_utf8_lossy(head)).into()
                ));
            }
            let Some(end) = self.rest.windows(END.len()).rposition(|window| window == END) else {
                continue;
            };
            let rest = self.rest.split_off(end + END.len());
            let events = std::mem::replace(&mut self.rest, rest);
            for event in events.split(|byte| *byte == b'\n') {
                self.hear(event);
            }
        }
    }

    /// Handles a line of the stream.
    fn hear(&mut self, line: &[u8]) {
        let now = Instant::now();
        if line == b"event: state" {
            self.ready = true;
            let mut counts = self.common.counts.borrow_mut();
            counts.logged_in += 1;
            counts.ready += 1;
            counts.last_accepted = now;
            counts.last_step = now;
        }
        let Some(data) = line.strip_prefix(b"data: ") else {
            return;
        };
        // Only an event of one person begins with an id.
        if !data.starts_with(br#"{"_id":"#) || !data.windows(8).any(|part| part == br#""status""#) {
            return;
        }
        let mut counts = self.common.counts.borrow_mut();
        counts.changes += 1;
        counts.last_change = Some(now);
        let mut watched = self.common.watched.borrow_mut();
        if let Some(watched) = watched.as_mut()
            && number(data) == Some(watched.number)
        {
            watched.hear(now);
        }
    }
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        let mut counts = self.common.counts.borrow_mut();
        counts.logged_in -= usize::from(self.ready);
        counts.ready -= usize::from(self.ready);
    }
}
