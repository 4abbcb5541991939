//! No two files import each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// Returns everything that a file leads to.
fn reached<'files>(named: &BTreeMap<&'files str, BTreeSet<&'files str>>, from: &'files str) -> BTreeSet<&'files str> {
    let (mut found, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        for other in named.get(file).into_iter().flatten() {
            if found.insert(*other) {
                next.push(other);
            }
        }
    }
    found
}

#[test]
fn no_import_leads_back_to_its_file() {
    let source = Source::read();
    let named: BTreeMap<_, _> = source
        .files
        .keys()
        .map(|file| (file.as_str(), source.named_by(file)))
        .collect();
    let in_circle = |file: &&str| reached(&named, file).contains(*file);
    let found: Vec<_> = named.keys().copied().filter(in_circle).collect();
    assert!(found.is_empty(), "these files name each other in a circle: {found:?}");
}
