//! The change that a user's line makes.

use super::access::named;
use super::notes::Notes;
use super::parsed::ParsedUser;
use crate::app::{App, Settings};
use crate::auth::{Actor, SecretKey};
use crate::domain::import_result::{ImportMode, LineOutcome, LineReport};
use crate::domain::password_hash::PasswordScheme;
use crate::domain::{
    Audience, AuditAction, Avatar, Claim, ClaimSource, Laying, Profile, Rare, RequestError, RoleId, StatusType,
    StoredSecret, Token, TwoFactor, User, UserStatus,
};
use crate::ops::audit::note;
use crate::ops::personal_tokens::TOKENS_PER_USER;
use crate::ops::status::refuse_forbidden;
use crate::ops::tokens::without_tokens;
use crate::ops::user_status;
use crate::ops::users::{checked_roles, default_roles_in, keep_an_administrator, refuse_taken, refuse_unless_allowed};
use crate::store::{Change, Snapshot};

/// A user's line with everything that the change needs.
pub(super) struct UserImport<'a> {
    pub(super) app: &'a App,
    pub(super) user: &'a ParsedUser,
    /// The second factor with sealed secret and slow digests.
    pub(super) two_factor: Option<TwoFactor>,
    /// The picture of a new account.
    pub(super) avatar: Option<Avatar>,
    /// The notes about invalid parts of the line.
    pub(super) notes: &'a Notes,
}

