//! The queue of log lines. A request or a signal never waits for the reader of the log.
//!
//! One thread takes all lines that wait and writes them to standard error at once. If the reader of a pipe stops, or the
//! disk of a file is full, the queue fills up to its bound, and further lines are counted and dropped. As soon as a line can
//! be written again, the log says how many lines it lost.
//!
//! `tracing-appender` is not used: when its queue is full at the end of the process, it calls `println!`, which blocks or
//! panics in the very cases that this queue is for, and it bounds the number of lines but not their bytes.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::error;

use crate::observe::LogMeter;

/// Maximum bytes of all lines that wait or are being written. The buffers may have twice as much.
const MAX_BYTES: usize = 1024 * 1024;

/// The pause of the thread after each write. A line is written at once if none came before it within this time, and else
/// together with the lines that come meanwhile, so that a busy server does not wake the thread for each
/// request. A process that is killed can lose the lines of this time.
const WRITE_PAUSE: Duration = Duration::from_millis(5);

/// Bytes that an empty buffer keeps.
const KEPT_BYTES: usize = 16 * 1024;

#[derive(Debug, Default)]
struct State {
    /// The lines that wait.
    waiting: Vec<u8>,
    /// Bytes of the lines that the thread writes now.
    in_write: usize,
    /// Lines that were dropped and that the log has not yet mentioned.
    lost: u64,
    /// `true` while the thread waits for a line.
    is_idle: bool,
    /// `true` while the thread adds the line about lost lines, which is never dropped.
    is_reporting: bool,
    /// `true` once all lines are to be written without a pause.
    is_finishing: bool,
}

impl State {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.in_write == 0 && !self.is_reporting
    }
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

    /// Waits until all lines are written, at most for this time. Lines that come later are written without a pause.
    pub(super) fn finish(&self, patience: Duration) {
        let mut state = self.lock();
        state.is_finishing = true;
        self.changed.notify_all();
        let is_busy = |state: &mut State| !state.is_empty();
        drop(self.changed.wait_timeout_while(state, patience, is_busy));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line, which ends with a line feed. Drops it if the queue is full.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        let bytes = state.waiting.len() + state.in_write + line.len();
        if bytes > MAX_BYTES && !state.is_reporting {
            state.lost += 1;
            self.meter.lose(1);
            return;
        }
        state.waiting.extend_from_slice(line);
        self.meter.set_queued(bytes);
        // Waking the thread costs a system call.
        if std::mem::take(&mut state.is_idle) {
            drop(state);
            self.changed.notify_all();
        }
    }

    fn write_all_to(&self, mut target: impl Write) {
        let mut lines = Vec::new();
        loop {
            self.take(&mut lines);
            let unwritten = write_lines(&mut target, &lines);
            lines.clear();
            lines.shrink_to(KEPT_BYTES);
            let mut state = self.lock();
            state.in_write = 0;
            self.meter.set_queued(state.waiting.len());
            self.meter.lose(unwritten);
            state.lost += unwritten;
            let lost = if unwritten == 0 {
                std::mem::take(&mut state.lost)
            } else {
                0
            };
            state.is_reporting = lost > 0;
            if lost > 0 {
                drop(state);
                error!(
                    lines = lost,
                    "the log lost lines: standard error was full or was not read"
                );
                state = self.lock();
                state.is_reporting = false;
            }
            self.changed.notify_all();
            let may_pause = |state: &mut State| !state.is_finishing;
            drop(self.changed.wait_timeout_while(state, WRITE_PAUSE, may_pause));
        }
    }

    /// Waits for lines and takes all of them from the queue.
    fn take(&self, lines: &mut Vec<u8>) {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            state.is_idle = true;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_idle = false;
        std::mem::swap(&mut state.waiting, lines);
        state.in_write = lines.len();
    }
}

/// Writes lines. Returns the number of those that were not written to their end.
fn write_lines(target: &mut impl Write, lines: &[u8]) -> u64 {
    let mut rest = lines;
    while !rest.is_empty() {
        match target.write(rest) {
            Ok(0) => break,
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Another process that shares the pipe has made it non-blocking, and its reader is slower than this thread.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(WRITE_PAUSE),
            Err(_) => break,
        }
    }
    memchr::memchr_iter(b'\n', rest).count() as u64
}

#[cfg(test)]
mod tests {
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
        let line = [vec![b'x'; 1023], vec![b'\n']].concat();
        for _ in 0..10_000 {
            queue.push(&line);
        }
        {
            let state = queue.lock();
            assert!(state.waiting.len() + state.in_write <= MAX_BYTES);
            assert!(state.lost > 5_000, "{} lines lost", state.lost);
        }
        queue.finish(Duration::ZERO);
        drop(allow);
        queue.finish(Duration::from_mins(1));
        let kept: usize = lines.try_iter().map(|lines| lines.len()).sum();
        assert_eq!(kept, MAX_BYTES, "what was kept is written in the end");
        assert!(queue.lock().is_empty());
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_the_next_ones_are_tried() {
        let (queue, allow, lines) = gated();
        queue.push(b"one\n");
        allow.send(false).expect("the thread lives");
        queue.finish(Duration::from_mins(1));
        assert_eq!(queue.lock().lost, 1);
        queue.push(b"two\nthree\n");
        allow.send(true).expect("the thread lives");
        assert_eq!(lines.recv().expect("lines"), b"two\nthree\n");
        queue.finish(Duration::from_mins(1));
        // The line that says so is an event, and this test has no subscriber.
        assert_eq!(queue.lock().lost, 0);
    }

    #[test]
    fn lines_that_come_together_are_written_together() {
        let (queue, allow, lines) = gated();
        queue.push(b"first\n");
        // The thread waits for the permission to write the first line, or has not begun.
        let others: Vec<_> = (0..100).map(|number| format!("{number}\n").into_bytes()).collect();
        for line in &others {
            queue.push(line);
        }
        drop(allow);
        queue.finish(Duration::from_mins(1));
        let written: Vec<_> = lines.try_iter().collect();
        assert!(written.len() <= 2, "{} writes", written.len());
        assert_eq!(written.concat(), [b"first\n".to_vec(), others.concat()].concat());
    }
}
