//! From what happens to what sockets are told.

use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;
use tracing::warn;

use super::encode::encode;
use super::hall::Hall;
use super::outgoing::Outgoing;

/// Tells sockets of everything that the hub announces, for ever.
pub(super) async fn run(hall: &Hall) {
    let mut events = hall.app.hub.subscribe();
    loop {
        let told = match events.recv().await {
            Ok(event) => encode(&hall.app, event),
            Err(RecvError::Lagged(missed)) => {
                warn!(
                    missed,
                    "events came faster than they could be told; all sockets begin anew"
                );
                vec![Outgoing::Lost]
            }
            Err(RecvError::Closed) => return,
        };
        for outgoing in told {
            // Nobody may be connected.
            let _ = hall.told.send(Arc::new(outgoing));
        }
    }
}
