//! Several servers over one etcd cluster of three nodes, all on this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::driver::{self, Connection, NUMBER, Request};
use crate::etcd_nodes::EtcdNodes;
use crate::measure::{Extent, Latencies, Measured};
use crate::plan::Plan;
use crate::server::Server;
use crate::table::{self, Rate};
use crate::{Outcome, creates, etcd_floor, floors, population, print};

/// Numbers of concurrent clients.
const AT_ONCE: [usize; 3] = [1, 8, 64];

/// The number of servers that are measured together.
const SERVERS: usize = 3;

/// The number of statuses that are looked for at another server.
const SEEN: usize = 300;

/// The pause before each of them, so that the cluster is quiet.
const QUIET: Duration = Duration::from_millis(10);

/// The number of users for which a move and a start are measured.
const USERS: u64 = 100_000;

/// The number of callers while the leader is killed, and the time before and after that.
const CALLERS: usize = 16;
const BEFORE: Duration = Duration::from_secs(3);
const AFTER: Duration = Duration::from_secs(7);

pub fn run(plan: &Plan) -> Outcome {
    if Command::new("etcd")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        print("\nSkipped: several servers over etcd, because there is no etcd here.");
        return Ok(());
    }
    writes(plan)?;
    seen(plan)?;
    start(plan)?;
    failover(plan)
}

/// A store in a cluster with some servers.
struct Servers {
    nodes: EtcdNodes,
    servers: Vec<Server>,
    _folders: Vec<TempDir>,
}

impl Servers {
    fn start(plan: &Plan, number: usize) -> Outcome<Self> {
        let folder = plan.temporary()?;
        let nodes = EtcdNodes::start(folder.path())?;
        let mut folders = vec![folder];
        let mut servers = Vec::new();
        for _ in 0..number {
            let home = plan.temporary()?;
            servers.push(Server::in_cluster(
                home.path(),
                &nodes.store("bench"),
                &key(&folders[0])?,
            )?);
            folders.push(home);
        }
        Ok(Self {
            nodes,
            servers,
            _folders: folders,
        })
    }
}

/// Returns the path of a key that all servers share.
fn key(folder: &TempDir) -> Outcome<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.path().join("secret.key");
    if !path.exists() {
        fs::write(&path, "5e".repeat(32))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(path)
}

