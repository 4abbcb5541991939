//! Export as lines, from one snapshot.

use std::collections::VecDeque;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::app::App;
use crate::auth::{Actor, totp};
use crate::domain::transfer::{
    CustomStatusLine, EXPORT_FORMAT, EXPORT_VERSION, EmailLine, EndLine, ExportedRole, ExportedSetting, ExportedToken,
    GrantLine, HeaderLine, HideFromLine, SecretsLine, TotpLine, TransferLine, UserLine,
};
use crate::domain::user::UserEmail;
use crate::domain::{
    AuditAction, ClaimSource, CustomStatus, LastSeen, Permission, RequestError, Role, RoleScope, SettingId, Timestamp,
    Token, User, UserId, UserStatus,
};
use crate::ops::{audit, incident};
use crate::store::{Change, Snapshot};

/// An export that is under way. It holds a snapshot and the ids of the users, and makes one line at a time. Pictures are
/// read when their line is made.
pub(crate) struct Export {
    app: App,
    snapshot: Arc<Snapshot>,
    with_secrets: bool,
    /// The lines before those of the users.
    first: VecDeque<TransferLine>,
    users: VecDeque<UserId>,
    lines: u64,
    is_ended: bool,
}

impl Export {
    /// Begins an export by the operator, and records it in the audit log.
    ///
    /// # Errors
    /// Errors of the store.
    pub(crate) async fn begin(app: &App, with_secrets: bool) -> Result<Self, RequestError> {
        let detail = if with_secrets { "with secrets" } else { "" };
        let entry = audit::note(app, &Actor::Operator, AuditAction::ExportMade, None, detail);
        let noted = app.store.commit(Change::new().insert(&entry)).await;
        noted.map_err(incident::store)?;
        let snapshot = app.store.read();
        Ok(Self {
            first: first_lines(app, &snapshot, with_secrets),
            users: snapshot.users().map(|user| user.id.clone()).collect(),
            app: app.clone(),
            snapshot,
            with_secrets,
            lines: 0,
            is_ended: false,
        })
    }

    /// Returns the next line with its line feed; `None` after the last one.
    ///
    /// # Errors
    /// Errors of the store; [`RequestError::Internal`] if a second factor cannot be decrypted.
    pub(crate) async fn next(&mut self) -> Option<Result<Vec<u8>, RequestError>> {
        if self.is_ended {
            return None;
        }
        let line = self.line().await;
        Some(line.and_then(|line| {
            let mut bytes = serde_json::to_vec(&line).map_err(incident::internal)?;
            bytes.push(b'\n');
            self.lines += 1;
            Ok(bytes)
        }))
    }

    async fn line(&mut self) -> Result<TransferLine, RequestError> {
        if let Some(line) = self.first.pop_front() {
            return Ok(line);
        }
        while let Some(id) = self.users.pop_front() {
            if let Some(user) = self.snapshot.user(&id).cloned() {
                return Ok(TransferLine::User(Box::new(self.user(&user).await?)));
            }
        }
        self.is_ended = true;
        Ok(TransferLine::End(EndLine { lines: self.lines }))
    }

    async fn user(&self, user: &User) -> Result<UserLine, RequestError> {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let picture = match &user.avatar {
            Some(_) => self.app.store.avatar(&user.id).await.map_err(incident::internal)?,
            None => None,
        };
        let preferences = user.preferences.chosen();
        let line = UserLine {
            id: user.id.to_string(),
            username: user.username.to_string(),
            name: user.name.as_ref().map(ToString::to_string),
            emails: user.email.iter().map(EmailLine::from).collect(),
            roles: Some(user.roles.iter().map(ToString::to_string).collect()),
            active: Some(user.is_active()),
            inactive_reason: user.activity.reason().map(str::to_owned),
            bio: text(&user.profile.bio),
            nickname: text(&user.profile.nickname),
            reason: text(&user.profile.reason),
            custom_fields: Some(user.profile.custom_fields.clone()).filter(|fields| !fields.is_empty()),
            preferences: Some(preferences.clone()).filter(|chosen| !chosen.is_empty()),
            require_password_change: user.require_password_change.clone(),
            created_at: Some(user.created_at.to_string()),
            last_login: user.last_login.map(|moment| moment.to_string()),
            // Only a picture that this server encoded leaves it.
            avatar: picture
                .filter(|picture| picture.clean)
                .map(|picture| BASE64_STANDARD.encode(picture.bytes)),
            secrets: self.with_secrets.then(|| self.secrets(user)).transpose()?,
            ..UserLine::default()
        };
        Ok(match self.snapshot.user_status(&user.id) {
            Some(status) => with_status(line, status),
            None => line,
        })
    }

