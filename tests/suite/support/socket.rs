//! A client of the realtime protocol: DDP over WebSocket, plain or in SockJS framing.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::Client;

/// The maximum time for every wait, much longer than any wait needs.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client socket. Received messages that no call has returned yet stay in order.
pub struct Socket<S = TcpStream> {
    pub stream: WebSocketStream<S>,
    wrapped: bool,
    kept: VecDeque<Value>,
    next_id: u64,
}

impl Socket {
    /// Opens a plain socket and checks the greeting.
    pub async fn greeted(address: SocketAddr) -> Self {
        let mut socket = Self::open(address, "/websocket", false).await;
        assert_eq!(socket.frame().await, r#"{"server_id":"0"}"#);
        socket
    }

    /// Opens a socket in SockJS framing and checks the greeting.
    pub async fn greeted_wrapped(address: SocketAddr) -> Self {
        let mut socket = Self::open(address, "/sockjs/123/abcdefgh/websocket", true).await;
        assert_eq!(socket.frame().await, "o");
        assert_eq!(socket.frame().await, r#"a["{\"server_id\":\"0\"}"]"#);
        socket
    }

    /// Opens a plain socket and sends `connect`.
    pub async fn connected(address: SocketAddr) -> Self {
        Self::greeted(address).await.connect().await
    }

    /// Opens a plain socket with more headers in its handshake, and sends `connect`.
    pub async fn connected_with(address: SocketAddr, headers: &[(&str, &str)]) -> Self {
        let mut socket = Self::open_with(address, "/websocket", false, headers).await;
        assert_eq!(socket.frame().await, r#"{"server_id":"0"}"#);
        socket.connect().await
    }

    /// Opens a socket and logs it in with the token of an HTTP client.
    pub async fn of(client: &Client) -> Self {
        let mut socket = Self::connected(client.address).await;
        socket.resume(client.token()).await;
        socket
    }

    /// Opens a socket at this path, before its first frame.
    pub async fn open(address: SocketAddr, path: &str, wrapped: bool) -> Self {
        Self::open_with(address, path, wrapped, &[]).await
    }

    async fn open_with(address: SocketAddr, path: &str, wrapped: bool, headers: &[(&str, &str)]) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // The buffer is small, so that a client that does not read soon blocks the server.
        socket.set_recv_buffer_size(4096).expect("a size");
        let stream = socket.connect(address).await.expect("a connection");
        let mut request = format!("ws://{address}{path}")
            .into_client_request()
            .expect("a request");
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header");
            let value: HeaderValue = value.parse().expect("a value");
            request.headers_mut().insert(name, value);
        }
        Self::upgraded(stream, request, wrapped).await
    }

    /// Returns a proof of identity, as the last parameter of a method.
    pub fn proof() -> Value {
        json!({"twoFactorCode": super::server::PASSWORD_DIGEST, "twoFactorMethod": "password"})
    }

    /// Resets the connection, like a machine that has lost its state.
    pub fn reset(self) {
        self.stream.into_inner().set_zero_linger().expect("an option");
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Opens a plain socket over any stream, and sends `connect`.
    pub async fn over(stream: S) -> Self {
        let request = "ws://test/websocket".into_client_request().expect("a request");
        let mut socket = Self::upgraded(stream, request, false).await;
        assert_eq!(socket.frame().await, r#"{"server_id":"0"}"#);
        socket.connect().await
    }

    async fn upgraded(stream: S, request: Request, wrapped: bool) -> Self {
        let upgraded = tokio_tungstenite::client_async(request, stream).await;
        let (stream, _) = upgraded.unwrap_or_else(|error| panic!("no socket: {error}"));
        Self {
            stream,
            wrapped,
            kept: VecDeque::new(),
            next_id: 0,
        }
    }

    pub async fn connect(mut self) -> Self {
        self.say(json!({"msg": "connect", "version": "1", "support": ["1"]}))
            .await;
        assert_eq!(self.hear().await["msg"], "connected");
        self
    }

    /// Returns the text of the next frame.
    pub async fn frame(&mut self) -> String {
        loop {
            match self.next().await {
                Some(Frame::Text(text)) => return text.as_str().to_owned(),
                Some(Frame::Ping(_) | Frame::Pong(_)) => {}
                other => panic!("no text but {other:?}"),
            }
        }
    }

    async fn next(&mut self) -> Option<Frame> {
        let next = timeout(PATIENCE, self.stream.next()).await;
        next.expect("something comes in time").and_then(Result::ok)
    }

    /// Sends a frame without changes.
    pub async fn send(&mut self, frame: Frame) {
        self.stream.send(frame).await.expect("the server reads");
    }

    pub async fn say_text(&mut self, text: &str) {
        let text = if self.wrapped {
            json!([text]).to_string()
        } else {
            text.to_owned()
        };
        self.send(Frame::text(text)).await;
    }

    pub async fn say(&mut self, message: Value) {
        self.say_text(&message.to_string()).await;
    }

    /// Returns the next message.
    pub async fn hear(&mut self) -> Value {
        if let Some(kept) = self.kept.pop_front() {
            return kept;
        }
        self.receive().await
    }

    async fn receive(&mut self) -> Value {
        let frame = self.frame().await;
        let text = if self.wrapped {
            let inner: Vec<String> = serde_json::from_str(&frame[1..]).expect("an array of texts");
            assert_eq!(inner.len(), 1, "{frame}");
            inner[0].clone()
        } else {
            frame
        };
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    /// Returns the first received or later message for which `like` is true; all others stay in order.
    pub async fn find(&mut self, like: impl Fn(&Value) -> bool) -> Value {
        if let Some(place) = self.kept.iter().position(&like) {
            return self.kept.remove(place).expect("it is there");
        }
        loop {
            let message = self.receive().await;
            if like(&message) {
                return message;
            }
            self.kept.push_back(message);
        }
    }

    /// Removes and returns all received messages, without those about the user's own document.
    pub fn left(&mut self) -> Vec<Value> {
        let mut left = self.left_with_own();
        left.retain(|message| message["collection"] != "users");
        left
    }

    /// Removes and returns all received messages.
    pub fn left_with_own(&mut self) -> Vec<Value> {
        self.kept.drain(..).collect()
    }

    fn id(&mut self) -> String {
        self.next_id += 1;
        format!("{}", self.next_id)
    }

    /// Calls a method. Returns the message with its result, after the `updated` message has also arrived.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.id();
        self.say(json!({"msg": "method", "method": method, "id": id, "params": params}))
            .await;
        let result = self
            .find(|message| message["msg"] == "result" && message["id"] == *id)
            .await;
        self.find(|message| *message == json!({"msg": "updated", "methods": [id]}))
            .await;
        result
    }

    /// Calls a method that must succeed; returns its result.
    pub async fn result(&mut self, method: &str, params: Value) -> Value {
        let message = self.call(method, params).await;
        assert!(message.get("error").is_none(), "{method}: {message}");
        message["result"].clone()
    }

    /// Calls a method that must fail; returns its error.
    pub async fn error(&mut self, method: &str, params: Value) -> Value {
        let message = self.call(method, params).await;
        assert!(message.get("result").is_none(), "{method}: {message}");
        message["error"].clone()
    }

    pub async fn resume(&mut self, token: &str) -> Value {
        self.result("login", json!([{"resume": token}])).await
    }

    /// Subscribes; returns the answer, `ready` or `nosub`.
    pub async fn sub(&mut self, name: &str, params: Value) -> Value {
        let id = self.id();
        self.say(json!({"msg": "sub", "id": id, "name": name, "params": params}))
            .await;
        let ready = json!({"msg": "ready", "subs": [id]});
        self.find(|message| *message == ready || (message["msg"] == "nosub" && message["id"] == *id))
            .await
    }

    /// Subscribes to an event, which must be accepted.
    pub async fn listen(&mut self, stream: &str, event: &str) {
        let answer = self.sub(&format!("stream-{stream}"), json!([event, false])).await;
        assert_eq!(answer["msg"], "ready", "{answer}");
    }

    /// Returns the arguments of the next event with this name.
    pub async fn event(&mut self, stream: &str, event: &str) -> Value {
        let collection = format!("stream-{stream}");
        let is_it = |message: &Value| {
            message["msg"] == "changed"
                && message["collection"] == *collection
                && message["fields"]["eventName"] == *event
        };
        let message = self.find(is_it).await;
        assert_eq!(message["id"], "id", "{message}");
        message["fields"]["args"].clone()
    }

    /// Waits until the server has answered all earlier messages.
    pub async fn ping(&mut self) {
        let id = self.id();
        self.say(json!({"msg": "ping", "id": id})).await;
        self.find(|message| *message == json!({"msg": "pong", "id": id})).await;
    }

    /// Reads to the end; returns the close code, if there was one. Earlier messages stay available.
    pub async fn end(&mut self) -> Option<u16> {
        loop {
            match self.next().await {
                Some(Frame::Close(close)) => return close.map(|close| close.code.into()),
                Some(Frame::Text(text)) if !self.wrapped => {
                    self.kept.push_back(serde_json::from_str(&text).expect("JSON"));
                }
                Some(_) => {}
                None => return None,
            }
        }
    }

    /// Closes the socket; the server has handled the close when this returns.
    pub async fn close(mut self) {
        self.say_goodbye().await;
        assert_eq!(self.end().await, Some(1000), "a close is answered with its code");
    }

    /// Sends a close frame.
    pub async fn say_goodbye(&mut self) {
        let goodbye = CloseFrame {
            code: CloseCode::Normal,
            reason: "disconnect".into(),
        };
        self.send(Frame::Close(Some(goodbye))).await;
    }
}
