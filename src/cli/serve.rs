//! The command `rollcall serve`.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use super::setting_flags::Given;
use super::{Failure, load, logging, output};
use crate::app::{Clock, Fixed};
use crate::auth::password::Passwords;
use crate::config::{Administrator, Settings};
use crate::http::Limits;
use crate::ops::users::{NewUser, NewUserTexts};
use crate::realtime::{self, Timing};
use crate::server::{self, Options, Server};

/// The exit code after a second signal.
const CUT_SHORT: i32 = 130;

pub(super) fn run(given: &Given) -> Result<(), Failure> {
    let config = load(given)?;
    let settings = Settings::of(&config)?;
    logging::start(settings.log_format, settings.log_level);
    for variable in config.unknown_variables() {
        warn!(variable, "is no variable of this server: it is ignored");
    }
    let runtime = tokio::runtime::Runtime::new();
    runtime
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?
        .block_on(serve(settings))
}

async fn serve(settings: Settings) -> Result<(), Failure> {
    let cannot = |error| Failure::failed(format!("cannot wait for signals: {error}"));
    let ends = [SignalKind::terminate(), SignalKind::interrupt()];
    let [terminate, interrupt] = ends.map(signal);
    let (terminate, interrupt) = (terminate.map_err(cannot)?, interrupt.map_err(cannot)?);

    server::allow_as_many_as_possible();
    let server = Server::start(options(settings)?).await?;
    output::print(&format!("listening on http://{}", server.address()))?;
    if let Some(link) = server.setup_link() {
        output::print(&format!("no user yet: create the first administrator at {link}"))?;
    }
    let ended = server.run(shutdown(terminate, interrupt)).await;
    ended.map_err(|ended| Failure::failed(format!("{ended}; restart the server")))
}

fn options(settings: Settings) -> Result<Options, Failure> {
    Ok(Options {
        listen: settings.listen,
        data_dir: settings.data_dir.clone(),
        limits: Limits::default(),
        timing: Timing::default(),
        passwords: Passwords::default(),
        administrator: settings.administrator.as_ref().map(administrator).transpose()?,
        clock: Clock::System,
        fixed: fixed(settings),
    })
}

/// Returns the values that cannot be changed while the server runs.
pub(super) fn fixed(settings: Settings) -> Fixed {
    Fixed {
        settings: settings.fixed,
        address_url: format!("http://{}", settings.listen),
        create_tokens_secret: settings.create_tokens_secret.map(|secret| secret.expose().to_owned()),
        trusted_proxies: settings.trusted_proxies,
        secret_key_file: settings.secret_key_file,
        compact_at_start: settings.compact_at_start,
    }
}

fn administrator(texts: &Administrator) -> Result<NewUser, Failure> {
    let texts = NewUserTexts {
        username: &texts.username,
        email: texts.email.as_deref(),
        name: texts.name.as_deref(),
        password: texts.password.expose(),
        roles: &[],
    };
    NewUser::parse(texts)
        .map_err(|fault| Failure::configuration(format!("the settings of the first administrator: {fault}")))
}

/// Returns after the first signal. A second one ends the process at once.
async fn shutdown(mut terminate: Signal, mut interrupt: Signal) {
    next(&mut terminate, &mut interrupt).await;
    info!(
        "stopping: no new connections, up to {} seconds for requests in flight and then up to {} seconds for sockets; a \
         second signal ends at once",
        server::LAST_REQUESTS.as_secs(),
        realtime::LAST_WORDS.as_secs()
    );
    tokio::spawn(async move {
        next(&mut terminate, &mut interrupt).await;
        std::process::exit(CUT_SHORT);
    });
}

async fn next(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
