//! Creating, switching off and deleting users, and finding the one that is meant.

use std::sync::Arc;

use super::attempts::{self, HashedFor};
use super::audit::note;
use super::authority::Authority;
use super::decide::{decide, decide_on};
use super::lockout;
use super::passwords;
use super::status::{self, NewStatus};
use super::tokens::without_tokens;
use crate::app::App;
use crate::auth::{Actor, WantedPassword, random};
use crate::domain::role::built_in;
use crate::domain::user::{Activity, UserEmail};
use crate::domain::username::NotAUsername;
use crate::domain::{
    AuditAction, CustomFieldChanges, DisplayName, Email, EmailKey, Fault, Permission, Preferences, Profile, RoleId,
    SettingId, TwoFactor, User, UserId, UserStatus, Username, UsernameKey, text,
};
use crate::store::{Change, Snapshot};

/// What a new user is to be.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// What it logs in with.
    pub username: Username,
    /// Its address, if it has one.
    pub email: Option<Email>,
    /// Whether the address is known to be its own.
    pub verified: bool,
    /// What others see, if it is to be more than the username.
    pub name: Option<DisplayName>,
    /// Its password; none lets it in by tokens and reset links only.
    pub password: Option<WantedPassword>,
    /// Whether it has to choose another password, and why.
    pub require_password_change: Option<String>,
    /// What it may do; none is what new users get. While there is no administrator, the new user
    /// becomes one.
    pub roles: Vec<RoleId>,
    /// Whether it may log in.
    pub activity: Activity,
    /// What it tells of itself, its custom fields apart.
    pub profile: Profile,
    /// Its custom fields. None asks for no required ones.
    pub custom_fields: Option<CustomFieldChanges>,
    /// The words of its status; may be empty.
    pub status_text: String,
}

/// Texts of a new user as they come from outside.
#[derive(Debug, Clone, Copy)]
pub struct NewUserTexts<'text> {
    /// What it logs in with.
    pub username: &'text str,
    /// Its address; blank is none.
    pub email: Option<&'text str>,
    /// What others see; blank is none.
    pub name: Option<&'text str>,
    /// Its password in the clear.
    pub password: &'text str,
    /// The ids of its roles.
    pub roles: &'text [String],
}

impl NewUser {
    /// Takes the texts of a new user. The policy on passwords is checked when the user is created.
    ///
    /// # Errors
    /// The fault of the first text that is not what it should be.
    pub fn parse(texts: NewUserTexts<'_>) -> Result<Self, Fault> {
        let given = |text: Option<&'_ str>| text.filter(|text| !text::is_blank(text)).map(str::to_owned);
        Ok(Self {
            username: parse_username(texts.username)?,
            email: given(texts.email).map(|text| parse_email(&text)).transpose()?,
            verified: false,
            name: given(texts.name).map(|text| parse_name(&text)).transpose()?,
            password: Some(WantedPassword::Chosen(texts.password.to_owned())),
            require_password_change: None,
            roles: texts.roles.iter().map(|id| RoleId::new(id)).collect(),
            activity: Activity::Active,
            profile: Profile::default(),
            custom_fields: None,
            status_text: String::new(),
        })
    }
}

/// Takes a text as a username.
///
/// # Errors
/// [`Fault::UserFieldRequired`] when it is blank, [`Fault::InvalidParams`] when it is too long,
/// [`Fault::UsernameInvalid`] when no server has such a username.
pub fn parse_username(text: &str) -> Result<Username, Fault> {
    Username::parse(text).map_err(|error| match error {
        NotAUsername::Blank => Fault::UserFieldRequired { field: "Username" },
        error => error.or(Fault::UsernameInvalid { input: text.to_owned() }),
    })
}

/// Takes a text as an address.
///
/// # Errors
/// [`Fault::EmailInvalid`] when it is none.
pub fn parse_email(text: &str) -> Result<Email, Fault> {
    Email::parse(text).map_err(|_| Fault::EmailInvalid)
}

