//! Writes over etcd: their rate beside that of etcd alone, and the time until another server shows them.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cluster::{SERVERS, Servers};
use crate::driver::{self, Connection, NUMBER, Request};
use crate::etcd_floor::{self, Call};
use crate::etcd_nodes::EtcdNodes;
use crate::growth::Login;
use crate::measure::{Latencies, Measured};
use crate::plan::Plan;
use crate::server::Server;
use crate::table::{self, Rate};
use crate::{Outcome, creates, floors, print};

/// Numbers of concurrent clients.
const AT_ONCE: [usize; 3] = [1, 8, 64];

/// The number of users, each of whom sets an own status.
const USERS: u64 = 64;

/// The number of statuses that are looked for at another server.
const SEEN: usize = 300;

/// The pause before each of them, so that the cluster is quiet.
const QUIET: Duration = Duration::from_millis(10);

pub fn run(plan: &Plan) -> Outcome {
    let folder = plan.temporary()?;
    let nodes = EtcdNodes::start(folder.path())?;
    let one = Servers::start(plan, &nodes, 1, USERS)?;
    let several = Servers::start(plan, &nodes, SERVERS, USERS)?;
    rates(plan, &nodes, &one, &several)?;
    seen(&several)
}

/// Measures all subjects in turn, over the same nodes.
fn rates(plan: &Plan, nodes: &EtcdNodes, one: &Servers, several: &Servers) -> Outcome {
    let endpoints = nodes.endpoints();
    let mut rows = Vec::new();
    for at_once in AT_ONCE {
        let creates = |servers: &Servers| -> Outcome<_> {
            let request = creates::request(&servers.all[0].credentials()?);
            Ok(vec![request; at_once])
        };
        let (create_at_one, create_at_several) = (creates(one)?, creates(several)?);
        let statuses = |servers: &Servers| -> Vec<_> {
            let body = format!(r#"{{"status":"busy","message":"{NUMBER}"}}"#);
            let set = |login: &Login| Request::post("/api/v1/users.setStatus", &login.headers(), &body);
            servers.logins.iter().take(at_once).map(set).collect()
        };
        let (status_at_one, status_at_several) = (statuses(one), statuses(several));
        let measured = plan.in_turn(&mut [
            Box::new(|extent| floors::writer(plan.temporary()?.path(), at_once, extent)),
            Box::new(|extent| etcd_floor::merged(&endpoints, 1, Call::Create, at_once, extent)),
            Box::new(|extent| driver::drive_spread(&one.all, create_at_one.clone(), extent)),
            Box::new(|extent| etcd_floor::merged(&endpoints, SERVERS, Call::Create, at_once, extent)),
            Box::new(|extent| driver::drive_spread(&several.all, create_at_several.clone(), extent)),
            Box::new(|extent| etcd_floor::merged(&endpoints, 1, Call::Replace, at_once, extent)),
            Box::new(|extent| driver::drive_spread(&one.all, status_at_one.clone(), extent)),
            Box::new(|extent| etcd_floor::merged(&endpoints, SERVERS, Call::Replace, at_once, extent)),
            Box::new(|extent| driver::drive_spread(&several.all, status_at_several.clone(), extent)),
        ])?;
        let row = |what: &str, measured: &Measured, floor: Option<&Measured>| Rate {
            what: what.into(),
            at_once,
            measured: measured.clone(),
            floor: floor.map(|floor| (floor.clone(), "etcd")),
        };
        let [sled, beside @ ..] = &measured[..] else {
            return Err("no subjects".into());
        };
        rows.push(row("store's writer in a data folder", sled, None));
        let names = [
            ("creates in etcd, one writer (floor)", "create at one server"),
            ("creates in etcd, three writers (floor)", "create at three servers"),
            ("statuses in etcd, one writer (floor)", "own status at one server"),
            ("statuses in etcd, three writers (floor)", "own status at three servers"),
        ];
        for ((floor, own), pair) in names.iter().zip(beside.chunks_exact(2)) {
            rows.push(row(floor, &pair[0], None));
            rows.push(row(own, &pair[1], Some(&pair[0])));
        }
    }
    let title = "Servers over three nodes of etcd on this machine; CPU is that of the first server";
    table::rates(title, &rows);
    let memory = one.all[0].memory()?;
    print(&format!(
        "The one server has {} after that.",
        table::megabytes(memory.resident)
    ));
    Ok(())
}

/// Measures the time from the call that sets a status at one server until another server shows it.
fn seen(cluster: &Servers) -> Outcome {
    let [here, there, ..] = &cluster.all[..] else {
        return Err("two servers".into());
    };
    let credentials = here.credentials()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let latencies = runtime.block_on(all_seen(here, there, &credentials))?;
    let rows = vec![[
        format!("{SEEN} statuses, set at one server").into(),
        table::time(latencies.at(0.5)),
        table::time(latencies.at(0.99)),
    ]];
    table::table(
        "Until another server shows a status, nothing else going on",
        ["", "p50", "p99"],
        rows,
    );
    Ok(())
}

async fn all_seen(here: &Server, there: &Server, credentials: &str) -> Outcome<Latencies> {
    let mut writer = Connection::open(here.address).await?;
    let mut reader = Connection::open(there.address).await?;
    let read = Request::get("/api/v1/users.getStatus", credentials);
    let mut latencies = Latencies::new()?;
    for number in 0..SEEN {
        tokio::time::sleep(QUIET).await;
        let message = format!("number {number}");
        let body = format!(r#"{{"status":"busy","message":"{message}"}}"#);
        let set = Request::post("/api/v1/users.setStatus", credentials, &body);
        let began = Instant::now();
        let setting = async { writer.exchange(&set).await.map(|_| ()) };
        let seeing = async {
            loop {
                let answer: Value = serde_json::from_slice(reader.exchange(&read).await?)?;
                if answer["message"] == message.as_str() {
                    return Outcome::Ok(());
                }
            }
        };
        tokio::try_join!(setting, seeing)?;
        latencies.record(began.elapsed());
    }
    Ok(latencies)
}
