//! The watch over the disk: lets the writer measure the free space while there are no writes, so that it says in time that
//! there is little, and goes on by itself when there is more.

use std::time::Duration;

use super::incident;
use crate::app::App;
use crate::domain::RequestError;
use crate::store::{Change, Room, StoreState};

/// The pause between two measurements while there is room.
const PAUSE: Duration = Duration::from_secs(5);

/// The pause between two measurements while changes are refused.
const PAUSE_WITHOUT_ROOM: Duration = Duration::from_secs(1);

/// Measures the disk and the store now.
///
/// # Errors
/// Errors of the store.
pub async fn state(app: &App) -> Result<StoreState, RequestError> {
    // The writer measures the space before it looks at a change, even at an empty one. A writer that has ended does not answer,
    // which the state says.
    let _ = app.store.commit(Change::new()).await;
    app.store.state().await.map_err(incident::internal)
}

/// Measures the free space for ever.
pub async fn watch(app: &App) {
    loop {
        app.store.look_at_disk();
        let pause = if app.store.room() == Room::Enough {
            PAUSE
        } else {
            PAUSE_WITHOUT_ROOM
        };
        tokio::time::sleep(pause).await;
    }
}
