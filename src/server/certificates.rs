//! The certificate of a server while it runs: loaded at the start, again after SIGHUP or when its files change, and with a
//! warning before its end.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;
use tracing::{info, warn};

use super::question::Answers;
use crate::app::{App, ServedCertificate};
use crate::config::TlsSource;
use crate::domain::timestamp::DAY_MILLIS;
use crate::domain::{ListenAddress, Timestamp};
use crate::net::tls::{self, CertificatePair, SelfSigned, Stamp, Tls, TlsError};
use crate::store::create_private_file;

/// The file in the data folder with the self-signed certificate and its key.
const SELF_SIGNED: &str = "tls-self-signed.pem";

/// The name of that file before it is durable.
const BEGINNING: &str = "tls-self-signed.pem.beginning";

/// The days before the end of a self-signed certificate at which a new one is made.
const RENEW_DAYS: i64 = 30;

/// The file of the machine's name.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// The certificate of a server.
pub(super) struct Certificates {
    tls: Tls,
    source: Source,
    /// The state of the files at the last attempt to load them.
    seen: Stamp,
    pair: CertificatePair,
    /// The time of the last warning, by the steady clock.
    warned_at: Option<Timestamp>,
}

/// The files of the certificate and its key.
#[derive(Clone)]
struct Source {
    certificate: PathBuf,
    key: PathBuf,
    /// The names in a self-signed certificate; `None` for one from the settings.
    names: Option<Vec<String>>,
}

impl Certificates {
    /// Loads the certificate, or makes a self-signed one. `listen` has the addresses for which clients need it.
    pub(super) async fn load(
        app: &App,
        source: TlsSource,
        folder: &Path,
        listen: &[ListenAddress],
    ) -> Result<Self, TlsError> {
        let source = match source {
            TlsSource::Files { certificate, key } => Source {
                certificate,
                key,
                names: None,
            },
            TlsSource::SelfSigned => Source {
                certificate: folder.join(SELF_SIGNED),
                key: folder.join(SELF_SIGNED),
                names: Some(names(app, listen)),
            },
        };
        let now = app.clock.now();
        let first = source.clone();
        let (seen, pair) = on_disk(move || (first.stamp(), first.open(now))).await?;
        let pair = pair?;
        report(app, &pair);
        Ok(Self {
            tls: Tls::new(&pair)?,
            source,
            seen,
            pair,
            warned_at: None,
        })
    }

    /// Returns the TLS side of the listeners.
    pub(super) fn tls(&self) -> Tls {
        self.tls.clone()
    }

    /// Returns the fingerprint of a self-signed certificate, which users compare; `None` for one from the settings.
    pub(super) fn self_signed(&self) -> Option<&str> {
        self.source.names.as_ref().map(|_| self.pair.fingerprint.as_str())
    }

    /// Loads the certificate whenever its files change and for each question of `reload`, and warns before its end.
    pub(super) async fn watch(mut self, app: &App, mut reload: Answers) {
        let mut tick = app.clock.tick();
        loop {
            self.warn_before_the_end(app);
            let asked = tokio::select! {
                () = tick => None,
                answer = reload.next() => Some(answer),
            };
            // The next wait begins before the clock is read, so that no change of it is missed.
            tick = app.clock.tick();
            self.renew(app, asked.is_some()).await;
            if let Some(answer) = asked {
                // The task that asked may have ended.
                let _ = answer.send(());
            }
        }
    }

    /// Loads the files if they have changed or if `is_asked`. After an error, the server uses the old certificate.
    async fn renew(&mut self, app: &App, is_asked: bool) {
        // With a doubtful clock, a certificate with a wrong time would be made.
        let now = app.clock.now();
        let is_ending = days_left(self.pair.ends_at, now) < RENEW_DAYS && app.clock.trust().doubt.is_none();
        let make = self.source.names.is_some() && is_ending;
        let (source, seen) = (self.source.clone(), self.seen.clone());
        let loaded = on_disk(move || {
            let stamp = source.stamp();
            if !make && !is_asked && stamp == seen {
                return None;
            }
            let pair = if make { source.make(now) } else { source.open(now) };
            Some((source.stamp(), pair))
        });
        match loaded.await {
            Ok(None) => {}
            Ok(Some((stamp, Ok(pair)))) => {
                self.seen = stamp;
                self.tls.replace(&pair);
                self.pair = pair;
                self.warned_at = None;
                report(app, &self.pair);
            }
            Ok(Some((stamp, Err(error)))) => {
                self.seen = stamp;
                warn!(%error, "the TLS certificate stays: the new one cannot be used");
            }
            Err(error) => warn!(%error, "the TLS certificate stays: its files cannot be read"),
        }
    }

