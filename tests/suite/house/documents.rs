//! The tests and files that `RELIABILITY.md` and `SECURITY.md` name exist.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::source::files;

static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new("`([^`\n]+)`").expect("a pattern"));

/// A part of the path of a test, such as `backup::damage::a_bomb`.
static TEST: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[a-z0-9_]+(::[a-z0-9_]+)+$").expect("a pattern"));

static FILE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[a-z0-9_/]+/[a-z0-9_]+\.rs$").expect("a pattern"));

static FUNCTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^ *(?:async )?fn ([a-z0-9_]+)\(").expect("a pattern"));

/// Returns the paths of all functions of tests and sources: the modules of the file and the name.
fn functions() -> Vec<String> {
    let mut all = Vec::new();
    for folder in ["tests/suite", "tests/cluster", "src"] {
        for (file, text) in files(folder) {
            let module = file.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
            let names = FUNCTION
                .captures_iter(&text)
                .map(|found| format!("{module}::{}", &found[1]));
            all.extend(names);
        }
    }
    all
}

#[test]
fn tests_that_documents_name_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let functions = functions();
    let is_file = |name: &str| {
        ["tests/suite", "tests/cluster", "src"]
            .iter()
            .any(|folder| root.join(folder).join(name).is_file())
    };
    let mut named = 0;
    for document in ["RELIABILITY.md", "SECURITY.md"] {
        let text = fs::read_to_string(root.join(document)).expect("a document");
        for code in CODE.captures_iter(&text) {
            for word in code[1].split_whitespace() {
                let word = word.trim_end_matches('…').trim_end_matches("::");
                if TEST.is_match(word) {
                    assert!(
                        functions.iter().any(|function| function.contains(word)),
                        "{document}: no test has {word} in its path"
                    );
                } else if FILE.is_match(word) {
                    assert!(is_file(word), "{document}: there is no file {word}");
                } else {
                    continue;
                }
                named += 1;
            }
        }
    }
    assert!(named > 50, "{named} tests and files were found in the documents");
}
