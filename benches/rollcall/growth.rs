//! Figures of stores with 100 to 1,000,000 users. Each user has a name, an address, a password and a token, and every
//! second one a status, as in a real store.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rollcall::auth::password::Passwords;
use rollcall::auth::{PasswordDigest, TokenSecret};
use rollcall::clock::Clock;
use rollcall::domain::password_hash::PasswordHash;
use rollcall::domain::user::UserEmail;
use rollcall::domain::{DisplayName, Email, User};
use tokio::runtime::{self, Runtime};
use tokio::task::LocalSet;

use crate::crowd::{Crowd, Interface};
use crate::driver::{self, Connection, Request};
use crate::figure::Figure;
use crate::measure::Latencies;
use crate::plan::Plan;
use crate::server::{PASSWORD, Server, USERNAME};
use crate::socket_driver::MARK;
use crate::stream_driver::cookie;
use crate::table::{self, Rate};
use crate::{Outcome, population, sockets};

/// Numbers of users.
const SIZES: [u64; 4] = [100, 10_000, 100_000, 1_000_000];

/// The number of users up to which a short run goes.
const QUICK: u64 = 100_000;

/// Number of connections that send requests.
const CONNECTIONS: usize = 4;

/// Number of sockets that watch the changes of a status. If there are fewer users, some have several sockets.
const WATCHERS: usize = 1_000;

/// Number of changes of a status that are measured.
const CHANGES: u64 = 50;

/// The time limit for all watchers to connect, and to receive a change.
const LIMIT: Duration = Duration::from_mins(1);

/// How many times as fast as its output a figure may grow.
const TOLERATED: f64 = 1.5;

/// The figures of one size.
struct Measures {
    users: u64,
    /// The name, the figure, and the size of its output, with which it may grow.
    rows: Vec<(&'static str, Figure, f64)>,
}

pub fn run(plan: &Plan) -> Outcome {
    let passwords = Passwords::default();
    let hash = Runtime::new()?.block_on(passwords.hash(PasswordDigest::of(PASSWORD)))?;
    let mut measures = Vec::new();
    for users in SIZES {
        if !plan.quick || users <= QUICK {
            measures.push(measure(plan, users, &hash)?);
        }
    }
    let names: Vec<_> = measures[0].rows.iter().map(|(name, ..)| *name).collect();
    let mut faster = Vec::new();
    let mut rows = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let mut row = [const { Figure::none() }; 5];
        row[0] = (*name).into();
        for (measures, cell) in measures.iter().zip(&mut row[1..]) {
            *cell = measures.rows[place].1.clone();
        }
        rows.push(row);
        for pair in measures.windows(2) {
            let [(_, before, small), (_, after, large)] = [&pair[0].rows[place], &pair[1].rows[place]];
            let growth = after.number().unwrap_or_default() / before.number().unwrap_or(1.0);
            let output = large / small;
            if growth > TOLERATED * output {
                let users = table::count(pair[1].users);
                faster.push(format!(
                    "{name}: {growth:.1} times at {users} users, its output {output:.1} times"
                ));
            }
        }
    }
    table::table(
        &format!(
            "Growth: CPU for a call with {CONNECTIONS} connections, and the time until all of {WATCHERS} sockets have a change"
        ),
        ["", "100 users", "10 000", "100 000", "1 000 000"],
        rows,
    );
    if faster.is_empty() {
        crate::print("No figure grows faster than its output.");
    } else {
        crate::print(&format!(
            "These grow faster than their output:\n  {}",
            faster.join("\n  ")
        ));
    }
    Ok(())
}

/// Returns the data folder of a store with this many users, and their tokens. A store of an earlier run is used again, if
/// the command line says where they are: a million users take a quarter of an hour.
fn store(plan: &Plan, temporary: &Path, users: u64, hash: &PasswordHash) -> Outcome<(PathBuf, Vec<Login>)> {
    let Some(stores) = &plan.stores else {
        return Ok((temporary.to_owned(), fill(temporary, users, hash)?));
    };
    let (data, known) = (stores.join(users.to_string()), stores.join(format!("{users}.tokens")));
    if let Ok(known) = fs::read_to_string(&known) {
        return Ok((data, known.lines().filter_map(Login::parse).collect()));
    }
    fs::create_dir_all(&data)?;
    let logins = fill(&data, users, hash)?;
    let lines: Vec<_> = logins
        .iter()
        .map(|login| format!("{} {}", login.user, login.token))
        .collect();
    fs::write(known, lines.join("\n"))?;
    Ok((data, logins))
}

