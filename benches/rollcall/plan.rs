//! The length and number of measurements, and the folder of the data.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::Outcome;
use crate::measure::{Extent, Measured};

/// The options of the command line.
pub struct Plan {
    folder: PathBuf,
    /// The number of rounds in which the compared subjects are measured in turn.
    rounds: u32,
    round: Extent,
    /// The number of times each start is measured.
    pub starts: usize,
    /// True for a short run.
    pub quick: bool,
    /// The section `day`.
    pub day: Day,
    /// The folder in which the section `growth` leaves its stores, so that the next run can use them.
    pub stores: Option<PathBuf>,
}

/// The size and length of the section `day`.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    /// The number of people of the team.
    pub people: u64,
    /// How long the day lasts.
    pub minutes: u64,
}

/// A subject of a measurement.
pub type Subject<'plan> = Box<dyn FnMut(Extent) -> Outcome<Measured> + 'plan>;

impl Plan {
    pub fn new(folder: PathBuf, quick: bool, day: Day, stores: Option<PathBuf>) -> Self {
        let time = |warm_up, counted| Extent::Time {
            warm_up: Duration::from_millis(warm_up),
            counted: Duration::from_millis(counted),
        };
        if quick {
            Self {
                folder,
                rounds: 1,
                round: time(200, 800),
                starts: 3,
                quick,
                day,
                stores,
            }
        } else {
            Self {
                folder,
                rounds: 3,
                round: time(300, 1000),
                starts: 9,
                quick,
                day,
                stores,
            }
        }
    }

    /// Creates an empty folder on the measured disk.
    pub fn temporary(&self) -> Outcome<TempDir> {
        Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(&self.folder)?)
    }

    /// Returns the number of rounds in which the compared subjects are measured in turn.
    pub const fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Returns the length of a round.
    pub const fn round(&self) -> Extent {
        self.round
    }

    /// Measures these subjects in turn, in several rounds, so that a slow moment of the machine affects all of them
    /// and their ratios stay valid.
    pub fn in_turn(&self, subjects: &mut [Subject]) -> Outcome<Vec<Measured>> {
        let mut all = vec![Measured::nothing()?; subjects.len()];
        for _ in 0..self.rounds {
            for (subject, sum) in subjects.iter_mut().zip(&mut all) {
                sum.add(&subject(self.round)?)?;
            }
        }
        Ok(all)
    }
}
