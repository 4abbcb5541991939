//! `rollcall health`: exit code 0 or 1, and a sentence.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::sync::Arc;
use std::thread;

use crate::support::Process;
use crate::support::process::{rollcall, run};
use crate::support::server::new_folder;
use crate::support::store::skipped_in_cluster;

fn health(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = new_folder();
    let mut command: Command = rollcall(folder.path());
    command.arg("health").args(arguments).envs(environment.iter().copied());
    run(command, "")
}

/// Asserts that the command fails with exit code 1 and a sentence that has these words.
#[track_caller]
fn assert_unhealthy(output: &Output, words: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(words), "{words:?} in {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_ready_server_is_healthy_at_the_address_of_the_settings_and_at_a_url() {
    let server = Process::start();
    let address = server.address.to_string();
    let (any, url) = (
        format!("0.0.0.0:{}", server.address.port()),
        format!("http://{address}"),
    );
    for (arguments, environment) in [
        (&["--listen", &address][..], &[][..]),
        (&["--listen", &any], &[]),
        (&[], &[("ROLLCALL_LISTEN", address.as_str())]),
        (&["--url", &url], &[]),
        (&["--url", &format!("{url}/livez")], &[]),
    ] {
        let output = health(arguments, environment);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        assert!(said.starts_with("healthy: http://"), "{said}");
    }
    assert_unhealthy(&health(&["--url", &format!("{url}/nothing")], &[]), "answers 404");
}

#[test]
fn a_server_on_a_unix_socket_is_asked_there() {
    let folder = new_folder();
    let socket = format!("unix:{}/http.sock", folder.path().display());
    let both = format!("{socket},127.0.0.1:0");
    let server = Process::start_in(folder, |command| {
        command.args(["--listen", "127.0.0.1:0", "--metrics-listen", &both]);
    });
    // The address of metrics has nothing else.
    assert_unhealthy(&health(&["--listen", &socket], &[]), "answers 404");
    let metrics = health(&["--url", &format!("http://{}/livez", server.address)], &[]);
    assert!(metrics.status.success(), "{metrics:?}");
}

#[test]
fn a_server_that_is_not_ready_is_unhealthy_and_the_reason_is_named() {
    if skipped_in_cluster("it is about the disk of a data folder") {
        return;
    }
    let home = new_folder();
    // Such a disk takes no first administrator.
    drop(Process::start_in(Arc::clone(&home), |_| {}));
    let server = Process::start_in(home, |command| {
        command.args(["--disk-reserve-mib", "4294967295"]);
    });
    let url = format!("http://{}", server.address);
    assert_unhealthy(
        &health(&["--url", &url], &[]),
        "answers 503: the disk has less free space",
    );
    let live = health(&["--url", &format!("{url}/livez")], &[]);
    assert!(live.status.success(), "{live:?}");
}

#[test]
fn a_server_that_does_not_answer_is_unhealthy_after_a_bounded_time() {
    let server = Process::start();
    server.signal(libc::SIGSTOP);
    let url = format!("http://{}", server.address);
    assert_unhealthy(&health(&["--url", &url], &[]), "has not answered within 5 seconds");
}

#[test]
fn an_endless_answer_ends_the_command_too() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let endless = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 16];
        stream.read_exact(&mut request).expect("a request");
        // Ends when the command has read enough and closes the connection.
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    assert_unhealthy(&health(&["--url", &url], &[]), "does not speak HTTP");
    endless.join().expect("no panic");
}

#[test]
fn what_cannot_be_asked_is_unhealthy_and_the_sentence_says_what_to_do() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
        listener.local_addr().expect("an address").to_string()
    };
    for (arguments, words) in [
        (&["--listen", closed.as_str()][..], "does not answer"),
        (&["--url", "ftp://chat.example"], "is not a URL"),
        (&["--url", "chat.example:3000"], "is not a URL"),
        (&["--listen", "127.0.0.1:0"], "name it with --url"),
        (&["--listen", "nonsense"], "listen (from flag --listen)"),
        (&["--config", "nothing.toml"], "cannot read the configuration file"),
    ] {
        assert_unhealthy(&health(arguments, &[]), words);
    }
}
