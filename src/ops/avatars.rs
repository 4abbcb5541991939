//! Pictures of users.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::audit::note;
use super::decide::{decide_on, decide_on_picture};
use super::incident;
use crate::app::{App, Sender};
use crate::auth::{Actor, random};
use crate::domain::avatar::AVATAR_BYTES;
use crate::domain::picture::CleanPicture;
use crate::domain::{AuditAction, Avatar, Fault, Permission, SettingId, User, UserId};
use crate::store::Change;

/// Puts up a picture of a user.
///
/// # Errors
/// [`Fault::NotAllowed`] for another user without `edit-other-user-avatar`, or where pictures can't
/// be changed; [`Fault::AvatarTooLarge`] beyond 256 KiB, [`Fault::AvatarInvalid`] for what is not a
/// PNG, JPEG or WebP picture within the limits; [`Fault::TooManyRequests`] when too many pictures of
/// the actor wait already, [`Fault::Overloaded`] when too many of all users do; [`Fault::UserNotFound`].
pub async fn set(app: &App, actor: &Actor, id: &UserId, bytes: Vec<u8>) -> Result<(), Fault> {
    permit(app, actor, id)?;
    if bytes.len() > AVATAR_BYTES {
        return Err(Fault::AvatarTooLarge { limit: AVATAR_BYTES });
    }
    let clean = app
        .pictures
        .clean(bytes, app.settings().pictures(), sender(actor))
        .await?;
    change(app, actor, id, Some(&avatar(id, clean))).await
}

/// Takes the bytes of a picture out of a data URL. Nothing is fetched from elsewhere.
///
/// # Errors
/// [`Fault::AvatarUrlUnsupported`] for another kind of URL, [`Fault::InvalidParams`] that names the field.
pub fn of_data_url(url: &str, field: &str) -> Result<Vec<u8>, Fault> {
    let data = url.strip_prefix("data:").ok_or(Fault::AvatarUrlUnsupported)?;
    let malformed = || Fault::invalid("must be a data: URL with base64, as data:image/png;base64,…", field);
    let (_, encoded) = data.split_once(";base64,").ok_or_else(malformed)?;
    BASE64_STANDARD.decode(encoded).map_err(|_| malformed())
}

/// Returns whose turn a picture takes: that of the user who sends it.
fn sender(actor: &Actor) -> Option<Sender> {
    match actor {
        Actor::User(caller) => Some(Sender {
            user: caller.user.id.clone(),
            address: caller.origin.source(),
        }),
        Actor::Operator => None,
    }
}

fn avatar(id: &UserId, picture: CleanPicture) -> Avatar {
    Avatar {
        user: id.clone(),
        // As user ids are made: clients take it for a word of that kind.
        etag: UserId::from_random(random::bytes()).to_string(),
        kind: picture.kind,
        bytes: picture.bytes,
        clean: true,
    }
}

/// Encodes again the pictures that older versions stored as they came. One that is not a picture is
/// removed. Until a picture's turn comes, the user's initials are shown.
///
/// # Errors
/// Only what the store answers.
pub async fn clean_old(app: &App) -> Result<(), Fault> {
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
                // Uploads of users come first.
                Err(Fault::Overloaded { .. }) => tokio::time::sleep(PATIENCE).await,
                outcome => break outcome,
            }
        };
        let new = cleaned.ok().map(|picture| avatar(&user.id, picture));
        let replaced = decide_on(app, &user.id, |_, user| {
            // The user may have put up another picture meanwhile, or removed it.
            if user.avatar.as_ref() != Some(&old.etag) {
                return Ok((Change::new(), ()));
            }
            Ok((replacing(app, user, Some(&old), new.as_ref()), ()))
        });
        match replaced.await {
            Ok(()) | Err(Fault::UserNotFound) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

/// How long the cleaning of old pictures waits for a place in the queue.
const PATIENCE: Duration = Duration::from_secs(1);

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
    Err(Fault::NotAllowed { words: "Not allowed" })
}

async fn change(app: &App, actor: &Actor, id: &UserId, new: Option<&Avatar>) -> Result<(), Fault> {
    decide_on_picture(app, id, |_, user, old| {
        let change = replacing(app, user, old, new);
        let noted = note(app, actor, AuditAction::AvatarChanged, Some(user.party()), "");
        Ok((change.insert(&noted), ()))
    })
    .await
}

/// The change that puts one picture of a user in the place of another.
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

/// The picture of a user, if they put one up and it was encoded by this server.
///
/// # Errors
/// Only what the store answers.
pub async fn get(app: &App, user: &User) -> Result<Option<Avatar>, Fault> {
    if user.avatar.is_none() {
        return Ok(None);
    }
    let stored = app.store.avatar(&user.id).await.map_err(incident::internal)?;
    Ok(stored.filter(|picture| picture.clean))
}
