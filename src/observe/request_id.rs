//! The id of a request. It is in the answer, in each log line of the request, and in the text of an internal error.
//!
//! The id belongs to the task that handles the request (a task-local value), so that operations need not pass it on. A
//! span of `tracing` is not used: it costs an allocation and a lock for each request, and the log level can disable it.

use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

tokio::task_local! {
    static CURRENT: RequestId;
}

/// Maximum characters of an id that a proxy sends.
const MAX_CHARACTERS: usize = 64;

/// The id of a request: letters, digits, `-`, `_` and `.`. It is stored in place, so that no request allocates for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    /// The characters, and zeros after them.
    bytes: [u8; MAX_CHARACTERS],
    length: usize,
}

impl RequestId {
    /// Parses an id that a proxy sent. Returns `None` if it is empty, too long, or has other characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_valid = !text.is_empty() && text.len() <= MAX_CHARACTERS && text.bytes().all(is_allowed);
        is_valid.then(|| Self::of(format_args!("{text}")))
    }

    /// Returns the id with these ASCII characters. Cuts it to the maximum length.
    fn of(text: fmt::Arguments<'_>) -> Self {
        let mut bytes = [0; MAX_CHARACTERS];
        let mut rest = &mut bytes[..];
        // The only error is that the text is longer.
        let _ = rest.write_fmt(text);
        let length = MAX_CHARACTERS - rest.len();
        Self { bytes, length }
    }

    /// Returns the id of the request that this task handles, if it handles one.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|id| *id).ok()
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Every id is ASCII.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }

    /// Runs work for the request with this id.
    pub fn scope<T>(self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        CURRENT.scope(self, work)
    }

    /// Wraps work for another task, so that it has the id of the current request.
    pub fn carry<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
        let current = Self::current();
        async move {
            match current {
                Some(id) => id.scope(work).await,
                None => work.await,
            }
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Makes the ids of this process: its random name and a number.
#[derive(Debug)]
pub struct RequestIds {
    instance: Box<str>,
    made: AtomicU64,
}

impl RequestIds {
    /// Creates the ids of a process with this random name.
    #[must_use]
    pub fn new(instance: u64) -> Self {
        Self {
            instance: format!("{instance:016x}").into(),
            made: AtomicU64::new(0),
        }
    }

    /// Returns the random name of the process.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Makes an id that no other request has.
    #[must_use]
    pub fn make(&self) -> RequestId {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        RequestId::of(format_args!("{}-{number}", self.instance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_no_character_that_needs_escaping() {
        for text in ["a", "0c5f8d0e-7d0a-4b1e.9_Z", &"x".repeat(64)] {
            assert_eq!(RequestId::parse(text).expect("an id").as_str(), text);
        }
        for text in ["", "a b", "a\"b", "a\nb", "å", "a/b", &"x".repeat(65)] {
            assert_eq!(RequestId::parse(text), None, "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_task_of_a_request_has_its_id() {
        let ids = RequestIds::new(1);
        let (first, second) = (ids.make(), ids.make());
        assert_eq!(first.as_str(), "0000000000000001-0");
        assert_ne!(first, second);
        assert_eq!(RequestId::current(), None);
        let spawned = first.scope(async { tokio::spawn(RequestId::carry(async { RequestId::current() })).await });
        assert_eq!(spawned.await.expect("a task"), Some(first));
        assert_eq!(RequestId::carry(async { RequestId::current() }).await, None);
    }
}
