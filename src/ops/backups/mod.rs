//! Backups of the whole store: on request, and on a schedule. The format is in `store::backup`.

pub(crate) mod schedule;
mod stream;

use std::io::Write;
use std::thread;

use tracing::{info, warn};

pub(crate) use stream::BackupStream;

use super::{audit, incident};
use crate::app::App;
use crate::auth::{Actor, key_file};
use crate::domain::{AuditAction, Permission, RequestError, Timestamp};
use crate::store::backup::{self, Encryption, MakeError, Summary};
use crate::store::{Change, CommitError, Held, HoldError};

/// The ending of the names of backups.
const ENDING: &str = ".backup";

/// The beginning of the names of backups.
const BEGINNING: &str = "rollcall-";

/// A backup that has begun: a moment of the store, which is not read yet. Only one exists at a time.
pub(crate) struct Backup {
    held: Held,
    taken_at: Timestamp,
    /// The digits of the key that encrypts second factors, if the backup shall have it.
    key: Option<String>,
    /// The encryption of what is sent or stored by the server.
    encryption: Encryption,
}

/// Begins a backup of the current state. The server encrypts a user's backup to `backup_recipients`; the operator's
/// command encrypts its own. Only the operator may include the key that encrypts second factors: with it, the backup
/// alone is enough to use them.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `manage-backup`; [`RequestError::BackupRunning`] while another backup is made; errors
/// of the store.
pub(crate) async fn begin(app: &App, actor: &Actor, with_key: bool) -> Result<Backup, RequestError> {
    let is_operator = matches!(actor, Actor::Operator);
    if !actor.may(Permission::ManageBackup) || (with_key && !is_operator) {
        return Err(RequestError::PermissionRequired);
    }
    let mut backup = hold(app).await?;
    let detail = if with_key { "with the key of second factors" } else { "" };
    let entry = audit::note(app, actor, AuditAction::BackupMade, None, detail);
    let noted = app.store.commit(Change::new().insert(&entry)).await;
    match noted {
        Ok(()) => {}
        // A backup is most useful when the disk takes no writes.
        Err(error @ (CommitError::Full | CommitError::ReadOnly)) => {
            warn!(%error, actor = %entry.actor.name, "a backup is made without its entry in the audit log");
        }
        Err(error) => return Err(incident::store(error)),
    }
    if !is_operator {
        backup.encryption = app.fixed.backup_encryption.clone();
    }
    backup.key = with_key.then(|| key_file::text(&app.key));
    Ok(backup)
}

async fn hold(app: &App) -> Result<Backup, RequestError> {
    let held = app.store.hold().await.map_err(|error| match error {
        HoldError::Busy => RequestError::BackupRunning,
        HoldError::Unavailable => incident::store(CommitError::Unavailable),
    })?;
    Ok(Backup {
        held,
        taken_at: app.clock.now(),
        key: None,
        encryption: Encryption::None,
    })
}

impl Backup {
    /// Returns the name of a file for the backup.
    #[must_use]
    pub(crate) fn file_name(&self) -> String {
        let (time, encrypted) = (self.taken_at.file_name(), self.encryption.ending());
        format!("{BEGINNING}{time}{ENDING}{encrypted}")
    }

    /// Writes the backup on this thread, unencrypted.
    ///
    /// # Errors
    /// [`MakeError`] if the store cannot be read or the backup cannot be written.
    pub(crate) fn write_to(&self, out: impl Write) -> Result<Summary, MakeError> {
        backup::make(&self.held, self.taken_at, self.key.as_deref(), out)
    }

    /// Returns the bytes of the backup, which a thread of its own makes as fast as they are taken. If the backup fails,
    /// the stream ends with an error. If the stream is dropped, the backup ends.
    ///
    /// # Errors
    /// [`RequestError::Internal`] if no thread can be started.
    pub(crate) fn stream(self) -> Result<BackupStream, RequestError> {
        let (stream, mut pieces) = stream::new();
        let send = move || {
            stream::step_back();
            match self.encryption.write(&mut pieces, |out| self.write_to(out)) {
                Ok(made) => info!(bytes = made.file_bytes, entries = made.entries, "a backup was sent"),
                Err(cause) => {
                    warn!(%cause, "a backup was not sent to its end");
                    pieces.fail(&cause);
                }
            }
        };
        let begun = thread::Builder::new().name("backup".into()).spawn(send);
        begun.map_err(incident::internal)?;
        Ok(stream)
    }
}
