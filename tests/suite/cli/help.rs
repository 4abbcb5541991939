//! What the binary says of itself.

use std::process::Output;

use crate::support::process::{rollcall, run};
use crate::support::server::new_folder;

pub fn call(arguments: &[&str]) -> Output {
    let folder = new_folder();
    let mut command = rollcall(folder.path());
    command.args(arguments);
    run(command, "")
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn version_is_the_crates() {
    let output = call(&["--version"]);
    assert!(output.status.success());
    assert_eq!(stdout(&output), format!("rollcall {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_of_every_command_has_examples() {
    for command in [
        &["--help"][..],
        &["serve", "--help"],
        &["config", "--help"],
        &["check", "--help"],
        &["compact", "--help"],
        &["doctor", "--help"],
        &["health", "--help"],
        &["backup", "--help"],
        &["restore", "--help"],
        &["export", "--help"],
        &["import", "--help"],
    ] {
        let output = call(command);
        assert!(output.status.success(), "{command:?}");
        assert!(stdout(&output).contains("Examples:\n  "), "{command:?}");
    }
    for command in ["user", "token", "status", "completions"] {
        assert!(
            stdout(&call(&[command, "--help"])).contains("Examples:\n  "),
            "{command}"
        );
    }
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = call(&["completions", shell]);
        assert!(
            output.status.success() && stdout(&output).contains("deactivate"),
            "{shell}"
        );
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    for arguments in [
        &["nonsense"][..],
        &["--nonsense"],
        &["user"],
        &["user", "create"],
        &["token", "revoke"],
        &["token", "revoke", "label", "--user", "ada"],
        &["completions", "tcsh-of-sorts"],
        // A password on a command line would be seen by others.
        &["user", "create", "ada", "--password", "secret"],
        &["--admin-password", "secret"],
    ] {
        let output = call(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
