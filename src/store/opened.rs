//! A store that has just been opened.

use std::sync::Arc;

use super::commits::Sizes;
use super::engine::Engine;
use super::neighbours::Neighbours;
use super::shared::Shared;

/// What an engine returns when it is opened.
pub(super) struct OpenedStore {
    pub(super) shared: Shared,
    /// The engine, of which the writer's thread is not started yet.
    pub(super) engine: Box<dyn Engine>,
    pub(super) sizes: Sizes,
    /// The other servers; `None` if the store is of one server.
    pub(super) neighbours: Option<Arc<dyn Neighbours>>,
}
