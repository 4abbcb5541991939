//! Sockets that the parent has opened, as systemd does.

use std::fs::File;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tokio::net::UnixStream;

use crate::support::Process;
use crate::support::raw::{exchange, exchange_over};
use crate::support::server::new_folder;

const LIVE: &str = "GET /livez HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";

/// Returns a command that starts the binary with the descriptor 3, and 4 if there is a second one. `pid` is the text of
/// `LISTEN_PID`; the shell replaces `$$`. The variable `COUNT` of the shell replaces the true number of descriptors.
fn activated(folder: &Path, pid: &str, first: OwnedFd, second: Option<OwnedFd>, arguments: &str) -> Command {
    let mut command = Command::new("sh");
    let (count, more) = if second.is_some() {
        (2, "4<&2 2>/dev/null")
    } else {
        (1, "")
    };
    let binary = env!("CARGO_BIN_EXE_rollcall");
    let line = format!(
        "LISTEN_PID={pid} LISTEN_FDS=${{COUNT:-{count}}} exec {binary} serve {arguments} 3<&0 0</dev/null {more}"
    );
    command
        .arg("-c")
        .arg(line)
        .env_clear()
        .current_dir(folder)
        .stdin(first)
        .stdout(Stdio::piped())
        .stderr(second.map_or_else(Stdio::piped, Stdio::from));
    command
}

fn run(mut command: Command) -> Output {
    command.output().expect("the shell starts")
}

#[tokio::test]
async fn inherited_sockets_of_both_kinds_are_served_and_replace_the_default_address() {
    let folder = new_folder();
    let path = folder.path().join("systemd.sock");
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = tcp.local_addr().expect("an address");
    let unix = UnixListener::bind(&path).expect("a socket");
    let mut server = Process::start_in(folder.clone(), |command| {
        *command = activated(folder.path(), "$$", tcp.into(), Some(unix.into()), "");
    });
    assert_eq!(server.address, address);
    assert_eq!(server.line(), format!("listening on unix:{}\n", path.display()));
    assert!(exchange(address, LIVE.as_bytes()).await.starts_with("HTTP/1.1 200 "));
    let stream = UnixStream::connect(&path).await.expect("a connection");
    assert!(
        exchange_over(stream, LIVE.as_bytes())
            .await
            .starts_with("HTTP/1.1 200 ")
    );
    // Only the link of the first start follows: the server listens nowhere else.
    assert!(server.line().starts_with("no user yet: "));
    server.signal(libc::SIGTERM);
    assert!(server.child.wait().expect("it ends").success());
    assert!(path.exists(), "the file belongs to systemd");
}

#[tokio::test]
async fn an_address_of_a_setting_is_served_beside_an_inherited_socket() {
    let folder = new_folder();
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = tcp.local_addr().expect("an address");
    let mut server = Process::start_in(folder.clone(), |command| {
        *command = activated(folder.path(), "$$", tcp.into(), None, "--listen unix:own.sock");
    });
    assert_eq!(server.address, address);
    assert_eq!(server.line(), "listening on unix:own.sock\n");
}

#[test]
fn sockets_for_another_process_are_left_alone() {
    let folder = new_folder();
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = tcp.local_addr().expect("an address");
    let server = Process::start_in(folder.clone(), |command| {
        *command = activated(folder.path(), "1", tcp.into(), None, "--listen 127.0.0.1:0");
    });
    assert_ne!(server.address, address);
}

#[test]
fn a_descriptor_that_does_not_listen_ends_the_start() {
    let folder = new_folder();
    let file = File::open("/dev/null").expect("a file");
    let datagrams = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let connected = std::net::TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    for descriptor in [OwnedFd::from(file), datagrams.into(), connected.into()] {
        let output = run(activated(folder.path(), "$$", descriptor, None, ""));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert!(
            said.contains("the descriptor 3") && said.contains("ListenStream="),
            "{said}"
        );
    }
    let file = File::open("/dev/null").expect("a file");
    let mut command = activated(folder.path(), "$$", file.into(), None, "");
    command.env("COUNT", "65");
    let output = run(command);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("65 sockets") && said.contains("at most 64"), "{said}");
}
