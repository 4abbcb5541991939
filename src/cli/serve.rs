//! The command `rollcall serve`.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use super::logging::Logging;
use super::service_manager::ServiceManager;
use super::setting_flags::Given;
use super::{Failure, load, logging, output};
use crate::app::{Clock, Overrides};
use crate::auth::TokenSecret;
use crate::auth::password::Passwords;
use crate::config::{Administrator, StartSettings};
use crate::domain::listen_address::url_of;
use crate::http::Limits;
use crate::net::{self, BoundAddress, InheritedSocket, Protocol, open_files};
use crate::observe::LogMeter;
use crate::ops::users::{NewUser, NewUserTexts};
use crate::realtime::Timing;
use crate::server::{Options, Server};
use crate::store::backup::{Encryption, UpgradeBackups};

/// The exit code after a second signal.
const CUT_SHORT: i32 = 130;

pub(super) fn run(given: &Given) -> Result<(), Failure> {
    let inherited = net::inherited().map_err(|error| Failure::configuration(error.to_string()))?;
    let config = load(given)?;
    let settings = StartSettings::of(&config)?;
    let log = logging::start(settings.log_format, settings.log_level);
    for variable in config.unknown_variables() {
        warn!(variable, "is no variable of this server: it is ignored");
    }
    open_files::prepare().map_err(|error| Failure::failed(error.to_string()))?;
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let meter = log.meter();
    let outcome = runtime.block_on(serve(settings, inherited, meter, || reload(given, &log)));
    // A read of a disk that does not answer must not delay the end.
    runtime.shutdown_background();
    outcome
}

async fn serve(
    settings: StartSettings,
    inherited: Vec<InheritedSocket>,
    log: LogMeter,
    reload: impl Fn() + Send,
) -> Result<(), Failure> {
    let mut signals = Signals::take().map_err(|error| Failure::failed(format!("cannot wait for signals: {error}")))?;
    let manager = ServiceManager::connect();
    // The start reads the whole store, so it runs on another thread than the signals.
    let starting = tokio::spawn(Server::start(options(settings, inherited, log)?));
    let server = tokio::select! {
        started = starting => match started {
            Ok(server) => server?,
            Err(error) => return Err(Failure::failed(format!("the start failed: {error}"))),
        },
        () = signals.end() => {
            info!("stopped before it listened");
            return Ok(());
        }
        never = manager.wait_for_start() => never,
    };
    let mut lines: Vec<_> = server.addresses().iter().map(announced).collect();
    let attending = manager.attend(server.liveness(), lines.join(", "));
    lines.extend(
        server
            .self_signed()
            .map(|fingerprint| format!("self-signed certificate, SHA-256 fingerprint: {fingerprint}")),
    );
    lines.extend(
        server
            .setup_link()
            .map(|link| format!("no user yet: create the first administrator at {link}")),
    );
    for address in server.metrics_addresses() {
        lines.push(announced(&address).replacen("listening", "metrics", 1));
    }
    output::announce(lines);
    let stop_time = server.stop_time();
    let certificate = server.reload();
    let notified = manager.clone();
    let reload = move || {
        notified.reloading();
        reload();
        let (certificate, notified) = (certificate.clone(), notified.clone());
        tokio::spawn(async move {
            certificate.ask().await;
            notified.reloaded();
        });
    };
    let ended = server.run(shutdown(signals, reload, &manager, stop_time)).await;
    if let Some(attending) = attending {
        attending.abort();
    }
    manager.finish();
    ended.map_err(|ended| Failure::failed(format!("{ended}; restart the server")))
}

/// Returns the line for an address that the server listens on.
fn announced((address, protocol): &(BoundAddress, Protocol)) -> String {
    match (address, protocol) {
        (BoundAddress::Tcp(address), Protocol::Redirect) => format!("redirecting http://{address} to https"),
        (BoundAddress::Tcp(address), protocol) => format!("listening on {}://{address}", protocol.scheme()),
        (BoundAddress::Unix(_), _) => format!("listening on {address}"),
    }
}

/// Reads the configuration again, and applies what can change while the server runs: the level of the log.
fn reload(given: &Given, log: &Logging) {
    match load(given).and_then(|config| StartSettings::of(&config)) {
        Ok(settings) => {
            log.set_level(settings.log_level);
            info!(log_level = ?settings.log_level, "read the configuration again; other settings apply at the next start");
        }
        Err(error) => warn!(%error, "the configuration cannot be read again: all settings stay"),
    }
}

