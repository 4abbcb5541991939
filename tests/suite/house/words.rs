//! Comments in plain English.

use regex::Regex;

use super::source::files;

/// Words that are hard to read, or that have a plainer synonym.
const AVOIDED: &str =
    r"(?i)\b(whoever|somebody|nobody|everybody|anew|told|tells|lies|takes away|is none that|as good as)\b";

#[test]
fn comments_use_plain_words() {
    let avoided = Regex::new(AVOIDED).expect("a pattern");
    let mut found = Vec::new();
    let folders = ["src", "tests", "benches"];
    for (file, text) in folders.into_iter().flat_map(files) {
        for (number, line) in text.lines().enumerate() {
            let comment = line.trim_start();
            if comment.starts_with("//") && avoided.is_match(comment) {
                found.push(format!("{file}:{}: {comment}", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "say it in plainer words:\n{}", found.join("\n"));
}

#[test]
fn no_doc_comment_has_one_or_two_words() {
    let mut found = Vec::new();
    for (file, text) in files("src") {
        let lines: Vec<_> = text.lines().map(str::trim_start).collect();
        let is_doc = |number: usize| {
            let line = lines.get(number).copied().unwrap_or_default();
            line.starts_with("///") || line.starts_with("//!")
        };
        for (number, line) in lines.iter().enumerate() {
            let is_alone = is_doc(number) && !is_doc(number + 1) && !(number > 0 && is_doc(number - 1));
            // The texts of the command line are its help, where two words are enough.
            if is_alone && line.split_whitespace().count() <= 3 && !file.starts_with("cli/args") {
                found.push(format!("{file}:{}: {line}", number + 1));
            }
        }
    }
    assert!(
        found.is_empty(),
        "a comment says what the name can't:\n{}",
        found.join("\n")
    );
}
