//! One name has one meaning.

use std::collections::BTreeMap;

use regex::Regex;

use super::source::{code, files};

/// Names that several types have, with the reason.
const SHARED: &[(&str, &str)] = &[];

#[test]
fn two_types_that_other_files_see_never_share_a_name() {
    let defined = Regex::new(r"(?m)^\s*pub(?:\([^)]*\))? (?:struct|enum|trait|type) (\w+)").expect("a pattern");
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in files("src") {
        for name in defined.captures_iter(&code(&text)) {
            found.entry(name[1].to_owned()).or_default().push(file.clone());
        }
    }
    found.retain(|_, places| places.len() > 1);
    let is_allowed = |name: &String| SHARED.iter().any(|(shared, _)| shared == name);
    let new: Vec<_> = found.iter().filter(|(name, _)| !is_allowed(name)).collect();
    assert!(new.is_empty(), "these names have several meanings: {new:?}");
    let gone: Vec<_> = SHARED.iter().filter(|(name, _)| !found.contains_key(*name)).collect();
    assert!(
        gone.is_empty(),
        "these names have one meaning, so take them out of SHARED: {gone:?}"
    );
}
