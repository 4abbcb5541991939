//! Endpoints of users' avatars (`api.md` §5). `/avatar` itself is in `http::avatar`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::target_or_caller;
use crate::domain::avatar::AVATAR_BYTES;
use crate::domain::{RequestError, User};
use crate::http::body;
use crate::http::fields::Fields;
use crate::http::input::{Ignored, Upload};
use crate::http::reply::{Done, Elsewhere};
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::intake::multipart;
use crate::ops::avatars;

/// Maximum bytes of a form or of JSON with an image.
const UPLOAD_BYTES: usize = 1024 * 1024;

pub(super) fn routes() -> Vec<Route> {
    use crate::domain::Scope;
    vec![
        Route::post(
            "users.setAvatar",
            format!(
                "Put up a picture: PNG, JPEG or WebP, at most {} KiB",
                AVATAR_BYTES / 1024
            ),
            set,
        )
        .scope(Scope::UsersWrite)
        .body_bytes(UPLOAD_BYTES, |limit| RequestError::UploadTooLarge { limit })
        .confirmed_by_handler(),
        Route::post("users.resetAvatar", "Take a picture away", reset)
            .scope(Scope::UsersWrite)
            .confirmed_by_handler(),
        Route::get("users.getAvatar", "Sends to where a picture is", get).scope(Scope::UsersRead),
        Route::get(
            "users.getAvatarSuggestion",
            "Pictures that other services have of the caller: this server asks none",
            suggest,
        )
        .scope(Scope::UsersRead),
    ]
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Whose {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DataUrl {
    avatar_url: String,
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

fn whose(call: &UserRequest, whose: Whose) -> Result<Arc<User>, RequestError> {
    target_or_caller(call, whose.user_id, whose.username, whose.user)
}

async fn set(call: UserRequest, upload: Upload) -> Result<Done, RequestError> {
    let (named, bytes) = if upload.content_type.starts_with("multipart/") {
        of_form(upload).await?
    } else {
        of_json(&upload.bytes)?
    };
    let user = whose(&call, named)?;
    call.confirm_act_on(&user.id).await?;
    avatars::set(&call.app, &call.actor(), &user.id, bytes).await?;
    Ok(Done {})
}

async fn reset(call: UserRequest, named: Whose) -> Result<Done, RequestError> {
    let user = whose(&call, named)?;
    call.confirm_act_on(&user.id).await?;
    avatars::reset(&call.app, &call.actor(), &user.id).await?;
    Ok(Done {})
}

async fn get(call: UserRequest, named: Whose) -> Result<Elsewhere, RequestError> {
    let user = whose(&call, named)?;
    Ok(Elsewhere(format!(
        "{}/avatar/{}",
        call.app.public_address().url,
        user.username.in_path()
    )))
}

#[derive(Serialize, JsonSchema)]
struct Suggested {
    /// Avatars by the name of the service. Always empty.
    suggestions: Map<String, Value>,
}

async fn suggest(_: UserRequest, _: Ignored) -> Result<Suggested, RequestError> {
    Ok(Suggested {
        suggestions: Map::new(),
    })
}

/// Parses a form with the file in `image`, and optionally a user.
async fn of_form(upload: Upload) -> Result<(Whose, Vec<u8>), RequestError> {
    let mut image = None;
    let mut texts = Map::new();
    for part in multipart::parts(&upload.content_type, upload.bytes).await? {
        if part.name == "image" {
            image = Some(part.bytes.to_vec());
        } else {
            let (name, text) = part.text()?;
            texts.insert(name, Value::String(text));
        }
    }
    let missing = || RequestError::invalid("must have required property 'image'", "image");
    Ok((Fields::new(texts).parse()?, image.ok_or_else(missing)?))
}

/// Parses JSON with the file as a data URL in `avatarUrl`. A URL of another kind is refused, and nothing is
/// downloaded.
fn of_json(bytes: &[u8]) -> Result<(Whose, Vec<u8>), RequestError> {
    let given: DataUrl = Fields::new(body::object(bytes)?).parse()?;
    let image = avatars::of_data_url(&given.avatar_url, "avatarUrl")?;
    let named = Whose {
        user_id: given.user_id,
        username: given.username,
        user: given.user,
    };
    Ok((named, image))
}
