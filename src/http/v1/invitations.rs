//! Invitations. Rocket.Chat's invitations lead to rooms; these lead to an account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::users::Registered;
use crate::domain::{
    CustomFieldChanges, DisplayName, InvitationTerms, Permission, Profile, RequestError, RoleId, Scope, SettingId,
    Timestamp, Username,
};
use crate::http::input::Nothing;
use crate::http::reply::Done;
use crate::http::request::{AnyRequest, UserRequest};
use crate::http::route::Route;
use crate::ops::invitations::{self, ListedInvitation};
use crate::ops::registration::Registration;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("invitations.create", "Create a link with which people register", create)
            .permission(Permission::CreateInviteLinks)
            .fresh_proof(),
        Route::get("invitations.list", "List the invitations that have not ended", list)
            .permission(Permission::CreateInviteLinks)
            .scope(Scope::Admin),
        Route::post("invitations.revoke", "End an invitation", revoke)
            .permission(Permission::CreateInviteLinks)
            .scope(Scope::Admin)
            .two_factor(),
        Route::post("invitations.check", "Return who invites, and until when", check),
        Route::post("invitations.accept", "Register with an invitation", accept),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    /// The number of people who may register with it, 1 to 1000. 0 sets no limit; absent is 1.
    max_uses: Option<u32>,
    /// The number of days for which it is valid, 1 to 365; absent is 7.
    days: Option<u32>,
    /// The ids of the roles of those who register with it; absent or empty means the default roles.
    roles: Option<Vec<String>>,
    /// A text about its purpose, at most 120 characters.
    note: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Created {
    invitation: View,
    /// The link. The server stores only a hash of it, so it cannot return it again.
    url: String,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    invitations: Vec<View>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    #[serde(rename = "_id")]
    id: String,
    /// The number of people who may register with it; 0 sets no limit.
    max_uses: u32,
    /// The number of people who have registered with it.
    uses: u32,
    /// The roles of those who register with it; empty means the default roles.
    roles: Vec<RoleId>,
    note: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    /// The username of its creator; absent if it was created at the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<Username>,
    /// False while its creator is deactivated or may no longer give its roles.
    valid: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Revoke {
    #[serde(rename = "_id")]
    id: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Check {
    /// The last part of the link's path.
    token: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Invited {
    /// The name of the server, which is the team's.
    site_name: String,
    expires_at: Timestamp,
    /// The name of the person who invites; absent if the invitation was created at the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    invited_by: Option<DisplayName>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Accept {
    /// The last part of the link's path.
    token: String,
    username: String,
    email: String,
    pass: String,
    name: Option<String>,
    custom_fields: Option<Map<String, Value>>,
}

async fn create(call: UserRequest, wanted: Create) -> Result<Created, RequestError> {
    let roles = wanted.roles.unwrap_or_default();
    let terms = InvitationTerms::parse(wanted.max_uses, wanted.days, &roles, &wanted.note.unwrap_or_default())?;
    let (invitation, url) = invitations::create(&call.app, &call.actor(), &terms).await?;
    Ok(Created {
        invitation: invitation.into(),
        url,
    })
}

async fn list(call: UserRequest, _: Nothing) -> Result<Listed, RequestError> {
    let found = invitations::list(&call.app, &call.actor())?;
    Ok(Listed {
        invitations: found.into_iter().map(View::from).collect(),
    })
}

async fn revoke(call: UserRequest, which: Revoke) -> Result<Done, RequestError> {
    invitations::revoke(&call.app, &call.actor(), &which.id).await?;
    Ok(Done {})
}

async fn check(call: AnyRequest, which: Check) -> Result<Invited, RequestError> {
    let invited = invitations::check(&call.app, &call.origin, &which.token).await?;
    Ok(Invited {
        site_name: call.app.settings().text(SettingId::SiteName),
        expires_at: invited.expires_at,
        invited_by: invited.by,
    })
}

async fn accept(call: AnyRequest, new: Accept) -> Result<Registered, RequestError> {
    if call.caller.is_some() {
        return Err(RequestError::AlreadyLoggedIn);
    }
    let registration = Registration {
        username: new.username,
        email: new.email,
        name: new.name,
        password: new.pass,
        secret: None,
        profile: Profile::default(),
        custom_fields: CustomFieldChanges::parse(new.custom_fields.unwrap_or_default())?,
    };
    let user = invitations::accept(&call.app, &call.origin, &new.token, registration).await?;
    Ok(Registered::of(&user))
}

impl From<ListedInvitation> for View {
    fn from(listed: ListedInvitation) -> Self {
        let invitation = &listed.invitation;
        Self {
            id: invitations::label(invitation),
            max_uses: invitation.max_uses.unwrap_or_default(),
            uses: invitation.uses,
            roles: invitation.roles.clone(),
            note: invitation.note.clone(),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            created_by: listed.creator,
            valid: listed.is_valid,
        }
    }
}
