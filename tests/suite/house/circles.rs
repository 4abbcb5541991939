//! No two files import each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// The files that are still in a circle: the two clocks, because the clock of a store has the clock of the machine, which is
/// of the same type; and those of the store, which are still to be separated. A file that is in no circle must leave the list.
const OPEN: &[&str] = &[
    "clock.rs",
    "clock/store_clock.rs",
    "store/archive.rs",
    "store/commits.rs",
    "store/erasure.rs",
    "store/folder.rs",
    "store/hold.rs",
    "store/mod.rs",
    "store/new_store.rs",
    "store/new_store/copier.rs",
    "store/open.rs",
    "store/open_error.rs",
    "store/overflow.rs",
    "store/roles.rs",
    "store/settings.rs",
    "store/setup_links.rs",
    "store/snapshot.rs",
    "store/swap.rs",
    "store/table.rs",
    "store/user_index.rs",
    "store/verify.rs",
    "store/writer.rs",
];

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
    let new: Vec<_> = found.iter().filter(|file| !OPEN.contains(*file)).collect();
    assert!(new.is_empty(), "these files name each other in a circle: {new:?}");
    let gone: Vec<_> = OPEN.iter().filter(|file| !found.contains(*file)).collect();
    assert!(
        gone.is_empty(),
        "these files are in no circle, so take them out of OPEN: {gone:?}"
    );
}
