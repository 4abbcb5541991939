//! Upgrades data of older versions: encrypts second factors, and hashes backup codes with a slow hash.

use std::sync::Arc;

use tracing::{info, warn};

use super::transaction::{transact, transact_on_user};
use crate::app::App;
use crate::auth::random;
use crate::domain::{BackupCodes, RequestError, StoredSecret, TwoFactor, User};
use crate::store::{Change, Snapshot};

/// Maximum users whose secrets are encrypted in one change.
const BATCH: usize = 100;

fn is_plain(user: &User) -> bool {
    let is_plain = |secret: &StoredSecret| matches!(secret, StoredSecret::Plain(_));
    user.two_factor.secrets().any(is_plain)
}

fn has_fast_codes(user: &User) -> bool {
    user.two_factor.backup_codes.salt.is_none() && !user.two_factor.backup_codes.digests.is_empty()
}

/// Encrypts all secrets that an older version stored in plain text. Returns the number of users who had one.
///
/// # Errors
/// Errors of the store.
pub async fn seal_secrets(app: &App) -> Result<usize, RequestError> {
    let mut sealed = 0;
    loop {
        let done = transact(app, |snapshot| Ok(seal_some(app, snapshot))).await?;
        if done == 0 {
            return Ok(sealed);
        }
        sealed += done;
    }
}

fn seal_some(app: &App, snapshot: &Snapshot) -> (Change, usize) {
    let plain: Vec<_> = snapshot.users().filter(|user| is_plain(user)).take(BATCH).collect();
    let change = plain.iter().fold(Change::new(), |change, user| {
        let seal = |stored: &StoredSecret| match stored {
            StoredSecret::Plain(secret) => app.key.seal(&user.id, secret),
            StoredSecret::Sealed(_) => stored.clone(),
        };
        let sealed = User {
            two_factor: TwoFactor {
                secret: user.two_factor.secret.as_ref().map(seal),
                pending: user.two_factor.pending.as_ref().map(seal),
                ..TwoFactor::clone(&user.two_factor)
            }
            .into(),
            ..User::clone(user)
        };
        change.replace(&***user, &sealed)
    });
    (change, plain.len())
}

/// Applies a slow hash to all backup codes that an older version stored with a fast one. The codes stay valid. It
/// takes about a fifth of a second per user, while the server runs.
///
/// # Errors
/// Errors of the store, [`RequestError::Overloaded`].
pub async fn harden_backup_codes(app: &App) -> Result<(), RequestError> {
    let users: Vec<_> = app
        .store
        .read()
        .users()
        .filter(|user| has_fast_codes(user))
        .map(Arc::clone)
        .collect();
    if users.is_empty() {
        return Ok(());
    }
    info!(
        users = users.len(),
        "putting a slow hash over the backup codes of users"
    );
    for user in &users {
        match harden(app, user).await {
            // The user was deleted, and the codes with them.
            Ok(()) | Err(RequestError::UserNotFound) => {}
            Err(error) => return Err(error),
        }
    }
    info!("all backup codes have a slow hash");
    Ok(())
}

async fn harden(app: &App, user: &User) -> Result<(), RequestError> {
    let fast = &user.two_factor.backup_codes.digests;
    let salt = random::bytes();
    let slow = app.passwords.slow_digests(fast, salt).await?;
    transact_on_user(app, &user.id, |_, user| {
        let codes = &user.two_factor.backup_codes;
        if codes.salt.is_some() {
            return Ok((Change::new(), ()));
        }
        // A code that was used meanwhile is no longer in the user's list.
        let left = |digest: &[u8; 32]| {
            fast.iter()
                .position(|of| of == digest)
                .and_then(|place| slow.get(place))
        };
        let hardened = User {
            two_factor: TwoFactor {
                backup_codes: BackupCodes {
                    salt: Some(salt),
                    digests: codes.digests.iter().filter_map(left).copied().collect(),
                },
                ..TwoFactor::clone(&user.two_factor)
            }
            .into(),
            ..user.clone()
        };
        Ok((Change::new().replace(user, &hardened), ()))
    })
    .await
}

/// Runs [`harden_backup_codes`] in the background. A failure is logged, and the next start tries again.
pub async fn harden_in_background(app: App) {
    if let Err(error) = harden_backup_codes(&app).await {
        warn!(%error, "some backup codes have no slow hash yet; the next start tries again");
    }
}
