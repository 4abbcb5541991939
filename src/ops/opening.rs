//! Opens a data folder: the store, the key that encrypts its secrets, and a compaction if one is due.

use std::path::Path;
use std::sync::Arc;

use tracing::{info, warn};

use super::settings::fixed_problem;
use super::{incident, upgrade};
use crate::app::{App, Clock, Overrides};
use crate::auth::password::Passwords;
use crate::auth::{KeyError, SecretKey, key_file};
use crate::config::CompactAtStart;
use crate::domain::{RequestError, SettingId, StoredSecret};
use crate::store::{CompactError, Compaction, OpenError, Problem, Room, Snapshot, Store};

/// Maximum users that an error message names.
const NAMED_USERS: usize = 5;

/// The reason why a data folder does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpeningError {
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The key that encrypts secrets cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A setting that is fixed at the start cannot be used with the roles and settings of the store.
    #[error("{setting} (from {from}) {problem}")]
    Setting {
        /// The setting with the invalid value.
        setting: SettingId,
        /// The source of the value.
        from: String,
        /// The problem with the value, as the end of a sentence.
        problem: String,
    },
    /// Data of an older version cannot be upgraded.
    #[error("cannot upgrade what an older version stored: {0}")]
    Upgrade(#[from] RequestError),
    /// The store could not be compacted, and is unchanged.
    #[error(transparent)]
    Compact(#[from] CompactError),
}

/// Opens a data folder for a server. Encrypts secrets that an older version stored in plain text, and compacts the
/// store if that is due. A failed compaction is logged, and the store is used uncompacted. A cluster that takes no writes yet
/// is waited for.
///
/// # Errors
/// [`OpeningError`] with the reason, and what to do about it.
pub(crate) async fn open(
    folder: &Path,
    clock: Clock,
    passwords: Passwords,
    fixed: Overrides,
) -> Result<App, OpeningError> {
    if let Some(cluster) = &fixed.cluster {
        Store::wait_for(cluster).await?;
    }
    let (app, sealed) = open_sealed(folder, clock.clone(), passwords.clone(), fixed.clone()).await?;
    let due = match fixed.compact_at_start {
        // A cluster compacts itself.
        _ if fixed.cluster.is_some() => return Ok(app),
        _ if app.store.room() > Room::Scarce => false,
        CompactAtStart::Auto => app
            .store
            .is_compaction_due(Clock::system().now(), fixed.compact_waste.percent()),
        CompactAtStart::Never => false,
        CompactAtStart::Always => true,
    };
    // After sealing, the files still have the plain secrets.
    if !due && sealed == 0 {
        return Ok(app);
    }
    let key = Arc::clone(&app.key);
    app.store.close().await;
    drop(app);
    info!("compacting the store: what was deleted is removed from its files");
    match compact_closed(folder).await {
        Ok(done) => info!(
            before_bytes = done.before_bytes,
            after_bytes = done.after_bytes,
            entries = done.entries,
            "compacted the store"
        ),
        Err(cause) => warn!(%cause, "the store was not compacted: what was deleted may still be in its files"),
    }
    let store = Store::open_with(folder, None, &fixed.upgrade)?;
    Ok(App::new(store, clock, passwords, fixed).with_key(key))
}

/// Opens a data folder on which no server runs, with its key, for a command.
///
/// # Errors
/// [`OpeningError`] with the reason, and what to do about it.
pub(crate) async fn open_for_command(folder: &Path, fixed: Overrides) -> Result<App, OpeningError> {
    let (app, _) = open_sealed(folder, Clock::system(), Passwords::default(), fixed).await?;
    Ok(app)
}

/// Upgrades and compacts the store of a data folder on which no server runs.
///
/// # Errors
/// [`OpeningError`]; the store is then usable as before.
pub(crate) async fn compact(folder: &Path, fixed: Overrides) -> Result<Compaction, OpeningError> {
    let (app, _) = open_sealed(folder, Clock::system(), Passwords::default(), fixed).await?;
    let hardened = upgrade::harden_backup_codes(&app).await;
    app.store.close().await;
    drop(app);
    hardened?;
    Ok(compact_closed(folder).await?)
}

/// Compacts the store on a blocking thread.
async fn compact_closed(folder: &Path) -> Result<Compaction, CompactError> {
    let owned = folder.to_owned();
    let run = tokio::task::spawn_blocking(move || Store::compact(&owned));
    let failed = |cause: tokio::task::JoinError| CompactError::Failed {
        folder: folder.to_owned(),
        cause: cause.to_string(),
    };
    run.await.unwrap_or_else(|cause| Err(failed(cause)))
}

/// Opens a data folder with its key, and encrypts plain secrets. Returns the number of users who had one.
async fn open_sealed(
    folder: &Path,
    clock: Clock,
    passwords: Passwords,
    fixed: Overrides,
) -> Result<(App, usize), OpeningError> {
    let store = Store::open_with(folder, fixed.cluster.as_ref(), &fixed.upgrade)?;
    let key = match key_of(&store, folder, fixed.secret_key_file.as_deref()) {
        Ok(key) => key,
        Err(error) => {
            store.close().await;
            return Err(error.into());
        }
    };
    let app = App::new(store, clock, passwords, fixed).with_key(key);
    refuse_settings(&app).await?;
    let sealed = match upgrade::seal_secrets(&app).await {
        Err(error) if error.is_of_disk() => {
            warn!(%error, "second factors that an older version stored unsealed stay so until the next start");
            0
        }
        outcome => outcome?,
    };
    if sealed > 0 {
        info!(
            users = sealed,
            "sealed the second factors of users that an older version stored unsealed"
        );
    }
    Ok((app, sealed))
}

/// Checks that the fixed settings can be used with this store, and closes the store if they cannot.
///
/// # Errors
/// [`OpeningError::Setting`] for the first setting that cannot be used.
pub(crate) async fn refuse_settings(app: &App) -> Result<(), OpeningError> {
    match fixed_problem(app) {
        Some((setting, from, problem)) => {
            app.store.close().await;
            Err(OpeningError::Setting { setting, from, problem })
        }
        None => Ok(()),
    }
}

/// Returns the key that decrypts all secrets of a store. Creates one if there is none and no secret needs it.
fn key_of(store: &Store, folder: &Path, named: Option<&Path>) -> Result<SecretKey, KeyError> {
    let snapshot = store.read();
    match existing_key(&snapshot, folder, named)? {
        Some(key) => Ok(key),
        None if store.is_shared() && snapshot.users().next().is_some() => {
            Err(KeyError::Unshared(key_file::place(folder, named)))
        }
        None => key_file::create(folder),
    }
}

/// Returns the key that decrypts all secrets; `None` if there is no key file and no secret needs one.
fn existing_key(snapshot: &Snapshot, folder: &Path, named: Option<&Path>) -> Result<Option<SecretKey>, KeyError> {
    let path = || key_file::place(folder, named);
    let key = key_file::read(folder, named)?;
    match (sealed_otherwise(snapshot, key.as_ref()), &key) {
        (None, _) => Ok(key),
        (Some(users), Some(_)) => Err(KeyError::Wrong { path: path(), users }),
        (Some(users), None) => Err(KeyError::Missing { path: path(), users }),
    }
}

/// Returns the reason why a server could not use the key file of a data folder, if there is one. Changes nothing.
#[must_use]
pub(crate) fn key_problem(snapshot: &Snapshot, folder: &Path, named: Option<&Path>) -> Option<KeyError> {
    existing_key(snapshot, folder, named).err()
}

/// Returns the problems of the store of a running server, and the reason why a server could not use the key file of its
/// data folder, if there is one.
///
/// # Errors
/// Errors of the disk.
pub(crate) async fn check(app: &App, folder: &Path) -> Result<(Vec<Problem>, Option<KeyError>), RequestError> {
    let problems = app.store.verify().await.map_err(incident::internal)?;
    let named = app.fixed.secret_key_file.as_deref();
    Ok((problems, key_problem(&app.store.read(), folder, named)))
}

/// Names the users whose secrets were encrypted with another key; `None` if there are none.
fn sealed_otherwise(snapshot: &Snapshot, key: Option<&SecretKey>) -> Option<String> {
    let otherwise = |secret: &StoredSecret| match secret {
        StoredSecret::Sealed(sealed) => key.is_none_or(|key| key.id() != sealed.key),
        StoredSecret::Plain(_) => false,
    };
    let users: Vec<_> = snapshot
        .users()
        .filter(|user| user.two_factor.secrets().any(otherwise))
        .map(|user| user.username.to_string())
        .collect();
    let named = users.iter().take(NAMED_USERS).cloned().collect::<Vec<_>>().join(", ");
    match users.len() {
        0 => None,
        count if count > NAMED_USERS => Some(format!("{count} users ({named}, …)")),
        _ => Some(named),
    }
}
