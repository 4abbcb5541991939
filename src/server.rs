//! The running server: opens the store, combines the filters, listens, and shuts down in order.

mod arrival;
mod certificates;
mod cluster_watch;
mod connection;
mod http2;
mod listener;
mod liveness;
mod memory;
mod metrics_listener;
mod open_streams;
mod question;
mod start;
mod tasks;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{error, info, warn};
use warp::Filter;
use warp::filters::BoxedFilter;

pub use crate::net::open_files::allow_as_many_as_possible;
use certificates::Certificates;
pub use listener::serve;
pub(crate) use liveness::LivenessProbe;
use metrics_listener::serve_metrics;
pub(crate) use question::Questions;
use question::{Answers, questions};
pub use start::{Options, StartError};
pub use tasks::EndedTask;
use tasks::Tasks;

use crate::admin_socket::AdminSocket;
use crate::app::App;
use crate::domain::listen_address::url_of;
use crate::domain::{ListenAddress, SettingId};
use crate::http::{self, Front, Gate, Limits};
use crate::intake::Bound;
use crate::net::{BoundAddress, Listeners, Protocol};
use crate::ops::backups::schedule;
use crate::ops::opening;
use crate::ops::{avatars, disk_watch, doubt, expiry, lockout, lost_connections, neighbours, setup, sweep, upgrade};
use crate::realtime::{self, SocketServer};
use crate::store::socket_path;
use crate::web::{self, FormBounds, Streams};

/// The name of the task that accepts connections.
const ACCEPT_LOOP: &str = "the accept loop";

/// A server that listens. It answers after [`Server::run`] is called.
pub struct Server {
    app: App,
    socket_server: Arc<SocketServer>,
    streams: Streams,
    front: Front,
    listeners: Listeners,
    certificates: Option<Certificates>,
    accept_loop: (Questions, Answers),
    reload: (Questions, Answers),
    socket: Option<AdminSocket>,
    metrics: Option<Listeners>,
    setup_link: Option<String>,
    limits: Limits,
}

impl Server {
    /// Opens the store and the listening sockets.
    ///
    /// # Errors
    /// [`StartError`] with the cause and what to do.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let app = opening::open(&options.data_dir, options.clock, options.passwords, options.fixed).await?;
        app.metrics.add_log(&options.log);
        let certificates = match options.tls {
            Some(source) => Some(Certificates::load(&app, source, &options.data_dir, &options.listen).await?),
            None => None,
        };
        let protocol = if certificates.is_some() {
            Protocol::Tls
        } else {
            Protocol::Plain
        };
        let mut listeners = Listeners::open(&options.listen, options.inherited, protocol).await?;
        let app = app.at(url_of(protocol.scheme(), &bound_to(&listeners)));
        listeners.extend(Listeners::open(&options.redirect, Vec::new(), Protocol::Redirect).await?);
        let metrics = match &*options.metrics_listen {
            [] => None,
            some => Some(Listeners::open(some, Vec::new(), Protocol::Plain).await?),
        };

