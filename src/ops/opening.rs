//! Opening a data folder: the store, the key that seals its secrets, and a compaction where one is due.

use std::path::Path;

use tracing::{info, warn};

use super::upgrade;
use crate::app::{App, Clock, Fixed};
use crate::auth::password::Passwords;
use crate::auth::{KeyError, SecretKey, key_file};
use crate::config::CompactAtStart;
use crate::domain::{Fault, StoredSecret};
use crate::store::{CompactError, Compaction, OpenError, Snapshot, Store};

/// Most users that a message names.
const NAMED_USERS: usize = 5;

/// Why a data folder does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpeningError {
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The key that seals secrets can't be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// What an older version stored can't be upgraded.
    #[error("cannot upgrade what an older version stored: {0}")]
    Upgrade(#[from] Fault),
    /// The store was not compacted. It is as it was.
    #[error(transparent)]
    Compact(#[from] CompactError),
}

/// Opens a data folder for a server: seals secrets that an older version stored unsealed, and compacts the store
/// where that is due. A compaction that fails is logged, and the store is used as it is.
///
/// # Errors
/// [`OpeningError`] says what is in the way and what to do.
pub async fn open(folder: &Path, clock: Clock, passwords: Passwords, fixed: Fixed) -> Result<App, OpeningError> {
    let (app, sealed) = open_sealed(folder, clock.clone(), passwords.clone(), fixed.clone()).await?;
    let due = match fixed.compact_at_start {
        CompactAtStart::Auto => app.store.is_compaction_due(Clock::System.now()),
        CompactAtStart::Never => false,
        CompactAtStart::Always => true,
    };
    // The files still have the secrets as they were.
    if !due && sealed == 0 {
        return Ok(app);
    }
    let key = SecretKey::clone(&app.key);
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
    Ok(App::new(Store::open(folder)?, clock, passwords, fixed).with_key(key))
}

/// Compacts the store of a data folder that no server runs on, with all upgrades done before.
///
/// # Errors
/// [`OpeningError`]; the store is then as it was.
pub async fn compact(folder: &Path, fixed: Fixed) -> Result<Compaction, OpeningError> {
    let (app, _) = open_sealed(folder, Clock::System, Passwords::default(), fixed).await?;
    let hardened = upgrade::harden_backup_codes(&app).await;
    app.store.close().await;
    drop(app);
    hardened?;
    Ok(compact_closed(folder).await?)
}

/// Compacts off the async threads.
async fn compact_closed(folder: &Path) -> Result<Compaction, CompactError> {
    let owned = folder.to_owned();
    let run = tokio::task::spawn_blocking(move || Store::compact(&owned));
    let failed = |cause: tokio::task::JoinError| CompactError::Failed {
        folder: folder.to_owned(),
        cause: cause.to_string(),
    };
    run.await.unwrap_or_else(|cause| Err(failed(cause)))
}

/// Opens a data folder with its key, and seals what is not sealed. Returns how many users had an unsealed secret.
async fn open_sealed(
    folder: &Path,
    clock: Clock,
    passwords: Passwords,
    fixed: Fixed,
) -> Result<(App, usize), OpeningError> {
    let store = Store::open(folder)?;
    let key = match key_of(&store, folder, fixed.secret_key_file.as_deref()) {
        Ok(key) => key,
        Err(error) => {
            store.close().await;
            return Err(error.into());
        }
    };
    let app = App::new(store, clock, passwords, fixed).with_key(key);
    let sealed = upgrade::seal_secrets(&app).await?;
    if sealed > 0 {
        info!(
            users = sealed,
            "sealed the second factors of users that an older version stored unsealed"
        );
    }
    Ok((app, sealed))
}

/// The key that opens all sealed secrets of a store. It is made where there is none and no secret needs one.
fn key_of(store: &Store, folder: &Path, named: Option<&Path>) -> Result<SecretKey, KeyError> {
    existing_key(&store.read(), folder, named)?.map_or_else(|| key_file::create(folder), Ok)
}

/// The key that opens all sealed secrets; none where there is no key file and no secret needs one.
fn existing_key(snapshot: &Snapshot, folder: &Path, named: Option<&Path>) -> Result<Option<SecretKey>, KeyError> {
    let path = || key_file::place(folder, named);
    let key = key_file::read(folder, named)?;
    match (sealed_otherwise(snapshot, key.as_ref()), &key) {
        (None, _) => Ok(key),
        (Some(users), Some(_)) => Err(KeyError::Wrong { path: path(), users }),
        (Some(users), None) => Err(KeyError::Missing { path: path(), users }),
    }
}

/// Returns why the next server could not use the key file of a data folder, if that is so. Nothing is made or changed.
#[must_use]
pub fn key_problem(snapshot: &Snapshot, folder: &Path, named: Option<&Path>) -> Option<KeyError> {
    existing_key(snapshot, folder, named).err()
}

/// The users whose secrets this key did not seal, in words; none where there is no such user.
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
