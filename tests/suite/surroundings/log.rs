//! Standard error and standard output that cannot be written, or that no process reads.

use std::fs::File;
use std::io::{self, BufRead, BufReader, PipeReader, Write};
use std::process::{Command, Output, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::Process;
use crate::support::process::{rollcall, run, serve};
use crate::support::server::{ADMIN, new_folder};
use crate::support::store::skipped_in_cluster;

/// Bytes that Linux keeps in a pipe that no process reads.
const PIPE_BYTES: usize = 64 * 1024;

/// Requests that log more lines than the queue takes.
const REQUESTS: usize = 4_000;

fn full() -> File {
    File::options().write(true).open("/dev/full").expect("a device")
}

/// Returns a pipe whose reader is gone.
fn closed() -> Stdio {
    io::pipe().expect("a pipe").1.into()
}

/// Returns a pipe that takes no more bytes until its reader reads.
fn stalled() -> (PipeReader, Stdio) {
    let (reader, mut writer) = io::pipe().expect("a pipe");
    let filler = [vec![b'.'; PIPE_BYTES - 1], vec![b'\n']].concat();
    writer.write_all(&filler).expect("it fits");
    (reader, writer.into())
}

/// Sends requests that log lines, and ends the server by SIGTERM.
async fn works_and_ends(mut server: Process) {
    let admin = server.admin().await;
    for name in ["tea", "lunch"] {
        admin.create_status(name, "away").await.expect(200);
    }
    admin.get("nothing").await.expect(404);
    server.signal(libc::SIGTERM);
    let status = server.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn a_log_that_cannot_be_written_ends_no_server() {
    for (format, log) in [
        ("text", Stdio::from(full())),
        ("json", Stdio::from(full())),
        ("text", closed()),
        ("json", closed()),
    ] {
        let server = Process::start_in(new_folder(), |command| {
            command
                .args(["--log-level", "trace", "--log-format", format])
                .stderr(log);
        });
        works_and_ends(server).await;
    }
}

#[tokio::test]
async fn a_log_whose_reader_has_stopped_delays_neither_requests_nor_the_end() {
    let (_reader, log) = stalled();
    works_and_ends(Process::start_in(new_folder(), |command| {
        command.args(["--log-level", "trace"]).stderr(log);
    }))
    .await;
}

#[tokio::test]
async fn a_log_that_is_read_again_says_how_many_lines_it_lost() {
    let (reader, log) = stalled();
    let mut server = Process::start_in(new_folder(), |command| {
        command.stderr(log);
    });
    // The queue takes a MiB of lines, and a line has at most 256 bytes of the path.
    let request = format!("GET /api/v1/{} HTTP/1.1\r\nhost: test\r\n\r\n", "x".repeat(300));
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut reading, mut writing) = stream.into_split();
    let asking = tokio::spawn(async move {
        let asked = writing.write_all(request.repeat(REQUESTS).as_bytes()).await;
        asked.and(writing.shutdown().await)
    });
    let mut answers = Vec::new();
    reading.read_to_end(&mut answers).await.expect("answers");
    asking.await.expect("no panic").expect("the server reads");
    let lines = BufReader::new(reader).lines().map(|line| line.expect("a line"));
    let (mut requests, mut lost) = (0, None);
    for line in lines {
        requests += usize::from(line.contains(" request "));
        if let Some((_, rest)) = line.split_once("the log lost lines") {
            lost = rest.split_once("lines=").and_then(|(_, number)| number.parse().ok());
            break;
        }
    }
    let lost: usize = lost.expect("a number");
    assert!(
        requests > 0 && lost > 0 && requests + lost <= REQUESTS + 10,
        "{requests} written, {lost} lost"
    );
    server.signal(libc::SIGTERM);
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
}

#[tokio::test]
async fn a_standard_output_that_cannot_be_written_ends_no_server() {
    for output in [Stdio::from(full()), closed(), stalled().1] {
        let folder = new_folder();
        let mut command = serve(folder.path());
        command.stdout(output).stderr(Stdio::null());
        let mut server = command.spawn().expect("the binary starts");
        while !folder.path().join("data/admin.sock").exists() {
            assert_eq!(server.try_wait().expect("a child"), None, "it runs");
            tokio::task::yield_now().await;
        }
        let mut list = rollcall(folder.path());
        list.args(["user", "list"]);
        let output = run(list, "");
        assert!(output.status.success(), "{output:?}");
        crate::support::process::signal(server.id(), libc::SIGTERM);
        assert_eq!(server.wait().expect("it ends").code(), Some(0));
    }
}

/// Runs a command with this standard output to its end.
fn into(mut command: Command, output: Stdio) -> Output {
    command.stdin(Stdio::null()).stdout(output).stderr(Stdio::piped());
    let child = command.spawn().expect("the binary starts");
    child.wait_with_output().expect("the binary ends")
}

#[test]
fn a_command_whose_output_is_lost_fails_without_a_panic() {
    let folder = new_folder();
    let mut create = rollcall(folder.path());
    create.args(["user", "create", ADMIN]);
    assert!(run(create, "correct horse\n").status.success());
    for arguments in [
        &["user", "list"][..],
        &["user", "list", "--json"],
        &["audit", "--csv"],
        &["check"],
        &["config"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
    ] {
        let command = || {
            let mut command = rollcall(folder.path());
            command.args(arguments);
            command
        };
        let refused = into(command(), full().into());
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}: {words}");
        assert!(
            words.starts_with("rollcall: cannot write to standard output"),
            "{words}"
        );
        // As a shell reports a program that SIGPIPE ended.
        let cut = into(command(), closed());
        assert_eq!(
            (cut.status.code(), cut.stderr),
            (Some(141), Vec::new()),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_sentence_that_cannot_be_written_does_not_change_the_exit_code() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    for error in [Stdio::from(full()), closed(), stalled().1] {
        let folder = new_folder();
        let mut command = rollcall(folder.path());
        command
            .args(["user", "list"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(error);
        assert_eq!(command.status().expect("it ends").code(), Some(1));
    }
}
