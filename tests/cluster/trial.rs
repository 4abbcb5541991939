//! The nodes, the servers, and all that uses them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::boards::Boards;
use crate::dice::Dice;
use crate::etcd_nodes::EtcdNodes;
use crate::fault::Fault;
use crate::load::Load;
use crate::namespaces::Namespaces;
use crate::people::ConnectedUsers;
use crate::report::{ReportRow, line, print};
use crate::servers::Servers;
use crate::settled::{remove_all, settled};

/// A cluster under load.
pub struct Trial {
    pub nodes: EtcdNodes,
    pub servers: Servers,
    pub load: Load,
    /// A message that is set at all servers in turn, and one for each server that is set there alone: a server that waits does
    /// not keep the others from writing theirs.
    boards: Vec<Boards>,
    people: ConnectedUsers,
    pub dice: Dice,
    rows: Vec<ReportRow>,
}

/// Returns a seed that no other run has.
pub fn new_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    u64::from(now.subsec_nanos()) ^ (now.as_secs() << 30) ^ u64::from(std::process::id())
}

/// Returns the seed of this run: `ROLLCALL_SEED`, or a new one, which is printed.
fn seed() -> u64 {
    let given = std::env::var("ROLLCALL_SEED").ok();
    let seed = given.map_or_else(new_seed, |text| text.parse().expect("ROLLCALL_SEED is a number"));
    println!("ROLLCALL_SEED={seed}");
    seed
}

impl Trial {
    /// Starts all of it, in namespaces if there are any.
    pub async fn start(namespaces: Option<Namespaces>) -> Self {
        let mut dice = Dice::new(seed());
        let nodes = EtcdNodes::start(namespaces).await;
        let servers = Servers::start(&nodes).await;
        let people = ConnectedUsers::start(&servers, &mut dice).await;
        let mut boards = vec![Boards::start(&servers, "everywhere", &[0, 1, 2]).await];
        for server in 0..3 {
            boards.push(Boards::start(&servers, &format!("only{server}"), &[server]).await);
        }
        let load = Load::start(&servers, &mut dice).await;
        Self {
            nodes,
            servers,
            load,
            boards,
            people,
            dice,
            rows: Vec::new(),
        }
    }

    /// Makes a fault under load, and checks everything after it.
    pub async fn suffer(&mut self, fault: Fault) {
        let number = self.rows.len() + 1;
        self.load.gaps().reset();
        let starts = self.servers.starts();
        self.load.until_written_at(&[0, 1, 2]).await;
        let name = fault.inject(self).await;
        self.servers.until_ready().await;
        self.load.until_written_at(&[0, 1, 2]).await;
        let paused = self.load.pause().await;
        let writes = self.load.gaps().figures();
        let board = settled(&self.servers, number).await;
        let mut disagreement = Duration::ZERO;
        for boards in &self.boards {
            disagreement = disagreement.max(boards.check().await);
        }
        let row = ReportRow {
            fault: name,
            writes,
            checked: self.load.epoch().check(&board),
            disagreement,
            restarts: self.servers.starts() - starts,
        };
        println!("{}", line(&row));
        assert!(row.restarts == 0 || fault.may_end_servers(), "a server ended");
        self.rows.push(row);
        self.people.check(&self.servers).await;
        remove_all(&self.servers, &board).await;
        self.load.renew(number);
        drop(paused);
    }

    /// Ends all of it, verifies the store, and prints the table.
    pub async fn end(self) {
        self.load.end().await;
        self.servers.check_store().await;
        for boards in self.boards {
            boards.end().await;
        }
        println!("connections of users: {}", self.people.connections());
        self.people.end().await;
        print(&self.rows);
        for (number, service) in self.servers.services.iter().enumerate() {
            for error in service.errors() {
                println!("server {number}: {error}");
            }
        }
    }
}
