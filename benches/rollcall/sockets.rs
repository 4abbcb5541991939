//! Thousands of sockets of different users: their cost, the time until a change has reached all of them, and the load
//! when all of them reconnect at the same time.

use std::path::Path;
use std::time::{Duration, Instant};

use rollcall::auth::TokenSecret;
use rollcall::clock::Clock;
use rollcall::domain::{Session, Timestamp, Token, TokenKind, User, UserStatus};
use rollcall::hub::GRACE_MILLIS;
use tokio::runtime;
use tokio::task::{LocalSet, spawn_blocking};
use tokio::time::sleep;

use crate::crowd::{Counts, Crowd, Interface};
use crate::fan_out::FanOut;
use crate::figure::Figure;
use crate::growth::Login;
use crate::plan::Plan;
use crate::server::Server;
use crate::{Outcome, machine, population, print, table};

/// Numbers of sockets, each with the time limits for a change to reach all of them, in milliseconds: for half of the
/// changes, and for 99 of 100.
pub const SIZES: [(u64, [u64; 2]); 2] = [(1_000, [15, 30]), (10_000, [160, 300])];

/// The aim for the memory of a socket that is logged in, subscribed and idle.
const AIM_BYTES: u64 = 12 * 1024;

/// Number of other files and sockets that the server has open.
const OTHER_DESCRIPTORS: u64 = 500;

/// The time limit for all sockets to connect, log in and subscribe.
pub const PATIENCE: Duration = Duration::from_mins(5);

/// The time after which the server stores the last use of a token again. Older sockets cost it a write when they end
/// or reconnect.
const USE_NOTED: Duration = Duration::from_secs(61);

/// The time after which users who have not reconnected are shown as offline.
const AFTER_GRACE: Duration = Duration::from_millis(GRACE_MILLIS.unsigned_abs() + 1_000);

/// The time without any event after which the server counts as quiet.
pub const QUIET: Duration = Duration::from_secs(2);

/// The time limit after a restart until the server is quiet.
const STORM: Duration = Duration::from_mins(10);

pub fn run(plan: &Plan) -> Outcome {
    with(plan, Interface::Sockets)
}

/// Measures streams of events of the pages in the same way. They may be half as fast as sockets.
pub fn streams(plan: &Plan) -> Outcome {
    with(plan, Interface::Streams)
}

fn with(plan: &Plan, interface: Interface) -> Outcome {
    let (name, factor) = match interface {
        Interface::Sockets => ("sockets", 1),
        Interface::Streams => ("streams of events", 2),
    };
    for (size, aims) in SIZES {
        check_descriptors(size)?;
        let folder = plan.temporary()?;
        let logins = fill(folder.path(), size)?;
        let tokens: Vec<_> = logins.into_iter().map(|login| login.token).collect();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        // The sockets of the floor end with it, before those of the server begin: the process cannot have both open.
        let floor = match interface {
            Interface::Sockets => {
                let floor = FanOut::floor(tokens.clone(), plan.quick);
                Some(LocalSet::new().block_on(&runtime, floor)?)
            }
            Interface::Streams => None,
        };
        let server = match interface {
            Interface::Sockets => Server::rollcall(folder.path())?,
            // The rate of pages counts each beginning of a stream.
            Interface::Streams => Server::unlimited(folder.path())?,
        };
        let credentials = server.credentials()?;
        let bench = Bench {
            title: format!("{} {name}", table::count(size)),
            folder: folder.path(),
            crowd: Crowd::new(interface, tokens),
            server,
            credentials,
            quick: plan.quick,
            aims: aims.map(|aim| aim * factor),
            floor,
        };
        LocalSet::new().block_on(&runtime, bench.run(interface))?;
    }
    Ok(())
}

/// Returns an error if a process cannot have this many sockets.
pub fn check_descriptors(sockets: u64) -> Outcome {
    if machine::descriptors()? < sockets + OTHER_DESCRIPTORS {
        return Err(format!("{sockets} sockets need as many open files: raise the limit with ulimit -n").into());
    }
    Ok(())
}

