//! Settings: four places in their order, and clear words about what is wrong.

use std::fs;
use std::process::{Command, Output};

use rollcall::config::SETTINGS;
use serde_json::Value;

use crate::support::process::{Process, rollcall, run};
use crate::support::server::{PASSWORD, new_folder};

/// Runs `rollcall config --json` with this file, environment and flags.
fn config(file: Option<&str>, environment: &[(&str, &str)], flags: &[&str]) -> Output {
    let folder = new_folder();
    let mut command = rollcall(folder.path());
    command.args(["config", "--json"]).args(flags);
    with_file(&mut command, folder.path(), file);
    command.envs(environment.iter().copied());
    run(command, "")
}

fn with_file(command: &mut Command, folder: &std::path::Path, file: Option<&str>) {
    if let Some(text) = file {
        fs::write(folder.join("rollcall.toml"), text).expect("a file");
        command.args(["--config", "rollcall.toml"]);
    }
}

/// The value of a setting, and where it comes from.
fn setting(output: &Output, name: &str) -> (Value, String) {
    assert!(output.status.success(), "{output:?}");
    let list: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let entries = list.as_array().expect("a list");
    let entry = entries
        .iter()
        .find(|entry| entry["setting"] == name)
        .expect("the setting");
    (
        entry["value"].clone(),
        entry["source"].as_str().expect("a text").to_owned(),
    )
}

#[test]
fn a_flag_comes_before_the_environment_before_the_file_before_the_default() {
    let file = Some("listen = \"127.0.0.1:1\"\ntoken_lifetime_days = 7\n");
    let environment = [("ROLLCALL_LISTEN", "127.0.0.1:2")];
    let flags = ["--listen", "127.0.0.1:3"];
    for (output, value, source) in [
        (config(file, &environment, &flags), "127.0.0.1:3", "flag --listen"),
        (
            config(file, &environment, &[]),
            "127.0.0.1:2",
            "environment ROLLCALL_LISTEN",
        ),
        (config(file, &[], &[]), "127.0.0.1:1", "file rollcall.toml"),
        (config(None, &[], &[]), "127.0.0.1:3000", "default"),
        (
            config(None, &[("ROLLCALL_LISTEN", "")], &[]),
            "127.0.0.1:3000",
            "default",
        ),
    ] {
        assert_eq!(setting(&output, "listen"), (value.into(), source.into()));
    }
    assert_eq!(setting(&config(file, &[], &[]), "token_lifetime_days").0, "7");
    assert_eq!(setting(&config(None, &[], &[]), "default_status_type").0, Value::Null);
}

#[test]
fn the_data_folder_is_the_state_directory_unless_told() {
    let state = [("STATE_DIRECTORY", "/var/lib/rollcall:/var/lib/other")];
    let from = |output: &Output| setting(output, "data_dir");
    let state_directory = ("/var/lib/rollcall".into(), "environment STATE_DIRECTORY".into());
    assert_eq!(from(&config(None, &state, &[])), state_directory);
    assert_eq!(from(&config(Some("data_dir = \"d\""), &state, &[])).0, "d");
    assert_eq!(from(&config(None, &[], &[])), ("./data".into(), "default".into()));
}

#[test]
fn the_file_may_be_named_by_the_environment() {
    let folder = new_folder();
    fs::write(folder.path().join("c.toml"), "log_level = \"warn\"").expect("a file");
    let mut command = rollcall(folder.path());
    command.args(["config", "--json"]).env("ROLLCALL_CONFIG", "c.toml");
    let output = run(command, "");
    assert_eq!(setting(&output, "log_level"), ("warn".into(), "file c.toml".into()));
}

