//! Random bytes from the operating system's generator.

/// Returns random bytes that are not predictable.
///
/// # Panics
/// If the operating system's generator fails. The process must not continue then, because every later id and token
/// could be guessed.
#[must_use]
#[allow(clippy::expect_used)]
pub fn bytes<const COUNT: usize>() -> [u8; COUNT] {
    let mut bytes = [0; COUNT];
    getrandom::fill(&mut bytes).expect("the operating system's random generator answers");
    bytes
}
