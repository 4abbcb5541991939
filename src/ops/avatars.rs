//! Pictures of users.

use super::audit::note;
use super::decide::decide_on;
use super::incident;
use crate::app::App;
use crate::auth::{Actor, random};
use crate::domain::avatar::AVATAR_BYTES;
use crate::domain::{AuditAction, Avatar, Fault, ImageKind, Permission, SettingId, User, UserId};
use crate::store::Change;

/// Puts up a picture of a user.
///
/// # Errors
/// [`Fault::NotAllowed`] for another user without `edit-other-user-avatar`, or where pictures can't
/// be changed; [`Fault::AvatarTooLarge`] beyond 256 KiB, [`Fault::AvatarInvalid`] for what is not a
/// PNG, JPEG or WebP file by its own bytes; [`Fault::UserNotFound`].
pub async fn set(app: &App, actor: &Actor, id: &UserId, bytes: Vec<u8>) -> Result<(), Fault> {
    permit(app, actor, id)?;
    if bytes.len() > AVATAR_BYTES {
        return Err(Fault::AvatarTooLarge { limit: AVATAR_BYTES });
    }
    let kind = ImageKind::of(&bytes).ok_or(Fault::AvatarInvalid)?;
    let new = Avatar {
        user: id.clone(),
        // As user ids are made: clients take it for a word of that kind.
        etag: UserId::from_random(random::bytes()).to_string(),
        kind,
        bytes,
    };
    change(app, actor, id, Some(&new)).await
}

/// Takes a user's picture away.
///
/// # Errors
/// [`Fault::NotAllowed`] as of [`set`], [`Fault::UserNotFound`].
pub async fn reset(app: &App, actor: &Actor, id: &UserId) -> Result<(), Fault> {
    permit(app, actor, id)?;
    change(app, actor, id, None).await
}

fn permit(app: &App, actor: &Actor, id: &UserId) -> Result<(), Fault> {
    let own = actor.is(id) && app.settings().flag(SettingId::AllowUserAvatarChange);
    if own || actor.may(Permission::EDIT_OTHER_USER_AVATAR) {
        return Ok(());
    }
    Err(Fault::NotAllowed {
        words: "Not allowed",
        method: "users.setAvatar",
    })
}

async fn change(app: &App, actor: &Actor, id: &UserId, new: Option<&Avatar>) -> Result<(), Fault> {
    decide_on(app, id, |_, user| {
        // The change depends on the user's record, which names the picture that is there.
        let old = app.store.avatar(id).map_err(incident::internal)?;
        let named = User {
            avatar: new.map(|new| new.etag.clone()),
            ..user.changed(app.clock.now())
        };
        let change = Change::new().replace(user, &named);
        let change = match (old, new) {
            (Some(old), Some(new)) => change.replace(&old, new),
            (Some(old), None) => change.remove(&old),
            (None, Some(new)) => change.insert(new),
            (None, None) => change,
        };
        let noted = note(app, actor, AuditAction::AvatarChanged, Some(user.party()), "");
        Ok((change.insert(&noted), ()))
    })
    .await
}

/// The picture of a user, if they put one up.
///
/// # Errors
/// Only what the store answers.
pub fn get(app: &App, user: &User) -> Result<Option<Avatar>, Fault> {
    if user.avatar.is_none() {
        return Ok(None);
    }
    app.store.avatar(&user.id).map_err(incident::internal)
}
