//! Numbers of bytes in words.

use crate::web::words::{Language, Words};

/// Returns a number of bytes in words, with a unit from kB to TB.
pub(super) fn size(words: Words, bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    let mut tenths = bytes.saturating_mul(10) / 1000;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < units.len() {
        tenths /= 1000;
        unit += 1;
    }
    let point = match words.language() {
        Language::English => '.',
        Language::German => ',',
    };
    format!("{}{point}{} {}", tenths / 10, tenths % 10, units[unit])
}
