//! The time of a start, from the call until the server prints its address.

use std::path::Path;
use std::time::Duration;

use crate::figure::Figure;
use crate::plan::Plan;
use crate::server::Server;
use crate::table;
use crate::{Outcome, floors};

const STATUSES: u64 = 100_000;

pub fn run(plan: &Plan) -> Outcome {
    let (none, many) = (plan.temporary()?, plan.temporary()?);
    floors::fill(many.path(), STATUSES)?;
    for folder in [&none, &many] {
        // The administrator is created here, so that this is not part of the measured time.
        Server::rollcall(folder.path())?.stop()?;
    }

    let mut starts = [
        Starts::of("on an empty folder, administrator created"),
        Starts::of("with 0 statuses"),
        Starts::of("with 100 000 statuses"),
    ];
    for _ in 0..plan.starts {
        starts[0].time(plan.temporary()?.path())?;
        starts[1].time(none.path())?;
        starts[2].time(many.path())?;
    }
    let rows = starts.into_iter().map(Starts::row).collect();
    let columns = ["", "median", "slowest", "resident then"];
    table::table("Start-up, files in the page cache", columns, rows);
    Ok(())
}

struct Starts {
    what: &'static str,
    times: Vec<Duration>,
    resident: u64,
}

impl Starts {
    fn of(what: &'static str) -> Self {
        Self {
            what,
            times: Vec::new(),
            resident: 0,
        }
    }

    fn time(&mut self, folder: &Path) -> Outcome {
        let server = Server::rollcall(folder)?;
        self.times.push(server.started_in);
        self.resident = self.resident.max(server.memory()?.resident);
        server.stop()
    }

    fn row(mut self) -> [Figure; 4] {
        self.times.sort();
        let at = |place: usize| self.times.get(place).copied().unwrap_or_default();
        [
            self.what.into(),
            table::time(at(self.times.len() / 2)),
            table::time(at(self.times.len().saturating_sub(1))),
            table::megabytes(self.resident),
        ]
    }
}
