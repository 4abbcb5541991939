//! The house in order: dependencies between layers point down only.

use std::fs;
use std::path::Path;

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
    &["config", "clock", "net"],
    &["domain"],
];

fn level(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

fn scan(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
    {
        if entry.is_dir() {
            scan(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let inside = entry.strip_prefix(root()).expect("a path in src");
            let room = inside
                .iter()
                .next()
                .expect("a room")
                .to_string_lossy()
                .replace(".rs", "");
            let Some(own) = level(&room) else {
                assert!(
                    ["main", "lib"].contains(&room.as_str()),
                    "{room} is in no layer: add it to LAYERS"
                );
                continue;
            };
            let text = fs::read_to_string(&entry).expect("a file");
            for (number, line) in text.lines().enumerate() {
                for named in line.split("crate::").skip(1) {
                    let named: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    if named != room && level(&named).is_none_or(|other| other <= own) {
                        found.push(format!("{}:{}: {room} names {named}", inside.display(), number + 1));
                    }
                }
            }
        }
    }
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

#[test]
fn dependencies_point_down() {
    let mut found = Vec::new();
    scan(root(), &mut found);
    assert!(found.is_empty(), "upward arrows:\n{}", found.join("\n"));
}
