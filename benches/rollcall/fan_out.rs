//! The time until a change of a status has reached all sockets.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rollcall::clock::Clock;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{sleep, timeout};

use crate::crowd::{Crowd, Interface};
use crate::driver::{Connection, Request};
use crate::figure::Figure;
use crate::measure::Latencies;
use crate::server::Server;
use crate::socket_driver::MARK;
use crate::{Outcome, machine, print, report, table};

/// The time limit for a change to reach all sockets.
const CHANGE: Duration = Duration::from_mins(1);

/// The pause between two changes.
const BETWEEN_CHANGES: Duration = Duration::from_millis(50);

/// The pause of the reader between a response and its next request.
const BETWEEN_READS: Duration = Duration::from_millis(5);

/// The time limit for all sockets of the floor to subscribe.
const PATIENCE: Duration = Duration::from_mins(1);

/// The times of changes that were sent to all sockets, one after the other, while a reader sent requests.
pub struct FanOut {
    sockets: usize,
    changes: u64,
    /// Until a socket has a change.
    each: Latencies,
    /// Until all sockets have it.
    all: Latencies,
    /// The calls of the reader.
    reads: Latencies,
    /// Processor time of the server and of the driver, for a change and socket.
    processor: [Duration; 2],
}

impl FanOut {
    /// Sends changes to all sockets of a crowd, which must be subscribed.
    ///
    /// # Errors
    /// An error if a socket got a change never, or twice.
    pub async fn measure(crowd: &Crowd, server: &Server, credentials: &str, quick: bool) -> Outcome<Self> {
        let sockets = crowd.size();
        let changes = match (quick, sockets) {
            (true, ..=1_000) => 20,
            (true, _) => 10,
            (false, ..=1_000) => 200,
            (false, _) => 100,
        };
        crowd.count_anew();
        let stop = Rc::new(Cell::new(false));
        let reader = reader(server, credentials, Rc::clone(&stop)).await?;
        let mut setter = Connection::open(server.address).await?;
        let (mut each, mut all) = (Latencies::new()?, Latencies::new()?);
        let spent = || -> Outcome<[Duration; 2]> {
            let server = machine::processor_time(server.process())?;
            Ok([server, machine::processor_time(std::process::id())?])
        };
        let before = spent()?;
        for number in 1..=changes {
            let status = if number % 2 == 0 { "away" } else { "busy" };
            let body = format!(
                r#"{{"status":"{status}","message":"change {}{number}"}}"#,
                char::from(MARK)
            );
            let request = Request::post("/api/v1/users.setStatus", credentials, &body);
            crowd.watch(number)?;
            timeout(CHANGE, setter.exchange(&request)).await??;
            let (latencies, last) = crowd.until_heard(CHANGE).await?;
            each.add(&latencies)?;
            all.record(last);
            sleep(BETWEEN_CHANGES).await;
        }
        let after = spent()?;
        stop.set(true);
        let reads = timeout(CHANGE, reader).await???;
        let told = u32::try_from(changes)? * u32::try_from(sockets)?;
        let counted = crowd.counts().changes;
        if counted != u64::from(told) {
            return Err(format!("{counted} changes were told instead of {told}").into());
        }
        Ok(Self {
            sockets,
            changes,
            each,
            all,
            reads,
            processor: [0, 1].map(|who: usize| after[who].saturating_sub(before[who]) / told),
        })
    }

    /// Measures a server that does nothing but write the changes, with as many sockets as there are tokens.
    pub async fn floor(tokens: Vec<String>, quick: bool) -> Outcome<Self> {
        let server = Server::broadcast()?;
        let mut crowd = Crowd::new(Interface::Sockets, tokens);
        crowd.set_servers(&[server.address]);
        crowd.subscribe();
        crowd.gather();
        crowd.until_ready(PATIENCE).await?;
        Self::measure(&crowd, &server, "", quick).await
    }

    /// Prints the times beside their aims, in milliseconds: for half of the changes, and for 99 of 100.
    pub fn show(&self, title: &str, [half, most]: [u64; 2]) {
        let row = |what: &str, times: &Latencies, aim: Figure| {
            let [half, most, max] = [0.5, 0.99, 1.0].map(|share| table::time(times.at(share)));
            [what.into(), half, most, max, aim]
        };
        table::table(
            &format!("{title}, {} changes of a status, one at a time", self.changes),
            ["", "p50", "p99", "max", "aim"],
            vec![
                row("until a socket has it", &self.each, Figure::none()),
                row("until all have it", &self.all, format!("{half} ms, {most} ms").into()),
                row("GET users.presence?from=… meanwhile", &self.reads, Figure::none()),
            ],
        );
        let [server, driver] = self.processor.map(table::time);
        print(&format!(
            "CPU for each socket and change, the reader's calls and the pauses included: {server}, and the driver's {driver}."
        ));
    }

    /// Adds the time until all sockets have a change to the figures that have a floor.
    pub fn compare(&self, floor: &Self) {
        let (own, least) = (self.all.at(0.5), floor.all.at(0.5));
        report::compare([
            "a change, until all sockets have it".into(),
            table::count(self.sockets as u64),
            table::time(own),
            table::time(self.processor[0]),
            "broadcast".into(),
            table::share(least.div_duration_f64(own)),
            table::times(self.processor[0].div_duration_f64(floor.processor[0])),
        ]);
    }
}

/// Starts a task that requests all changes since now, again and again.
async fn reader(server: &Server, credentials: &str, stop: Rc<Cell<bool>>) -> Outcome<JoinHandle<Outcome<Latencies>>> {
    let mut connection = Connection::open(server.address).await?;
    let path = format!("/api/v1/users.presence?from={}", Clock::system().now());
    let request = Request::get(&path, credentials);
    Ok(spawn_local(async move {
        let mut latencies = Latencies::new()?;
        while !stop.get() {
            let began = Instant::now();
            connection.exchange(&request).await?;
            latencies.record(began.elapsed());
            sleep(BETWEEN_READS).await;
        }
        Ok(latencies)
    }))
}
