//! The events that are sent together.

use std::sync::Arc;

use super::encode::EncodedChange;
use crate::hub::{Event, Missed};

/// The events of one round, encoded once for all streams.
#[derive(Default)]
pub(super) struct Round {
    pub changes: Vec<EncodedChange>,
    /// The other events: changes of users, tokens, roles, permissions and settings.
    pub others: Vec<Event>,
    /// `true` if the server lost events because it was too slow.
    pub is_lost: bool,
}

impl Round {
    /// Adds an event. `run` is the name of this run of the server.
    pub(super) fn add(&mut self, event: Result<Event, Missed>, run: &Arc<str>) {
        match event {
            Ok(Event::Presence(change)) => self.changes.extend(EncodedChange::of(change, run)),
            Ok(Event::CustomStatus(_)) => {}
            Ok(other) => self.others.push(other),
            Err(Missed) => self.is_lost = true,
        }
    }
}
