//! Creates the first administrator of a new server. Rocket.Chat has a setup wizard instead.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::setting::RegistrationForm;
use crate::domain::{RequestError, RoleId, UserId, Username};
use crate::http::request::AnyRequest;
use crate::http::route::Route;
use crate::ops::setup::{self, FirstSettings};
use crate::ops::users::{NewUser, NewUserTexts};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "setup.createAdministrator",
            "Create the first administrator, with the setup link",
            create_administrator,
        )
        .called("insertOrUpdateUser"),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Create {
    /// The part of the setup link after the `#`.
    link: String,
    username: String,
    password: String,
    email: Option<String>,
    name: Option<String>,
    /// The rule for registration from now on. If absent, only administrators create users.
    registration: Option<RegistrationForm>,
    /// The name of the server.
    #[serde(rename = "siteName")]
    site_name: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Created {
    user: Administrator,
}

#[derive(Serialize, JsonSchema)]
struct Administrator {
    #[serde(rename = "_id")]
    id: UserId,
    username: Username,
    roles: Vec<RoleId>,
}

async fn create_administrator(call: AnyRequest, new: Create) -> Result<Created, RequestError> {
    let texts = NewUserTexts {
        username: &new.username,
        email: new.email.as_deref(),
        name: new.name.as_deref(),
        password: &new.password,
        roles: &[],
    };
    let parsed = NewUser::parse(texts)?;
    let first = FirstSettings {
        registration: new.registration,
        site_name: new.site_name,
    };
    let user = setup::with_link(&call.app, &call.origin, &new.link, parsed, first).await?;
    Ok(Created {
        user: Administrator {
            id: user.id.clone(),
            username: user.username.clone(),
            roles: user.roles.clone(),
        },
    })
}
