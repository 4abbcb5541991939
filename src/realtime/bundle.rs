//! The frames that a socket is sent together, made once for all sockets that are sent the same.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;

use super::framing::Framing;
use super::outgoing::{Outgoing, Text, Told};
use super::subscriber::Listening;
use crate::domain::{Access, UserId};

/// Makes bundles of what has happened. Most sockets are told the same as others: then the bundle is the same
/// memory, however many messages are in it.
pub(super) struct Bundler<'event> {
    happened: &'event [Outgoing],
    /// The roles and grants that are in force.
    access: Arc<Access>,
    /// Whether lists of users show a user without `view-outside-room` only themselves.
    lists_are_narrow: bool,
    /// Whose presence changed, where nothing else has happened and everybody sees it alike.
    alike: Option<HashSet<&'event UserId>>,
    /// What those are told then who hear of everybody: without and with roles, in each framing.
    everybody: [[Option<Bytes>; 2]; 2],
}

impl<'event> Bundler<'event> {
    pub fn new(happened: &'event [Outgoing], access: Arc<Access>, lists_are_narrow: bool) -> Self {
        Self {
            happened,
            access,
            lists_are_narrow,
            alike: happened.iter().map(Outgoing::whose_presence_alike).collect(),
            everybody: Default::default(),
        }
    }

    /// Returns the roles and grants that are in force.
    pub const fn access(&self) -> &Arc<Access> {
        &self.access
    }

    /// Returns whether lists of users are narrow for some viewers.
    pub const fn lists_are_narrow(&self) -> bool {
        self.lists_are_narrow
    }

    /// The frames for a socket that need no look at each event; empty where it is told nothing. None where
    /// each has to be looked at.
    pub fn common(&mut self, framing: Framing, listening: &Listening) -> Option<Bytes> {
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
        let bundle = &mut self.everybody[usize::from(with_roles)][framing as usize];
        let texts = self
            .happened
            .iter()
            .filter_map(|outgoing| outgoing.for_everybody(with_roles));
        let make = || bundle_of(framing, texts);
        Some(bundle.get_or_insert_with(make).clone())
    }

    /// The frames of what `choose` says of each event, in their order; empty where it says nothing.
    pub fn own(&self, framing: Framing, choose: impl FnMut(&'event Outgoing) -> Told<'event>) -> Bytes {
        bundle_of(framing, self.happened.iter().flat_map(choose).flatten())
    }
}

fn bundle_of<'event>(framing: Framing, texts: impl Iterator<Item = &'event Text>) -> Bytes {
    let mut frames: Vec<_> = texts.map(|text| text.frame(framing)).collect();
    match frames.len() {
        0 => Bytes::new(),
        1 => frames.swap_remove(0),
        _ => frames.concat().into(),
    }
}