/// Takes a text as a display name.
///
/// # Errors
/// [`Fault::UserFieldRequired`] when it is blank, [`Fault::InvalidParams`] when it is too long,
/// [`Fault::DisplayNameInvalid`] when it has a character that names may not have.
pub fn parse_name(text: &str) -> Result<DisplayName, Fault> {
    Ok(DisplayName::parse(text)?)
}

/// Creates a user. The first administrator's setup link ends with it.
///
/// # Errors
/// [`Fault::ActionNotAllowed`] without `create-user`, or for roles that the actor may not give;
/// [`Fault::BeyondAuthority`] for roles that hold a permission which the actor lacks;
/// [`Fault::RoleInvalid`], [`Fault::UsernameBlocked`], [`Fault::UserFieldTaken`].
pub async fn create(app: &App, actor: &Actor, new: NewUser) -> Result<Arc<User>, Fault> {
    if !actor.may(Permission::CREATE_USER) {
        return Err(Fault::ActionNotAllowed {
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

/// Creates a user as long as a condition of the snapshot it is decided on holds. `with` adds to the
/// same change, its audit entry at least.
pub(super) async fn create_where(
    app: &App,
    caller: &HashedFor,
    new: NewUser,
    permit: impl Fn(&Snapshot) -> Result<(), Fault>,
    with: impl Fn(&Snapshot, &User, Change) -> Change,
) -> Result<Arc<User>, Fault> {
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
    decide(app, |snapshot| {
        permit(snapshot)?;
        refuse_taken(snapshot, None, Some(&new.username), new.email.as_ref())?;
        let new_user = new_user(app, snapshot, &id, &new)?;
        let user = User {
            password: password.clone(),
            profile: profile.clone(),
            ..new_user
        };
        let mut change = with(snapshot, &user, Change::new().insert(&user));
        let mut kept = UserStatus::of(&id);
        let words = NewStatus {
            text: Some(new.status_text.clone()),
            ..NewStatus::default()
        };
        status::lay(app, &mut kept, &words, false)?;
        change = status::keep(snapshot, change, kept, app.clock.now());
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

/// Returns what a new user tells of itself, with its custom fields.
fn profile_of(app: &App, new: &NewUser) -> Result<Profile, Fault> {
    let mut profile = new.profile.clone();
    if let Some(fields) = &new.custom_fields {
        profile.custom_fields = fields.apply(&profile.custom_fields, &app.settings().custom_fields())?;
    }
    Ok(profile)
}

/// Returns a new user without password and profile.
fn new_user(app: &App, snapshot: &Snapshot, id: &UserId, new: &NewUser) -> Result<User, Fault> {
    let now = app.clock.now();
    Ok(User {
        id: id.clone(),
        username: new.username.clone(),
        name: new.name.clone(),
        email: new.email.clone().map(|address| UserEmail {
            address,
            verified: new.verified,
        }),
        password: None,
        password_history: Vec::new(),
        require_password_change: new.require_password_change.clone(),
        roles: roles_of_new(app, snapshot, &new.roles)?,
        activity: new.activity,
        profile: Profile::default(),
        preferences: Preferences::default(),
        two_factor: TwoFactor::default(),
        avatar: None,
        created_at: now,
        updated_at: now,
        last_login: None,
        revision: 0,
    })
}

/// The roles of new users of whom nothing is said.
pub(super) fn default_roles(app: &App) -> Vec<RoleId> {
    app.settings()
        .list(SettingId::DefaultRoles)
        .iter()
        .map(|id| RoleId::new(id))
        .collect()
}

/// The roles of a new user, and `admin` where there is no administrator yet (`api.md` §5.2).
fn roles_of_new(app: &App, snapshot: &Snapshot, wanted: &[RoleId]) -> Result<Vec<RoleId>, Fault> {
    let mut roles = match wanted {
        [] => default_roles(app),
        wanted => wanted.to_vec(),
    };
    if !snapshot.has_administrator() {
        roles.push(RoleId::new(built_in::ADMIN));
    }
    checked_roles(snapshot, roles)
}

/// Roles in their order, each once, all of them existing.
pub(super) fn checked_roles(snapshot: &Snapshot, mut roles: Vec<RoleId>) -> Result<Vec<RoleId>, Fault> {
    if roles.iter().any(|role| snapshot.access().role(role.as_str()).is_none()) {
        return Err(Fault::RoleInvalid);
    }
    roles.sort_unstable();
    roles.dedup();
    Ok(roles)
}

/// Refuses to give or take these roles for who may not.
pub(super) fn may_assign(actor: &Actor, roles: &[RoleId]) -> Result<(), Fault> {
    let admin = roles.iter().any(|role| role.as_str() == built_in::ADMIN);
    if admin && !actor.may(Permission::ASSIGN_ADMIN_ROLE) {
        return Err(Fault::ActionNotAllowed {
            words: "Assigning admin is not allowed",
            action: "Assign_admin",
        });
    }
    if !roles.is_empty() && !actor.may(Permission::ASSIGN_ROLES) {
        return Err(Fault::ActionNotAllowed {
            words: "Assign roles is not allowed",
            action: "Assign_role",
        });
    }
    Ok(())
}

/// Refuses usernames that no user of this server may have, not even by the command line.
///
/// # Errors
/// [`Fault::UsernameBlocked`] for a reserved one, [`Fault::UsernameInvalid`] for one that does not match
/// `UTF8_User_Names_Validation`.
pub fn refuse_unfit(app: &App, name: &Username) -> Result<(), Fault> {
    let input = name.to_string();
    if name.is_reserved() {
        return Err(Fault::UsernameBlocked { input });
    }
    if app.username_rule().allows(name) {
        Ok(())
    } else {
        Err(Fault::UsernameInvalid { input })
    }
}

/// Refuses usernames that the settings keep from everybody.
///
/// # Errors
/// [`Fault::UsernameBlocked`].
pub fn refuse_blocked(app: &App, name: &Username) -> Result<(), Fault> {
    let settings = app.settings();
    let key = name.key();
    let listed = [SettingId::BlockedUsernames, SettingId::SystemBlockedUsernames];
    let mut blocked = listed.into_iter().flat_map(|list| settings.list(list));
    if blocked.any(|blocked| UsernameKey::of(&blocked) == key) {
        return Err(Fault::UsernameBlocked {
            input: name.to_string(),
        });
    }
    Ok(())
}

/// Refuses what belongs to a user other than `own`.
pub(super) fn refuse_taken(
    snapshot: &Snapshot,
    own: Option<&UserId>,
    name: Option<&Username>,
    email: Option<&Email>,
) -> Result<(), Fault> {
    let other = |user: &&Arc<User>| Some(&user.id) != own;
    if let Some(name) = name
        && snapshot.user_named(&name.key()).is_some_and(|user| other(&user))
    {
        return Err(Fault::username_taken(name));
    }
    match email {
        Some(email) if snapshot.user_at(&email.key()).is_some_and(|user| other(&user)) => Err(Fault::UserFieldTaken {
            input: email.to_string(),
            field: "Email",
        }),
        _ => Ok(()),
    }
}

/// The user that somebody means by a username, an e-mail address or an id.
///
/// # Errors
/// [`Fault::UserNotFound`] when it is none of these.
pub fn find(app: &App, text: &str) -> Result<Arc<User>, Fault> {
    let snapshot = app.store.read();
    let user = snapshot
        .user_named(&UsernameKey::of(text))
        .or_else(|| snapshot.user_at(&EmailKey::of(text)))
        .or_else(|| snapshot.user(&UserId::new(text)));
    user.cloned().ok_or(Fault::UserNotFound)
}

/// Switches an account on, or off and ends all its tokens.
///
/// # Errors
/// [`Fault::NotAllowed`] without `edit-other-user-active-status`, [`Fault::UserNotFound`],
/// [`Fault::BeyondAuthority`], [`Fault::LastAdministrator`] when nobody else could administer the server.
pub async fn set_active(app: &App, actor: &Actor, id: &UserId, activity: Activity) -> Result<(), Fault> {
    if !actor.may(Permission::EDIT_OTHER_USER_ACTIVE_STATUS) {
        return Err(Fault::NotAllowed {
            words: "Not allowed",
            method: "setUserActiveStatus",
        });
    }
    decide_on(app, id, |snapshot, user| {
        Authority::of(app, snapshot, actor).over(user)?;
        Ok((activity_change(app, actor, snapshot, user, activity)?, ()))
    })
    .await
}

fn activity_change(
    app: &App,
    actor: &Actor,
    snapshot: &Snapshot,
    user: &User,
    activity: Activity,
) -> Result<Change, Fault> {
    let changed = User {
        activity,
        ..user.changed(app.clock.now())
    };
    let change = Change::new().replace(user, &changed);
    let noted = |action| note(app, actor, action, Some(user.party()), "");
    if activity == Activity::Active {
        return Ok(change.insert(&noted(AuditAction::UserActivated)));
    }
    let (change, _) = without_tokens(snapshot, &user.id, change, |_| true);
    let change = keep_an_administrator(snapshot, user, change)?;
    Ok(change.insert(&noted(AuditAction::UserDeactivated)))
}

/// Switches off the accounts with a role that nobody used for so many days, administrators apart,
/// and says how many they were. Accounts beyond the authority of the actor are left as they are.
///
/// # Errors
/// [`Fault::NotAllowed`] without `edit-other-user-active-status`.
pub async fn deactivate_idle(app: &App, actor: &Actor, days: u32, role: &RoleId) -> Result<usize, Fault> {
    let before = app.clock.now().minus_days(days);
    let idle = |user: &User| {
        let last = user.last_login.unwrap_or(user.created_at);
        user.is_active() && !user.is_administrator() && last < before
    };
    let snapshot = app.store.read();
    let mut count = 0;
    for user in snapshot.users_with_role(role).filter(|user| idle(user)) {
        match set_active(app, actor, &user.id, Activity::IdleTooLong).await {
            Ok(()) => count += 1,
            Err(Fault::BeyondAuthority { .. } | Fault::UserNotFound) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(count)
}

/// Deletes a user with everything of theirs.
///
/// # Errors
/// [`Fault::PermissionRequired`] without `delete-user`, [`Fault::UserNotFound`],
/// [`Fault::BeyondAuthority`], [`Fault::LastAdministrator`].
pub async fn delete(app: &App, actor: &Actor, id: &UserId) -> Result<(), Fault> {
    if !actor.may(Permission::DELETE_USER) {
        return Err(Fault::PermissionRequired);
    }
    remove(app, actor, id).await
}

pub(super) async fn remove(app: &App, actor: &Actor, id: &UserId) -> Result<(), Fault> {
    let avatar = app.store.avatar(id).map_err(super::incident::internal)?;
    decide_on(app, id, |snapshot, user| {
        Authority::of(app, snapshot, actor).over(user)?;
        let (mut change, _) = without_tokens(snapshot, id, Change::new().remove(user), |_| true);
        if let Some(reset) = snapshot.password_reset(id) {
            change = change.remove(reset);
        }
        change = match snapshot.user_status(id) {
            Some(kept) => change.remove(&**kept),
            None => change.require_none(&UserStatus::of(id)),
        };
        change = lockout::forgive_all(snapshot, change, id);
        // A picture that was put up meanwhile changed the user's record as well.
        if let Some(avatar) = avatar
            .as_ref()
            .filter(|avatar| user.avatar.as_ref() == Some(&avatar.etag))
        {
            change = change.remove(avatar);
        }
        let change = keep_an_administrator(snapshot, user, change)?;
        let noted = note(app, actor, AuditAction::UserDeleted, Some(user.party()), "");
        Ok((change.insert(&noted), ()))
    })
    .await
}

/// Refuses to lose the last active administrator. The change depends on the one who stays, so that
/// two administrators cannot switch each other off at once.
pub(super) fn keep_an_administrator(snapshot: &Snapshot, leaving: &User, change: Change) -> Result<Change, Fault> {
    if !leaving.is_active_administrator() {
        return Ok(change);
    }
    let stays = |user: &&Arc<User>| user.id != leaving.id && user.is_active_administrator();
    let admin = RoleId::new(built_in::ADMIN);
    let staying = snapshot
        .users_with_role(&admin)
        .find(stays)
        .ok_or(Fault::LastAdministrator)?;
    Ok(change.require(&**staying))
}
