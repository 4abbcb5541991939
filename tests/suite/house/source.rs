//! The files of the project, and which of them the imports of a file lead to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

static COMMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"//[^\n]*").expect("a pattern"));

static TESTS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"#\[cfg\(test\)\]\n(?:pub )?mod tests").expect("a pattern"));

/// A visibility such as `pub(in path)` is not an import.
static VISIBILITY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bpub\(in [^)]*\)").expect("a pattern"));

static USE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^\s*(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);").expect("a pattern"));

static PATH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(?:crate|super)(?:::\w+)+").expect("a pattern"));

/// The path of an item or a module below `src`, without `crate`.
type Names = Vec<String>;

/// The files of `src`, by their paths in it.
pub struct Source {
    pub files: BTreeMap<String, String>,
    modules: BTreeMap<Names, String>,
    /// The names that a module exports again, with the items that they stand for.
    exported: BTreeMap<Names, BTreeMap<String, Names>>,
}

/// An import: the item, the name that it gets, and whether the file exports it again.
struct Import {
    item: Names,
    name: String,
    is_exported: bool,
}

/// Returns the Rust files below a folder of the project, by their paths in it.
pub fn files(folder: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = BTreeMap::new();
    collect(&root, &root, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).expect("a path below the folder");
            let text = fs::read_to_string(&path).expect("a file");
            found.insert(name.to_string_lossy().into_owned(), text);
        }
    }
}

/// Returns the code of a file: no comments, and no unit tests.
pub fn code(text: &str) -> String {
    let text = COMMENT.replace_all(text, "");
    let text = VISIBILITY.replace_all(&text, "pub");
    let end = TESTS.find(&text).map_or(text.len(), |tests| tests.start());
    text[..end].to_owned()
}

fn names(path: &str) -> Names {
    path.split("::").map(str::trim).map(str::to_owned).collect()
}

/// Returns the module of a file.
fn module(file: &str) -> Names {
    let mut parts: Names = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| ["mod", "lib"].contains(&last.as_str())) {
        parts.pop();
    }
    parts
}

/// Splits a group of imports at its outer commas.
fn split(group: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("a part").push(letter);
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Adds the paths of a tree of imports, each with the name that it gets.
fn expand(before: &[String], tree: &str, found: &mut Vec<(Names, String)>) {
    let tree = tree.trim();
    if let Some((path, group)) = tree.split_once('{') {
        let path = path.trim().trim_end_matches("::");
        let inner = if path.is_empty() { Vec::new() } else { names(path) };
        let base = [before, &inner].concat();
        for part in split(group.trim_end().trim_end_matches('}')) {
            expand(&base, &part, found);
        }
        return;
    }
    let (path, name) = tree
        .split_once(" as ")
        .map_or((tree, None), |(path, name)| (path, Some(name)));
    let mut item = [before, &names(path)].concat();
    if item.last().is_some_and(|last| last == "self") {
        item.pop();
    }
    let last = item.last().cloned().unwrap_or_default();
    found.push((item, name.map_or(last, |name| name.trim().to_owned())));
}

impl Source {
    pub fn read() -> Self {
        let mut files = files("src");
        files.remove("main.rs");
        let modules = files.keys().map(|file| (module(file), file.clone())).collect();
        let mut source = Self {
            files,
            modules,
            exported: BTreeMap::new(),
        };
        let mut exported: BTreeMap<Names, BTreeMap<String, Names>> = BTreeMap::new();
        for (file, text) in &source.files {
            for import in source.imports(file, &code(text)) {
                if import.is_exported {
                    exported
                        .entry(module(file))
                        .or_default()
                        .insert(import.name, import.item);
                }
            }
        }
        source.exported = exported;
        source
    }

    /// Returns the path of an import from the root; `None` for an item of another crate.
    fn absolute(&self, file: &str, path: &[String]) -> Option<Names> {
        let mut own = module(file);
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    own.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                own.push(first.to_owned());
                if !self.modules.contains_key(&own) {
                    return None;
                }
                rest = &path[1..];
            }
        }
        own.extend_from_slice(rest);
        Some(own)
    }

    fn imports(&self, file: &str, code: &str) -> Vec<Import> {
        let mut found = Vec::new();
        for used in USE.captures_iter(code) {
            let mut paths = Vec::new();
            expand(&[], &used[2].replace('\n', " "), &mut paths);
            for (path, name) in paths {
                if let Some(item) = self.absolute(file, &path) {
                    found.push(Import {
                        item,
                        name,
                        is_exported: used.get(1).is_some(),
                    });
                }
            }
        }
        for path in PATH.find_iter(&USE.replace_all(code, "")) {
            if let Some(item) = self.absolute(file, &names(path.as_str())) {
                found.push(Import {
                    name: item.last().cloned().unwrap_or_default(),
                    item,
                    is_exported: false,
                });
            }
        }
        found
    }

    /// Returns the file that defines an item.
    fn file_of(&self, item: &[String]) -> Option<&str> {
        let mut item = item.to_vec();
        // An export of an export of an export; more are not in use.
        for _ in 0..8 {
            let length = (0..=item.len())
                .rev()
                .find(|length| self.modules.contains_key(&item[..*length]))?;
            let exported = self.exported.get(&item[..length]).zip(item.get(length));
            match exported.and_then(|(names, name)| names.get(name)) {
                Some(target) => item = [target, &item[length + 1..]].concat(),
                None => return self.modules.get(&item[..length]).map(String::as_str),
            }
        }
        None
    }

    /// Returns the files that a file names. An export of a child's item is not counted.
    pub fn named_by(&self, file: &str) -> BTreeSet<&str> {
        let folder = format!("{}/", file.trim_end_matches(".rs"));
        let has_children =
            file.ends_with("mod.rs") || file == "lib.rs" || self.files.keys().any(|other| other.starts_with(&folder));
        self.imports(file, &code(&self.files[file]))
            .iter()
            .filter(|import| !(import.is_exported && has_children))
            .filter_map(|import| self.file_of(&import.item))
            .filter(|named| *named != file)
            .collect()
    }
}
