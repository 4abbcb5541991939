//! The changes that lines about roles, permissions, settings and custom statuses make.

use serde_json::Value;

use super::identity;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::import_result::{LineOutcome, LineReport};
use crate::domain::transfer::{CustomStatusLine, ExportedRole, ExportedSetting, GrantLine};
use crate::domain::{
    CustomStatus, CustomStatusDraft, CustomStatusId, Permission, RequestError, Role, RoleId, RoleScope, SettingId,
    SettingValue,
};
use crate::ops::roles::RoleDraft;
use crate::ops::{custom_status, permissions, roles, settings};
use crate::store::{Change, Snapshot};

/// The actor of all imports.
const OPERATOR: Actor = Actor::Operator;

type Decision = Result<(Change, LineReport), RequestError>;

/// Returns a decision about an object that is there with other values.
fn differing(update: bool, fields: &[&str], change: impl FnOnce() -> Result<Change, RequestError>) -> Decision {
    if fields.is_empty() {
        return Ok((Change::new(), LineOutcome::Same.into()));
    }
    if !update {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        return Ok((Change::new(), LineOutcome::Differs(fields).into()));
    }
    Ok((change()?, LineOutcome::Updated.into()))
}

/// Returns the names of the fields for which the second part is true.
pub(super) fn named(fields: &[(&'static str, bool)]) -> Vec<&'static str> {
    let differs = fields.iter().filter(|(_, differs)| *differs);
    differs.map(|(name, _)| *name).collect()
}

/// Decides about a role. A built-in role cannot be changed.
///
/// # Errors
/// The errors of [`roles::create`] and [`roles::update`].
pub(super) fn role(app: &App, snapshot: &Snapshot, line: &ExportedRole, update: bool) -> Decision {
    let id = RoleId::new(identity::checked(&line.id, "id")?);
    let scope = match line.scope.as_deref() {
        None | Some("Users") => RoleScope::Users,
        Some("Subscriptions") => RoleScope::Subscriptions,
        Some(_) => return Err(RequestError::invalid("must be Users or Subscriptions", "scope")),
    };
    let draft = RoleDraft::parse(&line.name, &line.description, scope, line.mandatory_two_factor)?;
    match snapshot.access().role(id.as_str()) {
        Some(stored) => differing(update, &role_fields(stored, &draft), || {
            Ok(roles::replacement(app, &OPERATOR, snapshot, &id, &draft)?.0)
        }),
        None if scope == RoleScope::Subscriptions => Err(RequestError::NoRooms { field: "scope" }),
        None => {
            let (change, _) = roles::creation(app, &OPERATOR, snapshot, Some(&id), &draft)?;
            Ok((change, LineOutcome::Created.into()))
        }
    }
}

fn role_fields(stored: &Role, draft: &RoleDraft) -> Vec<&'static str> {
    let own = !stored.protected;
    named(&[
        ("name", own && stored.name != draft.name),
        ("description", own && stored.description != draft.description),
        ("scope", own && stored.scope != draft.scope),
        (
            "mandatory2fa",
            stored.mandatory_two_factor != draft.mandatory_two_factor,
        ),
    ])
}

/// Decides about the roles of a permission.
///
/// # Errors
/// The errors of [`permissions::update`].
pub(super) fn grant(app: &App, snapshot: &Snapshot, line: &GrantLine, update: bool) -> Decision {
    let permission: Permission = line.permission.parse().map_err(|_| RequestError::PermissionInvalid)?;
    let mut roles: Vec<_> = line.roles.iter().map(|id| RoleId::new(id)).collect();
    roles.sort_unstable();
    roles.dedup();
    let grants = [(line.permission.clone(), roles.clone())];
    let change = || permissions::replacement(app, &OPERATOR, snapshot, &grants);
    let now = |held: &[RoleId]| {
        let mut held = held.to_vec();
        held.sort_unstable();
        held == roles
    };
    match (snapshot.access().grant(permission), snapshot.stored_grant(permission)) {
        (Some(grant), _) if now(&grant.roles) => differing(update, &[], change),
        (_, None) => Ok((change()?, LineOutcome::Created.into())),
        _ => differing(update, &["roles"], change),
    }
}

/// Decides about a setting.
///
/// # Errors
/// [`RequestError::InvalidParams`] for an unknown setting; the errors of [`settings::set`].
pub(super) fn setting(app: &App, snapshot: &Snapshot, line: &ExportedSetting, update: bool) -> Decision {
    // `SettingNotFound` has no text, and a report needs a reason.
    let unknown = || RequestError::invalid("there is no such setting", "id");
    let id: SettingId = line.id.parse().map_err(|_| unknown())?;
    let values = settings::accepted(app, [(id, setting_value(id, &line.value)?)])?;
    let change = || settings::replacement(app, &OPERATOR, snapshot, &values);
    let stored = snapshot.setting(id).map(|stored| &stored.value);
    let wanted = values.first().map(|(_, value)| value);
    match stored {
        Some(stored) if Some(stored) == wanted => differing(update, &[], change),
        None if Some(&id.default()) == wanted => differing(update, &[], change),
        None => Ok((change()?, LineOutcome::Created.into())),
        Some(_) => differing(update, &["value"], change),
    }
}

fn setting_value(id: SettingId, value: &Value) -> Result<SettingValue, RequestError> {
    match value {
        Value::Bool(set) => Ok(SettingValue::Flag(*set)),
        Value::String(text) => Ok(SettingValue::Text(text.clone())),
        // A number may have decimal places.
        Value::Number(number) => id.parse(&number.to_string()).map_err(|problem| id.invalid(problem)),
        _ => Err(id.invalid("must be a boolean, a number or a text".into())),
    }
}

/// Decides about a custom status.
///
/// # Errors
/// The errors of [`custom_status::create`].
pub(super) fn status(app: &App, snapshot: &Snapshot, line: &CustomStatusLine, update: bool) -> Decision {
    let id = CustomStatusId::new(identity::checked(&line.id, "id")?);
    let emoji = line.emoji.as_deref().unwrap_or_default();
    let minutes = line.duration_minutes.unwrap_or_default();
    let draft = CustomStatusDraft::parse(Some(&line.name), Some(&line.status_type), None)
        .with_defaults(Some(emoji), Some(minutes))?;
    if let Some(stored) = snapshot.custom_status(&id) {
        return differing(update, &status_fields(stored, &draft)?, || {
            Ok(custom_status::replacement(app, &OPERATOR, snapshot, &id, &draft)?.0)
        });
    }
    let (change, _) = custom_status::creation(app, &OPERATOR, snapshot, Some(&id), &draft)?;
    Ok((change, LineOutcome::Created.into()))
}

fn status_fields(stored: &CustomStatus, draft: &CustomStatusDraft) -> Result<Vec<&'static str>, RequestError> {
    let (name, status_type) = (draft.name.clone()?, draft.status_type.clone()?);
    Ok(named(&[
        ("name", stored.name != name),
        ("statusType", stored.status_type != status_type),
        ("emoji", Some(&stored.emoji) != draft.emoji.as_ref()),
        ("durationMinutes", Some(&stored.duration) != draft.duration.as_ref()),
    ]))
}