fn options(settings: StartSettings, inherited: Vec<InheritedSocket>, log: LogMeter) -> Result<Options, Failure> {
    // The sockets of systemd replace the default address.
    let replaces = !inherited.is_empty() && settings.network.listens_by_default;
    Ok(Options {
        listen: if replaces {
            Vec::new()
        } else {
            settings.network.listen.clone()
        },
        inherited,
        metrics_listen: settings.metrics_listen.clone(),
        log,
        tls: settings.network.tls.clone(),
        redirect: settings.network.redirect.clone(),
        data_dir: settings.data_dir.clone(),
        limits: Limits {
            stop_time: settings.stop_time,
            keep_alive_time: settings.network.keep_alive_time,
            head_time: settings.network.head_time,
            ..Limits::default()
        },
        timing: Timing::default(),
        passwords: Passwords::default(),
        administrator: settings.administrator.as_ref().map(administrator).transpose()?,
        clock: Clock::system(),
        fixed: fixed(settings),
    })
}

/// Returns the values that cannot be changed while the server runs.
pub(super) fn fixed(settings: StartSettings) -> Overrides {
    let encryption = Encryption::from(settings.backup_recipients);
    Overrides {
        settings: settings.fixed,
        address_url: url_of(settings.network.scheme(), &settings.network.listen),
        create_tokens_secret: settings.create_tokens_secret.map(TokenSecret::from),
        trusted_proxies: settings.trusted_proxies,
        secret_key_file: settings.secret_key_file,
        admin_socket: settings.admin_socket,
        cluster: settings.cluster,
        disk_reserve_bytes: settings.disk_reserve_bytes,
        compact_at_start: settings.compact_at_start,
        compact_waste: settings.compact_waste,
        upgrade: UpgradeBackups {
            folder: settings.backups.as_ref().map(|plan| plan.folder.clone()),
            are_skipped: settings.upgrade_without_backup,
            encryption: encryption.clone(),
        },
        backup_encryption: encryption,
        backups: settings.backups,
        metrics_token: settings.metrics_token.map(TokenSecret::from),
        slow_request: settings.slow_request,
    }
}

fn administrator(texts: &Administrator) -> Result<NewUser, Failure> {
    let texts = NewUserTexts {
        username: &texts.username,
        email: texts.email.as_deref(),
        name: texts.name.as_deref(),
        password: texts.password.expose_secret(),
        roles: &[],
    };
    NewUser::parse(texts)
        .map_err(|error| Failure::configuration(format!("the settings of the first administrator: {error}")))
}

/// The signals that the server handles. By default each of them would end the process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    user: [Signal; 2],
}

/// The meaning of a signal.
enum Signalled {
    /// SIGTERM, SIGINT: the server has to stop.
    End,
    /// SIGHUP: the server has to read its configuration again.
    Reload,
    /// SIGUSR1, SIGUSR2: nothing.
    Nothing,
}

impl Signals {
    fn take() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            user: [
                signal(SignalKind::user_defined1())?,
                signal(SignalKind::user_defined2())?,
            ],
        })
    }

    async fn next(&mut self) -> Signalled {
        poll_fn(|context| {
            if self.terminate.poll_recv(context).is_ready() || self.interrupt.poll_recv(context).is_ready() {
                return Poll::Ready(Signalled::End);
            }
            if self.hangup.poll_recv(context).is_ready() {
                return Poll::Ready(Signalled::Reload);
            }
            // Both are polled, so that both wake this task.
            let signalled = self.user.each_mut().map(|signal| signal.poll_recv(context).is_ready());
            if signalled.contains(&true) {
                return Poll::Ready(Signalled::Nothing);
            }
            Poll::Pending
        })
        .await
    }

    /// Waits for a signal to stop.
    async fn end(&mut self) {
        while !matches!(self.next().await, Signalled::End) {}
    }
}

/// Returns after the first signal to stop. A second one ends the process at once.
async fn shutdown(mut signals: Signals, reload: impl Fn() + Send, manager: &ServiceManager, stop_time: Duration) {
    loop {
        match signals.next().await {
            Signalled::End => break,
            Signalled::Reload => reload(),
            Signalled::Nothing => info!("SIGUSR1 and SIGUSR2 have no effect"),
        }
    }
    manager.stopping(stop_time);
    let stop_seconds = stop_time.as_secs();
    info!(
        "stopping: no new connections, up to {stop_seconds} seconds for requests in flight and for sockets; a second signal \
         ends at once"
    );
    tokio::spawn(async move {
        signals.end().await;
        std::process::exit(CUT_SHORT);
    });
}
