//! Any bytes in the place of a file to import: each line of it is imported, or left out with a reason.
//!
//! The first byte of an input chooses the kind of the file: BSON or JSON of one of the collections, an archive of
//! `mongodump`, or an export of Rollcall. All lines go through a dry run of the import.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rollcall::app::{App, Overrides};
use rollcall::cli::ImportFile;
use rollcall::domain::import_result::ImportMode;
use rollcall::domain::transfer::SourceLine;
use rollcall::ops::transfer::Importer;
use rollcall::rocketchat;
use rollcall_fuzz::{RUNTIME, app, folder, session};

/// The names of files that are read as a collection. An archive may have any name.
const FILES: [&str; 8] = [
    "users.bson",
    "users.json",
    "rocketchat_roles.bson",
    "rocketchat_roles.json",
    "rocketchat_custom_user_status.bson",
    "rocketchat_custom_user_status.json",
    "archive",
    "users.json.gz",
];

static APP: LazyLock<App> = LazyLock::new(|| {
    let app = app(Overrides::default());
    RUNTIME.block_on(session(&app, "ada"));
    app
});

fuzz_target!(|input: &[u8]| {
    let Some((kind, bytes)) = input.split_first() else {
        return;
    };
    match FILES.get(usize::from(*kind)) {
        None => import(ImportFile::new(bytes)),
        Some(name) => {
            let folder = folder();
            let path = folder.path().join(name);
            fs::write(&path, bytes).expect("the file is written");
            dump(&path);
            // The pictures of a dump are in two collections.
            if *name == "users.bson" {
                fs::write(&path, []).expect("the file is written");
                fs::write(folder.path().join("rocketchat_avatars.bson"), bytes).expect("the file is written");
                fs::write(folder.path().join("rocketchat_avatars.chunks.bson"), bytes).expect("the file is written");
                dump(folder.path());
            }
        }
    }
});

fn dump(path: &Path) {
    if let Ok(lines) = rocketchat::read(path) {
        import(lines);
    }
}

fn import(lines: impl Iterator<Item = SourceLine>) {
    let mode = ImportMode {
        update: true,
        dry_run: true,
    };
    let mut importer = Importer::new(APP.clone(), mode);
    RUNTIME.block_on(async {
        for line in lines.filter_map(|line| line.line.ok()) {
            importer.put(line).await.expect("a line is imported or left out");
        }
    });
}
