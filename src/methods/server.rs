//! Methods that tell of the server: what clients ask when they start.

use serde_json::Value;

use super::params::Params;
use super::{Answer, Context, Method, Outcome, method, record};
use crate::domain::scope::Need;
use crate::domain::{Duty, Scope};
use crate::ops::{permissions, settings};

pub(super) const METHODS: &[Method] = &[
    method!("public-settings/get", Need::Any, public_settings).serves(Duty::ALL),
    method!("permissions/get", Need::Scope(Scope::UsersRead), all_permissions),
    method!("rooms/get", Need::Any, no_rooms),
    method!("subscriptions/get", Need::Any, no_rooms),
];

async fn public_settings(context: Context<'_>, _: Params) -> Outcome {
    let shown = settings::public(context.app);
    let records = shown.map(|shown| record::setting(shown.id, &shown.value));
    Ok(Answer::of(records.collect()))
}

async fn all_permissions(context: Context<'_>, _: Params) -> Outcome {
    context.caller("permissions/get")?;
    let grants = permissions::list(context.app, None);
    Ok(Answer::of(grants.iter().map(|grant| record::grant(grant)).collect()))
}

/// Clients list their rooms when they start, and wait for an array: this server has none.
async fn no_rooms(context: Context<'_>, _: Params) -> Outcome {
    context.caller("rooms/get")?;
    Ok(Answer::of(Value::Array(Vec::new())))
}
