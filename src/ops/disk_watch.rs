//! Lets the writer measure the free space also while there are no writes. So it logs in time that there is little, and
//! makes changes again when there is more.

use std::time::Duration;

use super::incident;
use crate::app::App;
use crate::domain::RequestError;
use crate::store::{Change, Room, StoreState};

/// The pause between two measurements while there is room.
const MEASURE_INTERVAL: Duration = Duration::from_secs(5);

/// The pause between two measurements while changes are refused.
const PAUSE_WITHOUT_ROOM: Duration = Duration::from_secs(1);

/// Measures the disk and the store now.
///
/// # Errors
/// Errors of the store.
pub(crate) async fn state(app: &App) -> Result<StoreState, RequestError> {
    // The writer measures the space before it checks a change, even an empty one. If the writer has ended, this fails, and
    // the state says so.
    let _ = app.store.commit(Change::new()).await;
    app.store.state().await.map_err(incident::internal)
}

/// Measures the free space for ever.
pub(crate) async fn watch(app: &App) {
    loop {
        app.store.look_at_disk();
        let pause = if app.store.room() == Room::Enough {
            MEASURE_INTERVAL
        } else {
            PAUSE_WITHOUT_ROOM
        };
        tokio::time::sleep(pause).await;
    }
}
