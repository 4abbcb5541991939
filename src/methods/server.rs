//! Methods about the server, which clients call when they start.
//!
//! If the client sends a date, the result has only the changes since then: `{update, remove}`.

use serde_json::{Value, json};

use super::params::Params;
use super::{Context, Method, MethodAnswer, Outcome, method, record};
use crate::domain::scope::RequiredScope;
use crate::domain::{Duty, Permission, Scope, Timestamp};
use crate::ops::settings::ShownSetting;
use crate::ops::{permissions, settings};

pub(super) const METHODS: &[Method] = &[
    method!("public-settings/get", RequiredScope::Any, public_settings).serves(Duty::ALL),
    method!(
        "private-settings/get",
        RequiredScope::Scope(Scope::Admin),
        private_settings
    ),
    method!(
        "permissions/get",
        RequiredScope::Scope(Scope::UsersRead),
        all_permissions
    ),
    method!("rooms/get", RequiredScope::Any, no_rooms),
    method!("subscriptions/get", RequiredScope::Any, no_rooms),
];

/// Returns records as a list, or as changes if the client sent a date.
fn records(since: Option<Timestamp>, records: Vec<Value>) -> MethodAnswer {
    MethodAnswer::of(match since {
        None => Value::Array(records),
        Some(_) => json!({"update": records, "remove": []}),
    })
}

fn setting_records(since: Option<Timestamp>, shown: impl Iterator<Item = ShownSetting>) -> MethodAnswer {
    let wanted = shown.filter(|shown| since.is_none_or(|since| shown.may_have_changed_since(since)));
    records(
        since,
        wanted.map(|shown| record::setting(shown.id, &shown.value)).collect(),
    )
}

/// Handles the method `public-settings/get(updatedAfter?)`.
async fn public_settings(context: Context<'_>, mut params: Params) -> Outcome {
    let since = params.date()?;
    Ok(setting_records(since, settings::public(context.app)))
}

/// Handles the method `private-settings/get(updatedAfter?)`. The result is empty without `view-privileged-setting`.
async fn private_settings(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let since = params.date()?;
    if !actor.may(Permission::ViewPrivilegedSetting) {
        return Ok(records(since, Vec::new()));
    }
    Ok(setting_records(since, settings::visible(context.app, &actor)))
}

/// Handles the method `permissions/get(updatedAfter?)`.
async fn all_permissions(context: Context<'_>, mut params: Params) -> Outcome {
    context.caller()?;
    let since = params.date()?;
    let grants = permissions::list(context.app, since);
    Ok(records(
        since,
        grants.iter().map(|grant| record::grant(grant)).collect(),
    ))
}

/// Returns an empty list. Clients ask for their rooms when they start, and this server has none.
async fn no_rooms(context: Context<'_>, mut params: Params) -> Outcome {
    context.caller()?;
    Ok(records(params.date()?, Vec::new()))
}
