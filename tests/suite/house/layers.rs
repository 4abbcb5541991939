//! Dependencies between layers point down only.

use regex::Regex;

use super::source::{code, files};

/// The layers from the top; those on one line are siblings that never name each other.
const LAYERS: [&[&str]; 10] = [
    &["cli"],
    &["server"],
    &["http", "realtime", "admin_socket", "web"],
    &["methods", "document", "intake"],
    &["ops"],
    &["app"],
    &["auth", "hub"],
    &["store"],
    &["config", "clock", "net", "observe", "rocketchat"],
    &["domain"],
];

fn level(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|layers| layers.contains(&layer))
}

#[test]
fn dependencies_point_down() {
    let mut found = Vec::new();
    for (file, text) in files("src") {
        let layer = file.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        if ["main", "lib"].contains(&layer) {
            continue;
        }
        let own = level(layer).unwrap_or_else(|| panic!("{layer} is in no layer: add it to LAYERS"));
        for (number, line) in text.lines().enumerate() {
            for named in line.split("crate::").skip(1) {
                let named: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if named != layer && level(&named).is_none_or(|other| other <= own) {
                    found.push(format!("{file}:{}: {layer} names {named}", number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "upward arrows:\n{}", found.join("\n"));
}

#[test]
fn interfaces_read_the_store_through_operations() {
    let read = Regex::new(r"\bstore\s*\.\s*(?:read|verify)\(").expect("a pattern");
    let interfaces = ["http/", "methods/", "realtime/", "web/", "admin_socket/"];
    let found: Vec<_> = files("src")
        .into_iter()
        .filter(|(file, text)| interfaces.iter().any(|folder| file.starts_with(folder)) && read.is_match(&code(text)))
        .map(|(file, _)| file)
        .collect();
    assert!(found.is_empty(), "call an operation in src/ops instead: {found:?}");
}

#[test]
fn only_the_store_its_settings_and_commands_name_an_engine() {
    let engine = Regex::new(r"(?i)sled").expect("a pattern");
    let of_crate = Regex::new(r"\bsled::(?:Db|IVec|Tree|Error|Result|Config|Batch|transaction)\b").expect("a pattern");
    let found: Vec<_> = files("src")
        .into_iter()
        .filter(|(file, text)| {
            let folder = file.split('/').next().unwrap_or_default();
            match folder {
                "config" | "cli" => false,
                "store" => !file.starts_with("store/sled/") && of_crate.is_match(text),
                _ => engine.is_match(text),
            }
        })
        .map(|(file, _)| file)
        .collect();
    assert!(found.is_empty(), "use the traits of store/engine.rs: {found:?}");
}

#[test]
fn only_tests_hash_passwords_at_the_lowest_cost() {
    let chosen = Regex::new(r"\bwith_cost\(|\bHashCost::Lowest\b").expect("a pattern");
    let found: Vec<_> = files("src")
        .into_iter()
        .filter(|(file, text)| file != "auth/password.rs" && chosen.is_match(&code(text)))
        .map(|(file, _)| file)
        .collect();
    assert!(found.is_empty(), "the server hashes at the cost of `Strong`: {found:?}");
}
