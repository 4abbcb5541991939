//! Methods for custom statuses.

use serde_json::json;

use super::params::Params;
use super::{Context, Method, MethodAnswer, Outcome, method, record};
use crate::domain::scope::RequiredScope;
use crate::domain::{CustomStatusDraft, CustomStatusId, Page, RequestError, Scope};
use crate::ops::custom_status::{self, StatusFilter};

pub(super) const METHODS: &[Method] = &[
    method!("listCustomUserStatus", RequiredScope::Scope(Scope::StatusRead), list),
    method!(
        "insertOrUpdateUserStatus",
        RequiredScope::Scope(Scope::StatusWrite),
        put
    ),
    method!(
        "deleteCustomUserStatus",
        RequiredScope::Scope(Scope::StatusWrite),
        delete
    ),
];

/// Handles the method `listCustomUserStatus()`.
async fn list(context: Context<'_>, _: Params) -> Outcome {
    context.caller()?;
    let found = custom_status::list(context.app, &StatusFilter::default(), Page::all());
    Ok(MethodAnswer::of(
        found.items.iter().map(|status| record::custom_status(status)).collect(),
    ))
}

/// Handles the method `insertOrUpdateUserStatus({_id?, name, statusType})`.
async fn put(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.caller.map(|_| context.actor()).transpose()?;
    let actor = actor.ok_or(RequestError::CustomStatusNotAuthorized)?;
    let mut fields = params.object()?;
    let id = fields.text("_id")?.filter(|id| !id.is_empty());
    let (name, status_type) = (fields.text("name")?, fields.text("statusType")?);
    let default = context.app.settings().default_status_type();
    let draft = CustomStatusDraft::parse(name.as_deref(), status_type.as_deref(), default);
    if let Some(id) = id {
        custom_status::update(context.app, &actor, &CustomStatusId::new(&id), draft).await?;
        return Ok(MethodAnswer::of(json!(true)));
    }
    let created = custom_status::create(context.app, &actor, draft).await?;
    Ok(MethodAnswer::of(json!(created.id)))
}

/// Handles the method `deleteCustomUserStatus(id)`.
async fn delete(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.caller.map(|_| context.actor()).transpose()?;
    let actor = actor.ok_or(RequestError::CustomStatusNotAuthorized)?;
    let id = CustomStatusId::new(&params.required_text()?);
    custom_status::delete(context.app, &actor, &id).await?;
    Ok(MethodAnswer::of(json!(true)))
}
