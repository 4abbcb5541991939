//! Log lines on standard error.

use std::io::{self, IsTerminal};
use std::panic::{self, Location};

use tracing::{Level, error};
use tracing_subscriber::fmt;

use crate::config::{LogFormat, LogLevel};
use crate::store;

/// Starts logging as the settings say.
pub(super) fn start(format: LogFormat, level: LogLevel) {
    let level = match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    let lines = fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => lines.with_target(false).init(),
        LogFormat::Json => lines.json().flatten_event(true).with_target(false).init(),
    }
}

/// Starts logging for a command that answers in sentences: only what failed inside.
pub(super) fn start_quietly() {
    start(LogFormat::Text, LogLevel::Error);
}

/// Makes a panic a log line. One that the store catches and reports itself is left to it.
pub(super) fn log_panics() {
    panic::set_hook(Box::new(|info| {
        if !store::is_contained() {
            let message = info.payload_as_str().unwrap_or("no message");
            let place = info.location().map(place).unwrap_or_default();
            error!(message, place, "rollcall has a defect: please report it");
        }
    }));
}

/// Returns where a panic happened, from the folder of the crate on: what is above it tells how the machine is set up
/// that built this binary.
fn place(location: &Location<'_>) -> String {
    let file = in_crate(location.file());
    format!("{file}:{}:{}", location.line(), location.column())
}

/// Returns the part of a source file's path that begins with the folder of its crate.
fn in_crate(file: &str) -> &str {
    let source = file.rfind("/src/").unwrap_or_default();
    let begin = file[..source].rfind('/').map_or(0, |slash| slash + 1);
    &file[begin..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_panic_does_not_tell_who_built_the_binary() {
        for (file, shown) in [
            (
                "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/http-1.5.0/src/uri/path.rs",
                "http-1.5.0/src/uri/path.rs",
            ),
            ("/rustc/0123abc/library/core/src/option.rs", "core/src/option.rs"),
            ("/home/ada/rollcall/src/http/gate.rs", "rollcall/src/http/gate.rs"),
            ("src/http/gate.rs", "src/http/gate.rs"),
        ] {
            assert_eq!(in_crate(file), shown);
        }
    }
}