impl UserImport<'_> {
    /// Returns the change on this snapshot: a new account, a change of an old one, or nothing.
    ///
    /// # Errors
    /// [`RequestError::UsernameBlocked`], [`RequestError::UsernameInvalid`], [`RequestError::UserFieldTaken`] for a username
    /// of another user; [`RequestError::LastAdministrator`].
    pub(super) fn decide(&self, snapshot: &Snapshot, mode: ImportMode) -> Result<(Change, LineReport), RequestError> {
        match snapshot.user(&self.user.id) {
            Some(before) => self.change(snapshot, before, mode),
            None => self.create(snapshot),
        }
    }

    fn create(&self, snapshot: &Snapshot) -> Result<(Change, LineReport), RequestError> {
        let (app, wanted) = (self.app, self.user);
        let now = app.clock.now();
        let settings = app.settings_with(snapshot, std::collections::BTreeMap::new());
        let roles = default_roles_in(&settings);
        let base = User {
            created_at: wanted.created_at.unwrap_or(now),
            last_login: wanted.last_login,
            avatar: self.avatar.as_ref().map(|avatar| avatar.etag.clone()),
            ..User::new(wanted.id.clone(), wanted.username.clone(), roles, now)
        };
        refuse_unless_allowed(&app.username_rule_in(&settings), &wanted.username)?;
        let mut notes = self.notes.clone();
        let user = self.applied(snapshot, &settings, base, &mut notes)?;
        let mut change = Change::new().insert(&user);
        for token in self.missing_tokens(snapshot, &user, &mut notes) {
            change = change.insert(token);
        }
        if let Some(avatar) = &self.avatar {
            change = change.insert(avatar);
        }
        let status = self.first_status(snapshot, &settings, &mut notes);
        change = user_status::save(snapshot, change, status, now);
        if let Some(link) = snapshot.setup_link() {
            change = change.remove(link);
        }
        let entry = note(
            app,
            &Actor::Operator,
            AuditAction::UserCreated,
            Some(user.party()),
            "import",
        );
        let report = LineReport {
            outcome: LineOutcome::Created,
            notes: notes.into_texts(),
        };
        Ok((change.insert(&entry), report))
    }

    fn change(
        &self,
        snapshot: &Snapshot,
        before: &User,
        mode: ImportMode,
    ) -> Result<(Change, LineReport), RequestError> {
        let (app, mut notes) = (self.app, self.notes.clone());
        let settings = app.settings_with(snapshot, std::collections::BTreeMap::new());
        if before.username.key() != self.user.username.key() {
            refuse_unless_allowed(&app.username_rule_in(&settings), &self.user.username)?;
        }
        let after = self.applied(snapshot, &settings, before.changed(app.clock.now()), &mut notes)?;
        let tokens = self.missing_tokens(snapshot, &after, &mut notes);
        let mut fields = differing(before, &after, &app.key);
        if !tokens.is_empty() {
            fields.push("tokens");
        }
        let fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
        let notes = notes.into_texts();
        let outcome = match (fields.is_empty(), mode.update) {
            (true, _) => LineOutcome::Same,
            (false, false) => LineOutcome::Differs(fields.clone()),
            (false, true) => LineOutcome::Updated,
        };
        let report = LineReport { outcome, notes };
        if report.outcome != LineOutcome::Updated {
            return Ok((Change::new(), report));
        }
        let mut change = Change::new().replace(before, &after);
        for token in tokens {
            change = change.insert(token);
        }
        // Sessions of the old password or the old second factor end.
        let proof_changed = fields.iter().any(|field| field == "password" || field == "totp");
        let ends = |token: &Token| !after.is_active() || (proof_changed && token.session().is_some());
        change = without_tokens(snapshot, &after.id, change, ends).0;
        if !after.is_active_administrator() {
            change = keep_an_administrator(snapshot, before, change)?;
        }
        let detail = format!("import: {}", fields.join(", "));
        let entry = note(
            app,
            &Actor::Operator,
            AuditAction::UserUpdated,
            Some(after.party()),
            detail,
        );
        Ok((change.insert(&entry), report))
    }

    /// Returns the base with the values of the line.
    fn applied(
        &self,
        snapshot: &Snapshot,
        settings: &Settings,
        base: User,
        notes: &mut Notes,
    ) -> Result<User, RequestError> {
        let wanted = self.user;
        refuse_taken(snapshot, Some(&base.id), Some(&wanted.username), None)?;
        let email = wanted.email.as_ref().filter(|email| {
            let free = refuse_taken(snapshot, Some(&base.id), None, Some(&email.address));
            notes.take("emails", free).is_some()
        });
        let roles = match &wanted.roles {
            Some(roles) => known_roles(snapshot, settings, roles, notes)?,
            None => base.roles.clone(),
        };
        let mut profile = Profile::clone(&base.profile);
        if let Some(changes) = &wanted.custom_fields {
            let fields = changes.apply(&serde_json::Map::new(), &settings.custom_fields());
            if let Some(fields) = notes.take("customFields", fields) {
                profile.custom_fields = fields;
            }
        }
        let set = |to: &mut String, from: &Option<String>| {
            if let Some(text) = from {
                to.clone_from(text);
            }
        };
        set(&mut profile.bio, &wanted.bio);
        set(&mut profile.nickname, &wanted.nickname);
        set(&mut profile.reason, &wanted.reason);
        let secrets = &wanted.secrets;
        let imported = secrets.password.as_ref();
        // The user had the bcrypt hash first: a login or a new password here replaced it.
        let is_older = |hash: &&crate::domain::password_hash::PasswordHash| {
            hash.scheme() == PasswordScheme::Bcrypt
                && base
                    .password
                    .as_ref()
                    .is_some_and(|own| own.scheme() == PasswordScheme::Argon2id)
        };
        let newer = imported.filter(|hash| !is_older(hash));
        let history = newer.map(|_| secrets.password_history.clone());
        Ok(User {
            username: wanted.username.clone(),
            name: wanted.name.clone().or(base.name),
            email: email.cloned().or(base.email),
            password: newer.cloned().or(base.password),
            password_history: history.unwrap_or(base.password_history),
            require_password_change: wanted.require_password_change.clone().or(base.require_password_change),
            roles,
            activity: wanted.activity.unwrap_or(base.activity),
            profile: profile.into(),
            preferences: wanted.preferences.clone().map_or(base.preferences, Rare::from),
            two_factor: self.two_factor.clone().map_or(base.two_factor, Rare::from),
            created_at: wanted.created_at.unwrap_or(base.created_at),
            ..base
        })
    }

    /// Returns the tokens of the line that the store does not have, and can have.
    fn missing_tokens(&self, snapshot: &Snapshot, user: &User, notes: &mut Notes) -> Vec<&Token> {
        let wanted = &self.user.secrets.tokens;
        if !user.is_active() && !wanted.is_empty() {
            notes.add("tokens", "the account is not active");
            return Vec::new();
        }
        let stored = snapshot.tokens_of(&user.id).filter_map(|token| token.personal());
        let names: Vec<_> = stored.map(|personal| personal.name.to_string()).collect();
        let mut missing = Vec::new();
        for token in wanted {
            match snapshot.token(&token.hash) {
                Some(stored) if stored.user == user.id => continue,
                Some(_) => {
                    notes.add("tokens", "one is a token of another user");
                    continue;
                }
                None => {}
            }
            let name = token.personal().map(|personal| personal.name.to_string());
            if names.iter().any(|taken| Some(taken) == name.as_ref()) {
                notes.add("tokens", "the user has another one with the same name");
            } else if names.len() + missing.len() >= TOKENS_PER_USER {
                notes.add("tokens", format!("a user has at most {TOKENS_PER_USER}"));
            } else {
                missing.push(token);
            }
        }
        missing
    }

    /// Returns the status of a new account. It shows while the user is connected.
    fn first_status(&self, snapshot: &Snapshot, settings: &Settings, notes: &mut Notes) -> UserStatus {
        let (wanted, first) = (self.user, &self.user.status);
        let mut stored = UserStatus::of(&wanted.id);
        stored.shows_last_seen = wanted.shows_last_seen.unwrap_or_default();
        stored.hidden_from = Audience {
            users: wanted.hide_from.users.clone(),
            roles: existing_roles(snapshot, &wanted.hide_from.roles, "hideFrom", notes),
        }
        .into();
        let status = first.status.unwrap_or(StatusType::Online);
        if let Err(forbidden) = refuse_forbidden(settings, status) {
            notes.add("statusDefault", forbidden);
            return stored;
        }
        if status == StatusType::Online && first.text.is_empty() && first.emoji.is_none() {
            return stored;
        }
        let claim = Claim {
            status,
            text: first.text.clone(),
            emoji: first.emoji.clone(),
            source: ClaimSource::Manual,
            expires_at: None,
            id: None,
            needs_connection: true,
        };
        let while_connected = Laying {
            names_status: true,
            connected: true,
        };
        stored.claims.lay(claim, while_connected);
        stored
    }
}

