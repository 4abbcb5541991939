//! The pictures in the lines of a file.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::retry::while_overloaded;
use crate::app::App;
use crate::domain::avatar::AVATAR_BYTES;
use crate::domain::picture::CleanPicture;
use crate::domain::{RequestError, UserId};
use crate::ops::incident;

/// A picture of a line, compared with the stored one.
pub(super) enum GivenPicture {
    /// The user has this picture.
    Same,
    /// The user has no picture, and can have this one.
    First(CleanPicture),
    /// The user has another picture.
    Other(CleanPicture),
}

/// Decodes a picture, and compares it with that of the user. A picture that this server encoded is taken as it is, and
/// any other is encoded again.
///
/// # Errors
/// [`RequestError::InvalidParams`] for a text that is not base64, [`RequestError::AvatarTooLarge`],
/// [`RequestError::FileTypeInvalid`], [`RequestError::AvatarInvalid`]; errors of the store.
pub(super) async fn compared(app: &App, user: &UserId, text: &str) -> Result<GivenPicture, RequestError> {
    let malformed = |_| RequestError::invalid("must be base64", "avatar");
    let bytes = BASE64_STANDARD.decode(text).map_err(malformed)?;
    if bytes.len() > AVATAR_BYTES {
        return Err(RequestError::AvatarTooLarge { limit: AVATAR_BYTES });
    }
    let stored = app.store.avatar(user).await.map_err(incident::internal)?;
    if stored.as_ref().is_some_and(|stored| stored.bytes == bytes) {
        return Ok(GivenPicture::Same);
    }
    let picture = while_overloaded(|| {
        let rule = app.settings().pictures();
        app.pictures.adopt(bytes.clone(), rule)
    })
    .await?;
    Ok(match stored {
        None => GivenPicture::First(picture),
        Some(stored) if stored.bytes == picture.bytes => GivenPicture::Same,
        Some(_) => GivenPicture::Other(picture),
    })
}
