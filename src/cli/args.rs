//! The commands and their arguments. The flags of settings are in `setting_flags`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::StorePlace;
use crate::domain::invitation::DEFAULT_DAYS;
use crate::domain::password_reset::RESET_HOURS;

use super::backup_keys::{DecryptionArgs, EncryptionArgs};
use super::http_get::ANSWER_TIMEOUT;
use super::setting_flags::{AllSettings, Folder, FolderAndKey, FolderAndSecurity, ListenFlags};
use super::transfer_args::{ExportArgs, ImportArgs};

/// The whole command line.
#[derive(Parser)]
#[command(
    name = "rollcall",
    version,
    about = "Keeps a team's users, login tokens and statuses, over Rocket.Chat's API",
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Without a command it serves.\n\n\
        Examples:\n  \
        rollcall                                   serve on 127.0.0.1:3000 from ./data\n  \
        rollcall --listen 0.0.0.0:3000             serve to the network\n  \
        rollcall user create ada --role admin      create a user; asks for the password\n  \
        rollcall status create \"caught up\" busy    create a custom status\n  \
        rollcall check                             verify the whole store\n  \
        rollcall backup rollcall.backup            back up the whole store"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<CommandArgs>,
    #[command(flatten)]
    pub(super) settings: AllSettings,
}