/// Creates a store with this many users, each with a recent login and last use, so that neither is stored again when
/// the sockets connect. Returns their logins.
pub fn fill(folder: &Path, users: u64) -> Outcome<Vec<Login>> {
    let mut logins = Vec::new();
    population::fill(folder, users, |change, user| {
        let (secret, now) = (TokenSecret::generate(), Clock::system().now());
        logins.push(Login {
            user: user.id.to_string(),
            token: secret.expose().to_owned(),
        });
        let mut seen = UserStatus::of(&user.id);
        seen.last_seen = Some(now);
        change.insert(&token(user, &secret, now)).insert(&seen)
    })?;
    Ok(logins)
}

pub fn token(user: &User, secret: &TokenSecret, now: Timestamp) -> Token {
    Token {
        hash: secret.hash(),
        user: user.id.clone(),
        created_at: now,
        expires_at: Some(now.plus_days(90)),
        last_used_at: Some(now),
        kind: TokenKind::Session(Session::default()),
    }
}

/// The measurement with one number of sockets.
struct Bench<'folder> {
    title: String,
    folder: &'folder Path,
    crowd: Crowd,
    server: Server,
    /// The headers of the logged-in administrator.
    credentials: String,
    quick: bool,
    /// The limits in milliseconds, as in [`SIZES`].
    aims: [u64; 2],
    /// The times of a server that only writes the changes; `None` for streams of events.
    floor: Option<FanOut>,
}

/// The way in which the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// The server stores who is online, so that no events are sent when they reconnect.
    InGoodOrder,
    /// The server does not store who is online, so that each reconnect sends an event to all.
    Killed,
}

impl Ending {
    const fn verb(self) -> &'static str {
        match self {
            Self::InGoodOrder => "ended",
            Self::Killed => "was killed",
        }
    }
}