/// Returns the roles that exist, and notes the others.
fn existing_roles(snapshot: &Snapshot, wanted: &[RoleId], part: &str, notes: &mut Notes) -> Vec<RoleId> {
    let mut existing = Vec::new();
    for role in wanted {
        if snapshot.access().role(role.as_str()).is_some() {
            existing.push(role.clone());
        } else {
            notes.add(part, format!("there is no role {role}"));
        }
    }
    existing
}

/// Returns the roles of a line that exist. If the line has roles and none of them exists, returns the default roles.
fn known_roles(
    snapshot: &Snapshot,
    settings: &Settings,
    wanted: &[RoleId],
    notes: &mut Notes,
) -> Result<Vec<RoleId>, RequestError> {
    let mut known = existing_roles(snapshot, wanted, "roles", notes);
    if known.is_empty() && !wanted.is_empty() {
        known = default_roles_in(settings);
    }
    checked_roles(snapshot, known)
}

/// Returns the names of the fields in which two states of a user differ.
fn differing(before: &User, after: &User, key: &SecretKey) -> Vec<&'static str> {
    let secret = |user: &User| {
        let stored: Option<&StoredSecret> = user.two_factor.secret.as_ref();
        stored.map(|stored| key.open(&user.id, stored).ok())
    };
    named(&[
        ("username", before.username != after.username),
        ("name", before.name != after.name),
        ("emails", before.email != after.email),
        ("roles", before.roles != after.roles),
        ("active", before.activity != after.activity),
        ("bio", before.profile.bio != after.profile.bio),
        ("nickname", before.profile.nickname != after.profile.nickname),
        ("reason", before.profile.reason != after.profile.reason),
        (
            "customFields",
            before.profile.custom_fields != after.profile.custom_fields,
        ),
        ("preferences", before.preferences != after.preferences),
        (
            "requirePasswordChange",
            before.require_password_change != after.require_password_change,
        ),
        ("createdAt", before.created_at != after.created_at),
        ("password", before.password != after.password),
        ("totp", secret(before) != secret(after)),
    ])
}