    /// Logs a warning once a day in the last days of the certificate.
    fn warn_before_the_end(&mut self, app: &App) {
        let days = days_left(self.pair.ends_at, app.clock.now());
        let steady = app.clock.steady();
        let is_recent = |at: Timestamp| steady.as_millis() - at.as_millis() < DAY_MILLIS;
        if days >= tls::WARN_DAYS || self.warned_at.is_some_and(is_recent) {
            return;
        }
        self.warned_at = Some(steady);
        let (ends_at, certificate) = (self.pair.ends_at, self.source.certificate.display());
        if days < 0 {
            warn!(%ends_at, %certificate, "the TLS certificate has ended: clients refuse it; replace the file");
        } else {
            warn!(%ends_at, %certificate, "the TLS certificate ends in {days} days: replace the file; the server loads it by itself");
        }
    }
}

impl Source {
    fn stamp(&self) -> Stamp {
        Stamp::of(&self.certificate, &self.key)
    }

    /// Reads the files. Makes a self-signed certificate if there is none yet, or if it ends soon.
    fn open(&self, now: Timestamp) -> Result<CertificatePair, TlsError> {
        if self.names.is_none() {
            return CertificatePair::read(&self.certificate, &self.key);
        }
        if fs::symlink_metadata(&self.certificate).is_err() {
            return self.make(now);
        }
        let pair = CertificatePair::read(&self.certificate, &self.key)?;
        if days_left(pair.ends_at, now) < RENEW_DAYS {
            return self.make(now);
        }
        Ok(pair)
    }

    /// Makes a self-signed certificate and writes it into the data folder, which this process has locked.
    fn make(&self, now: Timestamp) -> Result<CertificatePair, TlsError> {
        let made = SelfSigned::new(self.names.clone().unwrap_or_default(), now)?;
        write(&self.certificate, &made).map_err(|cause| TlsError::Unwritable {
            path: self.certificate.clone(),
            cause,
        })?;
        CertificatePair::read(&self.certificate, &self.key)
    }
}

/// Writes the file under another name, and gives it its name when it is durable.
fn write(path: &Path, made: &SelfSigned) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let beginning = folder.join(BEGINNING);
    let mut file = create_private_file(&beginning)?;
    file.write_all(made.expose().as_bytes())?;
    file.sync_all()?;
    fs::rename(&beginning, path)?;
    File::open(folder)?.sync_all()
}

/// Runs work with files on a thread that may wait.
async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, TlsError> {
    let done = spawn_blocking(work).await;
    done.map_err(|error| TlsError::SelfSigned(error.to_string()))
}

/// Records the certificate for monitoring and in the log.
fn report(app: &App, pair: &CertificatePair) {
    info!(fingerprint = pair.fingerprint, ends_at = %pair.ends_at, "uses a TLS certificate");
    app.certificate.replace(ServedCertificate {
        ends_at: pair.ends_at,
        fingerprint: pair.fingerprint.clone(),
    });
}

/// Returns the whole days until a time; negative after it.
fn days_left(end: Timestamp, now: Timestamp) -> i64 {
    (end.as_millis() - now.as_millis()).div_euclid(DAY_MILLIS)
}

/// Returns the names and addresses under which clients reach this server, for a self-signed certificate.
fn names(app: &App, listen: &[ListenAddress]) -> Vec<String> {
    let host_name = fs::read_to_string(HOST_NAME).unwrap_or_default();
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1", host_name.trim()]
        .map(str::to_owned)
        .into();
    for address in listen {
        match address {
            ListenAddress::Ip(address) if !address.ip().is_unspecified() => names.push(address.ip().to_string()),
            ListenAddress::Host { name, .. } => names.push(name.clone()),
            _ => {}
        }
    }
    let site: Option<warp::http::Uri> = app.public_address().url.parse().ok();
    names.extend(
        site.as_ref()
            .and_then(|site| site.host())
            .map(|host| host.trim_matches(['[', ']']).to_owned()),
    );
    names.retain(|name| !name.is_empty() && name.is_ascii());
    names.sort_unstable();
    names.dedup();
    names
}
