//! One GET, for the commands that ask a running server. The server may listen on a Unix socket. Over TLS, every
//! certificate is accepted.

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use warp::http::Uri;

use crate::net::tls;

/// The time for a whole request: looking up the name, connecting, and reading the answer.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum bytes of an answer that are read.
const ANSWER_BYTES: u64 = 64 * 1024;

/// The beginning of the text of a Unix socket.
const UNIX: &str = "unix:";

/// The port of a URL that names none.
const HTTP_PORT: u16 = 80;

/// The port of a URL with TLS that names none.
const HTTPS_PORT: u16 = 443;

/// The answer of a server.
pub(super) struct HttpAnswer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// The error of a request that got no answer of HTTP.
#[derive(Debug, thiserror::Error)]
pub(super) enum GetError {
    /// The text is not a URL with `http:`, `https:` or `unix:`.
    #[error("{0:?} is not a URL such as http://127.0.0.1:3000/readyz or unix:/run/rollcall.sock")]
    NotAUrl(String),
    /// The connection failed, or it ended before the answer was complete.
    #[error("{url} does not answer: {cause}")]
    Unreachable {
        /// The URL that was asked.
        url: String,
        /// The error of the operating system.
        cause: std::io::Error,
    },
    /// The answer did not arrive in time.
    #[error("{0} has not answered within {seconds} seconds", seconds = ANSWER_TIMEOUT.as_secs())]
    Slow(String),
    /// The answer is not HTTP.
    #[error("{0} does not speak HTTP")]
    NotHttp(String),
}

/// Asks for a URL, and waits at most [`ANSWER_TIMEOUT`]. A URL without a path asks for `path`.
///
/// # Errors
/// [`GetError`] if the URL is wrong, or if the server does not answer over HTTP in time.
pub(super) fn get(url: &str, path: &str) -> Result<HttpAnswer, GetError> {
    let target = Target::parse(url, path)?;
    let unreachable = |cause| GetError::Unreachable {
        url: target.url.clone(),
        cause,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(unreachable)?;
    let asked = runtime.block_on(async { timeout(ANSWER_TIMEOUT, target.ask()).await });
    // The look-up of the name may still run on another thread. The command does not wait for it.
    runtime.shutdown_background();
    let bytes = asked
        .map_err(|_| GetError::Slow(target.url.clone()))?
        .map_err(unreachable)?;
    parse(&bytes).ok_or(GetError::NotHttp(target.url))
}

/// The parts of a URL.
struct Target {
    url: String,
    server: Server,
    authority: String,
    path: String,
}

/// The place of a server.
#[derive(Debug, PartialEq, Eq)]
enum Server {
    Tcp { host: String, port: u16 },
    Tls { host: String, port: u16 },
    Unix(PathBuf),
}

impl Target {
    fn parse(url: &str, path: &str) -> Result<Self, GetError> {
        let not_a_url = || GetError::NotAUrl(url.to_owned());
        if let Some(socket) = url.strip_prefix(UNIX).filter(|socket| !socket.is_empty()) {
            return Ok(Self {
                url: url.to_owned(),
                server: Server::Unix(socket.into()),
                authority: "localhost".to_owned(),
                path: path.to_owned(),
            });
        }
        let uri: Uri = url.parse().map_err(|_| not_a_url())?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(not_a_url()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(not_a_url)?;
        let asked = uri.path_and_query().map_or("", |asked| asked.as_str());
        let port = uri.port_u16().unwrap_or(if is_tls { HTTPS_PORT } else { HTTP_PORT });
        // Only the text of an IPv6 address is in brackets.
        let name = host.trim_matches(['[', ']']).to_owned();
        Ok(Self {
            url: url.to_owned(),
            authority: format!("{host}:{port}"),
            server: if is_tls {
                Server::Tls { host: name, port }
            } else {
                Server::Tcp { host: name, port }
            },
            path: if ["", "/"].contains(&asked) { path } else { asked }.to_owned(),
        })
    }

    async fn ask(&self) -> std::io::Result<Vec<u8>> {
        match &self.server {
            Server::Tcp { host, port } => self.exchange(TcpStream::connect((host.as_str(), *port)).await?).await,
            Server::Tls { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                self.exchange(tls::probe(stream, host).await?).await
            }
            Server::Unix(socket) => self.exchange(UnixStream::connect(socket).await?).await,
        }
    }

    /// Sends the request and returns the bytes of the answer. HTTP/1.0 ends the answer with the connection.
    async fn exchange(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<Vec<u8>> {
        let request = format!("GET {} HTTP/1.0\r\nHost: {}\r\n\r\n", self.path, self.authority);
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.take(ANSWER_BYTES).read_to_end(&mut bytes).await?;
        Ok(bytes)
    }
}

fn parse(answer: &[u8]) -> Option<HttpAnswer> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let (version, rest) = head.split_once(' ')?;
    let status = rest.get(..3)?.parse().ok()?;
    version.starts_with("HTTP/1.").then(|| HttpAnswer {
        status,
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_path_gets_one() {
        let parts = |url: &str| {
            let target = Target::parse(url, "/readyz").expect("a URL");
            (target.server, target.path)
        };
        for (url, host, port, path) in [
            ("http://localhost", "localhost", 80, "/readyz"),
            ("http://localhost:3000/", "localhost", 3000, "/readyz"),
            ("http://[::1]:3000", "::1", 3000, "/readyz"),
            ("http://h:1/rollcall/livez?a=1", "h", 1, "/rollcall/livez?a=1"),
        ] {
            let host = host.to_owned();
            assert_eq!(parts(url), (Server::Tcp { host, port }, path.into()), "{url}");
        }
        let secure = |port| Server::Tls {
            host: "h".to_owned(),
            port,
        };
        assert_eq!(parts("https://h"), (secure(443), "/readyz".into()));
        assert_eq!(parts("https://h:1/a"), (secure(1), "/a".into()));
        let socket = parts("unix:/run/a.sock");
        assert_eq!(socket, (Server::Unix("/run/a.sock".into()), "/readyz".into()));
        for url in [
            "",
            "unix:",
            "localhost:3000",
            "/readyz",
            "ftp://h/",
            "http://",
            "http://a b/",
        ] {
            assert!(matches!(Target::parse(url, ""), Err(GetError::NotAUrl(_))), "{url}");
        }
    }

    #[test]
    fn an_answer_that_is_not_http_is_refused() {
        let status = |answer: &str| parse(answer.as_bytes()).map(|answer| answer.status);
        assert_eq!(status("HTTP/1.0 200 OK\r\nA: b\r\n\r\nbody"), Some(200));
        for answer in [
            "",
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.0 200 OK\r\n",
            "HTTP/1.0 ok\r\n\r\n",
        ] {
            assert_eq!(status(answer), None, "{answer:?}");
        }
    }
}
