//! The arguments that encrypt and decrypt backups, and the files and questions behind them.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use crate::admin_socket;
use crate::config::Recipients;
use crate::store::backup::{Decryption, Encryption, Lock};

/// Maximum bytes of a file with recipients, identities or a passphrase.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// The encryption of a backup.
#[derive(Args)]
#[group(multiple = true)]
pub(super) struct EncryptionArgs {
    /// Encrypt to this recipient of age (age1…), several times for several
    #[arg(long, value_name = "RECIPIENT")]
    recipient: Vec<String>,
    /// Encrypt to the recipients in this file, one in each line
    #[arg(long, value_name = "FILE")]
    recipients_file: Option<PathBuf>,
    /// Encrypt with a passphrase that is asked for on the terminal
    #[arg(long, conflicts_with_all = ["recipient", "recipients_file"])]
    passphrase: bool,
    /// Encrypt with the passphrase in the first line of this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recipient", "recipients_file", "passphrase"])]
    passphrase_file: Option<PathBuf>,
    /// Do not encrypt, even if the settings name recipients
    #[arg(long, conflicts_with_all = ["recipient", "recipients_file", "passphrase", "passphrase_file"])]
    unencrypted: bool,
}

impl EncryptionArgs {
    /// Returns the encryption. Without arguments, it is the configured one.
    pub(super) fn encryption(&self, configured: &Recipients) -> Result<Encryption, Failure> {
        if self.unencrypted {
            return Ok(Encryption::None);
        }
        if let Some(path) = &self.passphrase_file {
            return Ok(Encryption::by_passphrase(passphrase_in(path)?));
        }
        if self.passphrase {
            return Ok(Encryption::by_passphrase(new_passphrase()?));
        }
        let mut recipients = Recipients::default();
        for recipient in &self.recipient {
            let given = Recipients::parse_list(recipient);
            recipients = recipients.and(given.map_err(|error| Failure::usage(format!("--recipient {error}")))?);
        }
        if let Some(path) = &self.recipients_file {
            let given = Recipients::parse_lines(&text_of(path)?);
            recipients = recipients.and(given.map_err(|error| at(path, &error))?);
        }
        Ok(if recipients.is_empty() {
            configured.clone().into()
        } else {
            recipients.into()
        })
    }
}

/// The decryption of a backup.
#[derive(Args)]
pub(super) struct DecryptionArgs {
    /// The file with the identity of age (AGE-SECRET-KEY-1…) that decrypts the backup
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    identity: Option<PathBuf>,
    /// The file whose first line is the passphrase of the backup; without it, the terminal is asked
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl DecryptionArgs {
    /// Returns the decryption of a file. Asks for a passphrase if the file needs one and a terminal is there. Never
    /// asks for the one of a pipe, because a pipe can be read only once.
    pub(super) fn decryption(&self, file: &Path) -> Result<Decryption, Failure> {
        if let Some(path) = &self.identity {
            return Decryption::of_identities(&text_of(path)?).map_err(|error| at(path, &error));
        }
        if let Some(path) = &self.passphrase_file {
            return Ok(Decryption::by_passphrase(passphrase_in(path)?));
        }
        let may_ask = io::stdin().is_terminal() && !is_pipe(file);
        let is_asked = may_ask && admin_socket::lock_of(file)? == Lock::Passphrase;
        Ok(if is_asked {
            Decryption::by_passphrase(ask("passphrase of the backup: ")?)
        } else {
            Decryption::None
        })
    }
}

fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

fn at(path: &Path, words: &str) -> Failure {
    Failure::failed(format!("{} {words}", path.display()))
}

fn text_of(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text));
    read.map_err(|error| at(path, &format!("cannot be read: {error}")))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(at(path, &format!("has more than {MAX_FILE_BYTES} bytes")));
    }
    Ok(text)
}

fn passphrase_in(path: &Path) -> Result<String, Failure> {
    let text = text_of(path)?;
    match text.lines().next() {
        Some(passphrase) if !passphrase.is_empty() => Ok(passphrase.to_owned()),
        _ => Err(at(path, "has no passphrase in its first line")),
    }
}

fn new_passphrase() -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "no terminal is here to ask for the passphrase: name a file that has it by --passphrase-file",
        ));
    }
    let passphrase = ask("passphrase: ")?;
    if passphrase.is_empty() {
        return Err(Failure::failed("the passphrase is empty; no backup was made"));
    }
    if passphrase != ask("passphrase again: ")? {
        return Err(Failure::failed(
            "the two passphrases are not the same; no backup was made",
        ));
    }
    Ok(passphrase)
}

fn ask(prompt: &str) -> Result<String, Failure> {
    rpassword::prompt_password(prompt)
        .map_err(|error| Failure::failed(format!("cannot ask for the passphrase: {error}")))
}
