//! Login with a password or a token.

use std::sync::Arc;

use super::attempts;
use super::audit::note_from;
use super::guess_target::Target;
use super::transaction::transact_on_user;
use super::users::UserIdentifier;
use super::{lockout, tokens, two_factor};
use crate::app::App;
use crate::auth::{Origin, PasswordDigest, TokenSecret};
use crate::domain::password_hash::{PasswordHash, PasswordScheme};
use crate::domain::{AuditAction, RequestError, Session, SettingId, Timestamp, Token, TokenKind, User};
use crate::observe::LoginResult;
use crate::store::{Change, Snapshot};

/// Maximum sessions per user. One more ends the least recently used session (`api.md` §3.4).
const SESSIONS_PER_USER: usize = 50;

/// The credentials of a login.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A name and a password.
    Password {
        /// The account that the caller names.
        account: UserIdentifier,
        /// The digest of the password.
        digest: PasswordDigest,
        /// The code of the second factor, if the client sent one.
        code: Option<String>,
    },
    /// A token from an earlier login.
    Resume(TokenSecret),
}

/// The result of a successful login.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// The user who logged in.
    pub user: Arc<User>,
    /// The token of the session.
    pub token: TokenSecret,
    /// The time when the token expires, if it does.
    pub expires_at: Option<Timestamp>,
}

/// Verifies credentials and creates a session, or resumes one.
///
/// # Errors
/// [`RequestError::AddressBlocked`] and [`RequestError::UserBlocked`] after too many failures;
/// [`RequestError::WrongCredentials`] for an unknown account and a wrong password alike, after the same time;
/// [`RequestError::ResumeRefused`] for a token that is not live; [`RequestError::UserNotActivated`],
/// [`RequestError::UserHasNoRoles`], [`RequestError::EmailUnverified`] and those of the second factor only after the
/// right password; [`RequestError::TooManyLogins`] if the user or address has too many logins waiting or made too many,
/// [`RequestError::Overloaded`] if too many wait in total.
pub async fn login(app: &App, origin: &Origin, credentials: Credentials) -> Result<LoggedIn, RequestError> {
    let outcome = verify(app, origin, credentials).await;
    app.metrics.logins.count(match &outcome {
        Ok(_) => LoginResult::Succeeded,
        Err(RequestError::AddressBlocked | RequestError::UserBlocked) => LoginResult::Blocked,
        Err(RequestError::TooManyLogins { .. } | RequestError::Overloaded { .. }) => LoginResult::Busy,
        Err(RequestError::ResumeRefused) => LoginResult::Failed,
        Err(error) if error.is_wrong_guess() => LoginResult::Failed,
        Err(_) => LoginResult::Refused,
    });
    outcome
}

async fn verify(app: &App, origin: &Origin, credentials: Credentials) -> Result<LoggedIn, RequestError> {
    let (account, digest, code) = match credentials {
        Credentials::Password { account, digest, code } => (account, digest, code),
        Credentials::Resume(token) => {
            tokens::learn(app, &token).await;
            return resume(app, token);
        }
    };
    let user = account.find(&app.store.read()).cloned();
    let unknown = || Target::unknown(account.as_str());
    let target = user.map_or_else(unknown, |user| Target::user(&user));
    attempts::admit_login(app, origin, &target)?;
    attempts::guarded(app, origin, &target, async {
        // Another login at the same time may replace the user's bcrypt hash. Then this login verifies the new hash.
        for _ in 0..2 {
            if let Some(begun) = with_password(app, origin, &target, &digest, code.as_deref()).await? {
                return Ok(begun);
            }
        }
        Err(RequestError::WrongCredentials)
    })
    .await
}

/// Verifies a password and creates a session. Returns `None` if the password has changed meanwhile.
async fn with_password(
    app: &App,
    origin: &Origin,
    target: &Target,
    digest: &PasswordDigest,
    code: Option<&str>,
) -> Result<Option<LoggedIn>, RequestError> {
    // The user is read again, since it may have changed while the login waited for its turn.
    let user = target.user_id().and_then(|id| app.store.read().user(id).cloned());
    let hash = user.as_ref().and_then(|user| user.password.clone());
    let is_foreign = hash
        .as_ref()
        .is_some_and(|hash| hash.scheme() != PasswordScheme::Argon2id);
    let right = app.passwords.verify(digest.clone(), hash).await?;
    let verified = user.filter(|_| right).ok_or(RequestError::WrongCredentials)?;
    let renewed = if is_foreign {
        Some(app.passwords.hash(digest.clone()).await?)
    } else {
        None
    };
    begin_session(app, origin, &verified, renewed, code).await
}

