//! Statistics of this server.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::viewed::View;
use super::{incident, tokens};
use crate::app::{App, BackupState};
use crate::auth::Actor;
use crate::domain::{Permission, RequestError, SettingId, StatusType, Timestamp};
use crate::hub::VisiblePresence;
use crate::store::StoreState;

/// Milliseconds for which the number of online users is cached for callers without a login.
const ONLINE_KEPT_MILLIS: i64 = 60_000;

/// Statistics of this server at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// The number of accounts.
    pub users: usize,
    /// The number of accounts that may log in.
    pub active: usize,
    /// The number of users whom the viewer sees as online.
    pub online: usize,
    /// The number of users whom the viewer sees as away.
    pub away: usize,
    /// The number of users whom the viewer sees as busy.
    pub busy: usize,
    /// Milliseconds since the server was started.
    pub uptime_millis: i64,
    /// The time at which the figures were counted.
    pub at: Timestamp,
}

/// Counts users and their statuses as this viewer sees them.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `view-statistics`.
pub(crate) fn figures(app: &App, actor: &Actor) -> Result<Figures, RequestError> {
    actor.require(Permission::ViewStatistics)?;
    let view = View::of(app, actor);
    let (mut users, mut active) = (0, 0);
    for user in view.snapshot().users() {
        users += 1;
        active += usize::from(user.is_active());
    }
    let statuses = view.statuses();
    let count = |wanted| statuses.values().filter(|status| **status == wanted).count();
    Ok(Figures {
        users,
        active,
        online: count(StatusType::Online),
        away: count(StatusType::Away),
        busy: count(StatusType::Busy),
        uptime_millis: app.clock.steady().as_millis() - app.started.as_millis(),
        at: app.clock.now(),
    })
}

/// Returns the state of the store.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `view-statistics`; errors of the store.
pub(crate) async fn store(app: &App, actor: &Actor) -> Result<StoreState, RequestError> {
    actor.require(Permission::ViewStatistics)?;
    app.store.state().await.map_err(incident::internal)
}

/// The state of this server at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    /// The numbers of users, and the uptime.
    pub figures: Figures,
    /// The number of live connections of users whom the viewer sees as connected.
    pub connections: usize,
    /// The number of personal access tokens.
    pub personal_tokens: usize,
    /// The number of sessions for each client. The key is the name that the client sent.
    pub clients: BTreeMap<String, usize>,
    /// The state of the store.
    pub store: StoreState,
    /// The state of scheduled backups; `None` if the server makes none.
    pub backups: Option<BackupState>,
    /// `true` if the public URL of the server begins with `https://`.
    pub has_https_address: bool,
}

/// Returns the state of this server. Reads all users and all tokens once.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `view-statistics`; errors of the store.
pub(crate) async fn health(app: &App, actor: &Actor) -> Result<Health, RequestError> {
    let figures = figures(app, actor)?;
    let (mut clients, mut personal_tokens) = (BTreeMap::new(), 0);
    for token in tokens::list(app, None) {
        match token.session() {
            Some(session) => *clients.entry(session.client.to_string()).or_default() += 1,
            None => personal_tokens += 1,
        }
    }
    Ok(Health {
        figures,
        connections: match actor {
            Actor::User(caller) => app.hub.connections_for(&caller.user),
            Actor::Operator => app.hub.connections(),
        },
        personal_tokens,
        clients,
        store: store(app, actor).await?,
        backups: app.fixed.backups.is_some().then(|| app.backups.state()),
        has_https_address: app.public_address().is_https(),
    })
}

/// Returns the number of users who are not offline, for callers without a login: at most a minute old, and 0 while
/// the setting disables presence.
#[must_use]
pub(crate) fn not_offline(app: &App) -> usize {
    if app.settings().flag(SettingId::PresenceBroadcastDisabled) {
        return 0;
    }
    // Users who hide from any user or role are not counted for strangers.
    let is_told =
        |shown: &&Arc<VisiblePresence>| shown.line.status != StatusType::Offline && shown.hidden_from.is_empty();
    let count = || app.hub.shown().values().filter(is_told).count();
    app.online.get(app.clock.steady(), ONLINE_KEPT_MILLIS, count)
}
