//! Changing what is known of a user: by an administrator, or by the user.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::attempts::{self, Target};
use super::audit::note;
use super::decide::decide_on;
use super::passwords::{self, NewPassword, Spared};
use super::status::{self, NewStatus};
use super::two_factor::{self, PresentedCode};
use super::users::{checked_roles, keep_an_administrator, may_assign, refuse_blocked, refuse_taken, remove};
use crate::app::{App, Settings};
use crate::auth::{Actor, Caller, PasswordDigest, WantedPassword};
use crate::domain::user::{Activity, UserEmail};
use crate::domain::{
    AuditAction, DisplayName, Email, Fault, Permission, RoleId, SettingId, StatusType, TwoFactorMethod, User, UserId,
    Username,
};
use crate::store::Change;

/// What is to be different; none stays as it is.
#[derive(Debug, Default, Clone)]
pub struct Edit {
    /// What it logs in with.
    pub username: Option<Username>,
    /// Its address.
    pub email: Option<Email>,
    /// Whether the address is known to be its own.
    pub verified: Option<bool>,
    /// What others see.
    pub name: Option<DisplayName>,
    /// Its password.
    pub password: Option<WantedPassword>,
    /// Whether it has to choose another password.
    pub require_password_change: Option<bool>,
    /// What it may do.
    pub roles: Option<Vec<RoleId>>,
    /// Whether it may log in.
    pub active: Option<bool>,
    /// A few words about it.
    pub bio: Option<String>,
    /// What it likes to be called.
    pub nickname: Option<String>,
    /// The status it declares.
    pub status: Option<StatusType>,
    /// The words that go with it.
    pub status_text: Option<String>,
    /// Whatever the team keeps beside.
    pub custom_fields: Option<Map<String, Value>>,
}

impl Edit {
    /// The fields that are to be different, for the audit log.
    fn fields(&self) -> String {
        let fields = [
            ("username", self.username.is_some()),
            ("email", self.email.is_some()),
            ("verified", self.verified.is_some()),
            ("name", self.name.is_some()),
            ("password", self.password.is_some()),
            ("requirePasswordChange", self.require_password_change.is_some()),
            ("roles", self.roles.is_some()),
            ("active", self.active.is_some()),
            ("bio", self.bio.is_some()),
            ("nickname", self.nickname.is_some()),
            ("status", self.status.is_some()),
            ("statusText", self.status_text.is_some()),
            ("customFields", self.custom_fields.is_some()),
        ];
        let given: Vec<_> = fields
            .into_iter()
            .filter_map(|(name, given)| given.then_some(name))
            .collect();
        given.join(", ")
    }
}

const fn refused(words: &'static str, action: &'static str) -> Fault {
    Fault::ActionNotAllowed { words, action }
}

/// Changes a user: another one, or oneself as far as the settings let (`api.md` §5.4).
///
/// # Errors
/// [`Fault::ActionNotAllowed`] for what the actor may not change, [`Fault::UserNotFound`],
/// [`Fault::RoleInvalid`], [`Fault::LastAdministrator`], [`Fault::UsernameBlocked`],
/// [`Fault::UserFieldTaken`], those of a new password.
pub async fn update(app: &App, actor: &Actor, id: &UserId, edit: Edit) -> Result<Arc<User>, Fault> {
    if !actor.is(id) && !actor.may(Permission::EDIT_OTHER_USER_INFO) {
        return Err(refused("Editing user is not allowed", "Editing_user"));
    }
    let user = app.store.read().user(id).cloned().ok_or(Fault::UserNotFound)?;
    if edit.verified.is_some() && !actor.may(Permission::EDIT_OTHER_USER_INFO) {
        return Err(refused("Editing email verification is not allowed", "Editing_user"));
    }
    if edit.active.is_some() && !actor.may(Permission::EDIT_OTHER_USER_ACTIVE_STATUS) {
        return Err(refused("Editing user is not allowed", "Editing_user"));
    }
    if edit.require_password_change.is_some() && !actor.may(Permission::EDIT_OTHER_USER_PASSWORD) {
        return Err(refused("Edit user password is not allowed", "Update_user"));
    }
    check_roles(actor, &user, edit.roles.as_deref())?;
    check_settings(&app.settings(), actor, &user, &edit)?;
    if !actor.is(id) && edit.password.is_some() && !actor.may(Permission::EDIT_OTHER_USER_PASSWORD) {
        return Err(refused("Edit user password is not allowed", "Update_user"));
    }
    apply(app, actor, &user, &edit, Spared::None).await
}