        if let Some(new) = options.administrator {
            if let Some(user) = setup::from_settings(&app, new)
                .await
                .map_err(StartError::of_administrator)?
            {
                info!(username = %user.username, "created the first administrator from the settings");
            } else {
                warn!("ROLLCALL_ADMIN_PASSWORD and the other admin_ settings are ignored: the store has users");
            }
        }
        let setup_link = setup::link(&app).await?;
        expiry::settle(&app).await.map_err(StartError::Statuses)?;
        lockout::settle(&app).await.map_err(StartError::Blocks)?;
        lost_connections::take_in(&app).await.map_err(StartError::Connections)?;
        app.hub.record_beginnings();
        let socket = open_socket(&app, &options.data_dir);
        let socket_server = SocketServer::new(app.clone(), options.timing);
        let streams = Streams::new(app.clone());
        let gate = Gate::new(app.clone(), options.limits);
        let others = others(&app, &socket_server, &gate, &options.limits, streams.clone());
        let others = match metrics {
            Some(_) => others,
            None => http::metrics::metrics(app.clone()).or(others).unify().boxed(),
        };
        Ok(Self {
            // Most requests are of the API, and each filter that is tried before costs them time.
            front: Front::new(app.clone(), http::api(gate).or(others).unify().boxed()),
            setup_link: setup_link.map(|secret| format!("{}/setup#{secret}", app.public_address().url)),
            app,
            socket_server,
            streams,
            listeners,
            certificates,
            accept_loop: questions(),
            reload: questions(),
            socket,
            metrics,
            limits: options.limits,
        })
    }

    /// Returns the addresses that the server listens on, with what it speaks there.
    #[must_use]
    pub fn addresses(&self) -> Vec<(BoundAddress, Protocol)> {
        self.listeners.addresses()
    }

    /// Returns the addresses that have only the metrics.
    #[must_use]
    pub fn metrics_addresses(&self) -> Vec<(BoundAddress, Protocol)> {
        self.metrics.as_ref().map(Listeners::addresses).unwrap_or_default()
    }

    /// Returns the fingerprint of a self-signed certificate, which users compare with what their browser shows.
    #[must_use]
    pub fn self_signed(&self) -> Option<&str> {
        self.certificates.as_ref().and_then(Certificates::self_signed)
    }

    /// Returns the handle that makes the server load its certificate again: its `ask` waits until that is done.
    #[must_use]
    pub fn reload(&self) -> Questions {
        self.reload.0.clone()
    }

    /// Returns the handle that asks the server for a proof that it works.
    #[must_use]
    pub fn liveness(&self) -> LivenessProbe {
        LivenessProbe::new(self.app.clone(), self.accept_loop.0.clone())
    }

    /// Returns the time that requests in flight have when the server stops.
    #[must_use]
    pub const fn stop_time(&self) -> Duration {
        self.limits.stop_time
    }

    /// Returns the link that creates the first administrator, while there are no users.
    #[must_use]
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// Serves until `shutdown` ends, completes running requests, and closes the store.
    ///
    /// # Errors
    /// [`EndedTask`] when a task ended without which the server does not work; the server then stops in the same way.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), EndedTask> {
        let app = self.app.clone();
        let most = move |address| most_connections(&app, address);
        let front = self.front;
        let answer = move |request| {
            let front = front.clone();
            async move { front.answer(request).await }
        };
        let sweeper = tokio::spawn(sweep::now_and_then(self.app.clone()));
        let hardening = tokio::spawn(upgrade::harden_in_background(self.app.clone()));
        let backups = tokio::spawn(schedule::make_in_time(self.app.clone()));
        let cleaner = tokio::spawn(clean_old_pictures(self.app.clone()));
        let memory = tokio::spawn(memory::give_back_now_and_then());
        let (stop, mut stopping) = watch::channel(false);
        // The accept loop polls this, so that each answer is a proof that it runs.
        let stopped = self.accept_loop.1.answer_until(async move {
            let _ = stopping.wait_for(|stopping| *stopping).await;
        });
        let mut tasks = Tasks::default();
        if let Some(listeners) = self.metrics {
            tasks.spawn(
                "the addresses of metrics",
                serve_metrics(listeners, self.app.clone(), self.limits),
            );
        }
        let tls = self.certificates.as_ref().map(Certificates::tls);
        tasks.spawn(
            ACCEPT_LOOP,
            serve(self.listeners, tls, answer, self.limits, most, stopped),
        );
        if let Some(certificates) = self.certificates {
            let (app, reload) = (self.app.clone(), self.reload.1);
            tasks.spawn("the watch over the certificate", async move {
                certificates.watch(&app, reload).await;
            });
        } else {
            // A reload has no certificate to wait for.
            drop(self.reload.1);
        }
        if let Some(socket) = self.socket {
            let app = self.app.clone();
            tasks.spawn("the administration socket", async move { socket.serve(&app).await });
        }
        let app = self.app.clone();
        tasks.spawn("the timer of statuses", async move { expiry::end_in_time(&app).await });
        let app = self.app.clone();
        tasks.spawn("the watch over the disk", async move { disk_watch::watch(&app).await });
        let app = self.app.clone();
        tasks.spawn_with_cause("the membership of the cluster", async move {
            neighbours::take_part(&app).await.into()
        });
        let (app, sockets, streams) = (self.app.clone(), Arc::clone(&self.socket_server), self.streams.clone());
        tasks.spawn("the watch over the cluster", async move {
            cluster_watch::watch(&app, &sockets, &streams).await;
        });
        let app = self.app.clone();
        tasks.spawn("the watch over the clock", async move { doubt::watch(&app).await });
        let socket_server = Arc::clone(&self.socket_server);
        tasks.spawn("the distribution of events", async move {
            realtime::run(&socket_server).await;
        });
        let streams = self.streams.clone();
        tasks.spawn(
            "the distribution of events to streams",
            async move { streams.tell().await },
        );
        let socket_server = Arc::clone(&self.socket_server);
        tasks.spawn("the timer of lost connections", async move {
            socket_server.end_lost().await;
        });
        let outcome = tokio::select! {
            () = shutdown => Ok(()),
            ended = tasks.next_end() => {
                error!("{ended}; the server stops");
                Err(ended)
            }
        };
        self.app.readiness.drain();
        // Without this, responses that are streams would never end.
        self.streams.close();
        let _ = stop.send(true);
        let (others, ()) = tokio::join!(
            tasks.end_of(ACCEPT_LOOP),
            self.socket_server.close(self.limits.stop_time)
        );
        for ended in others {
            error!("{ended} while the server stopped");
        }
        if let Err(error) = lost_connections::keep(&self.app).await {
            warn!(%error, "users who reconnect after the restart are announced as new");
        }
        sweeper.abort();
        hardening.abort();
        cleaner.abort();
        backups.abort();
        memory.abort();
        tasks.end_all().await;
        self.app.store.close().await;
        info!("stopped");
        outcome
    }
}

