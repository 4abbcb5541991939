//! The numbers of people on the board.

use std::collections::BTreeMap;

use super::statuses::{STATUSES, place};
use crate::domain::StatusType;
use crate::ops::people::BriefUser;

/// The numbers of people: all, and those of each status and team.
#[derive(Default)]
pub(super) struct Headcount<'view> {
    pub all: usize,
    /// In the order of [`STATUSES`].
    pub statuses: [usize; STATUSES.len()],
    /// Those who are in a team.
    pub teams: BTreeMap<&'view str, usize>,
}

impl<'view> Headcount<'view> {
    /// Counts one person more.
    pub(super) fn add(&mut self, user: BriefUser<'view>) {
        self.all += 1;
        self.statuses[place(user.status())] += 1;
        if !user.team.is_empty() {
            *self.teams.entry(user.team).or_insert(0) += 1;
        }
    }

    /// Returns the number of people with this status.
    pub(super) fn with(&self, status: StatusType) -> usize {
        self.statuses[place(status)]
    }

    /// Returns the number of people who are here, as the head of the board counts.
    pub(super) fn here(&self) -> usize {
        self.with(StatusType::Online) + self.with(StatusType::Busy)
    }

    /// Returns the number of people in this team; an empty text is for those without a team.
    pub(super) fn in_team(&self, team: &str) -> usize {
        match team {
            "" => self.all - self.teams.values().sum::<usize>(),
            team => self.teams.get(team).copied().unwrap_or_default(),
        }
    }
}