fn check_roles(actor: &Actor, user: &User, roles: Option<&[RoleId]>) -> Result<(), Fault> {
    let Some(roles) = roles else {
        return Ok(());
    };
    if !actor.may(Permission::ASSIGN_ROLES) {
        return Err(refused("Assign roles is not allowed", "Assign_role"));
    }
    let given = roles.iter().filter(|role| !user.roles.contains(role));
    let taken = user.roles.iter().filter(|role| !roles.contains(role));
    may_assign(actor, &given.chain(taken).cloned().collect::<Vec<_>>())
}

/// Refuses what the settings keep users from changing.
fn check_settings(settings: &Settings, actor: &Actor, user: &User, edit: &Edit) -> Result<(), Fault> {
    use SettingId as Id;
    let others = Permission::EDIT_OTHER_USER_INFO;
    let changes_name = edit.username.as_ref().is_some_and(|name| *name != user.username);
    let changes_email = |email: &Email| user.email.as_ref().is_none_or(|now| now.address != *email);
    let rules = [
        (
            changes_name,
            Id::AllowUsernameChange,
            others,
            "Edit username is not allowed",
        ),
        (
            edit.status_text.is_some(),
            Id::AllowUserStatusMessageChange,
            others,
            "Edit user status is not allowed",
        ),
        (
            edit.name.is_some(),
            Id::AllowRealNameChange,
            others,
            "Edit user real name is not allowed",
        ),
        (
            edit.email.as_ref().is_some_and(changes_email),
            Id::AllowEmailChange,
            others,
            "Edit user email is not allowed",
        ),
        (
            edit.password.is_some(),
            Id::AllowPasswordChange,
            Permission::EDIT_OTHER_USER_PASSWORD,
            "Edit user password is not allowed",
        ),
    ];
    for (wanted, setting, permission, words) in rules {
        if wanted && !settings.flag(setting) && !actor.may(permission) {
            return Err(refused(words, "Update_user"));
        }
    }
    if edit.status == Some(StatusType::Offline) && !settings.flag(Id::AllowInvisibleStatus) {
        return Err(Fault::InvisibleDisabled);
    }
    Ok(())
}

async fn apply(app: &App, actor: &Actor, user: &User, edit: &Edit, spared: Spared) -> Result<Arc<User>, Fault> {
    if let Some(name) = edit
        .username
        .as_ref()
        .filter(|name| name.folded() != user.username.folded())
    {
        refuse_blocked(app, name)?;
    }
    let password = match &edit.password {
        Some(wanted) => {
            let named = with_profile(user.clone(), edit);
            Some(passwords::prepare(app, &actor.into(), &named, wanted).await?)
        }
        None => None,
    };
    decide_on(app, &user.id, |snapshot, user| {
        refuse_taken(snapshot, Some(&user.id), edit.username.as_ref(), edit.email.as_ref())?;
        let (user_now, mut change) = with_password(app, snapshot, user, password.as_ref(), spared);
        let mut new = with_profile(user_now, edit);
        if let Some(roles) = &edit.roles {
            new.roles = checked_roles(snapshot, roles.clone())?;
        }
        if let Some(active) = edit.active {
            new.activity = if active {
                Activity::Active
            } else {
                Activity::Deactivated
            };
        }
        if user.is_active_administrator() && !new.is_active_administrator() {
            change = keep_an_administrator(snapshot, user, change)?;
        }
        if !new.is_active() && password.is_none() {
            change = super::tokens::without_tokens(snapshot, &user.id, change, |_| true).0;
        }
        change = change.replace(user, &new);
        if edit.status.is_some() || edit.status_text.is_some() {
            let mut kept = status::kept(snapshot, &user.id);
            let now = app.clock.now();
            kept.claims.settle(now);
            let words = || kept.claims.showing().map(|claim| claim.text.clone());
            let declared = NewStatus {
                status: edit.status,
                text: edit.status_text.clone().or_else(words),
                ..NewStatus::default()
            };
            status::lay(&mut kept, &declared, actor.is(&user.id).then(|| app.clock.now()));
            change = status::keep(snapshot, change, kept, now);
        }
        change = change.insert(&note(
            app,
            actor,
            AuditAction::UserUpdated,
            Some(user.party()),
            edit.fields(),
        ));
        if password.is_some() {
            change = change.insert(&note(app, actor, AuditAction::PasswordChanged, Some(user.party()), ""));
        }
        Ok((change, Arc::new(new)))
    })
    .await
}

fn with_password(
    app: &App,
    snapshot: &crate::store::Snapshot,
    user: &User,
    password: Option<&NewPassword>,
    spared: Spared,
) -> (User, Change) {
    match password {
        Some(new) => passwords::apply(app, snapshot, user, new, spared),
        None => (user.changed(app.clock.now()), Change::new()),
    }
}

