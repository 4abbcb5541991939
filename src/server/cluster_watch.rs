//! The watch over the cluster: it sends clients to another server when this one is cut off from the cluster.

use std::future::pending;
use std::time::Duration;

use tokio::time::sleep;
use tracing::{error, warn};

use crate::app::App;
use crate::realtime::SocketServer;
use crate::web::Streams;

/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// Sends clients elsewhere while this server is not sure, and divides the limits of calls by the number of servers. Never
/// ends.
pub(super) async fn watch(app: &App, sockets: &SocketServer, streams: &Streams) {
    if !app.store.is_shared() {
        return pending().await;
    }
    let mut was_current = true;
    loop {
        app.rates.share_among(app.store.place().servers);
        let is_current = app.store.is_current();
        match (was_current, is_current) {
            (true, false) => {
                error!(
                    "the cluster with the store does not answer: requests are answered by 503, and sockets are closed"
                );
                sockets.send_elsewhere();
                streams.send_elsewhere();
            }
            (false, true) => warn!("the cluster with the store answers again: requests are served again"),
            _ => {}
        }
        was_current = is_current;
        sleep(PAUSE).await;
    }
}
