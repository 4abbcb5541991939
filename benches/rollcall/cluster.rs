//! Several servers over one etcd cluster of three nodes, all on this machine.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::driver::Connection;
use crate::etcd_nodes::EtcdNodes;
use crate::growth::Login;
use crate::plan::Plan;
use crate::server::Server;
use crate::{Outcome, cluster_sockets, cluster_writes, creates, population, print, sockets, table};

/// The number of servers that are measured together.
pub const SERVERS: usize = 3;

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
    cluster_writes::run(plan)?;
    cluster_sockets::run(plan)?;
    start(plan)?;
    failover(plan)
}

/// Servers over one store in a cluster.
pub struct Servers {
    pub all: Vec<Server>,
    /// The logins of as many users as were wanted.
    pub logins: Vec<Login>,
    _homes: Vec<TempDir>,
}

impl Servers {
    /// Moves a store with this many users into a cluster under a name of its own, and starts this many servers on it.
    pub fn start(plan: &Plan, nodes: &EtcdNodes, servers: usize, users: u64) -> Outcome<Self> {
        let folder = plan.temporary()?;
        let logins = sockets::fill(folder.path(), users)?;
        let address = nodes.store(&format!("with{servers}"));
        moved(folder.path(), &address)?;
        let (mut homes, mut all) = (vec![folder], Vec::new());
        for _ in 0..servers {
            let home = plan.temporary()?;
            all.push(Server::in_cluster(
                home.path(),
                &address,
                &homes[0].path().join("secret.key"),
            )?);
            homes.push(home);
        }
        Ok(Self {
            all,
            logins,
            _homes: homes,
        })
    }
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
    let folder = plan.temporary()?;
    let mut nodes = EtcdNodes::start(folder.path())?;
    let cluster = Servers::start(plan, &nodes, SERVERS, 1)?;
    let request = creates::request(&cluster.all[0].credentials()?);
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let ends = Instant::now() + BEFORE + AFTER;
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (mut request, acknowledged) = (request.clone(), Arc::clone(&acknowledged));
            let address = cluster.all[caller % SERVERS].address;
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
    nodes.kill_leader()?;
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
