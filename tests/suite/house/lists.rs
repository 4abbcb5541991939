//! No list of an enum's variants is written by hand.

use regex::Regex;

use super::source::{code, files};

#[test]
fn lists_of_variants_come_from_the_enum() {
    let by_hand = Regex::new(r"const \w+: (?:\[Self; \d+\]|&'static \[Self\]) = &?\[\s*Self::").expect("a pattern");
    let found: Vec<_> = files("src")
        .into_iter()
        .filter(|(_, text)| by_hand.is_match(&code(text)))
        .map(|(file, _)| file)
        .collect();
    assert!(
        found.is_empty(),
        "derive strum::VariantArray, so that no variant is forgotten: {found:?}"
    );
}