#[derive(Subcommand)]
pub(super) enum CommandArgs {
    /// Serve (the default)
    #[command(after_help = "Examples:\n  \
        rollcall serve --listen 0.0.0.0:3000 --data-dir /var/lib/rollcall\n  \
        ROLLCALL_LISTEN=0.0.0.0:3000 rollcall serve --log-format json\n\n\
        Each flag is also an environment variable, ROLLCALL_ and its name in capitals, and a key of the\n\
        --config file, its name with _ for -. A flag comes before the environment, that before the file.\n\
        SIGTERM and SIGINT end it in good order; a second one ends it at once.")]
    Serve(AllSettings),
    /// Print the settings in force and where each comes from
    #[command(
        after_help = "Settings of the running server (Accounts_…, API_…, …) are changed over the API. Given by --set, in\n\
        OVERWRITE_SETTING_NAME or in the table [settings] of the --config file, they are fixed.\n\n\
        Examples:\n  rollcall config\n  rollcall config --config rollcall.toml --json\n  rollcall config --all"
    )]
    Config(ConfigArgs),
    /// Print who did what to whom, the newest first
    #[command(after_help = "Examples:\n  rollcall audit\n  rollcall audit --target ada --action login-failed --json")]
    Audit(Audit),
    /// Verify every record, index and version of the store
    #[command(
        after_help = "Exit code 0: the store is sound. 1: what is wrong stands on standard output, a line each.\n\n\
        Examples:\n  rollcall check\n  rollcall check --data-dir /var/lib/rollcall --json\n  \
        rollcall check rollcall.backup\n  rollcall check rollcall.backup.age --identity key.txt"
    )]
    Check {
        /// A backup to check in the place of the store, from its first to its last byte
        #[arg(value_name = "BACKUP")]
        backup: Option<PathBuf>,
        #[command(flatten)]
        keys: DecryptionArgs,
        #[command(flatten)]
        list: Printed,
    },
    /// Write a backup of the whole store to a file, whether or not the server runs
    #[command(
        after_help = "The backup is the store at one moment; writes go on meanwhile. It has users, tokens, statuses, settings, pictures,\n\
        the audit log. It is checked on the way. An existing file is replaced when the new one is whole.\n\
        The key that seals second factors is not in it, so that a thief of the file gets none of them: keep\n\
        secret.key elsewhere. With --with-key it is; keep such a backup as safe as the key.\n\
        An encrypted backup is a file of age (https://age-encryption.org), which the tool age decrypts too. Without the\n\
        arguments for it, a backup is encrypted to the setting backup_recipients. See docs/backup.md.\n\n\
        Examples:\n  rollcall backup /srv/backups/rollcall.backup\n  \
        rollcall backup rollcall.backup.age --recipient age1…\n  \
        rollcall backup - --recipients-file recipients.txt | ssh host 'cat > rollcall.backup.age'"
    )]
    Backup(BackupArgs),
    /// Restore a backup into a data folder or a cluster, while no server runs
    #[command(
        after_help = "The whole backup is verified before anything is changed. A kill or a power cut meanwhile leaves the old\n\
        store or the restored one. Afterwards, tokens, passwords and settings are those of the backup.\n\
        With --store, it is restored into a cluster that has no store of this name. If that is interrupted, the same\n\
        command goes on; servers start when it is complete. See docs/cluster.md.\n\n\
        Examples:\n  rollcall restore rollcall.backup --data-dir /var/lib/rollcall\n  \
        rollcall restore rollcall.backup --replace\n  \
        rollcall restore rollcall.backup.age --identity key.txt --replace\n  \
        rollcall restore rollcall.backup --store etcd://n1,n2,n3/acme"
    )]
    Restore(RestoreArgs),
    /// Copy the store from a data folder into a cluster, or back, while no server runs
    #[command(
        after_help = "All records are copied, read back and compared. The old store is only read: a server that is started on it\n\
        without the new address still serves it. The new place must have no store. If a copy into a cluster is\n\
        interrupted, the same command goes on; one into a data folder begins again. Servers start when it is complete.\n\
        The key that seals second factors is a file, secret.key in the data folder: copy it to each server.\n\n\
        Examples:\n  rollcall migrate --from /var/lib/rollcall --to etcd://n1,n2,n3/acme\n  \
        rollcall migrate --from etcd://n1,n2,n3/acme --to /srv/rollcall"
    )]
    Migrate(MigrateArgs),
    /// Raise the format of a store in a cluster, after all its servers were upgraded
    #[command(
        after_help = "Servers of two versions may use a store side by side: the newer ones write the older format. When all are\n\
        upgraded, this lets them write the newer one, without a restart. It refuses while an older server runs.\n\
        Afterwards no older version can use the store, so make a backup before. See docs/cluster.md.\n\n\
        Examples:\n  rollcall upgrade --store etcd://n1,n2,n3/acme"
    )]
    Upgrade(Folder),
    /// Write users, custom statuses, roles and settings as JSON lines, whether or not the server runs
    #[command(
        after_help = "The file has a header, then a line for each role, grant and setting that is not the default, each custom\n\
        status and each user. Its format is stable: see docs/import.md. Without --with-secrets it has no passwords, no\n\
        tokens, no second factors and no secret settings; with it, keep the file as safe as the store. The file is\n\
        readable for its owner only, and replaces an older one when it is whole.\n\n\
        Examples:\n  rollcall export users.jsonl\n  rollcall export all.jsonl --with-secrets\n  \
        rollcall export - | jq 'select(.type == \"user\")'"
    )]
    Export(ExportArgs),
    /// Import an export, or a dump of Rocket.Chat, whether or not the server runs
    #[command(
        args_conflicts_with_subcommands = true,
        subcommand_negates_reqs = true,
        after_help = "Each line is checked by the rules of the API. An object that exists with equal values is not changed. If\n\
        its values differ, it is reported, or changed with --update. What was imported stays if the import is\n\
        interrupted: run it again. Exit code 1: lines were left out or differ. See docs/import.md.\n\n\
        Examples:\n  rollcall import users.jsonl --dry-run\n  rollcall import users.jsonl --report left-out.txt\n  \
        rollcall import rocketchat dump/rocketchat\n  rollcall import rocketchat dump.archive.gz"
    )]
    Import(ImportArgs),
    /// Rewrite the store without deleted data, while no server runs
    #[command(
        after_help = "What is deleted or replaced stays in the store's files until a compaction. A server compacts at its\n\
        start, at most once a day, if something was deleted; see --compact-at-start of `rollcall serve`.\n\
        A kill or a power cut meanwhile loses nothing.\n\n\
        Examples:\n  rollcall compact\n  rollcall compact --data-dir /var/lib/rollcall"
    )]
    Compact(FolderAndKey),
    /// Ask a running server whether it is ready, for containers and scripts
    #[command(
        after_help = format!(
            "Asks for /readyz at the first address of the settings, or at --url, over plain HTTP, for at most {} seconds.\n\
            Exit code 0: the server takes requests. 1: it does not, and standard error says why.\n\n\
            Examples:\n  rollcall health\n  rollcall health --listen 0.0.0.0:3000\n  \
            rollcall health --url http://10.0.0.2:3000/livez\n  rollcall health --url unix:/run/rollcall.sock",
            ANSWER_TIMEOUT.as_secs()
        )
    )]
    Health(HealthArgs),
    /// Check what is around a server: settings, files, clock, disk, store, proxy, address, log
    #[command(
        after_help = "Each line begins with ok, skipped (it could not be checked here), warning or problem, and says what to do.\n\
        Give it the flags, the environment and the file that the server has. Exit code 1: there is a problem.\n\n\
        The clock is doubtful if it differs by more than a day from the last commit of the store, or if it is before\n\
        the build of this program. What ends by a doubtful clock counts as ended, and nothing is erased for that reason\n\
        until the server has run for a day, or until --clock-is-right.\n\n\
        Examples:\n  rollcall doctor\n  rollcall doctor --config /etc/rollcall.toml --json\n  \
        rollcall doctor --clock-is-right"
    )]
    Doctor(Doctor),
    /// Manage users, whether or not the server runs
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "Passwords are asked for, or read as one line from standard input; never given as an argument.\n\n\
        Examples:\n  \
        rollcall user create ada --email ada@example.com --role admin\n  \
        printf '%s\\n' \"$PASSWORD\" | rollcall user create deploy-bot --role bot\n  \
        rollcall user list --json"
    )]
    User(UserCommand),
    /// List and end logins, whether or not the server runs
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "Examples:\n  rollcall token list --user ada\n  rollcall token revoke 9f86d081884c\n  \
        rollcall token revoke --user ada"
    )]
    Token(TokenCommand),
    /// Manage custom statuses, whether or not the server runs
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "Examples:\n  rollcall status create \"caught up\" busy\n  rollcall status list --json\n  \
        rollcall status delete \"caught up\""
    )]
    Status(Status),
    /// Print a completion script for a shell
    #[command(after_help = "Examples:\n  rollcall completions bash > /etc/bash_completion.d/rollcall")]
    Completions {
        /// The shell for which the script is
        shell: Shell,
    },
    /// Write the man pages of all commands into a folder, for packages
    #[command(hide = true)]
    Man {
        /// The folder, which is created if it is not there
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
}

