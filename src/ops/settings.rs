//! Settings that are changed while the server runs.

use std::collections::BTreeMap;

use super::audit::note;
use super::authority::Authority;
use super::decide::decide;
use super::roles::is_admin;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::authority::guards_logins;
use crate::domain::setting::Setting;
use crate::domain::{
    AuditAction, AuditParty, Fault, Permission, PublicUrl, RoleId, SettingId, SettingValue, Timestamp,
};
use crate::store::{Change, Snapshot};

/// A setting, and what is in force.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Which.
    pub id: SettingId,
    /// The value in force.
    pub value: SettingValue,
    /// Where the value comes from, if it was fixed when the server was started.
    pub fixed: Option<String>,
    /// When somebody set it, if somebody did.
    pub updated_at: Option<Timestamp>,
}

fn shown(app: &App, id: SettingId) -> Shown {
    let snapshot = app.store.read();
    let fixed = app.fixed.settings.get(&id).map(|(_, source)| source.clone());
    let settings = app.settings();
    let value = match id {
        // Clients build links with it, and empty is where the server listens.
        SettingId::SiteUrl => SettingValue::Text(settings.site_url()),
        _ => settings.value(id),
    };
    Shown {
        id,
        value,
        updated_at: snapshot
            .setting(id)
            .map(|setting| setting.updated_at)
            .filter(|_| fixed.is_none()),
        fixed,
    }
}

/// The settings that everybody may see.
pub fn public(app: &App) -> impl Iterator<Item = Shown> {
    SettingId::ALL
        .iter()
        .filter(|id| id.is_public())
        .map(|id| shown(app, *id))
}

impl Shown {
    /// Returns whether it may have changed after a moment. A value that was fixed at the start has no moment.
    #[must_use]
    pub fn may_have_changed_since(&self, moment: Timestamp) -> bool {
        self.fixed.is_some() || self.updated_at.is_some_and(|updated| updated > moment)
    }
}

/// The settings that this actor may see.
pub fn visible(app: &App, actor: &Actor) -> impl Iterator<Item = Shown> {
    let all = actor.may(Permission::VIEW_PRIVILEGED_SETTING);
    SettingId::ALL
        .iter()
        .filter(move |id| all || id.is_public())
        .map(|id| shown(app, *id))
}

/// One setting.
///
/// # Errors
/// [`Fault::PermissionRequired`] without `view-privileged-setting`, [`Fault::SettingNotFound`].
pub fn get(app: &App, actor: &Actor, id: &str) -> Result<Shown, Fault> {
    if !actor.may(Permission::VIEW_PRIVILEGED_SETTING) {
        return Err(Fault::PermissionRequired);
    }
    id.parse().map(|id| shown(app, id)).map_err(|_| Fault::SettingNotFound)
}

/// Sets a setting. It counts from the next request on.
///
/// # Errors
/// [`Fault::PermissionRequired`] without `edit-privileged-setting`, [`Fault::SettingNotFound`],
/// [`Fault::SettingFixed`], [`Fault::SettingInvalid`]; [`Fault::BeyondAuthority`] for default roles that hold
/// a permission which the actor lacks, and for a setting of logins where a user has one.
pub async fn set(app: &App, actor: &Actor, id: &str, value: SettingValue) -> Result<(), Fault> {
    if !actor.may(Permission::EDIT_PRIVILEGED_SETTING) {
        return Err(Fault::PermissionRequired);
    }
    let id = id.parse().map_err(|_| Fault::SettingNotFound)?;
    put(app, actor, id, value).await
}

/// Sets several settings, all of them or none.
///
/// # Errors
/// Those of [`set`]; [`Fault::InvalidParams`] for a setting that is named twice.
pub async fn set_all(app: &App, actor: &Actor, wanted: Vec<(String, SettingValue)>) -> Result<(), Fault> {
    if !actor.may(Permission::EDIT_PRIVILEGED_SETTING) {
        return Err(Fault::PermissionRequired);
    }
    let mut values = BTreeMap::new();
    for (id, value) in wanted {
        let id = id.parse().map_err(|_| Fault::SettingNotFound)?;
        if values.insert(id, value).is_some() {
            return Err(Fault::invalid("must NOT name a setting twice", "settings"));
        }
    }
    put_all(app, actor, values).await
}

/// Sets a setting for an actor who may, by whatever permission.
pub(super) async fn put(app: &App, actor: &Actor, id: SettingId, value: SettingValue) -> Result<(), Fault> {
    put_all(app, actor, BTreeMap::from([(id, value)])).await
}

async fn put_all(app: &App, actor: &Actor, wanted: BTreeMap<SettingId, SettingValue>) -> Result<(), Fault> {
    let mut values = Vec::with_capacity(wanted.len());
    for (id, value) in wanted {
        refuse_fixed(app, id)?;
        let invalid = |problem| Fault::SettingInvalid { setting: id, problem };
        let value = id.accept(value).map_err(invalid)?;
        check_meaning(app, id, &value).map_err(invalid)?;
        values.push((id, value));
    }
    decide(app, |snapshot| {
        let authority = Authority::of(app, snapshot, actor);
        if values.iter().any(|(id, _)| guards_logins(*id)) {
            authority.over_all()?;
        }
        let mut change = Change::new();
        for (id, value) in &values {
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
        Ok((change, ()))
    })
    .await
}

/// Refuses to change a setting that was fixed at the start.
pub(super) fn refuse_fixed(app: &App, id: SettingId) -> Result<(), Fault> {
    match app.fixed.settings.get(&id) {
        Some((_, source)) => Err(Fault::SettingFixed {
            setting: id,
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

/// The roles that a text names, with commas between.
fn listed_roles(text: &str) -> Vec<RoleId> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(RoleId::new).collect()
}

/// What a value has to be beyond its type: roles that exist, networks, a URL.
fn check_meaning(app: &App, id: SettingId, value: &SettingValue) -> Result<(), String> {
    let SettingValue::Text(text) = value else {
        return Ok(());
    };
    let items = || text.split(',').map(str::trim).filter(|item| !item.is_empty());
    match id {
        SettingId::DefaultRoles => {
            let snapshot = app.store.read();
            let unknown = items()
                .map(RoleId::new)
                .find(|role| snapshot.access().role(role.as_str()).is_none());
            match unknown {
                Some(role) => Err(format!("names the role {role}, which does not exist")),
                None if items().any(|role| is_admin(&RoleId::new(role))) => {
                    Err("must not be admin: everybody who registers would become one".into())
                }
                None if items().next().is_none() => Err("must name a role at least".into()),
                None => Ok(()),
            }
        }
        SettingId::BlockAddressWhitelist => match items().find(|item| crate::app::network(item).is_none()) {
            Some(item) => Err(format!("names {item}, which is neither an address nor a network")),
            None => Ok(()),
        },
        SettingId::SiteUrl if !text.is_empty() => PublicUrl::parse(text).map(drop),
        _ => Ok(()),
    }
}