#[test]
fn secrets_are_hidden_and_may_come_from_files() {
    let folder = new_folder();
    let path = folder.path().join("password");
    fs::write(&path, "correct horse\n").expect("a file");
    let path = path.to_str().expect("a plain path");
    let named = [
        ("ROLLCALL_ADMIN_USERNAME", "ada"),
        ("ROLLCALL_ADMIN_PASSWORD_FILE", path),
    ];
    let given = [
        ("ROLLCALL_ADMIN_USERNAME", "ada"),
        ("ROLLCALL_ADMIN_PASSWORD", "correct horse"),
    ];
    for (environment, source) in [
        (named, "environment ROLLCALL_ADMIN_PASSWORD_FILE"),
        (given, "environment ROLLCALL_ADMIN_PASSWORD"),
    ] {
        let output = config(None, &environment, &[]);
        assert_eq!(setting(&output, "admin_password"), ("(hidden)".into(), source.into()));
        assert!(!String::from_utf8_lossy(&output.stdout).contains("horse"));
        let mut table = rollcall(folder.path());
        table.arg("config").envs(environment);
        let output = run(table, "");
        assert!(output.status.success());
        assert!(!String::from_utf8_lossy(&output.stdout).contains("horse"));
    }
}

/// A file, an environment, flags, and what the complaint must contain.
type Case<'case> = (
    Option<&'case str>,
    &'case [(&'case str, &'case str)],
    &'case [&'case str],
    &'case [&'case str],
);

#[test]
fn a_wrong_configuration_ends_with_78_and_says_what_and_where() {
    let admin = ("ROLLCALL_ADMIN_USERNAME", "ada");
    let cases: [Case; 19] = [
        (
            None,
            &[],
            &["--listen", "70000"],
            &["listen (from flag --listen)", "127.0.0.1:3000"],
        ),
        (
            None,
            &[("ROLLCALL_LISTEN", "localhost")],
            &[],
            &["listen (from environment ROLLCALL_LISTEN)"],
        ),
        (
            None,
            &[],
            &["--listen", ":0", "--listen", "unix:x?mode=9"],
            &["listen (from flag --listen)", "unix:x?mode=9", "mode=660"],
        ),
        (
            None,
            &[],
            &["--keep-alive-seconds", "0"],
            &["keep_alive_seconds", "1 to 3600"],
        ),
        (None, &[], &["--header-seconds", "601"], &["header_seconds", "1 to 600"]),
        (
            Some("log_level = \"loud\""),
            &[],
            &[],
            &["log_level (from file rollcall.toml)", "error, warn"],
        ),
        (None, &[], &["--log-format", "xml"], &["log_format", "text, json"]),
        (
            None,
            &[],
            &["--token-lifetime-days", "0"],
            &["token_lifetime_days", "1 to 36500"],
        ),
        (
            None,
            &[],
            &["--token-lifetime-days", "many"],
            &["token_lifetime_days", "1 to 36500"],
        ),
        (
            None,
            &[],
            &["--default-status-type", "Busy"],
            &["default_status_type", "must be one of", "online, busy, away, offline"],
        ),
        (
            None,
            &[],
            &["--public-url", "chat.example"],
            &["public_url", "https://"],
        ),
        (Some("listn = \"x\""), &[], &[], &["rollcall.toml", "listn", "listen"]),
        (Some("listen ="), &[], &[], &["rollcall.toml", "not valid TOML"]),
        (Some("listen = [1]"), &[], &[], &["listen", "rollcall.toml", "text"]),
        (
            None,
            &[],
            &["--config", "missing.toml"],
            &["missing.toml", "cannot read"],
        ),
        (None, &[admin], &[], &["admin_username", "admin_password"]),
        (
            None,
            &[("ROLLCALL_ADMIN_EMAIL", "a@b.example")],
            &[],
            &["admin_email", "admin_username"],
        ),
        (
            None,
            &[admin, ("ROLLCALL_ADMIN_PASSWORD_FILE", "/nonexistent/file")],
            &[],
            &["ROLLCALL_ADMIN_PASSWORD_FILE", "/nonexistent/file"],
        ),
        (
            None,
            &[
                admin,
                ("ROLLCALL_ADMIN_PASSWORD", "a"),
                ("ROLLCALL_ADMIN_PASSWORD_FILE", "b"),
            ],
            &[],
            &["ROLLCALL_ADMIN_PASSWORD and ROLLCALL_ADMIN_PASSWORD_FILE"],
        ),
    ];
    for (file, environment, flags, words) in cases {
        let output = config(file, environment, flags);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{error}");
        assert!(error.starts_with("rollcall: "), "{error}");
        for word in words {
            assert!(error.contains(word), "{word:?} in {error}");
        }
    }
}

