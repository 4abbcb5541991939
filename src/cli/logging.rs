//! Log lines on standard error.

use std::io::{self, IsTerminal};
use std::panic;

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
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            error!(message, place, "rollcall has a defect: please report it");
        }
    }));
}
