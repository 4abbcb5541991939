//! Measures what an attacker can do to one server, and how much other callers are affected.
//!
//! Each flood has its own server, and a limit on count and time. `ROLLCALL_BENCH_BINARY` selects another binary, to
//! compare two versions.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::Outcome;
use crate::machine;
use crate::measure::Latencies;
use crate::plan::Plan;
use crate::server::{PASSWORD, Server, USERNAME};
use crate::table;
use crate::websocket;

/// The address of the attacker.
const ATTACKER: &str = "127.0.0.1";

/// The address of a user who only wants to log in.
const OTHER: &str = "127.0.0.2";

/// The duration of floods that have no count.
const FLOOD: Duration = Duration::from_secs(10);

/// The time after a flood at which memory is measured again.
const LATER: Duration = Duration::from_mins(1);

/// Number of connections of one guesser.
const GUESSERS: usize = 100;

/// Number of connections of one user who logs in repeatedly.
const LOGINS_AT_ONCE: usize = 300;

/// Number of the other user's logins that are measured, before and during the flood.
const OTHER_LOGINS: usize = 40;

/// Number of sockets that subscribe to long names without a login, and number of names per socket.
const SOCKETS: usize = 8;
const NAMES: usize = 1000;
const NAME_BYTES: usize = 60_000;

/// Number of connections that send a body of [`BODY_BYTES`] without its end.
const BODIES: usize = 400;
const BODY_BYTES: usize = 1024 * 1024;

/// Number of connections that request the OpenAPI document without a pause.
const READERS: usize = 8;

pub fn run(plan: &Plan) -> Outcome {
    let runtime = Runtime::new()?;
    let mut rows = Vec::new();
    let floods: [(&str, Flood); 5] = [
        ("guesses", |server, credentials| Box::pin(guesses(server, credentials))),
        ("logins", |server, credentials| Box::pin(logins(server, credentials))),
        ("names", |server, credentials| Box::pin(names(server, credentials))),
        ("bodies", |server, credentials| Box::pin(bodies(server, credentials))),
        ("documents", |server, credentials| {
            Box::pin(documents(server, credentials))
        }),
    ];
    for (name, flood) in floods {
        let folder = plan.temporary()?;
        let server = Server::rollcall(folder.path())?;
        let credentials = server.credentials()?;
        let before = server.memory()?.resident;
        let figures = runtime.block_on(flood(&server, &credentials))?;
        let at_its_end = server.memory()?;
        runtime.block_on(async { sleep(LATER).await });
        rows.push([
            name.into(),
            figures.into(),
            table::megabytes(before),
            table::megabytes(at_its_end.peak),
            table::megabytes(server.memory()?.resident),
        ]);
    }
    table::table(
        "Floods, each against a new server",
        ["", "what came of it", "before", "peak", "a minute later"],
        rows,
    );
    Ok(())
}

type Flood = for<'server> fn(
    &'server Server,
    &'server str,
) -> std::pin::Pin<Box<dyn Future<Output = Outcome<String>> + 'server>>;

/// A connection from one address, kept alive.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    async fn open(from: &str, to: SocketAddr) -> Outcome<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(from.parse()?, 0))?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Sends these bytes and reads one response. Returns its status and its body.
    async fn ask(&mut self, request: &str) -> Outcome<(u16, String)> {
        self.stream.write_all(request.as_bytes()).await?;
        loop {
            if let Some((end, status, length)) = head(&self.buffer)?
                && self.buffer.len() >= end + length
            {
                let answer: Vec<u8> = self.buffer.drain(..end + length).collect();
                return Ok((status, String::from_utf8_lossy(&answer[end..]).into_owned()));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
        }
    }
}

/// Returns the end of a response's head, its status, and the length of its body.
fn head(bytes: &[u8]) -> Outcome<Option<(usize, u16, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(end) = answer.parse(bytes)? else {
        return Ok(None);
    };
    let length = answer
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.map_or(Ok(0), |header| std::str::from_utf8(header.value).unwrap_or("0").parse())?;
    Ok(Some((end, answer.code.unwrap_or_default(), length)))
}

