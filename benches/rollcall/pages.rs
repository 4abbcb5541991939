//! The board as a page, compared with a constant response of the same length, and open boards that follow changes.

use crate::driver::{self, Request};
use crate::plan::Plan;
use crate::server::Server;
use crate::stream_driver::cookie;
use crate::table::{self, Rate};
use crate::{Outcome, population, sockets};

/// Numbers of people on the board, the administrator not counted.
const SIZES: [u64; 2] = [49, 2_999];

/// Number of connections that request the board.
const CONNECTIONS: usize = 8;

/// Every fourth person is busy, with a text. The others are offline.
const BUSY: u64 = 4;

pub fn run(plan: &Plan) -> Outcome {
    let mut rows = Vec::new();
    for size in SIZES {
        rows.extend(board(plan, size)?);
    }
    table::rates("The board, as a page with gzip", &rows);
    sockets::streams(plan)
}

fn board(plan: &Plan, size: u64) -> Outcome<[Rate; 2]> {
    let folder = plan.temporary()?;
    let mut number = 0;
    population::fill(folder.path(), size, |change, user| {
        number += 1;
        if number % BUSY == 0 {
            change.insert(&population::busy(&user.id, None))
        } else {
            change
        }
    })?;
    let server = &Server::unlimited(folder.path())?;
    let credentials = server.credentials()?;
    let token = credentials
        .split("X-Auth-Token: ")
        .nth(1)
        .ok_or("a login without a token")?;
    let headers = format!("{}Accept-Encoding: gzip\r\n", cookie(token.trim_end()));
    let board = Request::get("/", &headers);
    let length = driver::ask(server, &board)?.len();
    let floor = &Server::fixed(length)?;
    let fixed = Request::get("/static", "");
    let measured = plan.in_turn(&mut [
        Box::new(|extent| driver::drive(floor, vec![fixed.clone(); CONNECTIONS], extent)),
        Box::new(|extent| driver::drive(server, vec![board.clone(); CONNECTIONS], extent)),
    ])?;
    let [floor, board] = measured.try_into().map_err(|_| "two subjects")?;
    let row = |what: String, measured, floor| Rate {
        what,
        at_once: CONNECTIONS,
        measured,
        floor,
    };
    let people = table::count(size + 1);
    Ok([
        row(format!("static reply, {length} bytes (floor)"), floor.clone(), None),
        row(format!("GET /, {people} people"), board, Some((floor, "static"))),
    ])
}
