//! The first administrator of a new server. Rollcall's own: Rocket.Chat has a wizard here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::setting::RegistrationForm;
use crate::domain::{Fault, RoleId, UserId, Username};
use crate::http::request::OpenCall;
use crate::http::routes::Route;
use crate::ops::setup;
use crate::ops::users::{NewUser, NewUserTexts};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post(
        "setup.createAdministrator",
        "Create the first administrator, with the setup link",
        create_administrator,
    )]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Create {
    /// What stands behind the `#` of the setup link.
    link: String,
    username: String,
    password: String,
    email: Option<String>,
    name: Option<String>,
    /// Who may register from now on. Without a choice, only an administrator creates users.
    registration: Option<RegistrationForm>,
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

async fn create_administrator(call: OpenCall, new: Create) -> Result<Created, Fault> {
    let texts = NewUserTexts {
        username: &new.username,
        email: new.email.as_deref(),
        name: new.name.as_deref(),
        password: &new.password,
        roles: &[],
    };
    let parsed = NewUser::parse(texts)?;
    let user = setup::with_link(&call.app, &call.origin, &new.link, parsed, new.registration).await?;
    Ok(Created {
        user: Administrator {
            id: user.id.clone(),
            username: user.username.clone(),
            roles: user.roles.clone(),
        },
    })
}
