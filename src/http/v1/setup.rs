//! The first administrator of a new server. Rollcall's own: Rocket.Chat has a wizard here.

use serde_json::json;
use warp::http::Method;

use crate::http::reply::{self, Outcome};
use crate::http::request::Request;
use crate::http::routes::Route;
use crate::ops::setup;
use crate::ops::users::{NewUser, NewUserTexts};

pub(super) fn routes() -> [Route; 1] {
    [Route::anyone(
        Method::POST,
        "setup.createAdministrator",
        |request, _| Box::pin(create_administrator(request)),
    )]
}

/// `POST setup.createAdministrator`: `link` (what stands behind the `#` of the setup link),
/// `username`, `password`, and if wanted `email` and `name`.
async fn create_administrator(request: Request) -> Outcome {
    let mut fields = request.body.fields()?;
    let link = fields.required_text("link")?;
    let username = fields.required_text("username")?;
    let password = fields.required_text("password")?;
    let (email, name) = (fields.text("email")?, fields.text("name")?);
    fields.end()?;
    let new = NewUser::parse(NewUserTexts {
        username: &username,
        email: email.as_deref(),
        name: name.as_deref(),
        password: &password,
        roles: &[],
    })?;
    let user = setup::with_link(&request.app, &link, new).await?;
    reply::success(json!({"user": {"_id": user.id, "username": user.username, "roles": user.roles}}))
}
