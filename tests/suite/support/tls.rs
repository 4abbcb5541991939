//! Certificates for tests, and a client that speaks TLS.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, KeyPair};
use rollcall::config::TlsSource;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Answer;
use super::server::{BEGINNING, DAY};

/// The name of HTTP/2 in the handshake.
pub const HTTP2: &[u8] = b"h2";

/// The name of HTTP/1.1 in the handshake.
pub const HTTP1: &[u8] = b"http/1.1";

/// A certificate and its key in a folder.
pub struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Pair {
    /// Writes a new certificate for this machine, valid from a year before [`BEGINNING`] to this time.
    pub fn write(folder: &Path, ends_at: i64) -> Self {
        let mut parameters = CertificateParams::new(vec!["localhost".into(), "127.0.0.1".into()]).expect("names");
        let at = |millis: i64| time::OffsetDateTime::from_unix_timestamp(millis / 1000).expect("a time");
        parameters.not_before = at(BEGINNING - 365 * DAY);
        parameters.not_after = at(ends_at);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let pair = Self {
            certificate: folder.join("server.crt"),
            key: folder.join("server.key"),
        };
        fs::write(&pair.certificate, certificate.pem()).expect("a file");
        write_key(&pair.key, &key.serialize_pem());
        pair
    }

    /// Writes a certificate that lasts for a hundred years.
    pub fn long(folder: &Path) -> Self {
        Self::write(folder, BEGINNING + 36_500 * DAY)
    }

    pub fn source(&self) -> TlsSource {
        TlsSource::Files {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
        }
    }

    /// Returns a client that trusts this certificate.
    pub fn client(&self) -> TlsClient {
        TlsClient::trusting(&self.certificate)
    }
}

/// Writes a key that only its owner may read.
pub fn write_key(path: &Path, text: &str) {
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

/// A client that trusts one certificate.
#[derive(Clone)]
pub struct TlsClient {
    roots: Arc<RootCertStore>,
    at: UnixTime,
}

/// A clock for the client, because the certificates of servers with a set clock belong to its time.
#[derive(Debug)]
struct At(UnixTime);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

impl TlsClient {
    /// Returns a client that trusts the first certificate in this file, at the time [`BEGINNING`].
    pub fn trusting(path: &Path) -> Self {
        let text = fs::read(path).expect("a file");
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(&text).expect("a certificate");
        roots.add(certificate).expect("a certificate");
        Self {
            roots: Arc::new(roots),
            at: time_of(BEGINNING),
        }
    }

    /// Returns the same client at another time.
    pub fn at(self, millis: i64) -> Self {
        Self {
            at: time_of(millis),
            ..self
        }
    }

    /// Returns the same client at the time of the machine.
    pub fn now(self) -> Self {
        Self {
            at: UnixTime::now(),
            ..self
        }
    }

    /// Carries out a handshake that offers these protocols.
    pub async fn connect(&self, address: SocketAddr, protocols: &[&[u8]]) -> io::Result<TlsStream<TcpStream>> {
        self.connect_over(TcpStream::connect(address).await?, protocols).await
    }

    pub async fn connect_over(&self, stream: TcpStream, protocols: &[&[u8]]) -> io::Result<TlsStream<TcpStream>> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_details(provider, Arc::new(At(self.at)));
        let builder = builder.with_safe_default_protocol_versions().expect("versions");
        let mut config = builder
            .with_root_certificates(Arc::clone(&self.roots))
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// Returns whether the server shows the certificate that this client trusts.
    pub async fn is_served(&self, address: SocketAddr) -> bool {
        self.connect(address, &[HTTP1]).await.is_ok()
    }

    /// Opens a connection with HTTP/2.
    pub async fn http2(&self, address: SocketAddr) -> Http2Client {
        let stream = self.connect(address, &[HTTP2, HTTP1]).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(HTTP2));
        let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (sender, connection) = shaken.expect("a connection");
        tokio::spawn(connection);
        Http2Client {
            sender,
            address,
            login: None,
        }
    }
}

fn time_of(millis: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(millis.try_into().expect("a time after 1970")))
}

/// A client with one connection over HTTP/2.
#[derive(Clone)]
pub struct Http2Client {
    pub sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
    pub login: Option<(String, String)>,
}

impl Http2Client {
    /// Sends a request, and returns its response without the body.
    pub async fn begin(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<hyper::body::Incoming> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("https://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some((id, token)) = &self.login {
            request = request.header("x-user-id", id).header("x-auth-token", token);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes())));
        let answer = self.sender.send_request(request.expect("a request")).await;
        answer.expect("an answer")
    }

    pub async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (head, body) = self.begin(method, path, headers, body).await.into_parts();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.collect().await.expect("a body").to_bytes(),
        }
    }

    pub async fn get(&mut self, endpoint: &str) -> Answer {
        self.send("GET", &format!("/api/v1/{endpoint}"), &[], "").await
    }

    pub async fn post(&mut self, endpoint: &str, body: &serde_json::Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.send("POST", &format!("/api/v1/{endpoint}"), &json, &body.to_string())
            .await
    }

    pub async fn logged_in(mut self, user: &str, password: &str) -> Self {
        let body = serde_json::json!({"user": user, "password": password});
        let body = self.post("login", &body).await.expect(200);
        let text = |field: &str| body["data"][field].as_str().expect("a text").to_owned();
        self.login = Some((text("userId"), text("authToken")));
        self
    }
}
