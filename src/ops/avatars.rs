//! Operations on users' avatars.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::audit::note;
use super::incident;
use super::transaction::{transact_on_avatar, transact_on_user};
use crate::app::{App, Sender};
use crate::auth::{Actor, random};
use crate::domain::avatar::AVATAR_BYTES;
use crate::domain::picture::CleanPicture;
use crate::domain::{AuditAction, Avatar, Permission, RequestError, SettingId, User, UserId};
use crate::store::Change;

/// Sets the avatar of a user.
///
/// # Errors
/// [`RequestError::NotAllowed`] for another user without `edit-other-user-avatar`, or if the settings forbid the change;
/// [`RequestError::AvatarTooLarge`] above 256 KiB, [`RequestError::AvatarInvalid`] if the file is not a PNG, JPEG or WebP image
/// within the limits; [`RequestError::TooManyRequests`] if too many images of the actor wait already, [`RequestError::Overloaded`]
/// if too many of all users do; [`RequestError::TooManyPictures`] if the store takes no more; [`RequestError::UserNotFound`].
pub(crate) async fn set(app: &App, actor: &Actor, id: &UserId, bytes: Vec<u8>) -> Result<(), RequestError> {
    permit(app, actor, id)?;
    if bytes.len() > AVATAR_BYTES {
        return Err(RequestError::AvatarTooLarge { limit: AVATAR_BYTES });
    }
    let clean = app
        .pictures
        .clean(bytes, app.settings().pictures(), sender(actor))
        .await?;
    put(app, actor, &of(id, clean)).await
}

/// Sets the avatar of a user without a check of the actor's permission, which the caller has checked.
pub(super) async fn put(app: &App, actor: &Actor, new: &Avatar) -> Result<(), RequestError> {
    change(app, actor, &new.user, Some(new)).await
}

/// Returns the bytes of an image in a data URL. Nothing is downloaded.
///
/// # Errors
/// [`RequestError::AvatarUrlUnsupported`] for another kind of URL, [`RequestError::InvalidParams`] with the field.
pub(crate) fn of_data_url(url: &str, field: &str) -> Result<Vec<u8>, RequestError> {
    let data = url.strip_prefix("data:").ok_or(RequestError::AvatarUrlUnsupported)?;
    let malformed = || RequestError::invalid("must be a data: URL with base64, as data:image/png;base64,…", field);
    let (_, encoded) = data.split_once(";base64,").ok_or_else(malformed)?;
    BASE64_STANDARD.decode(encoded).map_err(|_| malformed())
}

/// Returns the sender in whose turn an image is encoded; `None` for the operator.
fn sender(actor: &Actor) -> Option<Sender> {
    match actor {
        Actor::User(caller) => Some(Sender {
            user: caller.user.id.clone(),
            address: caller.origin.source(),
        }),
        Actor::Operator => None,
    }
}

/// Returns a picture as the avatar of a user, with a new tag.
pub(super) fn of(id: &UserId, picture: CleanPicture) -> Avatar {
    Avatar {
        user: id.clone(),
        // The `ETag` has the form of a user id, since clients expect a single word.
        etag: UserId::from_random(random::bytes()).to_string(),
        kind: picture.kind,
        bytes: picture.bytes,
        clean: true,
    }
}

/// Encodes the avatars that older versions stored as they were uploaded. A file that is not a valid image is removed.
/// Until an avatar is encoded, clients get the user's initials.
///
/// # Errors
/// Errors of the store.
pub(crate) async fn clean_old(app: &App) -> Result<(), RequestError> {
    let users: Vec<_> = app
        .store
        .read()
        .users()
        .filter(|user| user.avatar.is_some())
        .cloned()
        .collect();
    for user in users {
        let stored = app.store.avatar(&user.id).await.map_err(incident::internal)?;
        let Some(old) = stored.filter(|old| !old.clean) else {
            continue;
        };
        let cleaned = loop {
            let rule = app.settings().pictures();
            match app.pictures.clean(old.bytes.clone(), rule, None).await {
                // Uploads of users have priority.
                Err(RequestError::Overloaded { .. }) => tokio::time::sleep(QUEUE_RETRY_PAUSE).await,
                outcome => break outcome,
            }
        };
        let new = cleaned.ok().map(|picture| of(&user.id, picture));
        let replaced = transact_on_user(app, &user.id, |_, user| {
            // The user may have changed or removed the avatar meanwhile.
            if user.avatar.as_ref() != Some(&old.etag) {
                return Ok((Change::new(), ()));
            }
            Ok((replacing(app, user, Some(&old), new.as_ref()), ()))
        });
        match replaced.await {
            Ok(()) | Err(RequestError::UserNotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The pause before the next attempt if the queue of images is full.
const QUEUE_RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Removes a user's avatar.
///
/// # Errors
/// [`RequestError::NotAllowed`] as for [`set`], [`RequestError::UserNotFound`].
pub(crate) async fn reset(app: &App, actor: &Actor, id: &UserId) -> Result<(), RequestError> {
    permit(app, actor, id)?;
    change(app, actor, id, None).await
}

fn permit(app: &App, actor: &Actor, id: &UserId) -> Result<(), RequestError> {
    let own = actor.is(id) && app.settings().flag(SettingId::AllowUserAvatarChange);
    if own || actor.may(Permission::EditOtherUserAvatar) {
        return Ok(());
    }
    Err(RequestError::NotAllowed { words: "Not allowed" })
}

async fn change(app: &App, actor: &Actor, id: &UserId, new: Option<&Avatar>) -> Result<(), RequestError> {
    transact_on_avatar(app, id, |snapshot, user, old| {
        if let Some(most) = app.store.most_pictures().filter(|_| new.is_some() && old.is_none())
            && snapshot.users().filter(|user| user.avatar.is_some()).count() >= most
        {
            return Err(RequestError::TooManyPictures { most });
        }
        let change = replacing(app, user, old, new);
        let noted = note(app, actor, AuditAction::AvatarChanged, Some(user.party()), "");
        Ok((change.insert(&noted), ()))
    })
    .await
}

/// Returns the change that replaces one avatar of a user with another.
fn replacing(app: &App, user: &User, old: Option<&Avatar>, new: Option<&Avatar>) -> Change {
    let named = User {
        avatar: new.map(|new| new.etag.clone()),
        ..user.changed(app.clock.now())
    };
    let change = Change::new().replace(user, &named);
    match (old, new) {
        (Some(old), Some(new)) => change.replace(old, new),
        (Some(old), None) => change.remove(old),
        (None, Some(new)) => change.insert(new),
        (None, None) => change,
    }
}

/// Returns the avatar of a user, if there is one that this server has encoded.
///
/// # Errors
/// Errors of the store.
pub(crate) async fn get(app: &App, user: &User) -> Result<Option<Avatar>, RequestError> {
    if user.avatar.is_none() {
        return Ok(None);
    }
    let stored = app.store.avatar(&user.id).await.map_err(incident::internal)?;
    Ok(stored.filter(|picture| picture.clean))
}
