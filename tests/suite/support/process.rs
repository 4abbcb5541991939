//! The real binary, in its own process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use super::Client;
use super::server::{ADMIN, PASSWORD, new_folder};
use super::store::cluster_of;

/// The command that serves from a folder at a free port, with an administrator [`ADMIN`].
pub fn serve(folder: &Path) -> Command {
    let mut command = rollcall(folder);
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("ROLLCALL_ADMIN_USERNAME", ADMIN)
        .env("ROLLCALL_ADMIN_PASSWORD", PASSWORD)
        .stdin(Stdio::null());
    command
}

/// Returns a command for the binary in this folder with an empty environment.
pub fn rollcall(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command.env_clear().current_dir(folder);
    if let Some(cluster) = cluster_of(&folder.join("data")) {
        command.env("ROLLCALL_STORE", cluster.to_string());
    }
    command
}

/// Runs a command to its end with this standard input.
pub fn run(mut command: Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that reads nothing may have closed its standard input already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the binary ends")
}

/// A running server process. Dropping it kills the process.
pub struct Process {
    pub child: Child,
    /// The first address; unspecified if the first one is a Unix socket.
    pub address: SocketAddr,
    pub folder: Arc<TempDir>,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a server in a new folder, with an administrator [`ADMIN`].
    pub fn start() -> Self {
        Self::start_in(new_folder(), |_| {})
    }

    /// Starts a server in this folder, after `change` has changed the command.
    pub fn start_in(folder: Arc<TempDir>, change: impl FnOnce(&mut Command)) -> Self {
        Self::try_start_in(folder, change).unwrap_or_else(|words| panic!("the server does not start: {words}"))
    }

    /// Starts a server; if it ends before it listens, returns its output.
    pub fn try_start_in(folder: Arc<TempDir>, change: impl FnOnce(&mut Command)) -> Result<Self, String> {
        let mut command = serve(folder.path());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn().expect("the binary starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let Some(place) = line.trim().strip_prefix("listening on ") else {
            let output = child.wait_with_output().expect("the binary ends");
            return Err(line + &String::from_utf8_lossy(&output.stderr));
        };
        let address = place.rsplit("//").next().expect("a text").parse();
        Ok(Self {
            address: address.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0))),
            child,
            folder,
            stdout,
        })
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn anonymous(&self) -> Client {
        Client::new(self.address)
    }

    pub async fn admin(&self) -> Client {
        self.anonymous().logged_in(ADMIN, PASSWORD).await
    }

    /// Returns the next line of standard output.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        line
    }

    /// Returns the resident memory of the process in KiB, from `/proc`.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .expect("a line");
        let number = line.split_whitespace().next().expect("a number");
        number.parse().expect("a number")
    }

    pub fn signal(&self, number: i32) {
        signal(self.child.id(), number);
    }

    /// Kills the process by SIGKILL, and waits until it has ended.
    pub fn kill(mut self) -> Arc<TempDir> {
        self.child.kill().expect("the process is there");
        self.child.wait().expect("the process ends");
        self.folder.clone()
    }

    /// Waits until standard error has a line with this text; returns all lines up to it.
    pub fn log_until(&mut self, text: &str) -> String {
        let mut log = String::new();
        for line in BufReader::new(self.child.stderr.take().expect("a pipe")).lines() {
            let line = line.expect("text");
            log += &line;
            log.push('\n');
            if line.contains(text) {
                return log;
            }
        }
        panic!("no line has {text:?}: {log}")
    }

    /// Waits for the end; returns the exit status and all of standard error.
    pub fn wait(&mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut log).expect("text");
        (self.child.wait().expect("the process ends"), log)
    }
}

/// Sends a signal to a process of the test.
pub fn signal(process: u32, number: i32) {
    let id = libc::pid_t::try_from(process).expect("a process id");
    assert_eq!(send_signal(id, number), 0, "the process takes the signal");
}

#[allow(unsafe_code)]
fn send_signal(id: libc::pid_t, signal: i32) -> i32 {
    // SAFETY: kill(2) takes two numbers and touches no memory.
    unsafe { libc::kill(id, signal) }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
