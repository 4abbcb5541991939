//! Random bytes from the operating system's generator.

/// So many bytes that nobody can foresee.
///
/// # Panics
/// When the operating system has no randomness to give, in which case nothing may go on: every id
/// and token after it could be guessed.
#[must_use]
#[allow(clippy::expect_used)]
pub fn bytes<const COUNT: usize>() -> [u8; COUNT] {
    let mut bytes = [0; COUNT];
    getrandom::fill(&mut bytes).expect("the operating system's random generator answers");
    bytes
}
