//! A day of a busy team, in an hour: people log in and out, read, set statuses, open pages, come with sockets and go, and
//! backups are made. Memory, the file and the latencies must stay as they are after the first minutes.
//!
//! `--memory` runs the server as on a small machine.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rollcall::auth::PasswordDigest;
use rollcall::auth::password::Passwords;
use tokio::runtime;
use tokio::task::{JoinSet, LocalSet, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, interval_at, sleep, timeout};

use crate::crowd::{Crowd, Interface};
use crate::driver::{Connection, Request};
use crate::figure::Figure;
use crate::growth::{self, Login};
use crate::machine::Memory;
use crate::measure::Latencies;
use crate::plan::{Day, Plan};
use crate::server::{PASSWORD, Server};
use crate::socket_driver::MARK;
use crate::stream_driver::cookie;
use crate::{Outcome, backup, print, table};

/// The share of people whose sockets stay, and the share of those whose sockets come and go.
const STAY: usize = 3;
const COME_AND_GO: usize = 6;

/// How long sockets that come and go are connected, and how long they are away.
const VISIT: Duration = Duration::from_secs(20);

/// The time limit for a call, and for all sockets to connect.
const LIMIT: Duration = Duration::from_secs(30);

/// How often memory is looked at for one figure, and the pause in between.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(70);

/// The pause between two backups, in minutes.
const BACKUP_MINUTES: u64 = 10;

/// One of this many minutes at the beginning does not count. After it, memory, file and latencies must stay the same.
const WARM_UP: usize = 6;

const MINUTE: Duration = Duration::from_mins(1);

/// Calls of one kind: the name, and the number in a minute for each 1,000 people.
const KINDS: [(Kind, u32); 6] = [
    (Kind::Login, 60),
    (Kind::Me, 1_200),
    (Kind::List, 300),
    (Kind::Presence, 600),
    (Kind::Page, 120),
    (Kind::Status, 300),
];

/// A kind of call that people make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Login,
    Me,
    List,
    Presence,
    Page,
    Status,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Login => "log in and out",
            Self::Me => "me",
            Self::List => "users.list",
            Self::Presence => "users.presence",
            Self::Page => "the board as a page",
            Self::Status => "set a status",
        }
    }
}

/// The calls of one minute.
#[derive(Default)]
struct Minute {
    calls: BTreeMap<Kind, Vec<Duration>>,
    errors: BTreeMap<String, u64>,
}

/// The figures of one minute.
struct Line {
    minute: u64,
    resident: u64,
    own: u64,
    file: u64,
    failed: u64,
    calls: BTreeMap<Kind, Latencies>,
}

/// The server and the people, which all tasks use.
struct Team {
    server: Server,
    logins: Vec<Login>,
    minute: RefCell<Minute>,
}

pub fn run(plan: &Plan) -> Outcome {
    let Day { people, minutes } = plan.day;
    let folder = plan.temporary()?;
    let passwords = Passwords::default();
    let starting = runtime::Builder::new_current_thread().enable_all().build()?;
    let hash = starting.block_on(passwords.hash(PasswordDigest::of(PASSWORD)))?;
    let logins = growth::fill(folder.path(), people, &hash)?;
    let team = Rc::new(Team {
        server: Server::unlimited(folder.path())?,
        logins,
        minute: RefCell::default(),
    });
    let local = LocalSet::new();
    let lines = local.block_on(&starting, live(Rc::clone(&team), folder.path(), minutes))?;
    show_halves(people, &lines);
    let peak = team.server.memory()?.peak;
    print(&format!("The server had at most {}.", table::megabytes(peak)));
    Ok(())
}

