//! Files and functions that a reader takes in at once.

use std::collections::BTreeMap;

use regex::Regex;

use super::source::{code, files};

/// The maximum lines of a file without its unit tests.
const FILE_LINES: usize = 350;

/// The maximum lines of a function.
const FUNCTION_LINES: usize = 60;

/// Larger files, with the reason.
const LARGE_FILES: &[(&str, &str)] = &[
    ("cli/args.rs", "the flags, a table"),
    ("domain/error.rs", "the table of errors"),
    ("domain/setting.rs", "the table of settings"),
    ("ops/user_view.rs", "the fields of a user on the wire, a table"),
    ("store/open_error.rs", "one sentence for each error of the system"),
];

/// Longer functions, with the reason.
const LONG_FUNCTIONS: &[(&str, &str)] = &[
    ("admin_socket/execute.rs execute", "one arm for each command"),
    ("cli/user.rs run", "one arm for each command"),
    ("domain/password_policy.rs check", "one line for each rule"),
    ("http/gate.rs dispatch", "the order in which a request is judged"),
    ("server.rs run", "the order of start and stop"),
    ("store/snapshot.rs apply", "one arm for each table"),
    ("web/pages/forms.rs explained", "one line for each error"),
];

/// Returns the names of the functions of a file with their lines.
fn functions(text: &str) -> Vec<(String, usize)> {
    let start =
        Regex::new(r"^(\s*)(?:pub(?:\([^)]*\))? )?(?:const )?(?:async )?(?:unsafe )?fn (\w+)").expect("a pattern");
    let lines: Vec<_> = text.lines().collect();
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        if let Some(start) = start.captures(line) {
            let end = format!("{}}}", &start[1]);
            let length = lines[number..].iter().position(|line| *line == end);
            found.push((start[2].to_owned(), length.map_or(1, |last| last + 1)));
        }
    }
    found
}

/// Compares what is over the bound with the list of exceptions, in both directions.
fn compare(over: &BTreeMap<String, usize>, allowed: &[(&str, &str)], most: usize) {
    let is_allowed = |name: &String| allowed.iter().any(|(allowed, _)| allowed == name);
    let new: Vec<_> = over.iter().filter(|(name, _)| !is_allowed(name)).collect();
    assert!(new.is_empty(), "more than {most} lines: split by noun: {new:?}");
    let gone: Vec<_> = allowed.iter().filter(|(name, _)| !over.contains_key(*name)).collect();
    assert!(
        gone.is_empty(),
        "within {most} lines now, so take them out of the list: {gone:?}"
    );
}

#[test]
fn files_are_short() {
    let over: BTreeMap<_, _> = files("src")
        .into_iter()
        .map(|(file, text)| (file, code(&text).lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES)
        .collect();
    compare(&over, LARGE_FILES, FILE_LINES);
}

#[test]
fn functions_are_short() {
    let mut over = BTreeMap::new();
    for (file, text) in files("src") {
        for (name, lines) in functions(&code(&text)) {
            if lines > FUNCTION_LINES {
                over.insert(format!("{file} {name}"), lines);
            }
        }
    }
    compare(&over, LONG_FUNCTIONS, FUNCTION_LINES);
}