fn writes(plan: &Plan) -> Outcome {
    let one = Servers::start(plan, 1)?;
    let several = Servers::start(plan, SERVERS)?;
    let floor = EtcdNodes::start(plan.temporary()?.keep().as_path())?;
    let credentials = one.servers[0].credentials()?;
    let create = creates::request(&credentials);
    let message = format!(r#"{{"status":"busy","message":"{NUMBER}"}}"#);
    let set = Request::post("/api/v1/users.setStatus", &credentials, &message);
    let there = creates::request(&several.servers[0].credentials()?);
    let mut rows = Vec::new();
    for at_once in AT_ONCE {
        let drive = |servers: &[Server], request: &Request, extent: Extent| {
            driver::drive_spread(servers, vec![request.clone(); at_once], extent)
        };
        let measured = plan.in_turn(&mut [
            Box::new(|extent| floors::writer(plan.temporary()?.path(), at_once, extent)),
            Box::new(|extent| etcd_floor::merged(&floor.endpoints(), at_once, extent)),
            Box::new(|extent| drive(&one.servers, &create, extent)),
            Box::new(|extent| drive(&several.servers, &there, extent)),
            Box::new(|extent| drive(&one.servers, &set, extent)),
        ])?;
        let [sled, etcd, alone, together, statuses] = measured.try_into().map_err(|_| "five subjects")?;
        let row = |what: &str, measured: &Measured, floor: Option<&Measured>| Rate {
            what: what.into(),
            at_once,
            measured: measured.clone(),
            floor: floor.map(|floor| (floor.clone(), "etcd")),
        };
        rows.extend([
            row("store's writer in a data folder", &sled, None),
            row("etcd, the same transactions by one writer (floor)", &etcd, None),
            row("create at one server", &alone, Some(&etcd)),
            row("create at three servers", &together, Some(&etcd)),
            row("status of one user at one server", &statuses, Some(&etcd)),
        ]);
    }
    let title = "Several servers over three nodes of etcd on this machine; CPU is that of the first server";
    table::rates(title, &rows);
    let memory = one.servers[0].memory()?;
    print(&format!(
        "The one server has {} after that.",
        table::megabytes(memory.resident)
    ));
    Ok(())
}

/// Measures the time from the call that sets a status at one server until another server shows it.
fn seen(plan: &Plan) -> Outcome {
    let cluster = Servers::start(plan, 2)?;
    let [here, there] = &cluster.servers[..] else {
        return Err("two servers".into());
    };
    let credentials = here.credentials()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let latencies = runtime.block_on(async {
        let mut writer = Connection::open(here.address).await?;
        let mut reader = Connection::open(there.address).await?;
        let read = Request::get("/api/v1/users.getStatus", &credentials);
        let mut latencies = Latencies::new()?;
        for number in 0..SEEN {
            tokio::time::sleep(QUIET).await;
            let message = format!("number {number}");
            let body = format!(r#"{{"status":"busy","message":"{message}"}}"#);
            let set = Request::post("/api/v1/users.setStatus", &credentials, &body);
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
        Outcome::Ok(latencies)
    })?;
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

/// Measures how long it takes to move a store with many users into a cluster, and to start a server on it.
fn start(plan: &Plan) -> Outcome {
    let (folder, home, etcd) = (plan.temporary()?, plan.temporary()?, plan.temporary()?);
    population::fill(folder.path(), USERS, |change, _| change)?;
    let nodes = EtcdNodes::start(etcd.path())?;
    let address = nodes.store("bench");
    let began = Instant::now();
    moved(folder.path(), &address)?;
    let moved = began.elapsed();
    let key = folder.path().join("secret.key");
    let server = Server::in_cluster(home.path(), &address, &key)?;
    let memory = server.memory()?;
    let row = [
        "100 000 users".into(),
        table::time(moved),
        table::time(server.started_in),
        table::megabytes(memory.resident),
    ];
    let columns = ["", "rollcall migrate", "start", "resident then"];
    table::table("A large store in a cluster", columns, vec![row]);
    server.stop()
}

fn moved(from: &Path, to: &str) -> Outcome {
    let status = Command::new(Server::binary())
        .args(["migrate", "--to", to, "--from"])
        .arg(from)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the store was not moved".into())
    }
}

/// Measures the longest time without an acknowledged create around the kill of the leading node.
fn failover(plan: &Plan) -> Outcome {
    let mut cluster = Servers::start(plan, SERVERS)?;
    let request = creates::request(&cluster.servers[0].credentials()?);
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let ends = Instant::now() + BEFORE + AFTER;
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (mut request, acknowledged) = (request.clone(), Arc::clone(&acknowledged));
            let address = cluster.servers[caller % SERVERS].address;
            thread::spawn(move || -> Outcome {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(async {
                    let mut connection = Connection::open(address).await?;
                    let first = 1_000_000 * (caller as u64 + 1);
                    for number in first.. {
                        if Instant::now() > ends {
                            break;
                        }
                        request.number(number);
                        // While there is no leader, a create may be refused.
                        if connection.exchange(&request).await.is_ok() {
                            let now = Instant::now();
                            acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(now);
                        }
                    }
                    Ok(())
                })
            })
        })
        .collect();
    thread::sleep(BEFORE);
    cluster.nodes.kill_leader()?;
    for caller in callers {
        caller.join().map_err(|_| "a caller panicked")??;
    }
    let mut times = acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone();
    times.sort_unstable();
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    let row = [
        "the leading node is killed".into(),
        table::count(times.len() as u64),
        table::time(gaps.max().unwrap_or_default()),
    ];
    let columns = ["", "acknowledged creates", "longest time without one"];
    table::table("Three servers, 16 callers", columns, vec![row]);
    Ok(())
}
