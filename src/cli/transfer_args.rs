//! The arguments of the commands `export` and `import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::setting_flags::FolderAndKey;

#[derive(Args)]
pub(super) struct ExportArgs {
    /// The file to write, or - for standard output
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Include password hashes, hashes of personal tokens, secrets of second factors and secret settings
    #[arg(long)]
    pub(super) with_secrets: bool,
    #[command(flatten)]
    pub(super) folder: FolderAndKey,
}

#[derive(Args)]
pub(super) struct ImportArgs {
    #[command(subcommand)]
    pub(super) other: Option<OtherFormat>,
    /// The export to import, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) choices: ImportChoices,
}

/// A format other than that of `rollcall export`.
#[derive(Subcommand)]
pub(super) enum OtherFormat {
    /// Import the users, roles and custom statuses of a Rocket.Chat server
    #[command(
        after_help = "PATH is a folder of mongodump (also with --gzip), an archive of mongodump --archive, or a file of mongoexport\n\
        (users.json, rocketchat_roles.json, rocketchat_custom_user_status.json) or a folder of such files. Passwords,\n\
        personal tokens and authenticator apps work on. See docs/import.md.\n\n\
        Examples:\n  mongodump --db rocketchat --out dump && rollcall import rocketchat dump/rocketchat --dry-run\n  \
        rollcall import rocketchat users.json --report left-out.txt"
    )]
    Rocketchat {
        /// The folder or file to import
        #[arg(value_name = "PATH")]
        path: PathBuf,
        #[command(flatten)]
        choices: ImportChoices,
    },
}

#[derive(Args)]
pub(super) struct ImportChoices {
    /// Change objects that are there with other values; without it they are reported
    #[arg(long)]
    pub(super) update: bool,
    /// Change nothing, and report what an import would do
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Write each line that was left out or differs to this file, with the reason
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
    #[command(flatten)]
    pub(super) folder: FolderAndKey,
}
