//! The man pages, compared with the help of the binary, and judged by the programs that show man pages.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use regex::Regex;

use super::help::{call, stdout};
use crate::support::process::{rollcall, run};
use crate::support::server::new_folder;

/// Returns the words of the help that begin a line below this heading.
fn first_words(help: &str, heading: &str) -> Vec<String> {
    let below = help.lines().skip_while(|line| *line != heading).skip(1);
    let entries = below
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    entries
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// Returns all commands, each as its words, with the program itself.
fn commands() -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut next = 0;
    while let Some(command) = found.get(next).cloned() {
        let mut arguments: Vec<_> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        for name in first_words(&stdout(&call(&arguments)), "Commands:") {
            if name != "help" {
                found.push([command.clone(), vec![name]].concat());
            }
        }
        next += 1;
    }
    found
}

#[test]
fn every_command_has_a_page_with_every_flag_and_example() {
    let folder = new_folder();
    let mut write = rollcall(folder.path());
    write.args(["man", "pages"]);
    assert!(run(write, "").status.success());
    let pages = folder.path().join("pages");
    let flag = Regex::new(r"(?m)^ +(?:-\w, )?(--[a-z-]+)").expect("a pattern");
    let mut expected = BTreeSet::new();
    let commands = commands();
    assert!(commands.len() > 30, "{commands:?}");
    for command in &commands {
        let name = format!(
            "{}.1",
            [vec!["rollcall".to_owned()], command.clone()].concat().join("-")
        );
        let page = fs::read_to_string(pages.join(&name)).expect(&name);
        let mut arguments: Vec<_> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = stdout(&call(&arguments));
        let text = page.replace("\\-", "-");
        for flag in flag.captures_iter(&help) {
            assert!(text.contains(&format!("\\fB{}\\fR", &flag[1])), "{name}: {}", &flag[1]);
        }
        for command in first_words(&help, "Commands:").iter().filter(|name| *name != "help") {
            let page = name.replace(".1", &format!("-{command}(1)"));
            assert!(text.contains(&page), "{name}: {page}");
        }
        if help.contains("Examples:") {
            assert!(text.contains(".SH EXAMPLES"), "{name}");
        }
        expected.insert(name);
    }
    let written = fs::read_dir(&pages).expect("a folder");
    let written: BTreeSet<_> = written
        .map(|entry| entry.expect("a file").file_name().into_string().expect("UTF-8"))
        .collect();
    assert_eq!(written, expected);

    let serve = fs::read_to_string(pages.join("rollcall-serve.1")).expect("a page");
    for variable in [
        "ROLLCALL_LISTEN",
        "ROLLCALL_ADMIN_PASSWORD",
        "ROLLCALL_ADMIN_PASSWORD_FILE",
    ] {
        assert!(serve.contains(&format!("\\fB{variable}\\fR")), "{variable}");
    }
    for page in &written {
        assert_shows(&pages.join(page).display().to_string());
    }
}

/// Asserts that the programs of this machine show the page without a warning.
fn assert_shows(page: &str) {
    let groff = ["--warnings", "--encoding=UTF-8", "--local-file"];
    let mandoc = ["-T", "lint", "-W", "warning"];
    for (program, arguments) in [("mandoc", &mandoc[..]), ("man", &groff)] {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .arg(page)
            .env("LC_ALL", "C.UTF-8")
            .env("MANWIDTH", "100");
        // A machine without the program cannot judge.
        let Ok(output) = command.output() else { continue };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.is_empty(),
            "{program}: {said}{}",
            stdout(&output)
        );
        if program == "mandoc" {
            assert!(output.stdout.is_empty(), "{page}: {}", stdout(&output));
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = new_folder();
    fs::write(folder.path().join("file"), "").expect("a file");
    let mut write = rollcall(folder.path());
    write.args(["man", "file"]);
    let output = run(write, "");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot write the man pages into file"), "{said}");
}