#[derive(Args)]
pub(super) struct BackupArgs {
    /// The file to write, or - for standard output
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Include the key that seals second factors
    #[arg(long)]
    pub(super) with_key: bool,
    #[command(flatten)]
    pub(super) keys: EncryptionArgs,
    #[command(flatten)]
    pub(super) folder: FolderAndKey,
}

#[derive(Args)]
pub(super) struct RestoreArgs {
    /// The backup to restore
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Replace a store that is there; it is kept in the folder under a name with the date
    #[arg(long)]
    pub(super) replace: bool,
    #[command(flatten)]
    pub(super) keys: DecryptionArgs,
    #[command(flatten)]
    pub(super) folder: FolderAndKey,
}

#[derive(Args)]
pub(super) struct MigrateArgs {
    /// The store to copy: a data folder, or `etcd://NODES/NAME`
    #[arg(long, value_name = "STORE")]
    pub(super) from: StorePlace,
    /// The place of the new store: a data folder, or `etcd://NODES/NAME`
    #[arg(long, value_name = "STORE")]
    pub(super) to: StorePlace,
    #[command(flatten)]
    pub(super) settings: FolderAndSecurity,
}

#[derive(Args)]
pub(super) struct ConfigArgs {
    #[command(flatten)]
    pub(super) settings: AllSettings,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Also print those of the running server that are not fixed, with their defaults
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Args)]
pub(super) struct Audit {
    #[command(flatten)]
    pub(super) folder: Folder,
    /// Only what this user did: a username or id
    #[arg(long, value_name = "USER")]
    pub(super) actor: Option<String>,
    /// Only what was done to this: a name or id
    #[arg(long, value_name = "NAME")]
    pub(super) target: Option<String>,
    /// Only this, as login-failed or user-created
    #[arg(long, value_name = "ACTION")]
    pub(super) action: Option<String>,
    /// Only from this moment on, as 2026-11-23T22:00:00Z
    #[arg(long, value_name = "MOMENT")]
    pub(super) from: Option<String>,
    /// Only before this moment
    #[arg(long, value_name = "MOMENT")]
    pub(super) until: Option<String>,
    /// Maximum number of entries
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub(super) count: usize,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Print CSV, for spreadsheets
    #[arg(long, conflicts_with = "json")]
    pub(super) csv: bool,
}

