//! TLS of the real binary: its settings, what it prints, SIGHUP, and the sentences for files that it cannot use.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{ChildStderr, Command};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::Process;
use crate::support::process::{rollcall, run, serve};
use crate::support::raw::{exchange, exchange_over};
use crate::support::server::{DAY, new_folder};
use crate::support::tls::{HTTP1, Pair, TlsClient, write_key};

/// The certificates and keys that openssl has made in all its forms.
const FORMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates");

const LIVE: &str = "GET /livez HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    since.as_millis().try_into().expect("a time")
}

fn with_pair(command: &mut Command, pair: &Pair) {
    command
        .arg("--tls-cert")
        .arg(&pair.certificate)
        .arg("--tls-key")
        .arg(&pair.key);
}

fn start(folder: &Arc<TempDir>, pair: &Pair) -> Process {
    Process::start_in(Arc::clone(folder), |command| with_pair(command, pair))
}

/// Reads lines of the log until one has these words.
fn read_until(log: &mut BufReader<ChildStderr>, words: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).expect("text") > 0, "{words:?}");
        if line.contains(words) {
            return line;
        }
    }
}

/// Returns the address without TLS in the line that the server prints.
fn redirecting(line: &str) -> SocketAddr {
    let rest = line.trim().strip_prefix("redirecting http://");
    let address = rest.and_then(|rest| rest.strip_suffix(" to https"));
    address.expect(line).parse().expect("an address")
}

