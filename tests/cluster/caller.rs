//! A caller of the HTTP API that knows whether a call may have had an effect.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The password of all users.
pub const PASSWORD: &str = "correct horse";

/// The SHA-256 of [`PASSWORD`], as a proof of identity.
pub const PASSWORD_DIGEST: &str = "4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631";

/// The time for an answer, after which the outcome counts as unknown.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// The time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A caller at one server.
#[derive(Debug, Clone)]
pub struct HttpCaller {
    /// The number of the server.
    pub server: usize,
    pub address: SocketAddr,
    /// The user id and the token, once logged in.
    pub login: Option<(String, String)>,
}

/// The outcome of a call.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The server acknowledged the call.
    Done(Value),
    /// The server refused the call, which had no effect. The code and the body.
    Refused(u16, Value),
    /// The call was not sent.
    NotSent,
    /// The answer was lost, or is a 5xx: the call may have had its effect, or may have it later.
    Unknown,
}

impl Reply {
    /// Returns whether the reply is a refusal with this `errorType`.
    pub fn is_refusal(&self, kind: &str) -> bool {
        matches!(self, Self::Refused(_, body) if body["errorType"] == kind)
    }
}

impl HttpCaller {
    /// Returns a caller without a login.
    pub const fn new(server: usize, address: SocketAddr) -> Self {
        Self {
            server,
            address,
            login: None,
        }
    }

    /// Returns the same user at another server.
    pub fn at(&self, server: usize, address: SocketAddr) -> Self {
        Self {
            server,
            address,
            login: self.login.clone(),
        }
    }

    /// Logs in with [`PASSWORD`]. Returns `None` if that fails.
    pub async fn logged_in(mut self, user: &str) -> Option<Self> {
        let Reply::Done(body) = self.post("login", &json!({"user": user, "password": PASSWORD})).await else {
            return None;
        };
        let text = |field: &str| body["data"][field].as_str().map(str::to_owned);
        self.login = text("userId").zip(text("authToken"));
        Some(self)
    }

    /// Calls an endpoint that writes.
    pub async fn post(&self, endpoint: &str, body: &Value) -> Reply {
        self.call("POST", &format!("/api/v1/{endpoint}"), body.to_string())
            .await
    }

    /// Calls an endpoint that reads. Returns `None` if there is no good answer.
    pub async fn get(&self, endpoint: &str) -> Option<Value> {
        match self.call("GET", &format!("/api/v1/{endpoint}"), String::new()).await {
            Reply::Done(body) => Some(body),
            _ => None,
        }
    }

    /// Returns whether the server takes requests.
    pub async fn is_ready(&self) -> bool {
        matches!(self.call("GET", "/readyz", String::new()).await, Reply::Done(_))
    }

    async fn call(&self, method: &str, path: &str, body: String) -> Reply {
        let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect(self.address)).await;
        let Ok(Ok(stream)) = connected else {
            return Reply::NotSent;
        };
        let answered = timeout(ANSWER_TIMEOUT, self.exchange(stream, method, path, body)).await;
        let Ok(Ok((status, body))) = answered else {
            return Reply::Unknown;
        };
        match status {
            200 => Reply::Done(body),
            // The database of the cluster is full: a definite refusal.
            507 => Reply::Refused(status, body),
            500.. => Reply::Unknown,
            _ => Reply::Refused(status, body),
        }
    }

    async fn exchange(
        &self,
        stream: TcpStream,
        method: &str,
        path: &str,
        body: String,
    ) -> Result<(u16, Value), hyper::Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string())
            .header("content-type", "application/json")
            .header("x-2fa-method", "password")
            .header("x-2fa-code", PASSWORD_DIGEST);
        if let Some((id, token)) = &self.login {
            request = request.header("x-user-id", id).header("x-auth-token", token);
        }
        let request = request.body(Full::new(Bytes::from(body))).expect("a request");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request).await;
        let answer = match response {
            Ok(response) => {
                let status = response.status().as_u16();
                let bytes = response.into_body().collect().await;
                bytes.map(|bytes| (status, serde_json::from_slice(&bytes.to_bytes()).unwrap_or_default()))
            }
            Err(error) => Err(error),
        };
        connection.abort();
        answer
    }
}
