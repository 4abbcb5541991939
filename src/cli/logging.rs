//! Logging to standard error.

use std::io::{self, IsTerminal};
use std::panic::{self, Location};
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{dispatcher, error};
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, format};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, registry, reload};

use super::complaint;
use super::log_lines::LogLines;
use super::log_queue::LogQueue;
use crate::config::{LogFormat, LogLevel};
use crate::observe::LogMeter;
use crate::store;

/// The time that the end of the process waits for the reader of the log.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The running log. Dropping it waits until its lines are written, at most [`LAST_LINES`].
#[must_use = "the end of the log is awaited when this is dropped"]
pub(super) struct Logging {
    queue: LogQueue,
    level: reload::Handle<Targets, Registry>,
}

impl Logging {
    /// Returns the meter of lost lines.
    pub(super) fn meter(&self) -> LogMeter {
        self.queue.meter().clone()
    }

    /// Changes the level of the least important lines.
    pub(super) fn set_level(&self, level: LogLevel) {
        // This fails only after the subscriber was dropped, and then there is no log.
        let _ = self.level.reload(filter(level));
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        self.queue.finish(LAST_LINES);
    }
}

/// Returns the filter for a level. Lines of other crates below info are never written: they are many, and no test checks that
/// they have no secrets.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(level.min(LevelFilter::INFO))
        .with_target(env!("CARGO_CRATE_NAME"), level)
}

/// Starts logging with this format and level.
pub(super) fn start(format: LogFormat, level: LogLevel) -> Logging {
    let queue = LogQueue::start(io::stderr());
    let (filter, level) = reload::Layer::new(filter(level));
    let lines = fmt::layer()
        .with_writer(LogLines::new(queue.clone(), format))
        .with_target(false)
        // The default reports a failed write with `eprintln!`, which panics if standard error cannot be written.
        .log_internal_errors(false);
    // The default format spends a third of the time of each line on styles, even if it writes no styles.
    let plain = format::debug_fn(|writer, field, value| match field.name() {
        "message" => write!(writer, "{value:?}"),
        name => write!(writer, "{name}={value:?}"),
    });
    let plain = plain.delimited(" ");
    let lines = match format {
        LogFormat::Text if io::stderr().is_terminal() => lines.boxed(),
        LogFormat::Text => lines.with_ansi(false).fmt_fields(plain).boxed(),
        // The journal stores the time.
        LogFormat::Journald => lines.with_ansi(false).without_time().fmt_fields(plain).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // Only the first call in a process can succeed, and there is only one.
    let _ = registry().with(filter).with(lines).try_init();
    Logging { queue, level }
}

/// Starts logging of errors only, for commands that print their own results.
pub(super) fn start_quietly() -> Logging {
    start(LogFormat::Text, LogLevel::Error)
}

/// Logs each panic as one line. Panics that the store catches are not logged here, since the store reports them.
pub(super) fn log_panics() {
    panic::set_hook(Box::new(|info| {
        if !store::is_contained() {
            // A quoted field keeps a reason with several lines on one log line.
            let reason = info.payload_as_str().unwrap_or("no message");
            let place = info.location().map(place).unwrap_or_default();
            if dispatcher::has_been_set() {
                error!(reason, place, "rollcall has a defect: please report it");
            } else {
                complaint::complain(&format!("rollcall has a defect: please report it: {reason} ({place})"));
            }
        }
    }));
}

/// Returns the place of a panic, with the path from the crate's folder on. The folders above it would reveal details
/// of the machine that built this binary.
fn place(location: &Location<'_>) -> String {
    let file = in_crate(location.file());
    format!("{file}:{}:{}", location.line(), location.column())
}

/// Returns the path of a source file without the folders above its crate.
fn in_crate(file: &str) -> &str {
    let source = file.rfind("/src/").unwrap_or_default();
    let begin = file[..source].rfind('/').map_or(0, |slash| slash + 1);
    &file[begin..]
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The environment variable that makes [`a_process_that_panics`] panic, with the format of its log.
    const FORMAT: &str = "ROLLCALL_TEST_PANIC_FORMAT";

    /// Does nothing unless [`a_panic_is_one_log_line_that_does_not_tell_who_built_the_binary`] runs it in its own
    /// process, because a panic hook applies to the whole process.
    #[test]
    fn a_process_that_panics() {
        let Ok(format) = std::env::var(FORMAT) else {
            return;
        };
        let format = if format == "json" {
            LogFormat::Json
        } else {
            LogFormat::Text
        };
        let _log = start(format, LogLevel::Info);
        log_panics();
        let caught = panic::catch_unwind(|| panic!("a defect\nof two lines"));
        assert!(caught.is_err());
        // Panics inside another crate, as `http` did for a target without a path.
        assert!(panic::catch_unwind(|| Vec::<u8>::with_capacity(usize::MAX)).is_err());
    }

    #[test]
    fn a_panic_is_one_log_line_that_does_not_tell_who_built_the_binary() {
        for format in ["text", "json"] {
            let output = Command::new(std::env::current_exe().expect("this binary"))
                .args(["--exact", "cli::logging::tests::a_process_that_panics", "--nocapture"])
                .env(FORMAT, format)
                .output()
                .expect("a process");
            assert!(output.status.success(), "{output:?}");
            let log = String::from_utf8(output.stderr).expect("a text");
            let lines: Vec<_> = log.lines().collect();
            assert_eq!(lines.len(), 2, "{log}");
            assert!(lines.iter().all(|line| line.contains("rollcall has a defect")), "{log}");
            assert!(
                lines[0].contains("a defect\\nof two lines") && lines[0].contains("src/cli/logging.rs:"),
                "{log}"
            );
            for folder in [env!("CARGO_MANIFEST_DIR"), "/rustc/", "/.cargo/"] {
                assert!(!log.contains(folder), "{folder} in {log}");
            }
        }
    }

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
