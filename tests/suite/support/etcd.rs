//! An etcd of one node. Most tests of a run share one, which ends with the run.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use rollcall::config::ClusterAddress;
use tempfile::TempDir;

use super::tls::Pair;

/// A process that runs etcd until its standard input ends, which is when this process ends.
const SCRIPT: &str = "etcd \"$@\" >/dev/null 2>&1 & read -r _; kill -9 $!";

/// An etcd. Dropping it ends it.
pub struct Etcd {
    address: SocketAddr,
    peers: SocketAddr,
    folder: TempDir,
    /// The certificate and the key of TLS.
    tls: Option<(PathBuf, PathBuf)>,
    process: Child,
}

/// Returns the etcd that the tests of this run share.
pub fn shared_etcd() -> &'static Etcd {
    static ETCD: OnceLock<Etcd> = OnceLock::new();
    ETCD.get_or_init(|| {
        // In memory, if that is possible: the tests are not about the disk of etcd.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Etcd::start_in(folder.expect("a temporary folder"))
    })
}

impl Etcd {
    /// Starts an etcd of its own.
    pub fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a temporary folder"))
    }

    /// Starts an etcd that is spoken to over TLS.
    pub fn with_tls(pair: &Pair) -> Self {
        let tls = (pair.certificate.clone(), pair.key.clone());
        Self::run_in(tempfile::tempdir().expect("a temporary folder"), Some(tls))
    }

    fn start_in(folder: TempDir) -> Self {
        Self::run_in(folder, None)
    }

    fn run_in(folder: TempDir, tls: Option<(PathBuf, PathBuf)>) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let (address, peers) = (free().expect("a port"), free().expect("a port"));
        Self {
            process: run(address, peers, folder.path(), tls.as_ref(), None),
            address,
            peers,
            folder,
            tls,
        }
    }

    /// Kills the etcd. Its data stay.
    pub fn kill(&mut self) {
        // The script kills it when its standard input ends.
        drop(self.process.stdin.take());
        self.process.wait().expect("a process");
        while TcpStream::connect(self.address).is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts a killed etcd again.
    pub fn start_again(&mut self) {
        self.run_again(None);
    }

    /// Starts a killed etcd again, with a database that may have only this many bytes.
    pub fn start_again_with_quota(&mut self, bytes: u64) {
        self.run_again(Some(bytes));
    }

    fn run_again(&mut self, quota: Option<u64>) {
        self.process = run(self.address, self.peers, self.folder.path(), self.tls.as_ref(), quota);
    }

    /// Restores a snapshot into a killed etcd.
    pub fn restore(&self, snapshot: &Path) {
        std::fs::remove_dir_all(self.folder.path()).expect("the old data");
        let output = Command::new("etcdctl")
            .env("ETCDCTL_API", "3")
            .args(["snapshot", "restore"])
            .arg(snapshot)
            .arg("--data-dir")
            .arg(self.folder.path())
            .args(["--initial-cluster", &format!("default=http://{}", self.peers)])
            .args(["--initial-advertise-peer-urls", &format!("http://{}", self.peers)])
            .output()
            .expect("etcdctl runs");
        assert!(output.status.success(), "{output:?}");
    }

    /// Returns the address of the store that belongs to a data folder.
    pub fn store_of(&self, data: &Path) -> ClusterAddress {
        let name = data.to_str().expect("a text").trim_matches('/').replace('/', "-");
        let address = format!("etcd://{}/{name}", self.address);
        address.parse().expect("an address: build with --features etcd")
    }

    /// Runs `etcdctl` with these arguments, and asserts that it succeeds.
    pub fn control(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("etcdctl");
        command
            .env("ETCDCTL_API", "3")
            .args(["--endpoints", &self.address.to_string()]);
        if let Some((certificate, _)) = &self.tls {
            command.arg("--cacert").arg(certificate);
        }
        let output = command.args(arguments).output().expect("etcdctl runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
    }
}

fn run(
    address: SocketAddr,
    peers: SocketAddr,
    folder: &Path,
    tls: Option<&(PathBuf, PathBuf)>,
    quota: Option<u64>,
) -> Child {
    let scheme = if tls.is_some() { "https" } else { "http" };
    let (client_url, peer_url) = (format!("{scheme}://{address}"), format!("http://{peers}"));
    let mut command = Command::new("sh");
    command
        .args(["-c", SCRIPT, "sh", "--data-dir"])
        .arg(folder)
        .args([
            "--listen-client-urls",
            &client_url,
            "--advertise-client-urls",
            &client_url,
        ])
        .args([
            "--listen-peer-urls",
            &peer_url,
            "--initial-advertise-peer-urls",
            &peer_url,
        ])
        .args(["--initial-cluster", &format!("default={peer_url}")])
        .stdin(Stdio::piped());
    if let Some((certificate, key)) = tls {
        command.arg("--cert-file").arg(certificate).arg("--key-file").arg(key);
    }
    if let Some(bytes) = quota {
        command.args(["--quota-backend-bytes", &bytes.to_string()]);
    }
    let process = command.spawn().expect("a shell");
    while TcpStream::connect(address).is_err() {
        thread::sleep(Duration::from_millis(20));
    }
    process
}
