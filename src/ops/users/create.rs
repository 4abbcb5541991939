//! The creation of users.

use std::sync::Arc;

use super::names::{refuse_blocked, refuse_taken, refuse_unfit};
use super::new_user::NewUser;
use super::roles::{checked_roles, default_roles, may_assign};
use crate::app::App;
use crate::auth::{Actor, random};
use crate::domain::user::UserEmail;
use crate::domain::{AuditAction, Permission, Profile, RequestError, RoleId, User, UserId, UserStatus};
use crate::ops::attempts::{self, HashedFor};
use crate::ops::audit::note;
use crate::ops::authority::Authority;
use crate::ops::status::{self, NewStatus};
use crate::ops::transaction::transact;
use crate::ops::{passwords, user_status};
use crate::store::{Change, Snapshot};

/// Creates a user, and removes the setup link of the first administrator if there is one.
///
/// # Errors
/// [`RequestError::ActionNotAllowed`] without `create-user`, or for roles that the actor may not assign;
/// [`RequestError::BeyondAuthority`] for roles with a permission that the actor does not have; [`RequestError::RoleInvalid`],
/// [`RequestError::UsernameBlocked`], [`RequestError::UserFieldTaken`].
pub async fn create(app: &App, actor: &Actor, new: NewUser) -> Result<Arc<User>, RequestError> {
    if !actor.may(Permission::CreateUser) {
        return Err(RequestError::ActionNotAllowed {
            words: "Adding user is not allowed",
            action: "Adding_user",
        });
    }
    let defaults = default_roles(app);
    let more = new.roles.iter().filter(|role| !defaults.contains(role));
    may_assign(actor, &more.cloned().collect::<Vec<_>>())?;
    if matches!(actor, Actor::User(_)) {
        refuse_blocked(app, &new.username)?;
    }
    let roles = if new.roles.is_empty() {
        defaults
    } else {
        new.roles.clone()
    };
    create_where(
        app,
        &actor.into(),
        new,
        |snapshot| Authority::of(app, snapshot, actor).over_roles(&roles),
        |_, user, change| change.insert(&note(app, actor, AuditAction::UserCreated, Some(user.party()), "")),
    )
    .await
}

/// Creates a user if `permit` accepts the snapshot on which the change is based. `with` extends the change, at least
/// with an audit entry.
pub(in crate::ops) async fn create_where(
    app: &App,
    caller: &HashedFor,
    new: NewUser,
    permit: impl Fn(&Snapshot) -> Result<(), RequestError>,
    with: impl Fn(&Snapshot, &User, Change) -> Change,
) -> Result<Arc<User>, RequestError> {
    permit(&app.store.read())?;
    refuse_unfit(app, &new.username)?;
    refuse_taken(&app.store.read(), None, Some(&new.username), new.email.as_ref())?;
    let profile = profile_of(app, &new)?;
    let password = match &new.password {
        Some(wanted) => {
            let hashed = async {
                let digest = passwords::accept(app, names(&new), wanted).await?;
                app.passwords.hash(digest).await
            };
            Some(attempts::in_turn(app, caller, hashed).await?)
        }
        None => None,
    };
    let id = UserId::from_random(random::bytes());
    transact(app, |snapshot| {
        permit(snapshot)?;
        refuse_taken(snapshot, None, Some(&new.username), new.email.as_ref())?;
        let new_user = new_user(app, snapshot, &id, &new)?;
        let user = User {
            password: password.clone(),
            profile: profile.clone().into(),
            ..new_user
        };
        let mut change = with(snapshot, &user, Change::new().insert(&user));
        let mut stored = UserStatus::of(&id);
        let words = NewStatus {
            text: Some(new.status_text.clone()),
            ..NewStatus::default()
        };
        status::lay(app, &mut stored, &words, false)?;
        change = user_status::save(snapshot, change, stored, app.clock.now());
        if let Some(link) = snapshot.setup_link() {
            change = change.remove(link);
        }
        Ok((change, Arc::new(user)))
    })
    .await
}

fn names(new: &NewUser) -> passwords::Names<'_> {
    passwords::Names {
        username: &new.username,
        name: new.name.as_ref(),
        email: new.email.as_ref(),
    }
}

/// Returns the profile of a new user with its custom fields.
fn profile_of(app: &App, new: &NewUser) -> Result<Profile, RequestError> {
    let mut profile = new.profile.clone();
    if let Some(fields) = &new.custom_fields {
        profile.custom_fields = fields.apply(&profile.custom_fields, &app.settings().custom_fields())?;
    }
    Ok(profile)
}

/// Returns a new user without password and profile.
fn new_user(app: &App, snapshot: &Snapshot, id: &UserId, new: &NewUser) -> Result<User, RequestError> {
    let roles = roles_of_new(app, snapshot, &new.roles)?;
    Ok(User {
        name: new.name.clone(),
        email: new.email.clone().map(|address| UserEmail {
            address,
            verified: new.verified,
        }),
        require_password_change: new.require_password_change.clone(),
        activity: new.activity,
        ..User::new(id.clone(), new.username.clone(), roles, app.clock.now())
    })
}

/// Returns the roles of a new user, with `admin` added if there is no administrator yet (`api.md` §5.2).
fn roles_of_new(app: &App, snapshot: &Snapshot, wanted: &[RoleId]) -> Result<Vec<RoleId>, RequestError> {
    let mut roles = match wanted {
        [] => default_roles(app),
        wanted => wanted.to_vec(),
    };
    if !snapshot.has_administrator() {
        roles.push(RoleId::admin());
    }
    checked_roles(snapshot, roles)
}
