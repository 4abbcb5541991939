//! Methods for statuses.

use serde_json::json;

use super::params::Params;
use super::{Context, Method, MethodAnswer, Outcome, method};
use crate::domain::scope::RequiredScope;
use crate::domain::{RequestError, Scope, StatusText, StatusType, UserId};
use crate::ops::status::{self, NewStatus};
use crate::ops::viewed::View;

pub(super) const METHODS: &[Method] = &[
    method!("setUserStatus", RequiredScope::Scope(Scope::StatusWrite), set),
    method!(
        "UserPresence:setDefaultStatus",
        RequiredScope::Scope(Scope::StatusWrite),
        set_default
    ),
    method!("UserPresence:online", RequiredScope::Scope(Scope::StatusWrite), online),
    method!("UserPresence:away", RequiredScope::Scope(Scope::StatusWrite), away),
    method!("getUserStatusText", RequiredScope::Scope(Scope::PresenceRead), text),
];

fn status_type(text: &str) -> Result<StatusType, RequestError> {
    text.parse().map_err(|_| RequestError::StatusWordInvalid)
}

/// Handles the method `setUserStatus(statusType?, statusText?)`.
async fn set(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let caller = context.caller()?;
    let status = params.text()?.filter(|text| !text.is_empty());
    let new = NewStatus {
        status: status.as_deref().map(status_type).transpose()?,
        text: params.text()?.map(|text| StatusText::clean(&text)),
        ..NewStatus::default()
    };
    if new.status.is_none() && new.text.is_none() {
        return Ok(MethodAnswer::NOTHING);
    }
    let set = status::set(context.app, &actor, &caller.user.id, new).await;
    set.map(|()| MethodAnswer::NOTHING).map_err(|error| match error {
        RequestError::NotAllowed { .. } => RequestError::NotAllowed { words: "Not allowed" },
        other => other,
    })
}

/// Handles the method `UserPresence:setDefaultStatus(status)`. The status text stays the same.
async fn set_default(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let id = &context.caller()?.user.id;
    let declared = status_type(&params.required_text()?)?;
    status::declare(context.app, &actor, id, declared).await?;
    Ok(MethodAnswer::of(json!(true)))
}

async fn online(context: Context<'_>, _: Params) -> Outcome {
    Ok(MethodAnswer::of(json!(at_connection(context, false))))
}

async fn away(context: Context<'_>, _: Params) -> Outcome {
    Ok(MethodAnswer::of(json!(at_connection(context, true))))
}

/// Sets the connection of the call to away or online. Returns false over HTTP, which has no connection.
fn at_connection(context: Context<'_>, away: bool) -> bool {
    context.connection.is_some_and(|connection| {
        connection.set_away(away);
        true
    })
}

/// Handles the method `getUserStatusText(uid)`.
async fn text(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let id = UserId::new(&params.required_text()?);
    Ok(MethodAnswer::of(json!(
        View::of(context.app, &actor).presence(&id).text
    )))
}
