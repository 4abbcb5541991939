//! Commands beside a server that does not answer. A command gives up after ten seconds of silence, so all cases run at the
//! same time.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use crate::support::Process;
use crate::support::process::{rollcall, run};
use crate::support::server::{ADMIN, new_folder};

fn list(folder: &Path) -> Output {
    let mut command = rollcall(folder);
    command.args(["user", "list"]);
    run(command, "")
}

fn assert_given_up(output: &Output, process: &str) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let named = format!("process {process} has sent no answer on ./data/admin.sock for 10 seconds");
    assert!(
        said.contains(&named) && said.contains("out of file descriptors"),
        "{said}"
    );
}

#[test]
fn a_command_gives_up_on_a_server_that_does_not_answer() {
    let stopped = thread::spawn(|| {
        let server = Process::start();
        server.signal(libc::SIGSTOP);
        assert_given_up(&list(server.folder.path()), &server.child.id().to_string());
        server.signal(libc::SIGCONT);
        assert!(list(server.folder.path()).status.success(), "it answers again");
    });
    let silent = thread::spawn(|| {
        let folder = new_folder();
        let mut create = rollcall(folder.path());
        create.args(["user", "create", ADMIN]);
        assert!(run(create, "correct horse\n").status.success());
        let _listener = UnixListener::bind(folder.path().join("data/admin.sock")).expect("a socket");
        let last = std::fs::read_to_string(folder.path().join("data/rollcall.lock")).expect("a lock file");
        assert_given_up(&list(folder.path()), last.trim());
    });
    let exhausted = thread::spawn(|| {
        let mut server = Process::start();
        let limited = |limit: &str| {
            let process = server.child.id().to_string();
            let status = Command::new("prlimit")
                .args(["--pid", &process, &format!("--nofile={limit}:")])
                .status();
            assert!(status.expect("prlimit").success());
        };
        limited("4");
        assert_given_up(&list(server.folder.path()), &server.child.id().to_string());
        limited("1000");
        assert!(list(server.folder.path()).status.success(), "it answers again");
        server.signal(libc::SIGTERM);
        let (_, log) = server.wait();
        assert_eq!(log.matches("out of descriptors").count(), 1, "{log}");
        assert!(log.contains("limit=Some(4)"), "{log}");
    });
    let busy = thread::spawn(|| {
        let folder = new_folder();
        let mut create = rollcall(folder.path());
        create.args(["user", "create", ADMIN]);
        assert!(run(create, "correct horse\n").status.success());
        let listener = UnixListener::bind(folder.path().join("data/admin.sock")).expect("a socket");
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            // For longer than a command waits for a server that sends nothing.
            for _ in 0..6 {
                stream.write_all(b" ").expect("the command waits");
                thread::sleep(Duration::from_secs(2));
            }
            stream
                .write_all(b"{\"Ok\":{\"Users\":[]}}\n")
                .expect("the command waits");
        });
        let listed = list(folder.path());
        assert!(listed.status.success(), "{listed:?}");
        server.join().expect("no panic");
    });
    for case in [stopped, silent, exhausted, busy] {
        case.join().expect("the case holds");
    }
}

#[test]
fn a_server_shows_that_it_works_on_a_long_command() {
    let server = Process::start();
    let mut stream = UnixStream::connect(server.data_dir().join("admin.sock")).expect("a connection");
    // A password is hashed, which takes a moment.
    let command = "{\"CreateUser\":{\"username\":\"ada\",\"email\":null,\"name\":null,\"password\":\"battery staple\",\
                   \"roles\":[]}}\n";
    stream.write_all(command.as_bytes()).expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(
        answer.starts_with(' ') && answer.contains("\"username\":\"ada\""),
        "{answer:?}"
    );
}
