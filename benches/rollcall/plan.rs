//! How long and how often is measured, and where the data lies.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::Outcome;
use crate::measure::{Extent, Measured};

/// What the command line asks for.
pub struct Plan {
    folder: PathBuf,
    /// How often everything that is compared is measured in turn.
    rounds: u32,
    round: Extent,
    /// How often each start is timed.
    pub starts: usize,
    /// Whether everything is cut short.
    pub quick: bool,
}

/// Something that can be measured.
pub type Subject<'plan> = Box<dyn FnMut(Extent) -> Outcome<Measured> + 'plan>;

impl Plan {
    pub fn new(folder: PathBuf, quick: bool) -> Self {
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
            }
        } else {
            Self {
                folder,
                rounds: 3,
                round: time(300, 1000),
                starts: 9,
                quick,
            }
        }
    }

    /// An empty folder on the disk that is measured.
    pub fn temporary(&self) -> Outcome<TempDir> {
        Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(&self.folder)?)
    }

    /// Measures these in turn, round after round, so that a slow moment of the machine meets all
    /// of them and their ratios hold.
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
