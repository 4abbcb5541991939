//! Sentences on standard error.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::domain::text::escaped;

/// The time that the end of the process waits for a reader of standard error.
const WRITE_TIMEOUT: Duration = Duration::from_secs(1);

/// Prints a sentence on standard error. Waits at most [`WRITE_TIMEOUT`] for its reader.
pub(super) fn complain(sentence: &str) {
    let line = format!("rollcall: {}\n", escaped(sentence));
    let (done, waiting) = mpsc::channel();
    let writer = thread::Builder::new().spawn(move || {
        // If standard error is closed or full, there is no other place to report it.
        let _ = io::stderr().write_all(line.as_bytes());
        let _ = done.send(());
    });
    if writer.is_ok() {
        let _ = waiting.recv_timeout(WRITE_TIMEOUT);
    } else {
        let _ = writeln!(io::stderr(), "rollcall: {}", escaped(sentence));
    }
}