#[test]
fn the_readme_lists_exactly_the_settings_there_are() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the README");
    let rows: Vec<_> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<_> = SETTINGS
        .iter()
        .map(|setting| {
            let default = setting
                .default
                .map_or_else(|| "unset".to_owned(), |value| format!("`{value}`"));
            let flag = setting
                .flag_name()
                .map_or_else(|| "none".to_owned(), |name| format!("`--{name}`"));
            format!("| `{}` | {flag} | {default} | {} |", setting.name, setting.help())
        })
        .collect();
    assert_eq!(rows, expected);
}

/// The value of a setting of the running server, and where it comes from.
fn of_server(file: Option<&str>, environment: &[(&str, &str)], flags: &[&str], name: &str) -> (Value, String) {
    let flags: Vec<_> = ["--all"].iter().chain(flags).copied().collect();
    setting(&config(file, environment, &flags), name)
}

#[test]
fn settings_of_the_running_server_are_fixed_in_the_same_three_places() {
    let name = "Accounts_LoginExpiration";
    let file = Some("[settings]\nAccounts_LoginExpiration = 7\n");
    let environment = [("OVERWRITE_SETTING_Accounts_LoginExpiration", "8")];
    let flags = ["--set", "Accounts_LoginExpiration=9"];
    for ((value, source), (expected, place)) in [
        (of_server(file, &environment, &flags, name), (9, "flag --set")),
        (
            of_server(file, &environment, &[], name),
            (8, "environment OVERWRITE_SETTING_Accounts_LoginExpiration"),
        ),
        (of_server(file, &[], &[], name), (7, "file rollcall.toml")),
    ] {
        assert_eq!((value.to_string(), source.as_str()), (format!("\"{expected}\""), place));
    }
}

#[test]
fn what_a_setting_of_the_running_server_does_not_take_is_told() {
    for (file, flags, words) in [
        (
            None,
            &["--set", "Accounts_LoginExpiration=none"][..],
            "must be a whole number from 1 to 36500",
        ),
        (
            None,
            &["--set", "Acounts_LoginExpiration=1"],
            "is no setting of the running server",
        ),
        (None, &["--set", "Site_Name"], "NAME=VALUE"),
        (
            Some("[settings]\nAPI_Enable_CORS = \"maybe\"\n"),
            &[],
            "must be true, 1, yes or on, or false, 0, no or off, and is a text",
        ),
        (
            None,
            &["--set", "Accounts_LoginExpiration=1.5"],
            "must be a whole number from 1 to 36500, and is a number",
        ),
    ] {
        let output = config(file, &[], flags);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(words), "{flags:?}: {error}");
    }
}