impl Bench<'_> {
    async fn run(mut self, interface: Interface) -> Outcome {
        self.gather().await?;
        self.changes().await?;
        if interface == Interface::Streams {
            return Ok(());
        }
        self.wait_for_use().await;
        self.come_back().await?;
        self.wait_for_use().await;
        self = self.restart(Ending::InGoodOrder).await?;
        self.wait_for_use().await;
        self.restart(Ending::Killed).await?;
        Ok(())
    }

    /// Waits until the sockets are as old as they usually are when they end.
    async fn wait_for_use(&self) {
        if !self.quick {
            sleep(USE_NOTED).await;
        }
    }

    /// Connects and logs in all sockets, then subscribes all, then measures them idle.
    async fn gather(&mut self) -> Outcome {
        let (size, count) = (self.crowd.size(), self.crowd.size() as u64);
        let before = self.server.settled().await?.resident;
        self.crowd.count_anew();
        let began = Instant::now();
        self.crowd.set_servers(&[self.server.address]);
        self.crowd.gather();
        let all = |counts: &Counts| counts.logged_in == size;
        let logged_in = self.crowd.until("all are logged in", PATIENCE, all).await?;
        let subscribing = Instant::now();
        self.crowd.subscribe();
        let subscribed = self.crowd.until_ready(PATIENCE).await?;
        let idle = self.server.settled().await?.resident;
        let row = |what: &str, figure: Figure, aim: Figure| [what.into(), figure, aim];
        let none = Figure::none;
        let (connected_in, logged_in_after) = (logged_in.last_accepted - began, logged_in.last_step - began);
        let subscribed_in = subscribed.last_step - subscribing;
        let each = idle.saturating_sub(before) / count;
        let aim = format!("< {}", table::kibibytes(AIM_BYTES)).into();
        let rows = vec![
            row("until all are connected", table::time(connected_in), none()),
            row("until all are logged in", table::time(logged_in_after), none()),
            row("from then until all are subscribed", table::time(subscribed_in), none()),
            row("resident before", table::megabytes(before), none()),
            row("resident when all are idle", table::megabytes(idle), none()),
            row("of that for each socket", table::kibibytes(each), aim),
        ];
        let title = format!("{}, each of a user of its own", self.title);
        table::table(&title, ["", "", "aim"], rows);
        tell_causes(&self.crowd.counts());
        Ok(())
    }

    /// Sends one change after the other to all sockets, and compares with the floor.
    async fn changes(&self) -> Outcome {
        let fan_out = FanOut::measure(&self.crowd, &self.server, &self.credentials, self.quick).await?;
        fan_out.show(&self.title, self.aims);
        tell_causes(&self.crowd.counts());
        if let Some(floor) = &self.floor {
            fan_out.compare(floor);
        }
        Ok(())
    }

    /// Drops all sockets and reconnects them, within the time in which lost connections count.
    async fn come_back(&mut self) -> Outcome {
        self.crowd.scatter().await;
        self.crowd.count_anew();
        let began = Instant::now();
        self.crowd.gather();
        let ready = self.crowd.until_ready(PATIENCE).await?;
        sleep(AFTER_GRACE).await;
        let title = format!("{}, all dropped at once, all back at once", self.title);
        self.tell_return(&title, began, &ready, None)
    }

    /// Stops and starts the server, and waits until all sockets have reconnected.
    async fn restart(mut self, ending: Ending) -> Outcome<Self> {
        self.crowd.set_servers(&[]);
        let began = Instant::now();
        let server = self.server;
        let end = move || match ending {
            Ending::InGoodOrder => server.stop(),
            Ending::Killed => server.kill(),
        };
        spawn_blocking(end).await??;
        let stopped = began.elapsed();
        let nobody = |counts: &Counts| counts.logged_in == 0;
        self.crowd.until("all sockets have ended", PATIENCE, nobody).await?;
        let folder = self.folder.to_owned();
        self.server = spawn_blocking(move || Server::rollcall(&folder)).await??;

        self.crowd.count_anew();
        let began = Instant::now();
        self.crowd.set_servers(&[self.server.address]);
        let ready = self.crowd.until_ready(STORM).await?;
        let size = self.crowd.size();
        let is_quiet = |counts: &Counts| {
            let told = counts.last_change.is_some_and(|last| last.elapsed() < QUIET);
            counts.ready == size && !told
        };
        let quiet = self.crowd.until("it is quiet", STORM, is_quiet).await?;
        let quiet = quiet.last_change.map(|last| last - began).unwrap_or_default();
        sleep(AFTER_GRACE).await;
        let title = format!(
            "{}, the server {} in {} and listens again after {}, all back at once",
            self.title,
            ending.verb(),
            table::time(stopped),
            table::time(self.server.started_in),
        );
        let storm = (ending == Ending::Killed).then_some(quiet);
        self.tell_return(&title, began, &ready, storm)?;
        Ok(self)
    }

    /// Prints how all sockets reconnected, and after a storm, how long it took until the server was quiet.
    fn tell_return(&self, title: &str, began: Instant, ready: &Counts, storm: Option<Duration>) -> Outcome {
        let counts = self.crowd.counts();
        let memory = self.server.memory()?;
        let row = |what: &str, figure: Figure, aim: &str| [what.into(), figure, aim.into()];
        // A killed server has no aim, since each reconnect sends an event to all.
        let no_changes = if storm.is_none() { "0" } else { "" };
        let mut rows = vec![
            row("until all are connected", table::time(ready.last_accepted - began), ""),
            row(
                "until all are logged in and subscribed",
                table::time(ready.last_step - began),
                "",
            ),
            row("logins refused", table::count(counts.refused), "0"),
            row("connects failed", table::count(counts.unconnected), "0"),
            row("closed by the server", table::count(counts.closed), "0"),
            row("had to come once more", table::count(counts.again), "0"),
            row("changes told", table::count(counts.changes), no_changes),
        ];
        if let Some(quiet) = storm {
            rows.push(row("until it is quiet", table::time(quiet), ""));
        }
        rows.push(row("resident then", table::megabytes(memory.resident), ""));
        rows.push(row("most until then", table::megabytes(memory.peak), ""));
        table::table(title, ["", "", "aim"], rows);
        tell_causes(&counts);
        Ok(())
    }
}

/// Prints the errors that ended sockets.
fn tell_causes(counts: &Counts) {
    for (cause, sockets) in &counts.causes {
        print(&format!("{} sockets ended because {cause}.", table::count(*sockets)));
    }
}
