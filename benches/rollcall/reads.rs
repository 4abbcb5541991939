//! Authenticated reads, compared with constant responses of the same length.

use crate::driver::{self, Request};
use crate::plan::Plan;
use crate::server::Server;
use crate::table::{self, Rate};
use crate::{Outcome, floors};

const CONNECTIONS: usize = 64;

/// Statuses in the store: more than one page.
const STATUSES: u64 = 60;

pub fn run(plan: &Plan) -> Outcome {
    let folder = plan.temporary()?;
    floors::fill(folder.path(), STATUSES)?;
    let server = &Server::rollcall(folder.path())?;
    let credentials = server.credentials()?;
    let (me, list) = (me(&credentials), list(&credentials));
    let lengths = [2, driver::ask(server, &me)?.len(), driver::ask(server, &list)?.len()];
    let floors = [
        Server::fixed(lengths[0])?,
        Server::fixed(lengths[1])?,
        Server::fixed(lengths[2])?,
    ];
    let [tiny, like_me, like_list] = &floors;
    let fixed = Request::get("/static", "");

    let measured = plan.in_turn(&mut [
        Box::new(|extent| driver::drive(tiny, vec![fixed.clone(); CONNECTIONS], extent)),
        Box::new(|extent| driver::drive(like_me, vec![fixed.clone(); CONNECTIONS], extent)),
        Box::new(|extent| driver::drive(server, vec![me.clone(); CONNECTIONS], extent)),
        Box::new(|extent| driver::drive(like_list, vec![fixed.clone(); CONNECTIONS], extent)),
        Box::new(|extent| driver::drive(server, vec![list.clone(); CONNECTIONS], extent)),
    ])?;
    let [tiny, like_me, me, like_list, list] = measured.try_into().map_err(|_| "five subjects")?;
    let row = |what: String, measured, floor| Rate {
        what,
        at_once: CONNECTIONS,
        measured,
        floor,
    };
    let fixed = |length| format!("static reply, {length} bytes (floor)");
    let rows = [
        row(fixed(lengths[0]), tiny, None),
        row(fixed(lengths[1]), like_me.clone(), None),
        row("GET me".into(), me, Some((like_me, "static"))),
        row(fixed(lengths[2]), like_list.clone(), None),
        row(
            "GET custom-user-status.list?count=50".into(),
            list,
            Some((like_list, "static")),
        ),
    ];
    table::rates("Authenticated reads", &rows);
    Ok(())
}

pub fn me(credentials: &str) -> Request {
    Request::get("/api/v1/me", credentials)
}

pub fn list(credentials: &str) -> Request {
    Request::get("/api/v1/custom-user-status.list?count=50", credentials)
}