/// Runs the day for this number of minutes. Returns the figures of each minute.
async fn live(team: Rc<Team>, folder: &Path, minutes: u64) -> Outcome<Vec<Line>> {
    let mut tasks: JoinSet<Outcome> = JoinSet::new();
    for (kind, in_a_minute) in KINDS {
        let people = u32::try_from(team.logins.len())?;
        let pause = MINUTE * 1_000 / (in_a_minute * people);
        tasks.spawn_local(repeat(Rc::clone(&team), kind, pause));
    }
    let tokens: Vec<_> = team.logins.iter().map(|login| login.token.clone()).collect();
    let (stay, others) = tokens.split_at(tokens.len() / STAY);
    let mut stay = Crowd::new(Interface::Sockets, stay.to_vec());
    stay.set_servers(&[team.server.address]);
    stay.subscribe();
    stay.gather();
    stay.until_ready(LIMIT).await?;
    let others = others[..tokens.len() / COME_AND_GO].to_vec();
    tasks.spawn_local(come_and_go(Rc::clone(&team), others));
    tasks.spawn_local(back_up(folder.to_owned()));

    let mut lines = Vec::new();
    let mut ticks = interval_at((Instant::now() + MINUTE).into(), MINUTE);
    for minute in 1..=minutes {
        tokio::select! {
            _ = ticks.tick() => {}
            ended = tasks.join_next() => return Err(format!("a task of the day ended: {ended:?}").into()),
        }
        let line = team.look(minute, folder).await?;
        print(&line.text());
        lines.push(line);
    }
    let counts = stay.counts();
    for (cause, sockets) in counts.causes {
        print(&format!(
            "{} sockets that stay ended because {cause}.",
            table::count(sockets)
        ));
    }
    Ok(lines)
}

impl Team {
    /// Returns the figures of the last minute, and begins the next one.
    async fn look(&self, minute: u64, folder: &Path) -> Outcome<Line> {
        let memory = self.least_memory().await?;
        let last = self.minute.take();
        let failed = last.errors.values().sum();
        for (cause, times) in last.errors {
            print(&format!("{} calls failed: {cause}", table::count(times)));
        }
        let mut calls = BTreeMap::new();
        for (kind, times) in last.calls {
            let mut latencies = Latencies::new()?;
            for took in times {
                latencies.record(took);
            }
            calls.insert(kind, latencies);
        }
        Ok(Line {
            minute,
            resident: memory.resident,
            own: memory.own,
            file: bytes_in(folder)?,
            failed,
            calls,
        })
    }

    /// Returns the smallest memory of some moments. A password that is verified at one of them takes 19 MB.
    async fn least_memory(&self) -> Outcome<Memory> {
        let mut least = self.server.memory()?;
        for _ in 0..LOOKS {
            sleep(BETWEEN_LOOKS).await;
            let now = self.server.memory()?;
            if now.own < least.own {
                least = now;
            }
        }
        Ok(least)
    }

    /// Makes one call of a kind.
    async fn call(&self, connection: &mut Connection, kind: Kind, number: u64) -> Outcome {
        let person = usize::try_from(number * 7_919)? % self.logins.len();
        let login = &self.logins[person];
        let of_person = login.headers();
        match kind {
            Kind::Login => {
                let address = format!("X-Forwarded-For: 198.51.{}.{}\r\n", person / 250, person % 250 + 1);
                let body = format!(r#"{{"user":"user{person}","password":"{PASSWORD}"}}"#);
                let answer = connection
                    .exchange(&Request::post("/api/v1/login", &address, &body))
                    .await?;
                let answer: serde_json::Value = serde_json::from_slice(answer)?;
                let [user, token] =
                    ["userId", "authToken"].map(|name| answer["data"][name].as_str().unwrap_or_default());
                let headers = format!("X-User-Id: {user}\r\nX-Auth-Token: {token}\r\n");
                connection
                    .exchange(&Request::post("/api/v1/logout", &headers, ""))
                    .await?;
            }
            Kind::Page => {
                let headers = format!("{}Accept-Encoding: gzip\r\n", cookie(&login.token));
                connection.exchange(&Request::get("/", &headers)).await?;
            }
            Kind::Status => {
                let status = ["busy", "away", "online"][usize::try_from(number % 3)?];
                let body = format!(
                    r#"{{"status":"{status}","message":"change {}{number}"}}"#,
                    char::from(MARK)
                );
                connection
                    .exchange(&Request::post("/api/v1/users.setStatus", &of_person, &body))
                    .await?;
            }
            Kind::Me | Kind::List | Kind::Presence => {
                let path = match kind {
                    Kind::List => "/api/v1/users.list",
                    Kind::Presence => "/api/v1/users.presence",
                    _ => "/api/v1/me",
                };
                connection.exchange(&Request::get(path, &of_person)).await?;
            }
        }
        Ok(())
    }
}

/// Makes calls of one kind, each after this pause. A call that failed is counted, and a new connection is opened.
async fn repeat(team: Rc<Team>, kind: Kind, pause: Duration) -> Outcome {
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connection = Connection::open(team.server.address).await?;
    for number in 0.. {
        ticks.tick().await;
        let began = Instant::now();
        let called = match timeout(LIMIT, team.call(&mut connection, kind, number)).await {
            Ok(called) => called,
            Err(elapsed) => Err(elapsed.into()),
        };
        match called {
            Ok(()) => {
                let mut minute = team.minute.borrow_mut();
                minute.calls.entry(kind).or_default().push(began.elapsed());
            }
            Err(error) => {
                let cause = format!("{}: {error}", kind.name());
                *team.minute.borrow_mut().errors.entry(cause).or_default() += 1;
                connection = Connection::open(team.server.address).await?;
            }
        }
    }
    Ok(())
}

/// Connects sockets, drops them, and connects them again, for ever.
async fn come_and_go(team: Rc<Team>, tokens: Vec<String>) -> Outcome {
    let mut crowd = Crowd::new(Interface::Sockets, tokens);
    crowd.set_servers(&[team.server.address]);
    crowd.subscribe();
    loop {
        crowd.gather();
        crowd.until_ready(LIMIT).await?;
        sleep(VISIT).await;
        crowd.scatter().await;
        sleep(VISIT).await;
    }
}

async fn back_up(folder: std::path::PathBuf) -> Outcome {
    loop {
        sleep(MINUTE * u32::try_from(BACKUP_MINUTES)?).await;
        let folder = folder.clone();
        let took = spawn_blocking(move || backup::back_up(&folder)).await??;
        print(&format!("a backup was made in {}", table::time(took)));
    }
}

/// Returns the bytes of all files below a folder.
fn bytes_in(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            bytes += bytes_in(&entry.path())?;
        } else if kind.is_file() {
            bytes += entry.metadata().map_or(0, |metadata| metadata.len());
        }
    }
    Ok(bytes)
}

