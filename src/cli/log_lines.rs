//! Completes log lines: the id of the request at the end, and for systemd's journal the priority at the beginning.
//!
//! The journal reads the priority of a line from its prefix (`sd-daemon(3)`). `tracing-journald` is not used: it writes
//! to the journal's socket within the request, so that a journal that does not read would delay requests, and its
//! lines would not pass through the queue that counts lost lines.

use std::io::{self, Write};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::log_queue::LogQueue;
use crate::config::LogFormat;
use crate::observe::RequestId;

/// Completes lines and adds them to the queue.
pub(super) struct LogLines {
    queue: LogQueue,
    format: LogFormat,
}

impl LogLines {
    pub(super) const fn new(queue: LogQueue, format: LogFormat) -> Self {
        Self { queue, format }
    }
}

impl<'lines> MakeWriter<'lines> for LogLines {
    type Writer = LineWriter<'lines>;

    fn make_writer(&'lines self) -> Self::Writer {
        LineWriter {
            lines: self,
            level: Level::INFO,
        }
    }

    fn make_writer_for(&'lines self, event: &Metadata<'_>) -> Self::Writer {
        LineWriter {
            lines: self,
            level: *event.level(),
        }
    }
}

/// The writer of one line. The subscriber writes each line by one call.
pub(super) struct LineWriter<'lines> {
    lines: &'lines LogLines,
    level: Level,
}

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let id = RequestId::current();
        let complete = complete(self.lines.format, self.level, line, id.as_ref());
        self.lines.queue.push(&complete);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn complete(format: LogFormat, level: Level, line: &[u8], id: Option<&RequestId>) -> Vec<u8> {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let mut complete = Vec::with_capacity(line.len() + 48);
    match format {
        LogFormat::Json => match (id, text.strip_suffix(b"}")) {
            (Some(id), Some(fields)) => {
                complete.extend_from_slice(fields);
                complete.extend_from_slice(b",\"id\":\"");
                complete.extend_from_slice(id.as_str().as_bytes());
                complete.extend_from_slice(b"\"}");
            }
            _ => complete.extend_from_slice(text),
        },
        LogFormat::Text => {
            complete.extend_from_slice(text);
            add_id(&mut complete, id);
        }
        LogFormat::Journald => {
            // The journal makes an entry of each line, so that each one needs the priority.
            for (number, part) in text.split(|byte| *byte == b'\n').enumerate() {
                if number > 0 {
                    complete.push(b'\n');
                }
                complete.extend_from_slice(priority(level).as_bytes());
                complete.extend_from_slice(part.trim_ascii_start());
            }
            add_id(&mut complete, id);
        }
    }
    complete.push(b'\n');
    complete
}

fn add_id(line: &mut Vec<u8>, id: Option<&RequestId>) {
    if let Some(id) = id {
        line.extend_from_slice(b" id=");
        line.extend_from_slice(id.as_str().as_bytes());
    }
}

/// Returns the prefix of a line for the journal, with the priority of syslog.
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(format: LogFormat, level: Level, line: &str, id: Option<&str>) -> String {
        let id = id.and_then(RequestId::parse);
        String::from_utf8(complete(format, level, line.as_bytes(), id.as_ref())).expect("text")
    }

    #[test]
    fn a_line_gets_the_id_in_each_format() {
        let (text, json, journald) = (LogFormat::Text, LogFormat::Json, LogFormat::Journald);
        for (format, line, id, complete) in [
            (text, " INFO a b=1\n", Some("x-1"), " INFO a b=1 id=x-1\n"),
            (text, " INFO a b=1\n", None, " INFO a b=1\n"),
            (json, "{\"a\":1}\n", Some("x-1"), "{\"a\":1,\"id\":\"x-1\"}\n"),
            (json, "{\"a\":1}\n", None, "{\"a\":1}\n"),
            (journald, " WARN a\nb\n", Some("x-1"), "<4>WARN a\n<4>b id=x-1\n"),
        ] {
            assert_eq!(completed(format, Level::WARN, line, id), complete);
        }
    }

    #[test]
    fn the_journal_gets_the_priorities_of_syslog() {
        let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
        let lines = levels.map(|level| completed(LogFormat::Journald, level, "a\n", None));
        assert_eq!(lines, ["<3>a\n", "<4>a\n", "<6>a\n", "<7>a\n", "<7>a\n"]);
    }
}
