//! The endpoints of permissions (`api.md` §8).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::App;
use crate::domain::{Permission, RequestError, RoleId, Scope, Timestamp};
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::permissions;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "permissions.listAll",
            "List permissions and the roles that hold them",
            list,
        )
        .scope(Scope::UsersRead),
        Route::post("permissions.update", "Change which roles hold permissions", update)
            .permission(Permission::AccessPermissions)
            .scope(Scope::Admin)
            .two_factor(),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListAll {
    /// Only permissions whose roles were changed after this moment, ISO 8601.
    updated_since: Option<String>,
}

/// The permissions to change, each with all the roles that will have it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Update {
    #[schemars(with = "Option<Vec<WantedGrant>>")]
    permissions: Option<Value>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WantedGrant {
    #[serde(rename = "_id")]
    id: String,
    roles: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct Changes {
    update: Vec<Granted>,
    remove: Vec<Granted>,
}

#[derive(Serialize, JsonSchema)]
struct Grants {
    permissions: Vec<Granted>,
}

#[derive(Serialize, JsonSchema)]
struct Granted {
    #[serde(rename = "_id")]
    id: &'static str,
    roles: Vec<RoleId>,
    #[serde(rename = "_updatedAt")]
    updated_at: Timestamp,
}

fn granted(app: &App, since: Option<Timestamp>) -> Vec<Granted> {
    let grants = permissions::list(app, since);
    let granted = grants.iter().map(|grant| Granted {
        id: grant.permission.as_str(),
        roles: grant.roles.clone(),
        updated_at: grant.updated_at,
    });
    granted.collect()
}

async fn list(call: UserRequest, asked: ListAll) -> Result<Changes, RequestError> {
    let parse = |text: String| Timestamp::parse(&text).ok_or(RequestError::UpdatedSinceInvalid);
    let since = asked.updated_since.map(parse).transpose()?;
    Ok(Changes {
        update: granted(&call.app, since),
        remove: Vec::new(),
    })
}

async fn update(call: UserRequest, wanted: Update) -> Result<Grants, RequestError> {
    let list: Vec<WantedGrant> = wanted
        .permissions
        .and_then(|list| serde_json::from_value(list).ok())
        .ok_or(RequestError::GrantsMalformed)?;
    let mut grants = Vec::with_capacity(list.len());
    for grant in list {
        let mut roles: Vec<_> = grant.roles.iter().map(|role| RoleId::new(role)).collect();
        roles.sort_unstable();
        roles.dedup();
        let repeated = grants.iter().any(|(id, _): &(String, _)| *id == grant.id);
        if roles.len() != grant.roles.len() || repeated {
            return Err(RequestError::GrantsMalformed);
        }
        grants.push((grant.id, roles));
    }
    permissions::update(&call.app, &call.actor(), &grants).await?;
    Ok(Grants {
        permissions: granted(&call.app, None),
    })
}
