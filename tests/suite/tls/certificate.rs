//! The certificate while the server runs: changed files, the warning before the end, and a self-signed one that is renewed.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use rollcall::config::TlsSource;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::server::{BEGINNING, DAY, MINUTE, new_folder};
use crate::support::tls::{HTTP1, Pair, TlsClient};
use crate::support::{TestServer, eventually};

/// A log that the test reads. The server runs on the thread of the test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn count(&self, words: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().expect("a log"))
            .matches(words)
            .count()
    }

    fn begin(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt()
            .with_writer(self.clone())
            .with_ansi(false)
            .finish();
        tracing::subscriber::set_default(subscriber)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a log").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

async fn start(source: TlsSource) -> TestServer {
    TestServer::open(new_folder(), |options| options.tls = Some(source)).await
}

/// Waits until the server shows the certificate that the client trusts.
async fn wait_until_served(server: &TestServer, client: &TlsClient) {
    eventually(async || {
        // The server may have looked a moment before the clock was set.
        server.pass(1);
        client.is_served(server.address).await
    })
    .await;
}

#[tokio::test]
async fn changed_files_are_loaded_after_a_while() {
    let home = new_folder();
    let pair = Pair::long(home.path());
    let server = start(pair.source()).await;
    let first = pair.client();
    assert!(first.is_served(server.address).await);
    let second = Pair::long(home.path()).client();
    assert!(first.is_served(server.address).await, "the server has not looked yet");
    server.pass(MINUTE);
    wait_until_served(&server, &second).await;
}

#[tokio::test]
async fn a_pair_that_is_written_in_two_steps_is_loaded_after_the_second() {
    let home = new_folder();
    let log = Log::default();
    let _guard = log.begin();
    let pair = Pair::long(home.path());
    let key = std::fs::read(&pair.key).expect("a file");
    let server = start(pair.source()).await;
    let first = pair.client();
    let second = Pair::long(home.path());
    let new_key = std::fs::read(&second.key).expect("a file");
    // Only the certificate is new.
    std::fs::write(&second.key, key).expect("a file");
    for _ in 0..3 {
        server.pass(MINUTE);
        eventually(async || {
            server.pass(1);
            log.count("the TLS certificate stays") > 0
        })
        .await;
        assert!(first.is_served(server.address).await);
    }
    // Renamed, because a server that looks at this moment warns of a file that is half written too.
    let whole = second.key.with_extension("new");
    std::fs::copy(&second.key, &whole).expect("a file with the mode of a key");
    std::fs::write(&whole, new_key).expect("a file");
    std::fs::rename(&whole, &second.key).expect("a rename");
    server.pass(MINUTE);
    wait_until_served(&server, &second.client()).await;
    assert_eq!(log.count("the TLS certificate stays"), 1, "one warning for one change");
}

#[tokio::test]
async fn the_end_is_warned_of_once_a_day_in_the_last_two_weeks() {
    let home = new_folder();
    let log = Log::default();
    let _guard = log.begin();
    let pair = Pair::write(home.path(), BEGINNING + 15 * DAY);
    let server = start(pair.source()).await;
    let warnings = || log.count("the TLS certificate ends in");
    // The warning is written by a task that the clock wakes.
    let pass = async |millis: i64, expected: usize| {
        server.pass(millis);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        eventually(async || {
            server.pass(1);
            warnings() >= expected
        })
        .await;
        assert_eq!(warnings(), expected);
    };
    pass(MINUTE, 0).await;
    pass(DAY, 1).await;
    assert_eq!(log.count("ends in 13 days"), 1);
    pass(MINUTE, 1).await;
    pass(DAY / 2, 1).await;
    pass(DAY / 2, 2).await;
    pass(DAY, 3).await;
    server.pass(13 * DAY);
    eventually(async || {
        server.pass(1);
        log.count("has ended") > 0
    })
    .await;
}

#[tokio::test]
async fn a_self_signed_certificate_is_renewed_before_its_end_and_kept_until_then() {
    let server = start(TlsSource::SelfSigned).await;
    let file = server.data_dir().join("tls-self-signed.pem");
    let first = TlsClient::trusting(&file);
    assert!(first.is_served(server.address).await);
    server.pass(360 * DAY);
    assert!(first.clone().at(BEGINNING + 360 * DAY).is_served(server.address).await);
    server.pass(10 * DAY);
    let later = BEGINNING + 370 * DAY;
    while first.clone().at(later).is_served(server.address).await {
        server.pass(1);
    }
    let second = TlsClient::trusting(&file).at(later);
    let stream = second.connect(server.address, &[HTTP1]).await;
    stream.expect("the new certificate is in the file and in use");
    let folder = server.stop().await;
    let server = TestServer::open(folder, |options| options.tls = Some(TlsSource::SelfSigned)).await;
    assert!(second.is_served(server.address).await, "it is kept over a restart");
}