/// Creates a session for a user whose password was right. The change depends on the user's record, so that no session
/// is created if the password has changed meanwhile: then the result is `None`. `renewed` replaces the hash of the
/// password.
async fn begin_session(
    app: &App,
    origin: &Origin,
    verified: &User,
    renewed: Option<PasswordHash>,
    code: Option<&str>,
) -> Result<Option<LoggedIn>, RequestError> {
    let token = TokenSecret::generate();
    let attempt = two_factor::login_attempt(app, verified, code).await?;
    let outcome = transact_on_user(app, &verified.id, |snapshot, user| {
        if user.password != verified.password {
            return Ok((Change::new(), None));
        }
        may_log_in(app, user)?;
        let now = app.clock.now();
        let two_factor = two_factor::spend_login_code(app, user, attempt.as_ref())?;
        let logged_in = User {
            last_login: Some(now),
            revision: user.revision + 1,
            password: renewed.clone().or_else(|| user.password.clone()),
            two_factor: two_factor.into(),
            ..user.clone()
        };
        let stored = session(app, origin, user, &token);
        let change = Change::new().replace(user, &logged_in);
        let change = lockout::forgive(app, snapshot, change, user);
        let change = end_surplus(app, snapshot, user, change).insert(&stored);
        let noted = note_from(
            app,
            origin,
            user.party(),
            AuditAction::Login,
            Some(user.party()),
            &*origin.client,
        );
        let begun = LoggedIn {
            user: Arc::new(logged_in),
            token: token.clone(),
            expires_at: stored.expires_at,
        };
        Ok((change.insert(&noted), Some(begun)))
    });
    match outcome.await {
        Err(RequestError::UserNotFound) => Err(RequestError::WrongCredentials),
        outcome => outcome,
    }
}

/// Returns a new session of this user that starts now.
pub(super) fn session(app: &App, origin: &Origin, user: &User, token: &TokenSecret) -> Token {
    let now = app.clock.now();
    Token {
        hash: token.hash(),
        user: user.id.clone(),
        created_at: now,
        expires_at: Some(now.plus_days(app.settings().number(SettingId::LoginExpiration))),
        last_used_at: Some(now),
        kind: TokenKind::Session(Session {
            address: origin.address,
            client: (*origin.client).into(),
            second_factor: None,
        }),
    }
}

/// Ends the least recently used sessions of a user, so that one more fits. Sessions with a live connection are not
/// ended, so a user may have more of those than the limit.
pub(super) fn end_surplus(app: &App, snapshot: &Snapshot, user: &User, change: Change) -> Change {
    let sessions = snapshot.tokens_of(&user.id).filter(|token| token.session().is_some());
    let (connected, mut idle): (Vec<_>, Vec<_>) =
        sessions.partition(|token| app.hub.is_connected_by(&user.id, &token.hash));
    let now = app.clock.now();
    idle.sort_by_key(|token| (token.is_live(now), token.last_used_at.max(Some(token.created_at))));
    let surplus = (connected.len() + idle.len() + 1).saturating_sub(SESSIONS_PER_USER);
    let ended = idle.into_iter().take(surplus);
    ended.fold(change, |change, token| change.remove(&**token))
}

fn resume(app: &App, token: TokenSecret) -> Result<LoggedIn, RequestError> {
    let snapshot = app.store.read();
    let stored = snapshot
        .token(&token.hash())
        .filter(|stored| stored.is_live(app.clock.now()))
        .ok_or(RequestError::ResumeRefused)?;
    let user = snapshot.user(&stored.user).ok_or(RequestError::ResumeRefused)?;
    may_log_in(app, user)?;
    Ok(LoggedIn {
        user: Arc::clone(user),
        expires_at: stored.expires_at,
        token,
    })
}

fn may_log_in(app: &App, user: &User) -> Result<(), RequestError> {
    if !user.is_active() {
        return Err(RequestError::UserNotActivated);
    }
    if user.roles.is_empty() {
        return Err(RequestError::UserHasNoRoles);
    }
    let unverified = user.email.as_ref().filter(|email| !email.verified);
    match unverified {
        Some(email) if app.settings().flag(SettingId::EmailVerification) && !user.is_administrator() => {
            Err(RequestError::EmailUnverified {
                address: email.address.to_string(),
            })
        }
        _ => Ok(()),
    }
}