    fn secrets(&self, user: &User) -> Result<SecretsLine, RequestError> {
        let now = self.app.clock.now();
        let live = self.snapshot.tokens_of(&user.id).filter(|token| token.is_live(now));
        let factor = &user.two_factor;
        let totp = match &factor.secret {
            Some(stored) => {
                let secret = self.app.key.open(&user.id, stored).map_err(incident::internal)?;
                let digests = factor.backup_codes.digests.iter();
                Some(TotpLine {
                    secret: totp::typed(&secret),
                    backup_codes: digests.map(|digest| BASE64_STANDARD.encode(digest)).collect(),
                    backup_salt: factor.backup_codes.salt.map(|salt| BASE64_STANDARD.encode(salt)),
                    last_step: factor.last_step,
                })
            }
            None => None,
        };
        let history = user.password_history.iter();
        Ok(SecretsLine {
            password: user.password.as_ref().map(|hash| hash.expose().into_owned()),
            password_history: history.map(|hash| hash.expose().into_owned()).collect(),
            tokens: live.filter_map(|token| token_line(token)).collect(),
            totp,
        })
    }
}

impl From<&UserEmail> for EmailLine {
    fn from(email: &UserEmail) -> Self {
        Self {
            address: email.address.to_string(),
            verified: email.verified,
        }
    }
}

/// Returns the header and what the users need: roles, grants, settings and custom statuses.
fn first_lines(app: &App, snapshot: &Snapshot, with_secrets: bool) -> VecDeque<TransferLine> {
    let header = TransferLine::Header(HeaderLine {
        format: EXPORT_FORMAT.to_owned(),
        version: EXPORT_VERSION,
        exported_at: app.clock.now().to_string(),
        server: env!("CARGO_PKG_VERSION").to_owned(),
        secrets: with_secrets,
    });
    let roles = snapshot.access().roles().filter(|role| !role.protected);
    let roles = roles.map(|role| TransferLine::Role(role_line(role)));
    let grants = Permission::ALL.iter().filter_map(|permission| {
        let grant = snapshot.stored_grant(*permission)?;
        Some(TransferLine::Grant(GrantLine {
            permission: permission.as_str().to_owned(),
            roles: grant.roles.iter().map(ToString::to_string).collect(),
        }))
    });
    let settings = SettingId::ALL.iter().filter_map(|id| {
        let stored = snapshot.setting(*id)?;
        if stored.value == id.default() || (id.is_secret() && !with_secrets) {
            return None;
        }
        let value = serde_json::to_value(&stored.value).ok()?;
        let id = id.as_str().to_owned();
        Some(TransferLine::Setting(ExportedSetting { id, value }))
    });
    let statuses = snapshot.custom_statuses();
    let statuses = statuses.map(|status| TransferLine::Status(status_line(status)));
    [header]
        .into_iter()
        .chain(roles)
        .chain(grants)
        .chain(settings)
        .chain(statuses)
        .collect()
}

fn role_line(role: &Role) -> ExportedRole {
    ExportedRole {
        id: role.id.to_string(),
        name: role.name.to_string(),
        description: role.description.clone(),
        scope: Some(match role.scope {
            RoleScope::Users => "Users".to_owned(),
            RoleScope::Subscriptions => "Subscriptions".to_owned(),
        }),
        mandatory_two_factor: role.mandatory_two_factor,
    }
}

fn status_line(status: &CustomStatus) -> CustomStatusLine {
    CustomStatusLine {
        id: status.id.to_string(),
        name: status.name.to_string(),
        status_type: status.status_type.to_string(),
        emoji: status.emoji.as_ref().map(ToString::to_string),
        duration_minutes: status.duration.map(crate::domain::custom_status::DurationMinutes::get),
    }
}

/// Returns a personal access token as a line; `None` for a session.
fn token_line(token: &Token) -> Option<ExportedToken> {
    let personal = token.personal()?;
    let scopes = personal.scopes.as_ref();
    Some(ExportedToken {
        hash: BASE64_STANDARD.encode(token.hash.as_bytes()),
        name: personal.name.to_string(),
        last_part: personal.last_part.to_string(),
        bypass_two_factor: personal.bypass_two_factor,
        scopes: scopes.map(|scopes| scopes.iter().map(|scope| scope.as_str().to_owned()).collect()),
        created_at: Some(token.created_at.to_string()),
        expires_at: token.expires_at.map(|end| end.to_string()),
        last_used_at: token.last_used_at.map(|moment: Timestamp| moment.to_string()),
    })
}

/// Adds the status that a user set by hand without an end, and the user's privacy settings.
fn with_status(mut line: UserLine, stored: &UserStatus) -> UserLine {
    let showing = stored.claims.showing();
    if let Some(claim) = showing.filter(|claim| claim.source == ClaimSource::Manual && claim.expires_at.is_none()) {
        line.status_default = Some(claim.status.to_string());
        line.status_text = (!claim.text.is_empty()).then(|| claim.text.to_string());
        line.status_emoji = claim.emoji.as_ref().map(ToString::to_string);
    }
    let is_default = stored.shows_last_seen == LastSeen::default();
    line.shows_last_seen = (!is_default).then(|| stored.shows_last_seen.as_str().to_owned());
    let audience = &stored.hidden_from;
    line.hide_from = (!audience.is_empty()).then(|| HideFromLine {
        users: audience.users.iter().map(ToString::to_string).collect(),
        roles: audience.roles.iter().map(ToString::to_string).collect(),
    });
    line
}
