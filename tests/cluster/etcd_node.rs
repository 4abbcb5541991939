//! One node of etcd, as a process.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Runs a command until standard input ends, which is when the process of the test ends. Prints the id of its process, and
/// ends when that has ended, so that its ports and files are free.
const SCRIPT: &str = "\"$@\" >>\"$LOG\" 2>&1 </dev/null & echo $!; read -r _; kill -9 $!; wait 2>/dev/null";

/// The addresses of a node, and how a program is started there.
#[derive(Debug, Clone)]
pub struct NodePlace {
    /// The words before a command, such as those that enter a network namespace.
    pub enter: Vec<String>,
    /// The address for clients.
    pub clients: String,
    /// The address for the other nodes.
    pub peers: String,
}

/// A node of etcd. Dropping it kills it.
pub struct EtcdNode {
    pub place: NodePlace,
    name: String,
    /// The names and addresses of all nodes, as `--initial-cluster` takes them.
    members: String,
    folder: PathBuf,
    /// The largest size of the database, if it is not the default.
    quota_bytes: Option<u64>,
    running: Option<(Child, u32)>,
}

impl EtcdNode {
    /// Starts the node with this number.
    pub async fn start(number: usize, places: &[NodePlace], folder: &Path) -> Self {
        let member = |(number, place): (usize, &NodePlace)| format!("n{number}=http://{}", place.peers);
        let members: Vec<_> = places.iter().enumerate().map(member).collect();
        let mut node = Self {
            place: places[number].clone(),
            name: format!("n{number}"),
            members: members.join(","),
            folder: folder.to_owned(),
            quota_bytes: None,
            running: None,
        };
        node.run().await;
        node
    }

    /// Starts a killed node again.
    pub async fn start_again(&mut self) {
        self.run().await;
    }

    /// Sets the largest size of the database from the next start on.
    pub const fn set_quota(&mut self, bytes: Option<u64>) {
        self.quota_bytes = bytes;
    }

    /// Kills the node by SIGKILL, also when it is stopped. Its data stay.
    pub async fn kill(&mut self) {
        let Some((mut script, _)) = self.running.take() else {
            return;
        };
        drop(script.stdin.take());
        script.wait().await.expect("the script ends");
    }

    /// Stops the process by SIGSTOP.
    pub fn stop(&self) {
        self.signal(libc::SIGSTOP);
    }

    /// Lets a stopped process go on.
    pub fn go_on(&self) {
        self.signal(libc::SIGCONT);
    }

    fn signal(&self, number: i32) {
        let (_, process) = self.running.as_ref().expect("the node runs");
        signal(*process, number);
    }

    async fn run(&mut self) {
        let (clients, peers) = (&self.place.clients, &self.place.peers);
        let mut words = self.place.enter.clone();
        words.extend(["etcd".into(), "--name".into(), self.name.clone()]);
        words.push(format!("--data-dir={}", self.folder.join(&self.name).display()));
        words.push(format!("--listen-client-urls=http://{clients}"));
        words.push(format!("--advertise-client-urls=http://{clients}"));
        words.push(format!("--listen-peer-urls=http://{peers}"));
        words.push(format!("--initial-advertise-peer-urls=http://{peers}"));
        words.push(format!("--initial-cluster={}", self.members));
        words.push(format!("--initial-cluster-token={}", self.folder.display()));
        words.extend(["--pre-vote".into(), "--log-level=warn".into()]);
        words.push("--auto-compaction-mode=periodic".into());
        words.push("--auto-compaction-retention=10m".into());
        words.extend(self.quota_bytes.map(|bytes| format!("--quota-backend-bytes={bytes}")));
        let log = self.folder.join(format!("{}.log", self.name));
        self.running = Some(spawn(SCRIPT, &log, &words, &[]).await);
    }
}

/// Runs a script with this command, and returns it with the process that it prints.
pub async fn spawn(script: &str, log: &Path, words: &[String], variables: &[(String, String)]) -> (Child, u32) {
    let mut child = Command::new("sh")
        .args(["-c", script, "sh"])
        .args(words)
        .env("LOG", log)
        .envs(variables.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let line = lines.next_line().await.expect("text").expect("a line");
    (child, line.parse().expect("the id of a process"))
}

/// Sends a signal to a process, which may have ended.
#[allow(unsafe_code)]
pub fn signal(process: u32, number: i32) {
    let id = libc::pid_t::try_from(process).expect("the id of a process");
    // SAFETY: kill(2) takes two numbers and touches no memory.
    unsafe { libc::kill(id, number) };
}
