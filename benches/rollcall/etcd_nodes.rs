//! Three nodes of etcd on this machine, each in a process of its own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::Outcome;

/// The number of nodes.
const NODES: usize = 3;

/// The pause between two looks at what is not ready yet.
const PAUSE: Duration = Duration::from_millis(20);

/// A cluster of three nodes. Dropping it kills them.
pub struct EtcdNodes {
    processes: Vec<Child>,
    addresses: Vec<SocketAddr>,
}

impl EtcdNodes {
    /// Starts the nodes on this folder, and waits until they have a leader.
    pub fn start(folder: &Path) -> Outcome<Self> {
        let free = || TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let mut all = Vec::new();
        for _ in 0..NODES {
            all.push((free()?, free()?));
        }
        let cluster: Vec<_> = all
            .iter()
            .enumerate()
            .map(|(number, (_, peers))| format!("n{number}=http://{peers}"))
            .collect();
        let mut processes = Vec::new();
        for (number, (clients, peers)) in all.iter().enumerate() {
            let (clients, peers) = (format!("http://{clients}"), format!("http://{peers}"));
            let mut command = Command::new("etcd");
            command
                .args(["--name", &format!("n{number}"), "--log-level", "error", "--pre-vote"])
                .arg("--data-dir")
                .arg(folder.join(format!("n{number}")))
                .args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients])
                .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
                .args(["--initial-cluster", &cluster.join(",")])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            processes.push(
                command
                    .spawn()
                    .map_err(|error| format!("etcd does not start: {error}"))?,
            );
        }
        let nodes = Self {
            processes,
            addresses: all.into_iter().map(|(clients, _)| clients).collect(),
        };
        while nodes
            .addresses
            .iter()
            .any(|address| TcpStream::connect(address).is_err())
            || nodes.leader()?.is_none()
        {
            thread::sleep(PAUSE);
        }
        Ok(nodes)
    }

    /// Returns the addresses of the nodes, with commas between them.
    pub fn endpoints(&self) -> String {
        let addresses: Vec<_> = self.addresses.iter().map(ToString::to_string).collect();
        addresses.join(",")
    }

    /// Returns the address of the store with this name.
    pub fn store(&self, name: &str) -> String {
        format!("etcd://{}/{name}", self.endpoints())
    }

    /// Kills the node that leads the others.
    pub fn kill_leader(&mut self) -> Outcome {
        let leader = self.leader()?.ok_or("no node leads")?;
        self.processes[leader].kill()?;
        self.processes[leader].wait()?;
        Ok(())
    }

    /// Returns the number of the node that leads the others.
    fn leader(&self) -> Outcome<Option<usize>> {
        let mut command = Command::new("etcdctl");
        command
            .env("ETCDCTL_API", "3")
            .args(["--endpoints", &self.endpoints(), "endpoint", "status", "-w", "json"]);
        let output = command.output()?;
        let Ok(Value::Array(found)) = serde_json::from_slice(&output.stdout) else {
            return Ok(None);
        };
        let leads = |node: &Value| {
            let status = &node["Status"];
            status["leader"].is_u64() && status["leader"] == status["header"]["member_id"]
        };
        let leader = found
            .iter()
            .find(|node| leads(node))
            .and_then(|node| node["Endpoint"].as_str());
        Ok(leader.and_then(|leader| self.addresses.iter().position(|address| address.to_string() == leader)))
    }
}

impl Drop for EtcdNodes {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
