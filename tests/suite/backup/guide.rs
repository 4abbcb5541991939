//! Every command and every configuration of `docs/backup.md` works, in the order of the page.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;

use crate::support::Process;
use crate::support::backup::{done, names_in};
use crate::support::files::kept_store;
use crate::support::process::run;
use crate::support::server::{ADMIN, PASSWORD};
use crate::support::store::skipped_in_cluster;

/// Returns the blocks of the page with their language.
fn blocks() -> Vec<(String, String)> {
    let page = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/backup.md"));
    let page = fs::read_to_string(page).expect("the page");
    let parts: Vec<_> = page.split("```").collect();
    assert_eq!(parts.len() % 2, 1, "each block has an end");
    let inside = parts.iter().skip(1).step_by(2);
    let blocks = inside.map(|part| part.split_once('\n').expect("a language"));
    blocks
        .map(|(language, text)| (language.to_owned(), text.to_owned()))
        .collect()
}

/// Writes a program that takes the place of one which tests cannot have.
fn program(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).expect("a mode");
}

/// Makes a folder with the programs that the page names.
fn programs(home: &Path) -> PathBuf {
    let programs = home.join("programs");
    fs::create_dir(&programs).expect("a folder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rollcall"), programs.join("rollcall")).expect("a link");
    let identity = Identity::generate();
    let (public, private) = (identity.to_public(), identity.to_string());
    let key = format!("# public key: {public}\n{}\n", private.expose_secret());
    fs::write(home.join("made-key"), key).expect("a file");
    program(&programs.join("age-keygen"), "[ \"$1\" = -o ] && cat made-key > \"$2\"");
    program(&programs.join("ssh"), "shift; exec sh -c \"$*\"");
    program(&programs.join("systemctl"), "[ \"$2\" = rollcall ]");
    programs
}

#[tokio::test]
async fn every_command_of_the_page_works() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let home = kept_store("0.1.0");
    let (data, backups) = (home.path().join("data"), home.path().join("backups"));
    fs::write(data.join("version"), "0.1.0").expect("a file");
    fs::create_dir(&backups).expect("a folder");
    fs::write(home.path().join("passphrase.txt"), "correct horse battery staple\n").expect("a file");
    let programs = programs(home.path());
    let here = |text: &str| {
        text.replace("/var/lib/rollcall", &data.display().to_string())
            .replace("/srv/backups", &backups.display().to_string())
    };
    let mut counts = (0, 0);
    for (language, text) in blocks() {
        let text = here(&text);
        match language.as_str() {
            "toml" => {
                fs::write(home.path().join("rollcall.toml"), &text).expect("a file");
                let shown = done(home.path(), &["config", "--config", "rollcall.toml"]);
                assert!(shown.contains("rollcall.toml"), "{shown}");
                counts.0 += 1;
            }
            "sh" => {
                let server = text
                    .contains("curl")
                    .then(|| Process::start_in(Arc::clone(&home), |_| {}));
                let mut command = Command::new("sh");
                command
                    .env_clear()
                    .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
                    .current_dir(home.path());
                let mut script = text.clone();
                if let Some(server) = &server {
                    let admin = server.anonymous().logged_in(ADMIN, PASSWORD).await;
                    command.env("USER_ID", admin.id()).env("TOKEN", admin.token());
                    command.env("PASSWORD", PASSWORD);
                    script = text.replace("127.0.0.1:3000", &server.address.to_string());
                }
                command.args(["-eu", "-c", &script]);
                let output = tokio::task::spawn_blocking(move || run(command, ""));
                let output = output.await.expect("a thread");
                assert!(output.status.success(), "{script}\n{output:?}");
                drop(server);
                counts.1 += 1;
            }
            other => panic!("a block of the unknown language {other:?}"),
        }
    }
    assert_eq!(counts, (2, 9), "the page has all its blocks");
    done(home.path(), &["check", "rollcall.backup.age", "--identity", "key.txt"]);
    let names = names_in(&data);
    let aside = names.iter().filter(|name| name.starts_with("store.before-")).count();
    assert_eq!(aside, 2, "{names:?}");
    assert!(done(home.path(), &["status", "list"]).contains("caught up"));
}
