//! Settings that can be changed while the server runs.

use std::collections::BTreeMap;

use super::audit::note;
use super::authority::Authority;
use super::transaction::transact;
use crate::app::{App, Settings};
use crate::auth::Actor;
use crate::domain::authority::guards_logins;
use crate::domain::setting::Setting;
use crate::domain::{
    Access, AuditAction, AuditParty, Permission, RequestError, RoleId, SettingId, SettingValue, Timestamp, list_setting,
};
use crate::store::{Change, Snapshot};

/// A setting and its current value.
#[derive(Debug, Clone)]
pub(crate) struct ShownSetting {
    /// The id of the setting.
    pub id: SettingId,
    /// The current value: fixed at the start, stored, or the default.
    pub value: SettingValue,
    /// The source of the value, if it was fixed at the start.
    pub fixed: Option<String>,
    /// The time when the stored value was set; `None` for a default or fixed value.
    pub updated_at: Option<Timestamp>,
}

fn shown(app: &App, id: SettingId) -> ShownSetting {
    let snapshot = app.store.read();
    let fixed = app.fixed.settings.get(&id).map(|(_, source)| source.clone());
    let settings = app.settings();
    let value = match id {
        // An empty value means the address on which the server listens, and clients build links from it.
        SettingId::SiteUrl => SettingValue::Text(app.public_address().url.clone()),
        _ => settings.value(id),
    };
    ShownSetting {
        id,
        value,
        updated_at: snapshot
            .setting(id)
            .map(|setting| setting.updated_at)
            .filter(|_| fixed.is_none()),
        fixed,
    }
}

/// Returns the settings that all callers may see, including those without a login.
pub(crate) fn public(app: &App) -> impl Iterator<Item = ShownSetting> {
    SettingId::ALL
        .iter()
        .filter(|id| id.is_public())
        .map(|id| shown(app, *id))
}

impl ShownSetting {
    /// Returns whether it may have changed after a moment. The moment of a value fixed at the start is unknown.
    #[must_use]
    pub(crate) fn may_have_changed_since(&self, moment: Timestamp) -> bool {
        self.fixed.is_some() || self.updated_at.is_some_and(|updated| updated > moment)
    }
}

/// Returns the settings that this actor may see.
pub(crate) fn visible(app: &App, actor: &Actor) -> impl Iterator<Item = ShownSetting> {
    let all = actor.may(Permission::ViewPrivilegedSetting);
    SettingId::ALL
        .iter()
        .filter(move |id| all || id.is_public())
        .map(|id| shown(app, *id))
}

/// Returns one setting.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `view-privileged-setting`, [`RequestError::SettingNotFound`].
pub(crate) fn get(app: &App, actor: &Actor, id: &str) -> Result<ShownSetting, RequestError> {
    actor.require(Permission::ViewPrivilegedSetting)?;
    id.parse()
        .map(|id| shown(app, id))
        .map_err(|_| RequestError::SettingNotFound)
}

/// Sets a setting. The new value applies from the next request on.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `edit-privileged-setting`, [`RequestError::SettingNotFound`],
/// [`RequestError::SettingFixed`], [`RequestError::SettingInvalid`]; [`RequestError::BeyondAuthority`] for default roles with a permission
/// that the actor does not have, and for a setting about logins if any user has such a permission.
pub(crate) async fn set(app: &App, actor: &Actor, id: &str, value: SettingValue) -> Result<(), RequestError> {
    actor.require(Permission::EditPrivilegedSetting)?;
    let id = id.parse().map_err(|_| RequestError::SettingNotFound)?;
    put(app, actor, id, value).await
}

