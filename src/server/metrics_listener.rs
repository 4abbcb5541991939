//! The addresses that have only the metrics.

use super::listener::serve;
use crate::app::App;
use crate::http::{Limits, metrics};
use crate::net::Listeners;

/// Maximum connections of one client address.
const MAX_CONNECTIONS: u32 = 16;

/// Serves the metrics on addresses of their own. Never ends, so that they can be read while the server stops.
pub(super) async fn serve_metrics(listeners: Listeners, app: App, limits: Limits) {
    let answer = move |request| {
        let app = app.clone();
        async move { metrics::answer_alone(&app, request).await }
    };
    serve(
        listeners,
        None,
        answer,
        limits,
        |_| Some(MAX_CONNECTIONS),
        std::future::pending(),
    )
    .await;
}