fn login(user: &str, password: &str) -> String {
    let body = format!(r#"{{"user":"{user}","password":"{password}"}}"#);
    post("login", "", &body)
}

fn post(endpoint: &str, headers: &str, body: &str) -> String {
    format!(
        "POST /api/v1/{endpoint} HTTP/1.1\r\nHost: bench\r\n{headers}Content-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const VICTIM: &str = "victim.of.guesses";
const VICTIM_PASSWORD: &str = "seventeen quiet lanterns";

/// Creates a second user.
async fn create_victim(server: &Server, credentials: &str) -> Outcome {
    let body = format!(
        r#"{{"name":"Victim","email":"victim@example.com","username":"{VICTIM}","password":"{VICTIM_PASSWORD}"}}"#
    );
    let mut client = Client::open(OTHER, server.address).await?;
    match client.ask(&post("users.create", credentials, &body)).await? {
        (200, _) => Ok(()),
        (status, body) => Err(format!("no user is created: {status} {body}").into()),
    }
}

/// Measures one address that guesses the password of one user over many connections.
async fn guesses(server: &Server, credentials: &str) -> Outcome<String> {
    create_victim(server, credentials).await?;
    let (verified, refused) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut guessers = JoinSet::new();
    for number in 0..GUESSERS {
        let (address, verified, refused) = (server.address, Arc::clone(&verified), Arc::clone(&refused));
        guessers.spawn(async move {
            let mut client = Client::open(ATTACKER, address).await?;
            for guess in 0_u64.. {
                let (_, body) = client.ask(&login(VICTIM, &format!("guess {number} {guess}"))).await?;
                let counter = if body.contains(r#""error":"Unauthorized""#) {
                    &verified
                } else {
                    &refused
                };
                counter.fetch_add(1, Ordering::Relaxed);
            }
            Outcome::Ok(())
        });
    }
    sleep(FLOOD).await;
    guessers.shutdown().await;
    Ok(format!(
        "{} guesses verified in {} s, {} refused",
        verified.load(Ordering::Relaxed),
        FLOOD.as_secs(),
        refused.load(Ordering::Relaxed)
    ))
}

/// Measures one user who logs in with the right password over many connections, while another user logs in.
async fn logins(server: &Server, credentials: &str) -> Outcome<String> {
    create_victim(server, credentials).await?;
    let (quiet, _) = log_in_again_and_again(server).await?;
    let done = Arc::new(AtomicU64::new(0));
    let mut flood = JoinSet::new();
    for _ in 0..LOGINS_AT_ONCE {
        let (address, done) = (server.address, Arc::clone(&done));
        flood.spawn(async move {
            let mut client = Client::open(ATTACKER, address).await?;
            loop {
                let (status, _) = client.ask(&login(VICTIM, VICTIM_PASSWORD)).await?;
                if status == 200 {
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
            #[allow(unreachable_code)]
            Outcome::Ok(())
        });
    }
    sleep(Duration::from_secs(1)).await;
    let (during, failed) = log_in_again_and_again(server).await?;
    flood.shutdown().await;
    Ok(format!(
        "{} logins of the flood; another user: p50 {}, p99 {} quiet; p50 {}, p99 {} and {failed} of {OTHER_LOGINS} \
         refused during it",
        done.load(Ordering::Relaxed),
        table::time(quiet.at(0.5)),
        table::time(quiet.at(0.99)),
        table::time(during.at(0.5)),
        table::time(during.at(0.99)),
    ))
}

/// Logs the administrator in from another address, and counts refused logins.
async fn log_in_again_and_again(server: &Server) -> Outcome<(Latencies, usize)> {
    let (mut times, mut failed) = (Latencies::new()?, 0);
    let request = login(USERNAME, PASSWORD);
    let mut client = Client::open(OTHER, server.address).await?;
    for _ in 0..OTHER_LOGINS {
        let began = Instant::now();
        let (status, _) = client.ask(&request).await?;
        if status == 200 {
            times.record(began.elapsed());
        } else {
            failed += 1;
        }
    }
    Ok((times, failed))
}

/// Measures sockets without a login that subscribe to events with long names.
async fn names(server: &Server, _: &str) -> Outcome<String> {
    let name = "e".repeat(NAME_BYTES);
    let mut sockets = JoinSet::new();
    for _ in 0..SOCKETS {
        let (address, name) = (server.address, name.clone());
        sockets.spawn(async move {
            let mut client = Client::open(ATTACKER, address).await?;
            client.stream.write_all(websocket::HANDSHAKE).await?;
            let mut frames = Vec::new();
            websocket::put_text(&mut frames, r#"{"msg":"connect","version":"1","support":["1"]}"#)?;
            let (mut reader, mut writer) = client.stream.into_split();
            let reading = tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while reader.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
            });
            for number in 0..NAMES {
                let text = format!(
                    r#"{{"msg":"sub","id":"{number}","name":"stream-notify-all","params":["{number}{name}",false]}}"#
                );
                websocket::put_text(&mut frames, &text)?;
                if writer.write_all(&frames).await.is_err() {
                    break;
                }
                frames.clear();
            }
            // The socket stays open until the figures are taken.
            Outcome::Ok((writer, reading))
        });
    }
    let mut open = Vec::new();
    while let Some(socket) = sockets.join_next().await {
        open.push(socket??);
    }
    sleep(Duration::from_secs(1)).await;
    let resident = server.memory()?.resident;
    for (_, reading) in &open {
        reading.abort();
    }
    Ok(format!(
        "{} held by {SOCKETS} sockets without a login that named {NAMES} events of {NAME_BYTES} bytes each",
        table::megabytes(resident)
    ))
}

/// Measures connections without a login that send large bodies without their last bytes.
async fn bodies(server: &Server, _: &str) -> Outcome<String> {
    let head = format!(
        "POST /api/v1/login HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {BODY_BYTES}\r\n\r\n"
    );
    let mut connections = JoinSet::new();
    for _ in 0..BODIES {
        let (address, head) = (server.address, head.clone());
        connections.spawn(async move {
            let mut client = Client::open(ATTACKER, address).await?;
            client.stream.write_all(head.as_bytes()).await?;
            // A server that refuses the body after its head may have closed the connection.
            let _ = timeout(FLOOD, client.stream.write_all(&vec![b' '; BODY_BYTES - 6])).await;
            Outcome::Ok(client)
        });
    }
    let mut open = Vec::new();
    while let Some(connection) = connections.join_next().await {
        open.push(connection??);
    }
    sleep(Duration::from_secs(1)).await;
    let resident = server.memory()?.resident;
    Ok(format!(
        "{} held by {BODIES} bodies of {BODY_BYTES} bytes without their end",
        table::megabytes(resident)
    ))
}

/// Measures connections that request a large document without a pause, while another caller requests `/livez`.
async fn documents(server: &Server, _: &str) -> Outcome<String> {
    let request = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: bench\r\n\r\n".repeat(16);
    let read = Arc::new(AtomicU64::new(0));
    let mut flood = JoinSet::new();
    for _ in 0..READERS {
        let client = Client::open(ATTACKER, server.address).await?;
        let (mut reader, mut writer) = client.stream.into_split();
        let (request, read) = (request.clone(), Arc::clone(&read));
        flood.spawn(async move { while writer.write_all(request.as_bytes()).await.is_ok() {} });
        flood.spawn(async move {
            let mut buffer = vec![0; 256 * 1024];
            while let Ok(bytes @ 1..) = reader.read(&mut buffer).await {
                read.fetch_add(bytes as u64, Ordering::Relaxed);
            }
        });
    }
    let cpu = machine::processor_time(server.process())?;
    let began = Instant::now();
    let mut times = Latencies::new()?;
    while began.elapsed() < FLOOD {
        let asked = Instant::now();
        let mut other = Client::open(OTHER, server.address).await?;
        other.ask("GET /livez HTTP/1.1\r\nHost: bench\r\n\r\n").await?;
        times.record(asked.elapsed());
        sleep(Duration::from_millis(100)).await;
    }
    let cpu = machine::processor_time(server.process())?.saturating_sub(cpu);
    flood.shutdown().await;
    Ok(format!(
        "{} sent with {:.2} cores; another caller's GET /livez: p50 {}, p99 {}",
        table::megabytes(read.load(Ordering::Relaxed)),
        cpu.as_secs_f64() / FLOOD.as_secs_f64(),
        table::time(times.at(0.5)),
        table::time(times.at(0.99)),
    ))
}