#[tokio::test]
async fn keys_in_every_form_are_served() {
    for (certificate, key) in [("rsa.crt", "rsa-pkcs1.key"), ("ec.crt", "ec-sec1.key")] {
        let folder = new_folder();
        let text = fs::read_to_string(Path::new(FORMS).join(key)).expect("a file");
        let pair = Pair {
            certificate: Path::new(FORMS).join(certificate),
            key: folder.path().join(key),
        };
        write_key(&pair.key, &text);
        let server = start(&folder, &pair);
        let stream = pair
            .client()
            .now()
            .connect(server.address, &[HTTP1])
            .await
            .expect("a handshake");
        let answer = exchange_over(stream, LIVE.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{key}: {answer}");
    }
}

#[test]
fn a_pair_that_cannot_be_used_ends_the_start_with_a_sentence() {
    let folder = new_folder();
    let home = folder.path();
    let pair = Pair::long(home);
    let at = |name: &str| home.join(name).to_str().expect("a path").to_owned();
    fs::create_dir(at("other")).expect("a folder");
    let other = Pair::long(&home.join("other"));
    fs::write(at("text"), "no PEM\n").expect("a file");
    write_key(&home.join("private-text"), "no PEM\n");
    write_key(
        &home.join("broken"),
        "-----BEGIN PRIVATE KEY-----\nsecret!\n-----END PRIVATE KEY-----\n",
    );
    fs::write(
        at("not-der"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .expect("a file");
    fs::copy(&pair.key, at("open")).expect("a copy");
    fs::set_permissions(at("open"), fs::Permissions::from_mode(0o644)).expect("a mode");
    let encrypted = fs::read_to_string(Path::new(FORMS).join("encrypted.key")).expect("a file");
    write_key(&home.join("encrypted"), &encrypted);
    let (certificate, key) = (at("server.crt"), at("server.key"));
    let other = other.key.to_str().expect("a path").to_owned();
    for (certificate, key, words) in [
        (&at("missing"), &key, "cannot be read"),
        (&certificate, &at("missing"), "cannot be read"),
        (&at("text"), &key, "has no certificate"),
        (&at("not-der"), &key, "is damaged"),
        (&certificate, &at("private-text"), "has no private key"),
        (&certificate, &at("encrypted"), "without a passphrase"),
        (&certificate, &at("broken"), "is not base64"),
        (&certificate, &at("open"), "mode 644"),
        (&certificate, &other, "does not belong to the first certificate"),
    ] {
        let mut command = serve(home);
        command.args(["--tls-cert", certificate, "--tls-key", key]);
        let output = run(command, "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert!(said.contains(words) && !said.contains("secret!"), "{words}: {said}");
    }
    // The group may read a key, as Debian's group ssl-cert does.
    fs::set_permissions(&pair.key, fs::Permissions::from_mode(0o640)).expect("a mode");
    start(&folder, &pair);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for (flags, words) in [
        (&["--tls-cert", "a"][..], &["tls_cert", "tls_key"][..]),
        (&["--tls-key", "a"], &["tls_cert", "tls_key"]),
        (
            &["--tls-cert", "a", "--tls-key", "b", "--tls-self-signed"],
            &["tls_self_signed", "tls_cert", "keep one"],
        ),
        (&["--tls-self-signed=maybe"], &["tls_self_signed", "true, false"]),
        (&["--redirect-http", ":8080"], &["redirect_http", "needs TLS"]),
        (
            &["--tls-self-signed", "--redirect-http", ":8080,unix:x.sock"],
            &["redirect_http", "has a Unix socket, at which no browser begins"],
        ),
    ] {
        let folder = new_folder();
        let mut command = serve(folder.path());
        command.args(flags);
        let output = run(command, "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }
}

#[tokio::test]
async fn sighup_loads_a_new_pair_under_open_connections_and_a_bad_one_changes_nothing() {
    let folder = new_folder();
    let pair = Pair::long(folder.path());
    let mut server = start(&folder, &pair);
    let mut log = BufReader::new(server.child.stderr.take().expect("a pipe"));
    let first = pair.client().now();
    let mut open = first.connect(server.address, &[HTTP1]).await.expect("a handshake");

    let pair = Pair::long(folder.path());
    server.signal(libc::SIGHUP);
    read_until(&mut log, "read the configuration again");
    read_until(&mut log, "uses a TLS certificate");
    let second = pair.client().now();
    assert!(second.is_served(server.address).await && !first.is_served(server.address).await);

    let certificate = fs::read(&pair.certificate).expect("a file");
    Pair::long(folder.path());
    fs::write(&pair.certificate, certificate).expect("a file");
    server.signal(libc::SIGHUP);
    let warned = read_until(&mut log, "the TLS certificate stays");
    assert!(
        warned.contains("does not belong") && warned.contains("WARN"),
        "{warned}"
    );
    assert!(second.is_served(server.address).await);

    open.write_all(LIVE.as_bytes())
        .await
        .expect("the first connection is open");
    let mut answer = String::new();
    open.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn a_self_signed_certificate_is_printed_and_kept() {
    let folder = new_folder();
    let mut fingerprints = Vec::new();
    for flag in ["--tls-self-signed", "--tls-self-signed=true"] {
        let mut server = Process::start_in(Arc::clone(&folder), |command| {
            command.arg(flag);
        });
        let line = server.line();
        let fingerprint = line
            .trim()
            .strip_prefix("self-signed certificate, SHA-256 fingerprint: ");
        let fingerprint = fingerprint.expect(&line).to_owned();
        assert_eq!(fingerprint.len(), 95, "{line}");
        let file = server.data_dir().join("tls-self-signed.pem");
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        let client = TlsClient::trusting(&file).now();
        let stream = client.connect(server.address, &[HTTP1]).await.expect("a handshake");
        assert!(
            exchange_over(stream, LIVE.as_bytes())
                .await
                .starts_with("HTTP/1.1 200 ")
        );
        server.signal(libc::SIGTERM);
        let (status, log) = server.wait();
        assert!(status.success() && log.contains(&fingerprint), "{log}");
        fingerprints.push(fingerprint);
    }
    assert_eq!(fingerprints[0], fingerprints[1]);
}

#[tokio::test]
async fn the_end_of_a_certificate_is_warned_of_at_the_start() {
    for (days, words) in [(10, "ends in 9 days"), (-1, "has ended")] {
        let folder = new_folder();
        let pair = Pair::write(folder.path(), now() + days * DAY);
        let mut server = start(&folder, &pair);
        let mut log = BufReader::new(server.child.stderr.take().expect("a pipe"));
        let warned = read_until(&mut log, "the TLS certificate");
        assert!(warned.contains(words) && warned.contains("server.crt"), "{warned}");
    }
}

#[tokio::test]
async fn addresses_with_and_without_tls_and_a_redirect_are_one_server() {
    let folder = new_folder();
    let pair = Pair::long(folder.path());
    let mut server = Process::start_in(Arc::clone(&folder), |command| {
        with_pair(command, &pair);
        command.args(["--listen", "unix:x.sock", "--redirect-http", "127.0.0.1:0"]);
    });
    assert_eq!(server.line(), "listening on unix:x.sock\n");
    let plain = redirecting(&server.line());
    let stream = tokio::net::UnixStream::connect(folder.path().join("x.sock"))
        .await
        .expect("a connection");
    assert!(
        exchange_over(stream, LIVE.as_bytes())
            .await
            .starts_with("HTTP/1.1 200 ")
    );

    let port = server.address.port();
    for (request, expected) in [
        (
            "GET /people?a=b HTTP/1.1\r\nhost: chat.example:80",
            format!("https://chat.example:{port}/people?a=b"),
        ),
        ("GET / HTTP/1.1\r\nhost: [::1]", format!("https://[::1]:{port}/")),
        (
            "POST /api/v1/login HTTP/1.1\r\nhost: a\r\ncontent-length: 2",
            format!("https://a:{port}/api/v1/login"),
        ),
        (
            "GET /livez HTTP/1.1\r\nhost: a b",
            format!("https://127.0.0.1:{port}/livez"),
        ),
        ("GET /livez HTTP/1.0", format!("https://127.0.0.1:{port}/livez")),
    ] {
        let request = format!("{request}\r\nconnection: close\r\n\r\n{{}}");
        let answer = exchange(plain, request.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 308 ") || answer.starts_with("HTTP/1.0 308 "),
            "{answer}"
        );
        assert!(
            answer.contains(&format!("location: {expected}\r\n")),
            "{expected}: {answer}"
        );
    }
    // A client that speaks HTTP without TLS gets an answer in its own protocol.
    let answer = exchange(server.address, LIVE.as_bytes()).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("use https://\r\n"),
        "{answer}"
    );
}

#[test]
fn the_command_for_containers_asks_over_tls() {
    let server = Process::start_in(new_folder(), |command| {
        command.arg("--tls-self-signed");
    });
    let (address, url) = (server.address.to_string(), format!("https://{}", server.address));
    for arguments in [&["--url", &url][..], &["--listen", &address, "--tls-self-signed"]] {
        let mut command = rollcall(server.folder.path());
        command.arg("health").args(arguments);
        let output = run(command, "");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains(&url), "{output:?}");
    }
}

#[tokio::test]
async fn a_redirect_names_the_public_url() {
    let folder = new_folder();
    let pair = Pair::long(folder.path());
    let mut server = Process::start_in(Arc::clone(&folder), |command| {
        with_pair(command, &pair);
        command.args([
            "--redirect-http",
            "127.0.0.1:0",
            "--public-url",
            "https://chat.example/team",
        ]);
    });
    let plain = redirecting(&server.line());
    let answer = exchange(
        plain,
        b"GET /team/people HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(
        answer.contains("location: https://chat.example/team/people\r\n"),
        "{answer}"
    );
}
