//! Batches of frames for sockets. Sockets that receive the same messages share one batch.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;

use super::framing::Framing;
use super::listening::Listening;
use super::outbound_message::{EncodedMessages, OutboundMessage, OwnMessages};
use crate::domain::{Access, UserId};

/// Encodes events into batches of frames. Most sockets receive the same messages, so they share the same memory,
/// however many messages it contains.
pub(super) struct BatchEncoder<'event> {
    happened: &'event [OutboundMessage],
    /// The current roles and grants.
    access: Arc<Access>,
    /// `true` if a user without `view-outside-room` sees only themselves in lists of users.
    lists_are_narrow: bool,
    /// The users whose presence changed, if all events are such changes and look the same to all viewers.
    alike: Option<HashSet<&'event UserId>>,
    /// The shared batch for sockets that listen to all users: without and with roles, in each framing.
    everybody: [[Option<Bytes>; 2]; 2],
}

impl<'event> BatchEncoder<'event> {
    pub(super) fn new(happened: &'event [OutboundMessage], access: Arc<Access>, lists_are_narrow: bool) -> Self {
        Self {
            happened,
            access,
            lists_are_narrow,
            alike: happened.iter().map(OutboundMessage::whose_presence_alike).collect(),
            everybody: Default::default(),
        }
    }

    /// Returns the current roles and grants.
    pub(super) const fn access(&self) -> &Arc<Access> {
        &self.access
    }

    /// Returns whether lists of users are reduced for users without `view-outside-room`.
    pub(super) const fn lists_are_narrow(&self) -> bool {
        self.lists_are_narrow
    }

    /// Returns the shared batch for a socket, or an empty one if the socket receives nothing. Returns `None` if each
    /// event must be checked for this socket.
    pub(super) fn common(&mut self, framing: Framing, listening: &Listening) -> Option<Bytes> {
        let whose = self.alike.as_ref()?;
        let Some(viewer) = &listening.viewer else {
            return Some(Bytes::new());
        };
        if whose.contains(&viewer.user.id) || listening.subscriptions.watches_some() {
            return None;
        }
        if !listening.subscriptions.hears_everybody() || !viewer.sees_others() {
            return Some(Bytes::new());
        }
        let with_roles = viewer.sees_roles();
        let batch = &mut self.everybody[usize::from(with_roles)][framing as usize];
        let texts = self
            .happened
            .iter()
            .filter_map(|outgoing| outgoing.for_everybody(with_roles));
        let make = || batch_of(framing, texts);
        Some(batch.get_or_insert_with(make).clone())
    }

    /// Returns the frames of the messages that `choose` selects from each event, in order; may be empty.
    pub(super) fn own(
        &self,
        framing: Framing,
        choose: impl FnMut(&'event OutboundMessage) -> OwnMessages<'event>,
    ) -> Bytes {
        batch_of(framing, self.happened.iter().flat_map(choose).flatten())
    }
}

fn batch_of<'event>(framing: Framing, texts: impl Iterator<Item = &'event EncodedMessages>) -> Bytes {
    let mut frames: Vec<_> = texts.map(|text| text.frame(framing)).collect();
    match frames.len() {
        0 => Bytes::new(),
        1 => frames.swap_remove(0),
        _ => frames.concat().into(),
    }
}