fn measure(plan: &Plan, users: u64, hash: &PasswordHash) -> Outcome<Measures> {
    let temporary = plan.temporary()?;
    let (folder, logins) = store(plan, temporary.path(), users, hash)?;
    let server = &Server::unlimited(&folder)?;
    let memory = server.memory()?;
    // These logins end the oldest logins of the administrator, so that they come first.
    let login = format!(r#"{{"user":"{USERNAME}","password":"{PASSWORD}"}}"#);
    let login = driver::drive(server, vec![Request::post("/api/v1/login", "", &login)], plan.round())?;
    let credentials = server.credentials()?;
    let mut rows = Vec::new();
    #[allow(clippy::cast_precision_loss)]
    let (people, own) = (users as f64, memory.own as f64);
    rows.push(("start", table::time(server.started_in), people));
    rows.push(("resident after the start", table::megabytes(memory.resident), people));
    rows.push(("of that its own", table::megabytes(memory.own), people));
    let each = Figure::new(format!("{} B", memory.own / users), "bytes", own / people);
    rows.push(("of that for each user", each, 1.0));
    rows.push(("POST login, one caller", table::time(login.latency(0.5)), 1.0));

    let token = credentials
        .split("X-Auth-Token: ")
        .nth(1)
        .unwrap_or_default()
        .trim_end()
        .to_owned();
    let page = format!("{}Accept-Encoding: gzip\r\n", cookie(&token));
    let calls = [
        ("GET me", "/api/v1/me", &credentials),
        ("GET users.list", "/api/v1/users.list", &credentials),
        (
            "GET users.autocomplete, one fits",
            "/api/v1/users.autocomplete?selector=%7B%22term%22%3A%22user99%22%7D",
            &credentials,
        ),
        (
            "GET users.autocomplete, none fits",
            "/api/v1/users.autocomplete?selector=%7B%22term%22%3A%22zzz%22%7D",
            &credentials,
        ),
        ("GET users.presence", "/api/v1/users.presence", &credentials),
        ("GET /, the board as a page", "/", &page),
    ];
    for (name, path, headers) in calls {
        let request = Request::get(path, headers);
        let length = driver::ask(server, &request)?.len();
        let floor = &Server::fixed(length)?;
        let fixed = vec![Request::get("/static", ""); CONNECTIONS];
        let measured = plan.in_turn(&mut [
            Box::new(|extent| driver::drive(floor, fixed.clone(), extent)),
            Box::new(|extent| driver::drive(server, vec![request.clone(); CONNECTIONS], extent)),
        ])?;
        let [floor, measured] = measured.try_into().map_err(|_| "two subjects")?;
        #[allow(clippy::cast_precision_loss)]
        rows.push((name, table::time(measured.processor_per_call()), length as f64));
        table::compare(&Rate {
            what: format!("{name}, {} users", table::count(users)),
            at_once: CONNECTIONS,
            measured,
            floor: Some((floor, "static")),
        });
    }

    let tokens = (0..WATCHERS)
        .map(|number| logins[number % logins.len()].token.clone())
        .collect();
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let heard = LocalSet::new().block_on(&runtime, watched(server, tokens, &credentials))?;
    rows.push(("status, p50 of all have it", table::time(heard.at(0.5)), 1.0));
    Ok(Measures { users, rows })
}

/// Returns the times until all sockets have received a change.
async fn watched(server: &Server, tokens: Vec<String>, credentials: &str) -> Outcome<Latencies> {
    let mut crowd = Crowd::new(Interface::Sockets, tokens);
    crowd.set_servers(&[server.address]);
    crowd.subscribe();
    crowd.gather();
    crowd.until_ready(LIMIT).await?;
    server.settled().await?;
    let mut setter = Connection::open(server.address).await?;
    let mut all = Latencies::new()?;
    for number in 1..=CHANGES {
        let status = if number % 2 == 0 { "away" } else { "busy" };
        let body = format!(
            r#"{{"status":"{status}","message":"change {}{number}"}}"#,
            char::from(MARK)
        );
        crowd.watch(number)?;
        setter
            .exchange(&Request::post("/api/v1/users.setStatus", credentials, &body))
            .await?;
        all.record(crowd.until_heard(LIMIT).await?.1);
    }
    Ok(all)
}

/// The user and the token of a login.
#[derive(Debug, Clone)]
pub struct Login {
    pub user: String,
    pub token: String,
}

impl Login {
    fn parse(line: &str) -> Option<Self> {
        let (user, token) = line.split_once(' ')?;
        Some(Self {
            user: user.to_owned(),
            token: token.to_owned(),
        })
    }

    /// Returns the headers of a call.
    pub fn headers(&self) -> String {
        format!("X-User-Id: {}\r\nX-Auth-Token: {}\r\n", self.user, self.token)
    }
}

/// Creates a store with this many users, and returns the logins of the first ones.
pub fn fill(folder: &Path, users: u64, hash: &PasswordHash) -> Outcome<Vec<Login>> {
    let mut logins = Vec::new();
    let mut busy = false;
    let now = Clock::system().now();
    let make = |number: u64, user: User| {
        let address = Email::parse(&format!("user{number}@example.com"))?;
        Ok(User {
            name: Some(DisplayName::parse(&format!("Person Number {number}"))?),
            email: Some(UserEmail {
                address,
                verified: true,
            }),
            password: Some(hash.clone()),
            last_login: Some(now),
            ..user
        })
    };
    population::fill_with(folder, users, make, |change, user| {
        let secret = TokenSecret::generate();
        let change = change.insert(&sockets::token(user, &secret, now));
        if logins.len() < WATCHERS {
            logins.push(Login {
                user: user.id.to_string(),
                token: secret.expose().to_owned(),
            });
        }
        busy = !busy;
        if busy {
            change.insert(&population::busy(&user.id, None))
        } else {
            change
        }
    })?;
    Ok(logins)
}
