//! Presence: the list of 10,000 online users, and the end of 100,000 statuses.

use rollcall::domain::Timestamp;

use crate::driver::{self, Request};
use crate::plan::Plan;
use crate::server::Server;
use crate::table::{self, Rate};
use crate::{Outcome, population};

/// Number of users in the list.
const HERE: u64 = 10_000;

/// Number of users whose statuses end.
const ENDING: u64 = 100_000;

/// Number of connections that request the list.
const CONNECTIONS: usize = 8;

pub fn run(plan: &Plan) -> Outcome {
    list(plan)?;
    ends(plan)
}

fn list(plan: &Plan) -> Outcome {
    let folder = plan.temporary()?;
    population::fill(folder.path(), HERE, |change, user| {
        change.insert(&population::busy(&user.id, None))
    })?;
    let server = &Server::rollcall(folder.path())?;
    let credentials = server.credentials()?;
    let all = Request::get("/api/v1/users.presence", &credentials);
    let none = Request::get("/api/v1/users.presence?from=2100-01-01T00:00:00.000Z", &credentials);
    let length = driver::ask(server, &all)?.len();
    let floor = &Server::fixed(length)?;
    let fixed = Request::get("/static", "");
    let measured = plan.in_turn(&mut [
        Box::new(|extent| driver::drive(floor, vec![fixed.clone(); CONNECTIONS], extent)),
        Box::new(|extent| driver::drive(server, vec![all.clone(); CONNECTIONS], extent)),
        Box::new(|extent| driver::drive(server, vec![none.clone(); CONNECTIONS], extent)),
    ])?;
    let [floor, all, none] = measured.try_into().map_err(|_| "three subjects")?;
    let row = |what: String, measured, floor| Rate {
        what,
        at_once: CONNECTIONS,
        measured,
        floor,
    };
    let rows = [
        row(format!("static reply, {length} bytes (floor)"), floor.clone(), None),
        row("GET users.presence, 10 000 users".into(), all, Some((floor, "static"))),
        row("GET users.presence?from=…, nothing changed".into(), none, None),
    ];
    table::rates("Who is here", &rows);
    Ok(())
}

fn ends(plan: &Plan) -> Outcome {
    let soon = Timestamp::from_millis(1);
    let never_yet = Timestamp::from_millis(4_102_444_800_000);
    let mut rows = Vec::new();
    for (what, end) in [
        ("100 000 users without a status", None),
        ("100 000 users whose statuses end some day", Some(never_yet)),
        ("100 000 users whose statuses ended meanwhile", Some(soon)),
    ] {
        let folder = plan.temporary()?;
        population::fill(folder.path(), ENDING, |change, user| match end {
            Some(_) => change.insert(&population::busy(&user.id, end)),
            None => change,
        })?;
        let server = Server::rollcall(folder.path())?;
        let memory = server.memory()?;
        rows.push([
            what.into(),
            table::time(server.started_in),
            table::megabytes(memory.resident),
            table::megabytes(memory.own),
            table::megabytes(memory.peak),
        ]);
        server.stop()?;
    }
    let columns = ["", "until it listens", "resident then", "of its own", "most until then"];
    table::table(
        "A start, everything that ended settled before the first answer",
        columns,
        rows,
    );
    Ok(())
}
