//! A client of the HTTP API with a method for each common endpoint.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::server::PASSWORD_DIGEST;

#[derive(Debug, Clone)]
pub struct Client {
    pub address: SocketAddr,
    /// The user id and token of the requests, if logged in.
    pub login: Option<(String, String)>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("a plain header"))
    }

    /// Asserts the status, and returns the body.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.json()
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, login: None }
    }

    /// Returns a client with the same login at another address, where the server was started again.
    pub fn at(&self, address: SocketAddr) -> Self {
        Self {
            address,
            login: self.login.clone(),
        }
    }

    pub fn with_login(&self, id: &str, token: &str) -> Self {
        Self {
            address: self.address,
            login: Some((id.into(), token.into())),
        }
    }

    pub async fn logged_in(&self, user: &str, password: &str) -> Self {
        let body = self
            .post("login", &json!({"user": user, "password": password}))
            .await
            .expect(200);
        let text = |field: &str| body["data"][field].as_str().expect("a text").to_owned();
        self.with_login(&text("userId"), &text("authToken"))
    }

    pub fn id(&self) -> &str {
        &self.login.as_ref().expect("somebody logged in").0
    }

    pub fn token(&self) -> &str {
        &self.login.as_ref().expect("somebody logged in").1
    }

    pub async fn get(&self, endpoint: &str) -> Answer {
        self.send("GET", &format!("/api/v1/{endpoint}"), &[], Bytes::new())
            .await
    }

    pub async fn post(&self, endpoint: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.send("POST", &format!("/api/v1/{endpoint}"), &json, body.to_string())
            .await
    }

    /// Sends a POST with a second factor: a code for `totp`, or the SHA-256 of the password for `password`.
    pub async fn post_confirmed(&self, endpoint: &str, body: &Value, method: &str, code: &str) -> Answer {
        let headers = [
            ("content-type", "application/json"),
            ("x-2fa-method", method),
            ("x-2fa-code", code),
        ];
        self.send("POST", &format!("/api/v1/{endpoint}"), &headers, body.to_string())
            .await
    }

    /// Sends a POST with the password of the test users as proof of identity.
    pub async fn post_proved(&self, endpoint: &str, body: &Value) -> Answer {
        self.post_confirmed(endpoint, body, "password", PASSWORD_DIGEST).await
    }

    pub async fn post_form(&self, endpoint: &str, body: &str) -> Answer {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", &format!("/api/v1/{endpoint}"), &form, body.to_owned())
            .await
    }

    pub async fn create_status(&self, name: &str, status_type: &str) -> Answer {
        let body = json!({"name": name, "statusType": status_type});
        self.post("custom-user-status.create", &body).await
    }

    /// Creates so many custom statuses, named by their numbers.
    pub async fn create_statuses(&self, count: usize) {
        for number in 0..count {
            let name = format!("status {number:04}");
            self.create_status(&name, "busy").await.expect(200);
        }
    }

    /// Creates a custom status; returns the status code, or `None` if the server ends in the meantime.
    pub async fn try_create_status(&self, name: &str, status_type: &str) -> Option<u16> {
        let body = json!({"name": name, "statusType": status_type}).to_string();
        let json = [("content-type", "application/json")];
        let path = "/api/v1/custom-user-status.create";
        self.try_send("POST", path, &json, body)
            .await
            .map(|answer| answer.status)
    }

    /// Uploads an avatar, with further fields of the form.
    pub async fn upload(&self, picture: &[u8], fields: &[(&str, &str)]) -> Answer {
        self.try_upload(picture, fields).await.expect("an answer")
    }

    /// Uploads an avatar; returns `None` if the server ends in the meantime.
    pub async fn try_upload(&self, picture: &[u8], fields: &[(&str, &str)]) -> Option<Answer> {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        // The server must ignore the file name and media type that a client declares.
        let head = "--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.html\"\r\nContent-Type: text/html\r\n\r\n";
        body.extend(head.bytes());
        body.extend(picture);
        body.extend(b"\r\n--x--\r\n");
        let headers = [("content-type", "multipart/form-data; boundary=x")];
        self.try_send("POST", "/api/v1/users.setAvatar", &headers, body).await
    }

    /// Returns the names of all custom statuses, in the order of the list.
    pub async fn status_names(&self) -> Vec<String> {
        let body = self.get("custom-user-status.list?count=0").await.expect(200);
        let statuses = body["statuses"].as_array().expect("a list").clone();
        let name = |status: &Value| status["name"].as_str().expect("a name").to_owned();
        statuses.iter().map(name).collect()
    }

    /// Sends a WebSocket handshake, as from this address behind a proxy, and returns the response.
    pub async fn ask_for_socket(&self, forwarded: &str) -> Answer {
        let upgrade = [
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
            ("x-forwarded-for", forwarded),
        ];
        self.send("GET", "/websocket", &upgrade, "").await
    }

    /// Sends any request on its own connection.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let answer = self.exchange(method, path, headers, body).await;
        answer.unwrap_or_else(|cause| panic!("no answer to {method} {path}: {cause}"))
    }

    /// Sends any request; returns `None` if the server ends in the meantime.
    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Option<Answer> {
        self.exchange(method, path, headers, body).await.ok()
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some((id, token)) = &self.login {
            request = request.header("x-user-id", id).header("x-auth-token", token);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        let stream = TcpStream::connect(self.address)
            .await
            .map_err(|error| format!("connect: {error}"))?;
        let begun = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = begun.map_err(|error| error.to_string())?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        connection.abort();
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }
}
