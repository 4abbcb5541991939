//! Numbers that look random and are the same for the same seed.

#![allow(clippy::print_stderr, reason = "a run names its seed, so that it can be repeated")]

use std::env;
use std::str::FromStr;

/// Returns the seed of a run, and prints it, so that the run can be repeated. `ROLLCALL_SEED` sets it.
pub fn seed() -> u64 {
    let seed = number("ROLLCALL_SEED", u64::from(std::process::id()));
    eprintln!("ROLLCALL_SEED={seed}");
    seed
}

/// Returns the number of rounds: this one, unless `ROLLCALL_ROUNDS` says another.
pub fn rounds(usual: usize) -> usize {
    number("ROLLCALL_ROUNDS", usual)
}

fn number<T: FromStr>(variable: &str, usual: T) -> T {
    let parse = |text: String| text.parse().unwrap_or_else(|_| panic!("{variable} is a number"));
    env::var(variable).map_or(usual, parse)
}

/// `SplitMix64`.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below end")
    }

    /// Yes, in so many cases of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}
