//! Attacks of a client over HTTP/2: frames as bytes, which no client library sends.

use std::io;
use std::time::Duration;

use rollcall::http::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use crate::support::TestServer;
use crate::support::server::new_folder;
use crate::support::tls::{HTTP2, Pair, TlsClient};

/// The maximum time for every wait, much longer than any wait needs.
const PATIENCE: Duration = Duration::from_mins(1);

/// A short and a long limit, of which only the short one can end a connection in a test.
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_mins(10);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The head of `GET / https localhost`, by the static table of HPACK (RFC 7541).
const GET: &[u8] = b"\x82\x87\x84\x41\x09localhost";

/// A connection over HTTP/2 after both prefaces.
struct Raw(TlsStream<TcpStream>);

struct RawFrame {
    kind: u8,
    flags: u8,
    payload: Vec<u8>,
}

async fn start(limits: Limits) -> (TestServer, TlsClient) {
    let folder = new_folder();
    let pair = Pair::long(folder.path());
    let server = TestServer::open(folder, |options| {
        options.tls = Some(pair.source());
        options.limits = limits;
    })
    .await;
    (server, pair.client())
}

impl Raw {
    /// Opens a connection with these settings of the client.
    async fn open(server: &TestServer, client: &TlsClient, settings: &[u8]) -> Self {
        let mut stream = client.connect(server.address, &[HTTP2]).await.expect("a handshake");
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .expect("the server reads");
        let mut raw = Self(stream);
        raw.send(SETTINGS, 0, 0, settings).await.expect("the server reads");
        raw
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        self.0.write_all(&frame_of(kind, flags, stream, payload)).await?;
        self.0.flush().await
    }

    /// Returns the next frame; `None` if the server has closed the connection.
    async fn next(&mut self) -> Option<RawFrame> {
        let read = async {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            self.0.read_exact(&mut payload).await.ok()?;
            Some(RawFrame {
                kind: head[3],
                flags: head[4],
                payload,
            })
        };
        timeout(PATIENCE, read).await.expect("something comes in time")
    }

    /// Reads to the end of the connection; returns all frames.
    async fn rest(&mut self) -> Vec<RawFrame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}

