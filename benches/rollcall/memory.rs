//! Memory of one server during fixed amounts of work.

use std::thread;
use std::time::Duration;

use crate::Outcome;
use crate::creates;
use crate::driver::{self, Request};
use crate::figure::Figure;
use crate::measure::Extent;
use crate::plan::Plan;
use crate::reads;
use crate::server::Server;
use crate::table;

const CONNECTIONS: u64 = 64;
const CREATES: u64 = 20_000;
const READS: u64 = 50_000;
const LOGINS: u64 = 256;

pub fn run(plan: &Plan) -> Outcome {
    let folder = plan.temporary()?;
    let server = Server::rollcall(folder.path())?;
    let mut rows = Vec::new();
    let mut note = |what: &str, calls: u64| -> Outcome {
        // Memory that the load has freed may not be returned yet.
        thread::sleep(Duration::from_millis(500));
        let memory = server.memory()?;
        #[allow(clippy::cast_precision_loss)]
        let calls = if calls == 0 {
            Figure::none()
        } else {
            table::grouped(calls as f64)
        };
        rows.push([
            what.into(),
            calls,
            table::megabytes(memory.resident),
            table::megabytes(memory.own),
            table::megabytes(memory.peak),
        ]);
        Ok(())
    };
    note("idle after the start on an empty folder", 0)?;
    let load = |request: Request, calls: u64| -> Outcome {
        let each = Extent::Calls(calls / CONNECTIONS);
        let requests = (0..CONNECTIONS).map(|_| request.clone()).collect();
        driver::drive(&server, requests, each).map(drop)
    };
    let credentials = server.credentials()?;
    load(creates::request(&credentials), CREATES)?;
    note("after creates", CREATES)?;
    load(reads::me(&credentials), READS)?;
    load(reads::list(&credentials), READS)?;
    note("after reads of me and of the list, each", READS)?;
    let logins = server.logins(usize::try_from(CONNECTIONS)?)?;
    driver::drive(&server, logins, Extent::Calls(LOGINS / CONNECTIONS))?;
    note("after logins", LOGINS)?;
    table::table(
        "Memory of one server, 64 connections",
        ["", "calls", "resident", "of its own", "most so far"],
        rows,
    );
    Ok(())
}
