//! The part that a server takes in a cluster: it reports who is connected here.

use std::convert::Infallible;
use std::future::pending;
use std::iter;
use std::time::Duration;

use tokio::time::sleep;

use crate::app::App;
use crate::domain::UserId;

/// The time for which changes of connections are gathered for one report.
const GATHERED_FOR: Duration = Duration::from_millis(20);

/// The pause after a report that was not stored.
const PAUSE: Duration = Duration::from_secs(1);

/// The maximum number of users in one report.
const USERS_IN_REPORT: usize = 1000;

/// Takes part in a cluster until this server is no longer one of its servers. Returns the reason. Without a cluster, this
/// never ends.
pub(crate) async fn take_part(app: &App) -> String {
    if !app.store.is_shared() {
        return pending().await;
    }
    tokio::select! {
        never = report(app) => match never {},
        reason = app.store.excluded() => reason,
    }
}

/// Reports the connections of a user before a change that follows from them is committed. Without this, the other servers
/// would show the change before its cause.
pub(super) async fn report_first(app: &App, id: &UserId) {
    if !app.store.is_shared() {
        return;
    }
    let own = (id.clone(), app.hub.connections_of(id));
    if app.store.report_connections(vec![own]).await.is_err() {
        app.hub.report_again(iter::once(id));
    }
}

/// Reports the connections here to the other servers.
async fn report(app: &App) -> Infallible {
    app.hub.report_to_others();
    loop {
        app.hub.has_unreported().await;
        sleep(GATHERED_FOR).await;
        let unreported = app.hub.take_unreported(USERS_IN_REPORT);
        let users: Vec<_> = unreported.iter().map(|(user, _)| user.clone()).collect();
        if app.store.report_connections(unreported).await.is_err() {
            app.hub.report_again(users.iter());
            sleep(PAUSE).await;
        }
    }
}
