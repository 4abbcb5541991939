//! A cluster of three nodes of etcd.

use std::net::TcpListener;
use std::process::Stdio;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::dice::Dice;
use crate::etcd_node::{EtcdNode, NodePlace};
use crate::namespaces::Namespaces;
use crate::waiting::{PATIENCE, until, until_true};

/// Three nodes of etcd, and the namespaces in which they run, if they can be cut off from each other.
pub struct EtcdNodes {
    pub nodes: Vec<EtcdNode>,
    pub namespaces: Option<Namespaces>,
    _folder: TempDir,
}

/// The state of a node.
#[derive(Debug, Clone, Copy)]
pub struct NodeState {
    is_leader: bool,
    pub database_bytes: u64,
}

impl EtcdNodes {
    /// Starts three nodes, in namespaces if there are any.
    pub async fn start(namespaces: Option<Namespaces>) -> Self {
        // In memory, if that is possible: the tests are not about the disk of etcd.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let folder = folder.expect("a temporary folder");
        let places = namespaces.as_ref().map_or_else(local_places, Namespaces::places);
        let mut nodes = Vec::new();
        for number in 0..places.len() {
            nodes.push(EtcdNode::start(number, &places, folder.path()).await);
        }
        let cluster = Self {
            nodes,
            namespaces,
            _folder: folder,
        };
        cluster.until_healthy().await;
        cluster
    }

    /// Returns the addresses for clients of all nodes.
    pub fn clients(&self) -> String {
        self.clients_from(0)
    }

    /// Returns the addresses for clients of all nodes, this one first.
    pub fn clients_from(&self, first: usize) -> String {
        let all = self.nodes.iter().cycle().skip(first).take(self.nodes.len());
        let all: Vec<_> = all.map(|node| node.place.clients.clone()).collect();
        all.join(",")
    }

    /// Returns the number of the leader.
    pub async fn leader(&self) -> usize {
        let look = async || {
            for number in 0..self.nodes.len() {
                if self.state(number).await.is_some_and(|state| state.is_leader) {
                    return Some(number);
                }
            }
            None
        };
        until("a leader", look).await
    }

    /// Returns what a node says about itself; `None` if it does not answer.
    pub async fn state(&self, number: usize) -> Option<NodeState> {
        let text = self
            .try_control(Some(number), &["endpoint", "status", "-w", "json"])
            .await
            .ok()?;
        let body: Value = serde_json::from_str(&text).ok()?;
        let status = &body[0]["Status"];
        let header = &status["header"];
        Some(NodeState {
            is_leader: status["leader"] == header["member_id"],
            database_bytes: status["dbSize"].as_u64()?,
        })
    }

    /// Waits until each node answers from the cluster.
    pub async fn until_healthy(&self) {
        for number in 0..self.nodes.len() {
            let mut problem = String::new();
            let is_healthy = async || match self.try_control(Some(number), &["endpoint", "health"]).await {
                Ok(_) => true,
                Err(words) => {
                    problem = words;
                    false
                }
            };
            let healthy = timeout(PATIENCE, until_true("a healthy node", is_healthy)).await;
            assert!(healthy.is_ok(), "node {number} is not healthy: {problem}");
        }
    }

    /// Returns the newest revision.
    pub async fn revision(&self) -> i64 {
        let look = async || {
            let text = self.try_control(None, &["get", "x", "-w", "json"]).await.ok()?;
            let body: Value = serde_json::from_str(&text).ok()?;
            body["header"]["revision"].as_i64()
        };
        until("a revision", look).await
    }

    /// Runs `etcdctl` with these arguments at any node until it succeeds.
    pub async fn control(&self, arguments: &[&str]) -> String {
        let run = async || self.try_control(None, arguments).await.ok();
        until(&arguments.join(" "), run).await
    }

    /// Returns the keys with this prefix that were changed from one revision to another, in order.
    pub async fn changes(&self, prefix: &str, from: i64, to: i64) -> Vec<String> {
        let mut watch = Command::new("etcdctl")
            .env("ETCDCTL_API", "3")
            .args([
                "--endpoints",
                &self.clients(),
                "watch",
                "--prefix",
                prefix,
                "-w",
                "json",
            ])
            .args(["--rev", &from.to_string()])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("etcdctl runs");
        let mut lines = BufReader::new(watch.stdout.take().expect("a pipe")).lines();
        let mut keys = Vec::new();
        loop {
            let line = lines.next_line().await.expect("text").expect("the watch goes on");
            let body: Value = serde_json::from_str(&line).expect("JSON");
            for event in body["Events"].as_array().into_iter().flatten() {
                let key = event["kv"]["key"].as_str().expect("a key");
                let key = BASE64_STANDARD.decode(key).expect("a key in base64");
                keys.push(String::from_utf8(key).expect("a key of text"));
                // The servers write on, so that there is such an event.
                if event["kv"]["mod_revision"]
                    .as_i64()
                    .is_some_and(|revision| revision >= to)
                {
                    return keys;
                }
            }
        }
    }

    /// Runs `etcdctl` at one node, or at any. Returns what it prints, and its errors if it fails.
    pub async fn try_control(&self, node: Option<usize>, arguments: &[&str]) -> Result<String, String> {
        let at = node.map_or_else(|| self.clients(), |node| self.nodes[node].place.clients.clone());
        let output = Command::new("etcdctl")
            .env("ETCDCTL_API", "3")
            .args(["--endpoints", &at, "--dial-timeout=1s", "--command-timeout=10s"])
            .args(arguments)
            .kill_on_drop(true)
            .output()
            .await
            .expect("etcdctl runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }
}

/// Returns places on this machine.
fn local_places() -> Vec<NodePlace> {
    let address = || format!("127.0.0.1:{}", free_port());
    let place = |_| NodePlace {
        enter: Vec::new(),
        clients: address(),
        peers: address(),
    };
    (0..3).map(place).collect()
}

/// Returns a free port below those that the system gives to clients, so that it stays free while its server is away.
pub fn free_port() -> u16 {
    let mut dice = Dice::new(crate::trial::new_seed());
    loop {
        let port = u16::try_from(15_000 + dice.below(15_000)).expect("a port");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
