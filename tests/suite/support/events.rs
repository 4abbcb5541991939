//! A client of the stream of events.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Client, Visitor};

/// The maximum time to wait for a part of a stream. It is much longer than necessary.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct EventStream {
    body: Incoming,
    buffer: String,
    connection: JoinHandle<()>,
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub id: Option<String>,
    pub event: String,
    pub data: Value,
}

impl EventStream {
    /// Opens the stream with these headers. Returns the status if the server refuses it.
    pub async fn open(address: std::net::SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let mut request = Request::get(path).header("host", address.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Empty::<Bytes>::new()).expect("a request");
        let stream = TcpStream::connect(address).await.expect("a connection");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        let response = sender.send_request(request).await.expect("an answer");
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Ok(Self {
            body: response.into_body(),
            buffer: String::new(),
            connection,
        })
    }

    /// Opens the stream of a user of the API.
    pub async fn of(client: &Client, path: &str) -> Self {
        let headers = [("x-user-id", client.id()), ("x-auth-token", client.token())];
        Self::open(client.address, path, &headers).await.expect("a stream")
    }

    /// Opens the stream of an open page.
    pub async fn of_page(client: &Client, visitor: &Visitor, path: &str) -> Self {
        let headers = [("cookie", &*visitor.cookies()), ("sec-fetch-site", "same-origin")];
        Self::open(client.address, path, &headers).await.expect("a stream")
    }

    /// Returns the next event, or `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.buffer = rest;
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim_start_matches([':', ' ']).to_owned())
                };
                if let Some(data) = field("data") {
                    return Some(Sent {
                        id: field("id"),
                        event: field("event").expect("a name"),
                        data: serde_json::from_str(&data).expect("JSON"),
                    });
                }
                continue;
            }
            let frame = timeout(PATIENCE, self.body.frame()).await.expect("an event in time")?;
            let frame = frame.ok()?.into_data().expect("data");
            self.buffer += std::str::from_utf8(&frame).expect("a text");
        }
    }

    /// Returns the next event with this name. Ignores the events before it.
    pub async fn event(&mut self, name: &str) -> Sent {
        loop {
            let next = self.next().await.expect("the stream goes on");
            if next.event == name {
                return next;
            }
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
