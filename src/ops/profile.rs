//! Changes of users. Changes of a user's own account are in `own_profile`.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::audit::note;
use super::authority::Authority;
use super::passwords::{self, Again, NewPassword, TokensToKeep};
use super::profile_edit::ProfileEdit;
use super::status::{self, NewStatus};
use super::transaction::transact_on_user;
use super::two_factor::{self, PresentedCode};
use super::users::{checked_roles, keep_an_administrator, may_assign, refuse_blocked, refuse_taken, refuse_unfit};
use super::{profile_rules, proof, standing, user_status};
use crate::app::App;
use crate::auth::{Actor, Caller};
use crate::domain::user::{Activity, UserEmail};
use crate::domain::{AuditAction, Permission, Profile, RequestError, RoleId, User, UserId};
use crate::store::{Change, Snapshot};

const fn refused(words: &'static str, action: &'static str) -> RequestError {
    RequestError::ActionNotAllowed { words, action }
}

/// Changes a user: another one, or the caller within the limits of the settings (`api.md` §5.4). Requires the
/// caller's second factor, or a fresh proof for the caller's own password or e-mail address.
///
/// # Errors
/// The errors of the second factor and of the proof; [`RequestError::FullTokenNeeded`] for a token with scopes if a password
/// or an address changes; [`RequestError::ActionNotAllowed`] for a field that the actor may not change,
/// [`RequestError::UserNotFound`], [`RequestError::BeyondAuthority`], [`RequestError::RoleInvalid`], [`RequestError::LastAdministrator`],
/// [`RequestError::UsernameBlocked`], [`RequestError::UserFieldTaken`], the errors of a new password.
pub(crate) async fn update(
    app: &App,
    caller: &Caller,
    id: &UserId,
    edit: ProfileEdit,
    code: Option<PresentedCode>,
) -> Result<Arc<User>, RequestError> {
    confirm(app, caller, id, &edit, code).await?;
    let actor = &Actor::User(caller.clone());
    if !actor.may_on(id, Permission::EditOtherUserInfo) {
        return Err(refused("Editing user is not allowed", "Editing_user"));
    }
    let user = app.store.read().user(id).cloned().ok_or(RequestError::UserNotFound)?;
    if edit.verified.is_some() && !actor.may(Permission::EditOtherUserInfo) {
        return Err(refused("Editing email verification is not allowed", "Editing_user"));
    }
    if edit.active.is_some() && !actor.may(Permission::EditOtherUserActiveStatus) {
        return Err(refused("Editing user is not allowed", "Editing_user"));
    }
    if edit.require_password_change.is_some() && !actor.may(Permission::EditOtherUserPassword) {
        return Err(refused("Edit user password is not allowed", "Update_user"));
    }
    check_roles(actor, &user, edit.roles.as_deref())?;
    if actor.is(id) {
        profile_rules::refuse_fixed(app, caller, &edit)?;
    }
    if edit.password.is_some() && !actor.may_on(id, Permission::EditOtherUserPassword) {
        return Err(refused("Edit user password is not allowed", "Update_user"));
    }
    apply(app, actor, &user, &edit, TokensToKeep::None).await
}

/// Checks the second factor before a change, or a fresh proof before a change of the caller's own login.
async fn confirm(
    app: &App,
    caller: &Caller,
    id: &UserId,
    edit: &ProfileEdit,
    code: Option<PresentedCode>,
) -> Result<(), RequestError> {
    if edit.password.is_some() || edit.email.is_some() {
        proof::full_token(caller)?;
    }
    if caller.user.id == *id && edit.changes_login_of(&caller.user) {
        proof::require(app, caller, code).await
    } else {
        two_factor::require(app, caller, code).await
    }
}

fn check_roles(actor: &Actor, user: &User, roles: Option<&[RoleId]>) -> Result<(), RequestError> {
    let Some(roles) = roles else {
        return Ok(());
    };
    if !actor.may(Permission::AssignRoles) {
        return Err(refused("Assign roles is not allowed", "Assign_role"));
    }
    let given = roles.iter().filter(|role| !user.roles.contains(role));
    let taken = user.roles.iter().filter(|role| !roles.contains(role));
    may_assign(actor, &given.chain(taken).cloned().collect::<Vec<_>>())
}