/// Sets several settings. Either all are set or none.
///
/// # Errors
/// The errors of [`set`]; [`RequestError::InvalidParams`] for a setting that is named twice.
pub(crate) async fn set_all(app: &App, actor: &Actor, wanted: Vec<(String, SettingValue)>) -> Result<(), RequestError> {
    actor.require(Permission::EditPrivilegedSetting)?;
    let mut values = BTreeMap::new();
    for (id, value) in wanted {
        let id = id.parse().map_err(|_| RequestError::SettingNotFound)?;
        if values.insert(id, value).is_some() {
            return Err(RequestError::invalid("must NOT name a setting twice", "settings"));
        }
    }
    put_all(app, actor, values).await
}

/// Sets a setting without a check of the actor's permission, which the caller has checked.
pub(super) async fn put(app: &App, actor: &Actor, id: SettingId, value: SettingValue) -> Result<(), RequestError> {
    put_all(app, actor, BTreeMap::from([(id, value)])).await
}

async fn put_all(app: &App, actor: &Actor, wanted: BTreeMap<SettingId, SettingValue>) -> Result<(), RequestError> {
    let values = accepted(app, wanted)?;
    transact(app, |snapshot| Ok((replacement(app, actor, snapshot, &values)?, ()))).await
}

/// Checks values by the types and bounds of their settings.
///
/// # Errors
/// [`RequestError::SettingFixed`], [`RequestError::SettingInvalid`].
pub(super) fn accepted(
    app: &App,
    wanted: impl IntoIterator<Item = (SettingId, SettingValue)>,
) -> Result<Vec<(SettingId, SettingValue)>, RequestError> {
    let accept = |(id, value): (SettingId, SettingValue)| {
        refuse_fixed(app, id)?;
        let value = id.accept(value).map_err(|problem| id.invalid(problem))?;
        Ok((id, value))
    };
    wanted.into_iter().map(accept).collect()
}

/// Returns the change that sets these accepted values.
///
/// # Errors
/// The errors of [`set_all`] after the permission.
pub(super) fn replacement(
    app: &App,
    actor: &Actor,
    snapshot: &Snapshot,
    values: &[(SettingId, SettingValue)],
) -> Result<Change, RequestError> {
    let ids: Vec<_> = values.iter().map(|(id, _)| *id).collect();
    let authority = Authority::of(app, snapshot, actor);
    if ids.iter().any(|id| guards_logins(*id)) {
        authority.over_all()?;
    }
    let mut change = Change::new();
    if ids.iter().any(|id| is_dependent(*id)) {
        let settings = app.settings_with(snapshot, values.iter().cloned().collect());
        check_together(&settings, snapshot.access(), &ids).map_err(|(id, problem)| id.invalid(problem))?;
        let roles = if ids.contains(&SettingId::DefaultRoles) {
            listed_roles(&settings.text(SettingId::DefaultRoles))
        } else {
            Vec::new()
        };
        change = depend_on_others(app, snapshot, change, &ids, &roles);
    }
    for (id, value) in values {
        if let (SettingId::DefaultRoles, SettingValue::Text(roles)) = (*id, value) {
            authority.over_roles(&listed_roles(roles))?;
        }
        change = store(app, snapshot, change, *id, value.clone());
        let detail = if id.is_secret() {
            "(hidden)".to_owned()
        } else {
            format!("{value}")
        };
        let noted = note(app, actor, AuditAction::SettingChanged, Some(party(*id)), detail);
        change = change.insert(&noted);
    }
    Ok(change)
}

/// Refuses a change of a setting that was fixed at the start.
pub(super) fn refuse_fixed(app: &App, id: SettingId) -> Result<(), RequestError> {
    match app.fixed.settings.get(&id) {
        Some((_, source)) => Err(RequestError::SettingFixed {
            setting: id.as_str(),
            source_name: source.clone(),
        }),
        None => Ok(()),
    }
}

/// Adds the new value of a setting to a change.
pub(super) fn store(app: &App, snapshot: &Snapshot, change: Change, id: SettingId, value: SettingValue) -> Change {
    let new = Setting {
        id,
        value,
        updated_at: app.clock.now(),
    };
    match snapshot.setting(id) {
        Some(old) => change.replace(old, &new),
        None => change.insert(&new),
    }
}

