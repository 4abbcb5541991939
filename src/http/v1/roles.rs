//! The endpoints of roles (`api.md` §8).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{Permission, RequestError, Role, RoleId, RoleScope, Scope, UserId, Username, UsernameKey};
use crate::http::input::Ignored;
use crate::http::query;
use crate::http::reply::Done;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::role_holders;
use crate::ops::roles::{self, RoleDraft};
use crate::ops::user_view::UserView;
use crate::ops::viewed_user::ViewedUser;

pub(super) fn routes() -> Vec<Route> {
    let administer = |route: Route| route.permission(Permission::AccessPermissions).scope(Scope::Admin);
    vec![
        Route::get("roles.list", "List roles", list).scope(Scope::UsersRead),
        administer(Route::post("roles.create", "Create a role", create).two_factor()),
        administer(Route::post("roles.update", "Change a role", update).two_factor()),
        administer(Route::post("roles.delete", "Delete a role that nobody has", delete).two_factor()),
        administer(
            Route::post("roles.addUserToRole", "Give a role to a user", give)
                .called("authorization:addUserToRole")
                .two_factor(),
        ),
        administer(
            Route::post("roles.removeUserFromRole", "Take a role from a user", take)
                .called("authorization:removeUserFromRole")
                .two_factor(),
        ),
        administer(Route::get(
            "roles.getUsersInRole",
            "List the users who have a role",
            users,
        )),
        Route::get(
            "roles.getUsersInPublicRoles",
            "List the users who have a role that is described and not given to all",
            public,
        )
        .scope(Scope::UsersRead),
    ]
}

#[derive(Serialize, JsonSchema)]
struct Roles {
    roles: Vec<Arc<Role>>,
}

#[derive(Serialize, JsonSchema)]
struct OneRole {
    role: Arc<Role>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Create {
    name: String,
    description: Option<String>,
    scope: Option<RoleScope>,
    #[serde(rename = "mandatory2fa")]
    mandatory_two_factor: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Update {
    role_id: String,
    name: String,
    description: Option<String>,
    scope: Option<RoleScope>,
    #[serde(rename = "mandatory2fa")]
    mandatory_two_factor: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Delete {
    role_id: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Assign {
    role_id: Option<String>,
    role_name: Option<String>,
    username: String,
    /// Refused, because roles cannot be limited to a room.
    room_id: Option<String>,
    /// Refused like `roomId`, of which it is the older name.
    scope: Option<String>,
}

impl Assign {
    fn role(&self) -> Result<&str, RequestError> {
        let named = self.role_id.as_deref().or(self.role_name.as_deref());
        named.ok_or_else(|| RequestError::invalid("must have required property 'roleId'", "roleId"))
    }

    /// Refuses a request that names a room.
    fn refuse_room(&self) -> Result<(), RequestError> {
        roles::refuse_room("roomId", self.room_id.as_deref())?;
        roles::refuse_room("scope", self.scope.as_deref())
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UsersInRole {
    /// The id or name of the role.
    role: String,
    /// Refused, because roles cannot be limited to a room.
    #[serde(rename = "roomId")]
    room_id: Option<String>,
    offset: Option<usize>,
    count: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct Users {
    users: Vec<UserView>,
    count: usize,
    offset: usize,
    total: usize,
}

fn draft(
    name: &str,
    description: Option<String>,
    scope: Option<RoleScope>,
    mandatory_two_factor: Option<bool>,
) -> Result<RoleDraft, RequestError> {
    let scope = scope.unwrap_or(RoleScope::Users);
    let description = description.unwrap_or_default();
    RoleDraft::parse(name, &description, scope, mandatory_two_factor.unwrap_or_default())
}

async fn list(call: UserRequest, _: Ignored) -> Result<Roles, RequestError> {
    Ok(Roles {
        roles: roles::list(&call.app),
    })
}

async fn create(call: UserRequest, new: Create) -> Result<OneRole, RequestError> {
    let draft = draft(&new.name, new.description, new.scope, new.mandatory_two_factor)?;
    let role = roles::create(&call.app, &call.actor(), draft).await?;
    Ok(OneRole { role })
}

async fn update(call: UserRequest, new: Update) -> Result<OneRole, RequestError> {
    let draft = draft(&new.name, new.description, new.scope, new.mandatory_two_factor)?;
    let role = roles::update(&call.app, &call.actor(), &RoleId::new(&new.role_id), draft).await?;
    Ok(OneRole { role })
}

async fn delete(call: UserRequest, which: Delete) -> Result<Done, RequestError> {
    roles::delete(&call.app, &call.actor(), &RoleId::new(&which.role_id)).await?;
    Ok(Done {})
}

async fn give(call: UserRequest, wanted: Assign) -> Result<OneRole, RequestError> {
    wanted.refuse_room()?;
    let role = role_holders::give(
        &call.app,
        &call.actor(),
        wanted.role()?,
        &UsernameKey::of(&wanted.username),
    )
    .await?;
    Ok(OneRole { role })
}

async fn take(call: UserRequest, wanted: Assign) -> Result<OneRole, RequestError> {
    wanted.refuse_room()?;
    let role = role_holders::take(
        &call.app,
        &call.actor(),
        wanted.role()?,
        &UsernameKey::of(&wanted.username),
    )
    .await?;
    Ok(OneRole { role })
}

#[derive(Serialize, JsonSchema)]
struct Holders {
    users: Vec<Holder>,
}

#[derive(Serialize, JsonSchema)]
struct Holder {
    #[serde(rename = "_id")]
    id: UserId,
    username: Username,
    roles: Vec<RoleId>,
}

async fn public(call: UserRequest, _: Ignored) -> Result<Holders, RequestError> {
    let found = role_holders::list_public(&call.app, &call.actor());
    let holder = |(user, roles): (ViewedUser, _)| Holder {
        id: user.id(),
        username: user.username(),
        roles,
    };
    Ok(Holders {
        users: found.into_iter().map(holder).collect(),
    })
}

async fn users(call: UserRequest, asked: UsersInRole) -> Result<Users, RequestError> {
    roles::refuse_room("roomId", asked.room_id.as_deref())?;
    let page = query::page(&call.app, asked.offset, asked.count);
    let actor = call.actor();
    let found = role_holders::list(&call.app, &actor, &asked.role, page)?;
    Ok(Users {
        count: found.items.len(),
        offset: found.offset,
        total: found.total,
        users: found.items.iter().map(UserView::from).collect(),
    })
}
