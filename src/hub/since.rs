//! The time at which a visible status began.

use crate::domain::{Audience, Timestamp, User};

/// Maximum number of reveals of one status that have a time of their own. A user would have to hide from that many
/// different groups, one after the other, under one status.
const REVEALS: usize = 16;

/// The time at which a visible status began, as each viewer sees it. A viewer from whom the user was hidden sees the
/// time at which the hiding ended: for them the user was offline before, like every other user who comes online.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Since {
    at: Option<Timestamp>,
    /// The viewers from whom the user was hidden under this status, with the end of that. The latest is the last.
    revealed: Vec<(Audience, Timestamp)>,
}

impl Since {
    /// Returns the time for a status that begins now; `None` if nothing recorded when it began.
    pub(super) const fn beginning(at: Option<Timestamp>) -> Self {
        Self {
            at,
            revealed: Vec::new(),
        }
    }

    /// Returns the same status after it was hidden from this audience until now.
    pub(super) fn revealed_to(mut self, audience: &Audience, now: Timestamp) -> Self {
        if !audience.is_empty() {
            self.revealed.retain(|(earlier, _)| earlier != audience);
            self.revealed.push((audience.clone(), now));
        }
        if self.revealed.len() > REVEALS {
            // The two oldest share the later time.
            let (oldest, _) = self.revealed.remove(0);
            let merged = &mut self.revealed[0].0;
            merged.users.extend(oldest.users);
            merged.roles.extend(oldest.roles);
        }
        self
    }

    /// Returns the time itself, for the user.
    #[must_use]
    pub const fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// Returns whether all viewers see the same time.
    #[must_use]
    pub const fn is_the_same_for_all(&self) -> bool {
        self.revealed.is_empty()
    }

    /// Returns the time for a display that every person may pass: the user was hidden from it while they were hidden
    /// from any viewer.
    #[must_use]
    pub fn for_everyone(&self) -> Option<Timestamp> {
        self.revealed.last().map_or(self.at, |(_, end)| Some(*end))
    }

    /// Returns the time for this viewer.
    #[must_use]
    pub fn for_viewer(&self, viewer: &User) -> Option<Timestamp> {
        let end = self.revealed.iter().rev().find(|(audience, _)| audience.has(viewer));
        end.map_or(self.at, |(_, end)| Some(*end))
    }
}