pub(super) async fn apply(
    app: &App,
    actor: &Actor,
    user: &User,
    edit: &ProfileEdit,
    spared: TokensToKeep,
) -> Result<Arc<User>, RequestError> {
    if let Some(name) = edit.username.as_ref().filter(|name| **name != user.username) {
        refuse_unfit(app, name)?;
        if name.key() != user.username.key() {
            refuse_blocked(app, name)?;
        }
    }
    let password = match &edit.password {
        Some(wanted) => {
            let named = with_profile(user.clone(), edit);
            let again = if actor.is(&user.id) {
                Again::Refused
            } else {
                Again::Allowed
            };
            Some(passwords::prepare(app, &actor.into(), &named, wanted, again).await?)
        }
        None => None,
    };
    let saved = transact_on_user(app, &user.id, |snapshot, user| {
        let authority = Authority::of(app, snapshot, actor);
        authority.over(user)?;
        refuse_taken(snapshot, Some(&user.id), edit.username.as_ref(), edit.email.as_ref())?;
        let (user_now, mut change) = with_password(app, snapshot, user, password.as_ref(), spared);
        let mut new = with_profile(user_now, edit);
        with_rights(app, snapshot, &authority, (user, &mut new), edit)?;
        if user.is_active_administrator() && !new.is_active_administrator() {
            change = keep_an_administrator(snapshot, user, change)?;
        }
        if !new.is_active() && password.is_none() {
            change = super::tokens::without_tokens(snapshot, &user.id, change, |_| true).0;
        }
        change = change.replace(user, &new);
        change = with_status(app, actor, snapshot, change, (user, edit))?;
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
    .await?;
    if edit.status.is_some() {
        status::begin_connection_if_any(app, &user.id).await;
    }
    Ok(saved)
}

/// Applies the custom fields, roles and activity of an edit to the new user.
fn with_rights(
    app: &App,
    snapshot: &Snapshot,
    authority: &Authority,
    (user, new): (&User, &mut User),
    edit: &ProfileEdit,
) -> Result<(), RequestError> {
    if let Some(changes) = &edit.custom_fields {
        let custom_fields = changes.apply(&user.profile.custom_fields, &app.settings().custom_fields())?;
        let profile = Profile {
            custom_fields,
            ..Profile::clone(&new.profile)
        };
        new.profile = profile.into();
    }
    if let Some(roles) = &edit.roles {
        let differs = |role: &&RoleId| user.roles.contains(role) != roles.contains(role);
        let differing: Vec<_> = user.roles.iter().chain(roles).filter(differs).cloned().collect();
        authority.over_roles(&differing)?;
        new.roles = checked_roles(snapshot, roles.clone())?;
    }
    if let Some(active) = edit.active {
        new.activity = if active {
            Activity::Active
        } else {
            Activity::Deactivated
        };
    }
    Ok(())
}

/// Adds the new status and its text to the change, if the edit has one.
fn with_status(
    app: &App,
    actor: &Actor,
    snapshot: &Snapshot,
    change: Change,
    (user, edit): (&User, &ProfileEdit),
) -> Result<Change, RequestError> {
    if edit.status.is_none() && edit.status_text.is_none() {
        return Ok(change);
    }
    let mut stored = user_status::stored(snapshot, &user.id);
    let now = app.clock.now();
    stored.claims.settle(now);
    let words = || stored.claims.showing().map(|claim| claim.text.clone());
    let declared = NewStatus {
        status: edit.status,
        text: edit.status_text.clone().or_else(words),
        ..NewStatus::default()
    };
    status::lay(app, &mut stored, &declared, actor.is(&user.id))?;
    let stands = stored.claims.stand();
    let change = user_status::save(snapshot, change, stored, now);
    Ok(match standing::live_token(snapshot, &user.id, now).filter(|_| stands) {
        Some(token) => change.require(token),
        None => change,
    })
}

fn with_password(
    app: &App,
    snapshot: &Snapshot,
    user: &User,
    password: Option<&NewPassword>,
    spared: TokensToKeep,
) -> (User, Change) {
    match password {
        Some(new) => passwords::apply(app, snapshot, user, new, spared),
        None => (user.changed(app.clock.now()), Change::new()),
    }
}

fn with_profile(mut user: User, edit: &ProfileEdit) -> User {
    if let Some(username) = &edit.username {
        user.username = username.clone();
    }
    if let Some(address) = &edit.email {
        let same = user
            .email
            .as_ref()
            .is_some_and(|email| email.address.key() == address.key());
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
    let mut profile = Profile::clone(&user.profile);
    if let Some(bio) = &edit.bio {
        profile.bio.clone_from(bio);
    }
    if let Some(nickname) = &edit.nickname {
        profile.nickname.clone_from(nickname);
    }
    user.profile = profile.into();
    user
}

/// Changes the preferences of a user. Returns the user with all preferences.
///
/// # Errors
/// [`RequestError::ActionNotAllowed`] for another user without `edit-other-user-info`,
/// [`RequestError::PreferencesOfUnknownUser`], [`RequestError::IdleTimeLimitInvalid`], [`RequestError::InvalidParams`].
pub(crate) async fn set_preferences(
    app: &App,
    actor: &Actor,
    id: &UserId,
    changes: Map<String, Value>,
) -> Result<Arc<User>, RequestError> {
    if !actor.may_on(id, Permission::EditOtherUserInfo) {
        return Err(refused("Editing user is not allowed", "Editing_user"));
    }
    let set = transact_on_user(app, id, |_, user| {
        let new = User {
            preferences: user.preferences.with(&changes)?.into(),
            ..user.changed(app.clock.now())
        };
        Ok((Change::new().replace(user, &new), Arc::new(new)))
    });
    set.await.map_err(|error| match error {
        RequestError::UserNotFound => RequestError::PreferencesOfUnknownUser,
        other => other,
    })
}
