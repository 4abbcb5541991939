//! Catches the panics of an engine on damaged or failing files.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether a panic on this thread would be caught and reported as an error. The panic hook then logs nothing.
#[must_use]
pub(crate) fn is_contained() -> bool {
    CONTAINED.get()
}

/// Runs code of an engine that may panic where it should return an error.
///
/// # Errors
/// The panic's message.
pub(super) fn catch_panic<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    let outer = CONTAINED.replace(true);
    // A value that `run` leaves half changed is never read again: every caller stops using the store.
    let outcome = catch_unwind(AssertUnwindSafe(run));
    CONTAINED.set(outer);
    outcome.map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        text.unwrap_or("an internal check of the storage engine failed")
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message_and_the_next_one_is_not_contained() {
        assert_eq!(
            catch_panic(|| panic!("page {} is torn", 7)),
            Err::<(), _>("page 7 is torn".into())
        );
        assert!(!is_contained());
    }
}