impl Line {
    fn at(&self, kind: Kind, share: f64) -> Duration {
        self.calls
            .get(&kind)
            .map_or(Duration::ZERO, |latencies| latencies.at(share))
    }

    fn text(&self) -> String {
        let calls = KINDS.map(|(kind, _)| {
            let [half, most] = [0.5, 0.99].map(|share| table::time(self.at(kind, share)));
            format!("{} {half}/{most}", kind.name())
        });
        let [resident, own, file] = [self.resident, self.own, self.file].map(table::megabytes);
        format!(
            "minute {}: resident {resident}, its own {own}, file {file}, p50/p99: {}",
            self.minute,
            calls.join(", ")
        )
    }
}

/// Prints the first half of the time after the warm-up beside the second half.
fn show_halves(people: u64, lines: &[Line]) {
    let warm_up = lines.len().div_ceil(WARM_UP);
    let lines = &lines[warm_up..];
    let (first, second) = lines.split_at(lines.len() / 2);
    let median = |lines: &[Line], figure: &dyn Fn(&Line) -> f64| {
        let mut figures: Vec<_> = lines.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or_default()
    };
    let mut rows: Vec<[Figure; 4]> = Vec::new();
    let mut row = |what: String, figure: &dyn Fn(&Line) -> f64, shown: &dyn Fn(f64) -> Figure| {
        let [first, second] = [first, second].map(|lines| median(lines, figure));
        rows.push([what.into(), shown(first), shown(second), table::times(second / first)]);
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let bytes = |bytes: f64| table::megabytes(bytes as u64);
    let seconds = |seconds: f64| table::time(Duration::from_secs_f64(seconds));
    #[allow(clippy::cast_precision_loss)]
    {
        row("resident".to_owned(), &|line| line.resident as f64, &bytes);
        row("of that its own".to_owned(), &|line| line.own as f64, &bytes);
        row("files".to_owned(), &|line| line.file as f64, &bytes);
        row(
            "calls that failed".to_owned(),
            &|line| line.failed as f64,
            &table::grouped,
        );
    }
    for (kind, _) in KINDS {
        for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
            row(
                format!("{}, {name}", kind.name()),
                &|line| line.at(kind, share).as_secs_f64(),
                &seconds,
            );
        }
    }
    table::table(
        &format!(
            "A day of {} people in {} minutes, medians of the minutes after the first {warm_up}",
            table::count(people),
            lines.len() + warm_up,
        ),
        ["", "first half", "second half", "second / first"],
        rows,
    );
}