/// Opens the administration socket, unless the system refuses it. The server then works without it.
fn open_socket(app: &App, folder: &Path) -> Option<AdminSocket> {
    let path = app.fixed.admin_socket.clone().unwrap_or_else(|| socket_path(folder));
    let bound = AdminSocket::bind(folder, &path);
    let warned = bound.inspect_err(|cause| {
        let socket = path.display();
        warn!(%cause, %socket, "the server runs without an administration socket: choose its path with --admin-socket");
    });
    warned.ok()
}

/// Combines all filters but those of the API and the metrics. Each passes on the requests that are not its own.
fn others(
    app: &App,
    socket_server: &Arc<SocketServer>,
    gate: &Gate,
    limits: &Limits,
    streams: Streams,
) -> BoxedFilter<(warp::reply::Response,)> {
    let bound = |bytes| Bound {
        bytes,
        time: limits.body_time,
    };
    let bounds = FormBounds {
        anonymous: bound(limits.anonymous_body_bytes),
        user: bound(limits.body_bytes),
        upload: bound(web::UPLOAD_FORM_BYTES),
        budget: gate.budget(),
    };
    realtime::sockets(socket_server)
        .or(http::health::health(app.clone()))
        .unify()
        .or(http::avatar::avatars(app.clone()))
        .unify()
        .or(web::web(app.clone(), bounds, streams))
        .unify()
        .boxed()
}

/// Returns the maximum number of connections of an address; `None` for a trusted proxy, which carries those
/// of its clients.
fn most_connections(app: &App, address: IpAddr) -> Option<u32> {
    (!app.fixed.trusts(address)).then(|| app.settings().number(SettingId::MaxConnectionsPerAddress))
}

/// Returns the IP addresses of the listeners, with the ports that the system chose.
fn bound_to(listeners: &Listeners) -> Vec<ListenAddress> {
    let addresses = listeners.addresses();
    addresses
        .iter()
        .filter_map(|(address, _)| address.tcp())
        .map(ListenAddress::from)
        .collect()
}

async fn clean_old_pictures(app: App) {
    if let Err(error) = avatars::clean_old(&app).await {
        warn!(%error, "pictures of an older version are not shown until they are encoded again; the next start tries");
    }
}
