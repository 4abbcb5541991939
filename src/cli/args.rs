//! The commands and their arguments. The flags of settings come from the list of settings.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};
use clap_complete::Shell;

use crate::config::{SETTINGS, Setting};

/// The whole command line.
pub(super) fn command() -> Command {
    let root = Command::new("rollcall")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Keeps a team's users, login tokens and statuses, over Rocket.Chat's API")
        .after_help(
            "Without a command it serves.\n\n\
             Examples:\n  \
             rollcall                                   serve on 127.0.0.1:3000 from ./data\n  \
             rollcall --listen 0.0.0.0:3000             serve to the network\n  \
             rollcall user create ada --role admin      create a user; asks for the password\n  \
             rollcall status create \"caught up\" busy    create a custom status\n  \
             rollcall check                             verify the whole store",
        )
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true);
    with_settings(root).subcommands([
        with_settings(Command::new("serve").about("Serve (the default)")).after_help(
            "Examples:\n  \
             rollcall serve --listen 0.0.0.0:3000 --data-dir /var/lib/rollcall\n  \
             ROLLCALL_LISTEN=0.0.0.0:3000 rollcall serve --log-format json\n\n\
             Each flag is also an environment variable, ROLLCALL_ and its name in capitals, and a key of the\n\
             --config file, its name with _ for -. A flag comes before the environment, that before the file.\n\
             SIGTERM and SIGINT end it in good order; a second one ends it at once.",
        ),
        with_settings(Command::new("config").about("Print the settings in force and where each comes from"))
            .arg(json())
            .arg(
                Arg::new("all")
                    .long("all")
                    .action(ArgAction::SetTrue)
                    .help("Also print those of the running server that are not fixed, with their defaults"),
            )
            .after_help(
                "Settings of the running server (Accounts_…, API_…, …) are changed over the API. Given by --set, in\n\
                 OVERWRITE_SETTING_NAME or in the table [settings] of the --config file, they are fixed.\n\n\
                 Examples:\n  rollcall config\n  rollcall config --config rollcall.toml --json\n  rollcall config --all",
            ),
        with_folder(Command::new("audit").about("Print who did what to whom, the newest first"))
            .arg(option("actor", "USER", "Only what this user did: a username or id"))
            .arg(option("target", "NAME", "Only what was done to this: a name or id"))
            .arg(option("action", "ACTION", "Only this, as login-failed or user-created"))
            .arg(option("from", "MOMENT", "Only from this moment on, as 2026-11-23T22:00:00Z"))
            .arg(option("until", "MOMENT", "Only before this moment"))
            .arg(option("count", "NUMBER", "At most so many entries; 50 unless told").value_parser(value_parser!(usize)))
            .arg(json())
            .arg(
                Arg::new("csv")
                    .long("csv")
                    .action(ArgAction::SetTrue)
                    .conflicts_with("json")
                    .help("Print CSV, for spreadsheets"),
            )
            .after_help("Examples:\n  rollcall audit\n  rollcall audit --target ada --action login-failed --json"),
        with_folder(Command::new("check").about("Verify every record, index and version of the store"))
            .arg(json())
            .after_help(
                "Exit code 0: the store is sound. 1: what is wrong stands on standard output, a line each.\n\n\
                 Examples:\n  rollcall check\n  rollcall check --data-dir /var/lib/rollcall --json",
            ),
        with_folder(
            Command::new("compact").about("Write the store anew without what was deleted, while no server runs"),
        )
        .args(SETTINGS.iter().filter(|setting| setting.name == "secret_key_file").filter_map(setting))
        .after_help(
            "What is deleted or replaced stays in the store's files until a compaction. A server compacts at its\n\
             start, at most once a day, if something was deleted; see --compact-at-start of `rollcall serve`.\n\
             A kill or a power cut meanwhile loses nothing.\n\n\
             Examples:\n  rollcall compact\n  rollcall compact --data-dir /var/lib/rollcall",
        ),
        user(),
        token(),
        status(),
        Command::new("completions")
            .about("Print a completion script for a shell")
            .arg(
                Arg::new("shell")
                    .required(true)
                    .value_parser(value_parser!(Shell))
                    .help("Which shell"),
            )
            .after_help("Examples:\n  rollcall completions bash > /etc/bash_completion.d/rollcall"),
    ])
}

