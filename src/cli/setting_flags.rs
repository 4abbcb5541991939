//! The flags of settings, generated from the list of settings.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};

use crate::config::{SETTINGS, StartSetting};

/// The settings on the command line.
#[derive(Default)]
pub(super) struct Given {
    /// The values by the names of their flags.
    pub(super) flags: HashMap<String, String>,
    /// The path of the configuration file.
    pub(super) file: Option<PathBuf>,
    /// The `NAME=VALUE` arguments for settings of the running server.
    pub(super) set: Vec<String>,
}

/// Defines the argument type of commands that accept the flags of some settings.
macro_rules! setting_flags {
    ($(#[$about:meta])* $name:ident, $takes:expr, $set:expr) => {
        $(#[$about])*
        pub(super) struct $name(pub(super) Given);

        impl Args for $name {
            fn augment_args(command: Command) -> Command {
                augment(command, $takes, $set)
            }

            fn augment_args_for_update(command: Command) -> Command {
                Self::augment_args(command)
            }
        }

        impl FromArgMatches for $name {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                Ok(Self(given(matches, $takes, $set)))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}

setting_flags!(
    /// The flags of all settings.
    AllSettings,
    |_| true,
    true
);
setting_flags!(
    /// The flags that name the store, its data folder, and the socket of its server.
    Folder,
    |setting| ["data_dir", "admin_socket"].contains(&setting.name) || is_of_cluster(setting),
    false
);
setting_flags!(
    /// The flags that name the store, its data folder, the socket of its server, and the file with its key.
    FolderAndKey,
    |setting| ["data_dir", "admin_socket", "secret_key_file"].contains(&setting.name) || is_of_cluster(setting),
    false
);

setting_flags!(
    /// The flags of a data folder, and of the certificates and the user for a cluster.
    FolderAndSecurity,
    |setting| setting.name == "data_dir" || (is_of_cluster(setting) && setting.name != "store"),
    false
);
setting_flags!(
    /// The flags of the address on which the server listens, and of TLS.
    ListenFlags,
    |setting| setting.name == "listen" || setting.name.starts_with("tls_"),
    false
);

/// Returns whether a setting is about a store that several servers share.
fn is_of_cluster(setting: &StartSetting) -> bool {
    setting.name == "store" || setting.name.starts_with("store_")
}

fn augment(command: Command, takes: fn(&StartSetting) -> bool, set: bool) -> Command {
    let flags = SETTINGS.iter().filter(|setting| takes(setting)).filter_map(flag);
    let file = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .env("ROLLCALL_CONFIG")
        .help("A TOML file with settings");
    let command = command.args(flags).arg(file);
    if !set {
        return command;
    }
    command.arg(
        Arg::new("set")
            .long("set")
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .help("Fix a setting of the running server, several times for several; `rollcall config --all` lists them"),
    )
}

fn flag(setting: &'static StartSetting) -> Option<Arg> {
    let name = setting.flag_name()?;
    let help = match setting.default {
        Some(default) => format!("{} [default: {default}]", setting.help()),
        None => setting.help(),
    };
    let arg = Arg::new(name.clone()).long(name).value_name(setting.value).help(help);
    Some(if setting.list {
        arg.action(ArgAction::Append)
    } else if setting.switch {
        // With a separate word as value, the flag would swallow the next argument.
        arg.num_args(0..=1).require_equals(true).default_missing_value("true")
    } else {
        arg
    })
}

fn given(matches: &ArgMatches, takes: fn(&StartSetting) -> bool, set: bool) -> Given {
    let value = |name: String| {
        let values: Vec<_> = matches.get_many::<String>(&name)?.map(String::as_str).collect();
        let value = values.join(",");
        Some((name, value))
    };
    let names = SETTINGS
        .iter()
        .filter(|setting| takes(setting))
        .filter_map(StartSetting::flag_name);
    let set = set.then(|| matches.get_many::<String>("set")).flatten();
    Given {
        flags: names.filter_map(value).collect(),
        file: matches.get_one::<PathBuf>("config").cloned(),
        set: set.unwrap_or_default().cloned().collect(),
    }
}
