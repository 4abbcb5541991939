//! Messages of the server to the service manager that started it, on the manager's socket.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::Process;
use crate::support::process::{rollcall, run};
use crate::support::server::new_folder;
use crate::support::store::skipped_in_cluster;
use crate::support::tls::Pair;

/// Half of it is the pause between two proofs.
const WATCHDOG_MICROS: &str = "100000";

/// The time after which a message that is missing fails the test.
const PATIENCE: Duration = Duration::from_mins(1);

/// The number of messages among which the expected one must be.
const MAX_MESSAGES: usize = 500;

/// The socket of a service manager.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Manager {
    fn new(folder: &TempDir) -> Self {
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Self { socket, path }
    }

    fn start(&self, folder: Arc<TempDir>, arguments: &[&str]) -> Process {
        Process::start_in(folder, |command| {
            command
                .args(arguments)
                .env("NOTIFY_SOCKET", &self.path)
                .env("WATCHDOG_USEC", WATCHDOG_MICROS);
        })
    }

    /// Returns the next message, a line for each assignment.
    fn next(&self) -> String {
        let mut message = [0; 4096];
        let length = self.socket.recv(&mut message).expect("a message");
        String::from_utf8_lossy(&message[..length]).into_owned()
    }

    /// Returns all messages up to the first one with these words.
    fn until(&self, words: &str) -> Vec<String> {
        let mut messages = Vec::new();
        loop {
            assert!(messages.len() < MAX_MESSAGES, "{words:?} does not come");
            messages.push(self.next());
            if messages.last().is_some_and(|message| message.contains(words)) {
                return messages;
            }
        }
    }

    /// Returns the messages that have come and are not read.
    fn rest(&self) -> Vec<String> {
        self.socket.set_nonblocking(true).expect("a socket");
        let mut messages = Vec::new();
        let mut message = [0; 4096];
        while let Ok(length) = self.socket.recv(&mut message) {
            messages.push(String::from_utf8_lossy(&message[..length]).into_owned());
        }
        messages
    }
}

#[tokio::test]
async fn the_manager_hears_of_the_start_the_readiness_each_proof_and_the_stop() {
    let folder = new_folder();
    let manager = Manager::new(&folder);
    let mut server = manager.start(folder.clone(), &[]);
    let start = manager.until("READY=1\n");
    assert!(
        start[0].contains("STATUS=opens the store\nEXTEND_TIMEOUT_USEC=120000000\n"),
        "{start:?}"
    );
    assert!(!start.iter().any(|message| message.contains("WATCHDOG")), "{start:?}");
    // A server that is ready answers.
    server.anonymous().send("GET", "/readyz", &[], "").await.expect(200);
    let status = manager.until("STATUS=");
    let listens = format!("STATUS=listening on http://{}\n", server.address);
    assert_eq!(status.last(), Some(&listens));
    for _ in 0..3 {
        manager.until("WATCHDOG=1\n");
    }
    server.signal(libc::SIGTERM);
    let stop = manager.until("STOPPING=1\n");
    let last = stop.last().expect("a message");
    // Five seconds for requests in flight, and a minute for the store.
    assert!(last.contains("EXTEND_TIMEOUT_USEC=65000000\n"), "{last}");
    assert_eq!(server.wait().0.code(), Some(0));
    let rest = manager.rest();
    assert!(!rest.iter().any(|message| message.contains("READY=1")), "{rest:?}");
}

#[tokio::test]
async fn a_reload_is_reported_and_ends_when_all_is_read_again() {
    let folder = new_folder();
    let manager = Manager::new(&folder);
    let first = Pair::long(folder.path());
    let arguments = ["--tls-cert", "server.crt", "--tls-key", "server.key"];
    let server = manager.start(folder.clone(), &arguments);
    manager.until("READY=1\n");
    assert!(first.client().now().is_served(server.address).await);
    let second = Pair::long(folder.path());
    server.signal(libc::SIGHUP);
    let reloading = manager.until("RELOADING=1\n");
    let since = reloading
        .last()
        .and_then(|message| message.split("MONOTONIC_USEC=").nth(1));
    let since: u64 = since.expect("a time").trim().parse().expect("a number");
    assert!(since > 0);
    manager.until("READY=1\n");
    assert!(second.client().now().is_served(server.address).await);

    // A server without TLS reloads no certificate.
    let folder = new_folder();
    let manager = Manager::new(&folder);
    let server = manager.start(folder.clone(), &[]);
    for _ in 0..2 {
        manager.until("READY=1\n");
        server.signal(libc::SIGHUP);
        manager.until("RELOADING=1\n");
    }
    manager.until("READY=1\n");
}

#[tokio::test]
async fn a_server_that_only_reads_says_so_and_is_not_restarted() {
    if skipped_in_cluster("it is about the disk of a data folder") {
        return;
    }
    let folder = Process::start().kill();
    let manager = Manager::new(&folder);
    let server = manager.start(folder.clone(), &["--disk-reserve-mib", "4294967295"]);
    manager.until("READY=1\n");
    manager.until("STATUS=reads only: the disk has less free space than the reserve\n");
    for _ in 0..3 {
        manager.until("WATCHDOG=1\n");
    }
    server.anonymous().send("GET", "/readyz", &[], "").await.expect(503);
}

#[tokio::test]
async fn a_manager_without_a_watchdog_or_with_that_of_another_process_gets_no_proofs() {
    for of_another in [false, true] {
        let folder = new_folder();
        let manager = Manager::new(&folder);
        let mut server = Process::start_in(folder.clone(), |command| {
            command.env("NOTIFY_SOCKET", &manager.path);
            if of_another {
                command.env("WATCHDOG_USEC", WATCHDOG_MICROS).env("WATCHDOG_PID", "1");
            }
        });
        let mut messages = manager.until("READY=1\n");
        messages.extend(manager.until("STATUS=listening"));
        server.signal(libc::SIGTERM);
        messages.extend(manager.until("STOPPING=1\n"));
        assert!(!messages.concat().contains("WATCHDOG"), "{messages:?}");
        assert!(server.wait().0.success());
    }
}

#[tokio::test]
async fn a_manager_that_does_not_read_or_is_gone_delays_nothing() {
    let folder = new_folder();
    let manager = Manager::new(&folder);
    let mut server = Process::start_in(folder.clone(), |command| {
        // The socket is full after a few messages.
        command.env("NOTIFY_SOCKET", &manager.path).env("WATCHDOG_USEC", "1");
    });
    let admin = server.admin().await;
    for name in ["tea", "lunch", "cake"] {
        admin.create_status(name, "away").await.expect(200);
    }
    server.signal(libc::SIGHUP);
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait().0.code(), Some(0));

    let mut server = Process::start_in(new_folder(), |command| {
        command.env("NOTIFY_SOCKET", "/nonexistent/notify");
    });
    server.admin().await.get("me").await.expect(200);
    server.signal(libc::SIGTERM);
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0));
    assert_eq!(log.matches("the service manager cannot be reached").count(), 1, "{log}");
}

#[tokio::test]
async fn other_commands_of_a_unit_say_nothing() {
    let folder = new_folder();
    let manager = Manager::new(&folder);
    for arguments in [&["user", "create", "ada"][..], &["check"], &["config"]] {
        let mut command = rollcall(folder.path());
        command
            .args(arguments)
            .env("NOTIFY_SOCKET", &manager.path)
            .env("WATCHDOG_USEC", WATCHDOG_MICROS);
        assert!(run(command, "correct horse\n").status.success(), "{arguments:?}");
    }
    assert_eq!(manager.rest(), [""; 0]);
}
