//! The queue of log lines. A request or a signal never waits for the reader of the log.
//!
//! One thread takes the lines from the queue and writes them to standard error. If the reader of a pipe stops, or the disk
//! of a file is full, the queue fills up to its bound, and further lines are counted and dropped. As soon as a line can be
//! written again, the log says how many lines it lost.
//!
//! `tracing-appender` is not used: when its queue is full at the end of the process, it calls `println!`, which blocks or
//! panics in the very cases that this queue is for, and it bounds the number of lines but not their bytes.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::error;

use crate::observe::LogMeter;

/// Maximum bytes of all lines that wait.
const MAX_BYTES: usize = 1024 * 1024;

/// Bytes that a waiting line costs in addition to its text.
const LINE_BYTES: usize = 64;

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Lines that were dropped and that the log has not yet mentioned.
    lost: u64,
    /// `true` while the thread writes a line.
    is_writing: bool,
    /// `true` while the thread adds the line about lost lines, which is never dropped.
    is_reporting: bool,
}

/// The queue of log lines. Cloning is cheap; all clones share the same queue.
#[derive(Debug, Clone, Default)]
pub(super) struct LogQueue {
    state: Arc<Mutex<State>>,
    changed: Arc<Condvar>,
    meter: LogMeter,
}

impl LogQueue {
    /// Starts the thread that writes the lines to `target`. If the system cannot start a thread, all lines are dropped.
    pub(super) fn start(target: impl Write + Send + 'static) -> Self {
        let queue = Self::default();
        let writing = queue.clone();
        // Without the thread nothing else could report the error: the log is what fails.
        let _ = thread::Builder::new()
            .name("log".into())
            .spawn(move || writing.write_all_to(target));
        queue
    }

    /// Returns the meter of the queue.
    pub(super) const fn meter(&self) -> &LogMeter {
        &self.meter
    }

    /// Waits until all lines are written, at most for this time.
    pub(super) fn finish(&self, patience: Duration) {
        let is_busy = |state: &mut State| state.is_writing || state.is_reporting || !state.lines.is_empty();
        drop(self.changed.wait_timeout_while(self.lock(), patience, is_busy));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line, which ends with a line feed. Drops it if the queue is full.
    pub(super) fn push(&self, line: Vec<u8>) {
        let mut state = self.lock();
        let bytes = line.len() + LINE_BYTES;
        if state.bytes + bytes > MAX_BYTES && !state.is_reporting {
            state.lost += 1;
            self.meter.lose();
            return;
        }
        state.bytes += bytes;
        self.meter.set_queued(state.bytes);
        state.lines.push_back(line);
        self.changed.notify_all();
    }

    fn write_all_to(&self, mut target: impl Write) {
        loop {
            let line = self.take();
            let written = target.write_all(&line).and_then(|()| target.flush());
            let mut state = self.lock();
            state.is_writing = false;
            let lost = if written.is_ok() {
                std::mem::take(&mut state.lost)
            } else {
                state.lost += 1;
                self.meter.lose();
                0
            };
            state.is_reporting = lost > 0;
            drop(state);
            if lost > 0 {
                error!(
                    lines = lost,
                    "the log lost lines: standard error was full or was not read"
                );
                self.lock().is_reporting = false;
            }
            self.changed.notify_all();
        }
    }

    /// Waits for a line and takes it from the queue.
    fn take(&self) -> Vec<u8> {
        let mut state = self.lock();
        loop {
            if let Some(line) = state.lines.pop_front() {
                state.bytes -= line.len() + LINE_BYTES;
                self.meter.set_queued(state.bytes);
                state.is_writing = true;
                return line;
            }
            let waited = self.changed.wait_while(state, |state| state.lines.is_empty());
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc;

    use super::*;

    /// A target whose writes each wait for a permission, and fail if the permission says so.
    struct Gate {
        permissions: mpsc::Receiver<bool>,
        written: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Gate {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            if !self.permissions.recv().unwrap_or(true) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let _ = self.written.send(line.to_vec());
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated() -> (LogQueue, mpsc::Sender<bool>, mpsc::Receiver<Vec<u8>>) {
        let (allow, permissions) = mpsc::channel();
        let (written, lines) = mpsc::channel();
        (LogQueue::start(Gate { permissions, written }), allow, lines)
    }

    #[test]
    fn a_stalled_reader_delays_no_caller_and_the_memory_is_bounded() {
        let (queue, allow, lines) = gated();
        let line = vec![b'x'; 1024];
        for _ in 0..10_000 {
            queue.push(line.clone());
        }
        {
            let state = queue.lock();
            assert!(state.bytes <= MAX_BYTES, "{} bytes", state.bytes);
            assert!(state.lost > 5_000, "{} lines lost", state.lost);
        }
        queue.finish(Duration::ZERO);
        drop(allow);
        let kept = lines.iter().take(MAX_BYTES / (line.len() + LINE_BYTES)).count();
        assert_eq!(
            kept,
            MAX_BYTES / (line.len() + LINE_BYTES),
            "what was kept is written in the end"
        );
        queue.finish(Duration::from_mins(1));
        assert!(queue.lock().lines.is_empty());
    }

    #[test]
    fn a_line_that_cannot_be_written_is_counted_and_the_next_one_is_tried() {
        let (queue, allow, lines) = gated();
        for (line, is_allowed) in [("one", false), ("two", false), ("three", true)] {
            queue.push(line.into());
            allow.send(is_allowed).expect("the thread lives");
        }
        assert_eq!(lines.recv().expect("a line"), b"three");
        queue.finish(Duration::from_mins(1));
        // The line that says so is an event, and this test has no subscriber.
        assert_eq!(queue.lock().lost, 0);
    }
}