/// Returns the setting as the target of an audit entry.
pub(super) fn party(id: SettingId) -> AuditParty {
    AuditParty::new("setting", id.as_str(), id.as_str())
}

/// Returns the roles in a list with commas.
fn listed_roles(text: &str) -> Vec<RoleId> {
    list_setting::items(text).map(RoleId::new).collect()
}

/// The settings that together limit the length of a password.
const PASSWORD_LENGTHS: [SettingId; 5] = [
    SettingId::PasswordMinLength,
    SettingId::PasswordMaxLength,
    SettingId::PasswordPolicyEnabled,
    SettingId::PasswordStrength,
    SettingId::PasswordStrengthMinLength,
];

/// Returns whether the validity of a setting depends on other settings or on roles.
fn is_dependent(id: SettingId) -> bool {
    id == SettingId::DefaultRoles || PASSWORD_LENGTHS.contains(&id)
}

/// Checks values together, beyond their own types and bounds: the roles exist, and the minimum length of
/// passwords is not above the maximum. `settings` has all values; `ids` are the settings that change.
fn check_together(settings: &Settings, access: &Access, ids: &[SettingId]) -> Result<(), (SettingId, String)> {
    if ids.contains(&SettingId::DefaultRoles) {
        let roles = settings.list(SettingId::DefaultRoles);
        if let Some(role) = roles.iter().find(|role| access.role(role).is_none()) {
            let problem = format!("names the role {role}, which does not exist");
            return Err((SettingId::DefaultRoles, problem));
        }
    }
    let Some(id) = PASSWORD_LENGTHS.into_iter().find(|id| ids.contains(id)) else {
        return Ok(());
    };
    let bound = |id| match settings.value(id) {
        SettingValue::Number(number) if number > 0 => u32::try_from(number).ok(),
        _ => None,
    };
    let policy = settings.password_policy();
    let given = (bound(SettingId::PasswordMinLength), bound(SettingId::PasswordMaxLength));
    for (min, max) in [given, (policy.min_length, policy.max_length)] {
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            let problem = format!(
                "leaves no password: it would have at least {min} and at most {max} characters; set {} and {} together",
                SettingId::PasswordMinLength,
                SettingId::PasswordMaxLength
            );
            return Err((id, problem));
        }
    }
    Ok(())
}

/// Returns the problem of a value that was fixed at the start, if it cannot be used with the roles and settings of this
/// store: the setting, the source of its value, and the text of [`RequestError::SettingInvalid`].
pub(super) fn fixed_problem(app: &App) -> Option<(SettingId, String, String)> {
    let ids: Vec<_> = app.fixed.settings.keys().copied().collect();
    let snapshot = app.store.read();
    let (id, problem) = check_together(&app.settings(), snapshot.access(), &ids).err()?;
    let (_, source) = app.fixed.settings.get(&id)?;
    Some((id, source.clone(), problem))
}

/// Makes a change depend on the stored value of a setting.
pub(super) fn depend_on(app: &App, snapshot: &Snapshot, change: Change, id: SettingId) -> Change {
    match snapshot.setting(id) {
        Some(stored) => change.require(stored),
        None => change.require_none(&Setting {
            id,
            value: id.default(),
            updated_at: app.clock.now(),
        }),
    }
}

/// Makes a change of dependent settings depend on the roles and settings that it was checked against.
fn depend_on_others(app: &App, snapshot: &Snapshot, mut change: Change, ids: &[SettingId], roles: &[RoleId]) -> Change {
    for role in roles {
        // Built-in roles are not stored and cannot be deleted.
        if let Some(role) = snapshot.access().role(role.as_str()).filter(|role| !role.protected) {
            change = change.require(&**role);
        }
    }
    if PASSWORD_LENGTHS.iter().any(|id| ids.contains(id)) {
        for id in PASSWORD_LENGTHS.into_iter().filter(|id| !ids.contains(id)) {
            change = depend_on(app, snapshot, change, id);
        }
    }
    change
}
