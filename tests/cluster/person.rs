//! A user who stays connected: to the next server whenever a connection ends or is silent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::caller::HttpCaller;

/// The time for the answer to a message, after which the client connects elsewhere.
const SILENCE: Duration = Duration::from_secs(4);

/// The time between two pings of the client.
const PING: Duration = Duration::from_secs(1);

/// The pause before the next connection.
const PAUSE: Duration = Duration::from_millis(200);

/// The presence that a person wants to have, and the connections that were made for it.
#[derive(Debug, Default)]
pub struct PersonState {
    /// True if the person wants to be away rather than online.
    pub is_away: AtomicBool,
    pub is_over: AtomicBool,
    /// The number of connections that were made.
    pub connections: AtomicUsize,
}

/// Stays connected until the person has left. Begins at the server of the caller.
pub async fn stay(state: Arc<PersonState>, caller: HttpCaller, servers: Vec<SocketAddr>) {
    let (_, token) = caller.login.expect("a login");
    let mut server = caller.server;
    while !state.is_over.load(Ordering::Acquire) {
        if let Some(socket) = Connection::open(servers[server], &token).await {
            state.connections.fetch_add(1, Ordering::AcqRel);
            socket.hold(&state).await;
        }
        server = (server + 1) % servers.len();
        sleep(PAUSE).await;
    }
}

/// A connection of the realtime protocol.
struct Connection {
    stream: WebSocketStream<TcpStream>,
    last_id: u64,
}

impl Connection {
    /// Connects and logs in.
    async fn open(address: SocketAddr, token: &str) -> Option<Self> {
        let opened = async {
            let stream = TcpStream::connect(address).await.ok()?;
            let url = format!("ws://{address}/websocket");
            let (stream, _) = tokio_tungstenite::client_async(url, stream).await.ok()?;
            let mut connection = Self { stream, last_id: 0 };
            connection
                .say(json!({"msg": "connect", "version": "1", "support": ["1"]}))
                .await?;
            connection.until(|message| message["msg"] == "connected").await?;
            let result = connection.call("login", json!([{"resume": token}])).await?;
            result.get("error").is_none().then_some(connection)
        };
        timeout(SILENCE, opened).await.ok()?
    }

    /// Sends what the person wants to be, and pings, until the server does not answer or the person has left.
    async fn hold(mut self, state: &PersonState) {
        // A connection that continues one that was lost has its status.
        let mut said = None;
        while !state.is_over.load(Ordering::Acquire) {
            let wanted = state.is_away.load(Ordering::Acquire);
            let method = if wanted {
                "UserPresence:away"
            } else {
                "UserPresence:online"
            };
            let answered = async {
                if said == Some(wanted) {
                    return self.ping().await.map(|()| said);
                }
                let result = self.call(method, json!([])).await?;
                // A refused call is made again.
                Some(result.get("error").is_none().then_some(wanted))
            };
            let Ok(Some(now)) = timeout(SILENCE, answered).await else {
                return;
            };
            said = now;
            let until = Instant::now() + PING;
            while Instant::now() < until && state.is_away.load(Ordering::Acquire) == wanted {
                sleep(PAUSE).await;
            }
        }
    }

    async fn say(&mut self, message: Value) -> Option<()> {
        self.stream.send(Message::text(message.to_string())).await.ok()
    }

    /// Returns the first message that is like this; `None` if the connection ends before.
    async fn until(&mut self, like: impl Fn(&Value) -> bool) -> Option<Value> {
        loop {
            let Message::Text(text) = self.stream.next().await?.ok()? else {
                continue;
            };
            let message: Value = serde_json::from_str(text.as_str()).ok()?;
            if message["msg"] == "ping" {
                self.say(json!({"msg": "pong"})).await?;
            }
            if like(&message) {
                return Some(message);
            }
        }
    }

    fn id(&mut self) -> String {
        self.last_id += 1;
        self.last_id.to_string()
    }

    /// Calls a method, and returns the message with its result.
    async fn call(&mut self, method: &str, params: Value) -> Option<Value> {
        let id = self.id();
        self.say(json!({"msg": "method", "method": method, "id": id, "params": params}))
            .await?;
        self.until(|message| message["msg"] == "result" && message["id"] == *id)
            .await
    }

    async fn ping(&mut self) -> Option<()> {
        let id = self.id();
        self.say(json!({"msg": "ping", "id": id})).await?;
        self.until(|message| message["msg"] == "pong" && message["id"] == *id)
            .await
            .map(drop)
    }
}