#[derive(Args)]
pub(super) struct HealthArgs {
    /// The URL to ask for; without a path, /readyz
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    #[command(flatten)]
    pub(super) listen: ListenFlags,
}

#[derive(Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    pub(super) settings: AllSettings,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Check nothing, and believe the clock: what has ended by it may be erased
    #[arg(long)]
    pub(super) clock_is_right: bool,
}

/// The arguments of a command that prints a list or a record.
#[derive(Args)]
pub(super) struct Printed {
    #[command(flatten)]
    pub(super) folder: Folder,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Create a user; the first one becomes administrator
    Create {
        /// The username, with which the user logs in
        #[arg(value_name = "USERNAME")]
        username: String,
        /// Its e-mail address
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// The name others see
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// The id of a role; repeat it for several roles. Without it, the default roles
        #[arg(long, value_name = "ROLE")]
        role: Vec<String>,
        #[command(flatten)]
        list: Printed,
    },
    /// List all users
    List(Printed),
    /// Show one user
    Show {
        /// A username, e-mail address or id
        #[arg(value_name = "USER")]
        user: String,
        #[command(flatten)]
        list: Printed,
    },
    /// Set a user's password and end all its logins
    Password(OneUser),
    #[command(about = format!("Print a link with which a user can choose a new password, once, for {RESET_HOURS} hours"))]
    ResetLink(OneUser),
    /// Print a link with which people register, also where registration is closed
    #[command(after_help = "Examples:\n  rollcall user invite\n  rollcall user invite --uses 20 --days 3 --role user")]
    Invite {
        /// The number of people who may register with it, 1 to 1000; 0 sets no limit
        #[arg(long, value_name = "NUMBER", default_value_t = 1)]
        uses: u32,
        /// The number of days for which it is valid, 1 to 365
        #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_DAYS)]
        days: u32,
        /// A role of those who register with it, several times for several; the default roles unless given
        #[arg(long, value_name = "ROLE")]
        role: Vec<String>,
        /// A text about its purpose, for the list of invitations
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
        #[command(flatten)]
        folder: Folder,
    },
    /// Switch off a second factor that a user has lost
    ResetTotp(OneUser),
    /// Let a user try again who is blocked after failed logins
    Unlock(OneUser),
    /// Let a user log in again
    Activate(OneUser),
    /// Keep a user from logging in and end all its logins
    Deactivate(OneUser),
    /// Delete a user
    Delete {
        #[command(flatten)]
        one: OneUser,
        /// Do not ask whether to
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Args)]
pub(super) struct OneUser {
    #[command(flatten)]
    pub(super) folder: Folder,
    /// A username, e-mail address or id
    #[arg(value_name = "USER")]
    pub(super) user: String,
}

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// List live login tokens
    List {
        /// Only those of this user: a username, e-mail address or id
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        #[command(flatten)]
        list: Printed,
    },
    /// End one login, or all of a user
    Revoke {
        #[command(flatten)]
        folder: Folder,
        #[command(flatten)]
        which: Revoked,
    },
}

/// The login to end, or the user whose logins to end.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct Revoked {
    /// The token's label in the list
    #[arg(value_name = "LABEL")]
    pub(super) label: Option<String>,
    /// Only those of this user: a username, e-mail address or id
    #[arg(long, value_name = "USER")]
    pub(super) user: Option<String>,
}

#[derive(Subcommand)]
pub(super) enum Status {
    /// List all custom statuses
    List(Printed),
    /// Create a custom status
    Create {
        /// What people see; unique
        #[arg(value_name = "NAME")]
        name: String,
        /// online, busy, away or offline
        #[arg(value_name = "TYPE")]
        status_type: String,
        #[command(flatten)]
        list: Printed,
    },
    /// Delete a custom status
    Delete {
        /// Its name or id
        #[arg(value_name = "STATUS")]
        status: String,
        #[command(flatten)]
        folder: Folder,
        /// Do not ask whether to
        #[arg(long, short)]
        yes: bool,
    },
}