fn with_profile(mut user: User, edit: &Edit) -> User {
    if let Some(username) = &edit.username {
        user.username = username.clone();
    }
    if let Some(address) = &edit.email {
        let same = user
            .email
            .as_ref()
            .is_some_and(|email| email.address.folded() == address.folded());
        let verified = same && user.email.as_ref().is_some_and(|email| email.verified);
        user.email = Some(UserEmail {
            address: address.clone(),
            verified,
        });
    }
    if let (Some(verified), Some(email)) = (edit.verified, &mut user.email) {
        email.verified = verified;
    }
    if let Some(name) = &edit.name {
        user.name = Some(name.clone());
    }
    if let Some(required) = edit.require_password_change {
        user.require_password_change = required.then(String::new);
    }
    let profile = &mut user.profile;
    if let Some(bio) = &edit.bio {
        profile.bio.clone_from(bio);
    }
    if let Some(nickname) = &edit.nickname {
        profile.nickname.clone_from(nickname);
    }
    if let Some(fields) = &edit.custom_fields {
        profile.custom_fields.clone_from(fields);
    }
    user
}

/// Changes oneself. A new address or password needs the second factor, for which the current
/// password may stand (`api.md` §5.4). A new password ends every token, the caller's own too, unless
/// the setting `keep_session_on_password_change` says otherwise.
///
/// # Errors
/// [`Fault::NotAllowed`] where profiles can't be changed, [`Fault::IdentityNotSaved`] for a username
/// that is taken or blocked, those of the second factor, and of [`update`].
pub async fn update_own(
    app: &App,
    caller: &Caller,
    edit: Edit,
    current_password: Option<String>,
    code: Option<PresentedCode>,
) -> Result<Arc<User>, Fault> {
    let settings = app.settings();
    if !settings.flag(SettingId::AllowUserProfileChange) {
        return Err(Fault::NotAllowed {
            words: "Not allowed",
            method: "saveUserProfile",
        });
    }
    let actor = Actor::User(caller.clone());
    check_settings(&settings, &actor, &caller.user, &edit)?;
    let new_email = |email: &Email| caller.user.email.as_ref().is_none_or(|now| now.address != *email);
    if edit.password.is_some() || edit.email.as_ref().is_some_and(new_email) {
        let password = current_password.map(|digest| PresentedCode {
            code: digest,
            method: Some(TwoFactorMethod::Password),
        });
        two_factor::require(app, caller, code.or(password)).await?;
    }
    let spared = if settings.flag(SettingId::KeepSessionOnPasswordChange) {
        Spared::SessionAndPersonal(caller.token.hash)
    } else {
        Spared::None
    };
    let saved = apply(app, &actor, &caller.user, &edit, spared).await;
    saved.map_err(|fault| match fault {
        Fault::UsernameBlocked { .. } | Fault::UserFieldTaken { field: "Username", .. } => Fault::IdentityNotSaved,
        other => other,
    })
}

/// Changes what clients keep for a user; returns all of it.
///
/// # Errors
/// [`Fault::ActionNotAllowed`] for another user without `edit-other-user-info`,
/// [`Fault::UserNotFound`], [`Fault::IdleTimeLimitInvalid`], [`Fault::InvalidParams`].
pub async fn set_preferences(
    app: &App,
    actor: &Actor,
    id: &UserId,
    changes: Map<String, Value>,
) -> Result<Arc<User>, Fault> {
    if !actor.is(id) && !actor.may(Permission::EDIT_OTHER_USER_INFO) {
        return Err(refused("Editing user is not allowed", "Editing_user"));
    }
    decide_on(app, id, |_, user| {
        let new = User {
            preferences: user.preferences.with(changes.clone())?,
            ..user.changed(app.clock.now())
        };
        Ok((Change::new().replace(user, &new), Arc::new(new)))
    })
    .await
}

/// Deletes the caller's own account.
///
/// # Errors
/// [`Fault::NotAllowed`] where that is not allowed, [`Fault::PasswordWrong`],
/// [`Fault::LastAdministrator`].
pub async fn delete_own(app: &App, caller: &Caller, password: PasswordDigest) -> Result<(), Fault> {
    if !app.settings().flag(SettingId::AllowDeleteOwnAccount) {
        return Err(Fault::NotAllowed {
            words: "Not allowed",
            method: "deleteUserOwnAccount",
        });
    }
    let target = Target::user(&caller.user);
    attempts::guarded_silently(app, &caller.origin, &target, Fault::PasswordWrong, async {
        let user = app.store.read().user(&caller.user.id).cloned();
        let hash = user.and_then(|user| user.password.clone());
        if app.passwords.verify(password, hash).await? {
            Ok(())
        } else {
            Err(Fault::PasswordWrong)
        }
    })
    .await?;
    remove(app, &Actor::User(caller.clone()), &caller.user.id).await
}
