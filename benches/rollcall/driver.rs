//! A load driver for HTTP/1.1 with little overhead, since it runs on the same cores as the measured server.
//!
//! The bytes of a request are built once. A response is read into a reused buffer, and only its head is parsed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime;

use crate::Outcome;
use crate::measure::{self, Caller, Extent, Measured};
use crate::server::Server;

/// A placeholder in a request's body that each request replaces with its own number.
pub const NUMBER: &str = "############";

/// Maximum headers of a response.
const HEADERS: usize = 32;

/// A request, ready to send.
#[derive(Clone)]
pub struct Request {
    bytes: Vec<u8>,
    number_at: Option<usize>,
}

impl Request {
    /// Returns a GET of this path. Each header is a line that ends with CR LF.
    pub fn get(path: &str, headers: &str) -> Self {
        Self::new(&format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n"))
    }

    /// Returns a POST with this JSON.
    pub fn post(path: &str, headers: &str, json: &str) -> Self {
        let length = json.len();
        Self::new(&format!(
            "POST {path} HTTP/1.1\r\nHost: bench\r\n{headers}Content-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{json}"
        ))
    }

    fn new(text: &str) -> Self {
        Self {
            number_at: text.find(NUMBER),
            bytes: text.into(),
        }
    }

    /// Replaces the placeholder with this number.
    pub fn number(&mut self, mut number: u64) {
        if let Some(at) = self.number_at {
            for digit in self.bytes[at..at + NUMBER.len()].iter_mut().rev() {
                *digit = b"0123456789"[(number % 10) as usize];
                number /= 10;
            }
        }
    }
}

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 16 * 1024],
        })
    }

    /// Sends a request and returns the body of the response, which must be a success.
    pub async fn exchange(&mut self, request: &Request) -> Outcome<&[u8]> {
        self.stream.write_all(&request.bytes).await?;
        let mut filled = 0;
        let head = loop {
            filled += self.read(filled).await?;
            if let Some(head) = Head::parse(&self.buffer[..filled])? {
                break head;
            }
        };
        while filled < head.end + head.length {
            filled += self.read(filled).await?;
        }
        let body = &self.buffer[head.end..head.end + head.length];
        if head.status == 200 {
            Ok(body)
        } else {
            Err(format!("{} {}", head.status, String::from_utf8_lossy(body)).into())
        }
    }

    async fn read(&mut self, filled: usize) -> Outcome<usize> {
        if filled == self.buffer.len() {
            self.buffer.resize(filled * 2, 0);
        }
        match self.stream.read(&mut self.buffer[filled..]).await? {
            0 => Err("the server closed the connection".into()),
            read => Ok(read),
        }
    }
}

struct Head {
    status: u16,
    /// The position at which the body begins.
    end: usize,
    /// The length of the body.
    length: usize,
}

impl Head {
    fn parse(bytes: &[u8]) -> Outcome<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut answer = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(end) = answer.parse(bytes)? else {
            return Ok(None);
        };
        let length = answer
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("content-length"))
            .ok_or("an answer without content-length")?;
        Ok(Some(Self {
            status: answer.code.ok_or("an answer without status")?,
            end,
            length: std::str::from_utf8(length.value)?.parse()?,
        }))
    }
}

struct Client {
    connection: Connection,
    request: Request,
    numbers: Arc<AtomicU64>,
}

impl Caller for Client {
    async fn call(&mut self) -> Outcome {
        self.request.number(self.numbers.fetch_add(1, Ordering::Relaxed));
        self.connection.exchange(&self.request).await?;
        Ok(())
    }
}

/// Sends each of these requests repeatedly, each on its own connection.
pub fn drive(server: &Server, requests: Vec<Request>, extent: Extent) -> Outcome<Measured> {
    drive_with(server, requests, extent, &Arc::default())
}

/// Sends requests as [`drive`] does, with the next of these numbers.
pub fn drive_with(
    server: &Server,
    requests: Vec<Request>,
    extent: Extent,
    numbers: &Arc<AtomicU64>,
) -> Outcome<Measured> {
    let addressed = requests.into_iter().map(|request| (server.address, request));
    drive_all(addressed, extent, numbers, server.process())
}

/// Sends requests as [`drive`] does, each to the next one of several servers. The processor time is that of the first one.
/// Numbers go on from those of the calls before.
#[cfg(feature = "etcd")]
pub fn drive_spread(servers: &[Server], requests: Vec<Request>, extent: Extent) -> Outcome<Measured> {
    static NUMBERS: std::sync::LazyLock<Arc<AtomicU64>> = std::sync::LazyLock::new(Arc::default);
    let addresses = servers.iter().map(|server| server.address).cycle();
    let process = servers.first().ok_or("no server")?.process();
    drive_all(addresses.zip(requests), extent, &NUMBERS, process)
}

fn drive_all(
    requests: impl Iterator<Item = (SocketAddr, Request)>,
    extent: Extent,
    numbers: &Arc<AtomicU64>,
    process: u32,
) -> Outcome<Measured> {
    // The driver uses one thread, so that the server can use all other cores.
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let mut clients = Vec::new();
            for (address, request) in requests {
                clients.push(Client {
                    connection: Connection::open(address).await?,
                    request,
                    numbers: Arc::clone(numbers),
                });
            }
            measure::measure(clients, extent, process).await
        })
}

/// Sends one request and returns the body of the response.
pub fn ask(server: &Server, request: &Request) -> Outcome<Vec<u8>> {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let mut connection = Connection::open(server.address).await?;
            Ok(connection.exchange(request).await?.to_vec())
        })
}