/// Returns the bytes of a frame.
fn frame_of(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Returns the error code of a GOAWAY frame.
fn code(frame: &RawFrame) -> Option<u8> {
    (frame.kind == GOAWAY).then(|| frame.payload[7])
}

#[tokio::test]
async fn the_server_announces_its_limits() {
    let (server, client) = start(Limits::default()).await;
    let mut raw = Raw::open(&server, &client, &[]).await;
    let frame = raw.next().await.expect("a frame");
    assert_eq!((frame.kind, frame.flags), (SETTINGS, 0));
    let settings: Vec<_> = frame
        .payload
        .chunks(6)
        .map(|one| (one[1], u32::from_be_bytes([one[2], one[3], one[4], one[5]])))
        .collect();
    // Concurrent streams, the window of a stream, the size of a frame, the size of a head.
    for (name, value) in [(3, 32), (4, 64 * 1024), (5, 16 * 1024), (6, 32 * 1024)] {
        assert!(settings.contains(&(name, value)), "{name}: {settings:?}");
    }
}

#[tokio::test]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    let (server, client) = start(Limits::default()).await;
    let mut raw = Raw::open(&server, &client, &[]).await;
    // CVE-2023-44487: each request costs the server work, and the client nothing.
    let mut all = Vec::new();
    for stream in (1..2001_u32).step_by(2) {
        for (kind, flags, payload) in [(HEADERS, END_HEADERS | END_STREAM, GET), (RESET, 0, &[0, 0, 0, 8][..])] {
            all.extend(frame_of(kind, flags, stream, payload));
        }
    }
    let _ = raw.0.write_all(&all).await;
    let _ = raw.0.flush().await;
    let frames = raw.rest().await;
    // ENHANCE_YOUR_CALM
    assert!(frames.iter().filter_map(code).any(|code| code == 11), "no GOAWAY");
    // The server goes on.
    assert_eq!(
        client
            .http2(server.address)
            .await
            .send("GET", "/livez", &[], "")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_head_that_is_too_large_or_never_ends_is_refused() {
    let (server, client) = start(Limits::default()).await;
    let mut http = client.http2(server.address).await;
    let large = "x".repeat(40 * 1024);
    let answer = http.send("GET", "/livez", &[("x-large", &large)], "").await;
    assert_eq!(answer.status, 431);

    let mut raw = Raw::open(&server, &client, &[]).await;
    raw.send(HEADERS, END_STREAM, 1, GET).await.expect("the server reads");
    // A literal header of 1,000 bytes that is not indexed, again and again.
    let mut header = vec![0, 1, b'x', 0x7f, 0xe9, 0x06];
    header.extend([b'y'; 1000]);
    let mut sent = 0;
    while sent < 10_000 && raw.send(CONTINUATION, 0, 1, &header).await.is_ok() {
        sent += 1;
    }
    assert!(sent < 10_000, "the server takes a head without end");
}

#[tokio::test]
async fn a_connection_without_requests_ends_whatever_else_it_sends() {
    for begin in ["nothing", "half a head", "pings"] {
        let limits = Limits {
            keep_alive_time: SHORT,
            head_time: LONG,
            write_time: SHORT,
            ..Limits::default()
        };
        let (server, client) = start(limits).await;
        let mut raw = Raw::open(&server, &client, &[]).await;
        match begin {
            "half a head" => raw.send(HEADERS, END_STREAM, 1, GET).await.expect("the server reads"),
            "pings" => {
                let pings = async {
                    while raw.send(PING, 0, 0, &[0; 8]).await.is_ok() {
                        tokio::task::yield_now().await;
                    }
                };
                timeout(PATIENCE, pings).await.expect("the server ends it");
            }
            _ => {}
        }
        raw.rest().await;
    }
}

#[tokio::test]
async fn a_client_that_opens_no_window_is_cut_off() {
    let limits = Limits {
        keep_alive_time: LONG,
        head_time: LONG,
        write_time: SHORT,
        ..Limits::default()
    };
    let (server, client) = start(limits).await;
    // SETTINGS_INITIAL_WINDOW_SIZE is 0: the server may send no byte of a body.
    let mut raw = Raw::open(&server, &client, &[0, 4, 0, 0, 0, 0]).await;
    let head = b"\x82\x87\x44\x14/api/v1/openapi.json\x41\x09localhost";
    raw.send(HEADERS, END_HEADERS | END_STREAM, 1, head)
        .await
        .expect("the server reads");
    let frames = raw.rest().await;
    assert!(frames.iter().any(|frame| frame.kind == HEADERS), "the head came");
    assert!(
        !frames
            .iter()
            .any(|frame| frame.kind == DATA && !frame.payload.is_empty())
    );
}

#[tokio::test]
async fn a_body_that_never_comes_ends_with_its_time() {
    let limits = Limits {
        body_time: SHORT,
        ..Limits::default()
    };
    let (server, client) = start(limits).await;
    let mut raw = Raw::open(&server, &client, &[]).await;
    let mut head = b"\x83\x87\x44\x0d/api/v1/login\x41\x09localhost".to_vec();
    // content-type: application/json, by the names of the static table.
    head.extend(b"\x5f\x10application/json");
    raw.send(HEADERS, END_HEADERS, 1, &head)
        .await
        .expect("the server reads");
    loop {
        let frame = raw.next().await.expect("an answer");
        if frame.kind == DATA {
            let body = String::from_utf8_lossy(&frame.payload).into_owned();
            assert!(body.contains("error-body-too-slow"), "{body}");
            break;
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_an_idle_client() {
    let limits = Limits {
        stop_time: LONG,
        ..Limits::default()
    };
    let (server, client) = start(limits).await;
    let mut raw = Raw::open(&server, &client, &[]).await;
    // The client never answers the PING that comes before the last GOAWAY.
    raw.next().await.expect("a frame");
    timeout(PATIENCE, server.stop()).await.expect("it stops");
    let frames = raw.rest().await;
    assert!(frames.iter().any(|frame| code(frame) == Some(0)), "the client is told");
}