fn user() -> Command {
    let who = || {
        Arg::new("user")
            .required(true)
            .value_name("USER")
            .help("A username, e-mail address or id")
    };
    Command::new("user")
        .about("Manage users, whether or not the server runs")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(
            "Passwords are asked for, or read as one line from standard input; never given as an argument.\n\n\
             Examples:\n  \
             rollcall user create ada --email ada@example.com --role admin\n  \
             printf '%s\\n' \"$PASSWORD\" | rollcall user create deploy-bot --role bot\n  \
             rollcall user list --json",
        )
        .subcommands([
            with_folder(Command::new("create").about("Create a user; the first one becomes administrator"))
                .arg(
                    Arg::new("username")
                        .required(true)
                        .value_name("USERNAME")
                        .help("What it logs in with"),
                )
                .arg(option("email", "ADDRESS", "Its e-mail address"))
                .arg(option("name", "NAME", "The name others see"))
                .arg(
                    option("role", "ROLE", "A role, several times for several; user unless told")
                        .action(ArgAction::Append),
                )
                .arg(json()),
            with_folder(Command::new("list").about("List all users")).arg(json()),
            with_folder(Command::new("show").about("Show one user"))
                .arg(who())
                .arg(json()),
            with_folder(Command::new("password").about("Set a user's password and end all its logins")).arg(who()),
            with_folder(
                Command::new("reset-link")
                    .about("Print a link with which a user can choose a new password, once, for 24 hours"),
            )
            .arg(who()),
            with_folder(Command::new("reset-totp").about("Switch off a second factor that a user has lost")).arg(who()),
            with_folder(Command::new("unlock").about("Let a user try again who is blocked after failed logins"))
                .arg(who()),
            with_folder(Command::new("activate").about("Let a user log in again")).arg(who()),
            with_folder(Command::new("deactivate").about("Keep a user from logging in and end all its logins"))
                .arg(who()),
            with_folder(Command::new("delete").about("Delete a user"))
                .arg(who())
                .arg(yes()),
        ])
}

fn token() -> Command {
    let user = || {
        option(
            "user",
            "USER",
            "Only those of this user: a username, e-mail address or id",
        )
    };
    Command::new("token")
        .about("List and end logins, whether or not the server runs")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(
            "Examples:\n  rollcall token list --user ada\n  rollcall token revoke 9f86d081884c\n  \
             rollcall token revoke --user ada",
        )
        .subcommands([
            with_folder(Command::new("list").about("List live login tokens"))
                .arg(user())
                .arg(json()),
            with_folder(Command::new("revoke").about("End one login, or all of a user"))
                .arg(
                    Arg::new("label")
                        .value_name("LABEL")
                        .help("The token's label in the list")
                        .required_unless_present("user")
                        .conflicts_with("user"),
                )
                .arg(user()),
        ])
}

fn status() -> Command {
    Command::new("status")
        .about("Manage custom statuses, whether or not the server runs")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(
            "Examples:\n  rollcall status create \"caught up\" busy\n  rollcall status list --json\n  \
             rollcall status delete \"caught up\"",
        )
        .subcommands([
            with_folder(Command::new("list").about("List all custom statuses")).arg(json()),
            with_folder(Command::new("create").about("Create a custom status"))
                .arg(
                    Arg::new("name")
                        .required(true)
                        .value_name("NAME")
                        .help("What people see; unique"),
                )
                .arg(
                    Arg::new("type")
                        .required(true)
                        .value_name("TYPE")
                        .help("online, busy, away or offline"),
                )
                .arg(json()),
            with_folder(Command::new("delete").about("Delete a custom status"))
                .arg(
                    Arg::new("status")
                        .required(true)
                        .value_name("STATUS")
                        .help("Its name or id"),
                )
                .arg(yes()),
        ])
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn json() -> Arg {
    Arg::new("json")
        .long("json")
        .action(ArgAction::SetTrue)
        .help("Print JSON")
}

fn yes() -> Arg {
    Arg::new("yes")
        .long("yes")
        .short('y')
        .action(ArgAction::SetTrue)
        .help("Do not ask whether to")
}

/// All settings that have a flag, and the file.
fn with_settings(command: Command) -> Command {
    let flags = SETTINGS.iter().filter_map(setting);
    command.args(flags).arg(file()).arg(
        Arg::new("set")
            .long("set")
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .help("Fix a setting of the running server, several times for several; `rollcall config --all` lists them"),
    )
}

/// The flags that say which data folder.
fn with_folder(command: Command) -> Command {
    let flags = SETTINGS
        .iter()
        .filter(|setting| setting.name == "data_dir")
        .filter_map(setting);
    command.args(flags).arg(file())
}

fn setting(setting: &'static Setting) -> Option<Arg> {
    let name = setting.flag_name()?;
    let help = match setting.default {
        Some(default) => format!("{} [default: {default}]", setting.help),
        None => setting.help.to_owned(),
    };
    Some(Arg::new(name.clone()).long(name).value_name(setting.value).help(help))
}

fn file() -> Arg {
    Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .env("ROLLCALL_CONFIG")
        .help("A TOML file with settings")
}
