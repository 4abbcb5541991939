//! Who is here: the list of ten thousand, and statuses that end, by the hundred thousand.

use std::path::Path;

use rollcall::auth::random;
use rollcall::domain::user::Activity;
use rollcall::domain::{
    Claim, ClaimSource, Preferences, Profile, RoleId, StatusType, Timestamp, TwoFactor, User, UserId, UserStatus,
    Username,
};
use rollcall::store::{Change, Store};
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::driver::{self, Request};
use crate::plan::Plan;
use crate::server::Server;
use crate::table::{self, Rate};

/// Users in the list.
const HERE: u64 = 10_000;

/// Users whose statuses end.
const ENDING: u64 = 100_000;

/// Connections that ask for the list.
const CONNECTIONS: usize = 8;

/// Users that one change makes.
const AT_ONCE: usize = 500;

pub fn run(plan: &Plan) -> Outcome {
    list(plan)?;
    ends(plan)
}

fn list(plan: &Plan) -> Outcome {
    let folder = plan.temporary()?;
    fill(folder.path(), HERE, true, None)?;
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
        fill(folder.path(), ENDING, end.is_some(), end)?;
        let server = Server::rollcall(folder.path())?;
        let memory = server.memory()?;
        rows.push([
            what.to_owned(),
            table::time(server.started_in),
            table::megabytes(memory.resident),
            table::megabytes(memory.peak),
        ]);
        server.stop()?;
    }
    let columns = ["", "until it listens", "resident then", "most until then"];
    table::table(
        "A start, everything that ended settled before the first answer",
        columns,
        rows,
    );
    Ok(())
}

/// Makes a store with an administrator and so many users, each with a status until `end` if there is
/// to be one.
fn fill(folder: &Path, users: u64, statuses: bool, end: Option<Timestamp>) -> Outcome {
    Server::rollcall(folder)?.stop()?;
    let runtime = Runtime::new()?;
    let store = Store::open(folder)?;
    for first in (0..users).step_by(AT_ONCE) {
        let mut change = Change::new();
        for number in first..users.min(first + AT_ONCE as u64) {
            let user = user(number)?;
            if statuses {
                change = change.insert(&status(&user.id, end));
            }
            change = change.insert(&user);
        }
        runtime.block_on(store.commit(change))?;
    }
    runtime.block_on(store.close());
    Ok(())
}

fn user(number: u64) -> Outcome<User> {
    let now = Timestamp::from_millis(1_699_098_263_366);
    Ok(User {
        id: UserId::from_random(random::bytes()),
        username: Username::parse(&format!("user{number}"))?,
        name: None,
        email: None,
        password: None,
        password_history: Vec::new(),
        require_password_change: None,
        roles: vec![RoleId::new("user")],
        activity: Activity::Active,
        profile: Profile::default(),
        preferences: Preferences::default(),
        two_factor: TwoFactor::default(),
        avatar: None,
        created_at: now,
        updated_at: now,
        last_login: None,
        revision: 0,
    })
}

fn status(user: &UserId, end: Option<Timestamp>) -> UserStatus {
    let mut status = UserStatus::of(user);
    status.claims.lay(Claim {
        status: StatusType::Busy,
        text: "caught up · busy".into(),
        emoji: None,
        source: ClaimSource::Manual,
        expires_at: end,
        id: None,
    });
    status
}