#[test]
fn a_misspelt_variable_ends_the_start_and_names_the_one_that_was_meant() {
    for (misspelt, meant) in [
        ("ROLLCALL_LISTN", "ROLLCALL_LISTEN"),
        ("rollcall_listen", "ROLLCALL_LISTEN"),
        ("ROLLCALL_ADMIN_PASWORD_FILE", "ROLLCALL_ADMIN_PASSWORD_FILE"),
        (
            "OVERWRITE_SETTING_Accounts_LoginExpriation",
            "OVERWRITE_SETTING_Accounts_LoginExpiration",
        ),
        ("OVERWRITE_SETTING_API_enable_cors", "OVERWRITE_SETTING_API_Enable_CORS"),
    ] {
        let output = config(None, &[(misspelt, "1")], &[]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{misspelt}: {error}");
        let words = format!("{misspelt} is no variable of this server: did you mean {meant}?");
        assert!(error.contains(&words), "{error}");
    }
    let other = config(
        None,
        &[
            ("OVERWRITE_SETTING_Livechat_enabled", "true"),
            ("ROLLCALL_COLOUR", "red"),
        ],
        &[],
    );
    assert!(
        other.status.success(),
        "a setting that this server does not have: {other:?}"
    );
}

#[test]
fn flags_are_taken_as_people_write_them() {
    let name = "API_Enable_CORS";
    for (words, set) in [
        (
            &["true", "True", "TRUE", "1", "yes", "Yes", "on", "ON", " true "][..],
            "true",
        ),
        (&["false", "False", "FALSE", "0", "no", "off"], "false"),
    ] {
        for word in words {
            let environment = [("OVERWRITE_SETTING_API_Enable_CORS", *word)];
            let (value, _) = of_server(None, &environment, &[], name);
            assert_eq!(value.to_string().trim_matches('"'), set, "{word}");
        }
    }
}

#[tokio::test]
async fn a_secret_from_a_file_loses_a_byte_order_mark_and_one_line_end() {
    let folder = new_folder();
    let file = folder.path().join("password");
    for written in [
        PASSWORD.to_owned(),
        format!("{PASSWORD}\n"),
        format!("\u{feff}{PASSWORD}\r\n"),
    ] {
        fs::write(&file, &written).expect("a file");
        let server = Process::start_in(new_folder(), |command| {
            command.env_remove("ROLLCALL_ADMIN_PASSWORD");
            command.env("ROLLCALL_ADMIN_PASSWORD_FILE", &file);
        });
        server.admin().await.get("me").await.expect(200);
    }
}

#[test]
fn a_server_warns_of_a_variable_that_it_does_not_know() {
    let mut server = Process::start_in(new_folder(), |command| {
        command.env("OVERWRITE_SETTING_Livechat_enabled", "true");
    });
    server.signal(libc::SIGTERM);
    let (_, log) = server.wait();
    let warns = |line: &str| line.contains("OVERWRITE_SETTING_Livechat_enabled") && line.contains("is ignored");
    assert!(log.lines().any(warns), "{log}");
}

/// A short name of a setting and its value, and the setting's own name and value.
const NAMES: [(&str, &str, &str, &str); 4] = [
    ("public_url", "https://short.example", "Site_Url", "https://own.example"),
    ("token_lifetime_days", "7", "Accounts_LoginExpiration", "8"),
    ("default_status_type", "busy", "default_status_type", "away"),
    (
        "cors_origin",
        "https://short.example",
        "API_CORS_Origin",
        "https://own.example",
    ),
];

#[test]
fn the_place_decides_and_not_the_name_by_which_a_setting_is_given() {
    for (short, short_value, name, own_value) in NAMES {
        let flag = format!("--{}", short.replace('_', "-"));
        let variable = format!("ROLLCALL_{}", short.to_uppercase());
        let own_variable = format!("OVERWRITE_SETTING_{name}");
        let set = format!("{name}={own_value}");
        let (short_file, own_file) = (
            format!("{short} = \"{short_value}\"\n"),
            format!("[settings]\n{name} = \"{own_value}\"\n"),
        );
        #[allow(clippy::type_complexity)] // A table of cases.
        let cases: [(&str, Vec<(&str, &str)>, Vec<&str>, &str); 6] = [
            (&short_file, vec![], vec!["--set", &set], own_value),
            (&short_file, vec![(&own_variable, own_value)], vec![], own_value),
            ("", vec![(&variable, short_value)], vec!["--set", &set], own_value),
            (&own_file, vec![], vec![&flag, short_value], short_value),
            (&own_file, vec![(&variable, short_value)], vec![], short_value),
            (
                "",
                vec![(&own_variable, own_value)],
                vec![&flag, short_value],
                short_value,
            ),
        ];
        for (file, environment, flags, expected) in cases {
            let output = config(Some(file), &environment, &flags);
            assert!(output.status.success(), "{output:?}");
            let list: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            let rows = list
                .as_array()
                .expect("a list")
                .iter()
                .filter(|row| row["setting"] == name);
            let values: Vec<_> = rows.map(|row| row["value"].as_str().expect("a text")).collect();
            assert!(
                !values.is_empty() && values.iter().all(|value| *value == expected),
                "{name} is {values:?} by {file:?} {environment:?} {flags:?}"
            );
            // The short name shows what is in force, unless CORS is not switched on by it.
            if name != "API_CORS_Origin" || expected == short_value {
                assert_eq!(
                    setting(&output, short).0,
                    expected,
                    "{short} by {file:?} {environment:?} {flags:?}"
                );
            }
        }
    }
}

#[test]
fn two_names_of_a_setting_in_one_place_must_agree() {
    let two = [
        "--public-url",
        "https://a.example",
        "--set",
        "Site_Url=https://b.example",
    ];
    let output = config(None, &[], &two);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{error}");
    assert!(
        error.contains("public_url (from flag --public-url) and Site_Url (from flag --set) are both set"),
        "{error}"
    );
    let same = [
        "--public-url",
        "https://a.example/",
        "--set",
        "Site_Url=https://a.example",
    ];
    assert!(config(None, &[], &same).status.success());
    let off = ["--cors-origin", "*", "--set", "API_Enable_CORS=false"];
    assert_eq!(config(None, &[], &off).status.code(), Some(78));
}

#[tokio::test]
async fn a_server_has_the_values_that_its_configuration_says() {
    let folder = new_folder();
    fs::write(
        folder.path().join("c.toml"),
        "public_url = \"https://from-file.example\"\n",
    )
    .expect("a file");
    let server = Process::start_in(folder, |command| {
        command.args(["--config", "c.toml", "--set", "Site_Url=https://from-flag.example"]);
    });
    let body = server.anonymous().get("settings.public?_id=Site_Url").await.expect(200);
    assert_eq!(body["settings"][0]["value"], "https://from-flag.example");
}

/// Starts a server with these flags on a new data folder, and expects it to end with 78 and these words.
fn refused(flags: &[&str], words: &str) {
    let folder = new_folder();
    let mut command = rollcall(folder.path());
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(flags);
    let output = run(command, "");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{flags:?}: {error}");
    assert!(error.contains(words), "{words:?} in {error}");
}

#[test]
fn a_start_refuses_the_values_that_the_api_refuses_and_in_the_same_words() {
    for (flags, words) in [
        (
            &["--set", "Accounts_Registration_Users_Default_Roles=admin"][..],
            "Accounts_Registration_Users_Default_Roles (from flag --set) must not be admin: everybody who registers would \
             become one",
        ),
        (
            &["--set", "Accounts_Registration_Users_Default_Roles=nosuchrole"],
            "Accounts_Registration_Users_Default_Roles (from flag --set) names the role nosuchrole, which does not exist",
        ),
        (
            &["--set", "Block_Multiple_Failed_Logins_Ip_Whitelist=nonsense"],
            "names nonsense, which is neither an address nor a network",
        ),
        (
            &["--set", "Site_Url=gopher"],
            "Site_Url (from flag --set) must be a URL that begins with http:// or https://",
        ),
        (
            &["--set", "API_CORS_Origin=not an origin,,"],
            "API_CORS_Origin (from flag --set) names not an origin, which is not an origin",
        ),
        (
            &["--cors-origin", "nowhere"],
            "cors_origin (from flag --cors-origin) names nowhere",
        ),
        (
            &["--set", "Accounts_AllowedDomainsList=@@@ , http://x"],
            "Accounts_AllowedDomainsList (from flag --set) names @@@, which is not the domain",
        ),
        (
            &[
                "--set",
                "Accounts_Password_Policy_MinLength=100",
                "--set",
                "Accounts_Password_Policy_MaxLength=5",
            ],
            "leaves no password: it would have at least 100 and at most 5 characters",
        ),
    ] {
        refused(flags, words);
    }
}
