//! Logging in.

use std::sync::Arc;

use super::incident;
use crate::app::App;
use crate::auth::{PasswordDigest, TokenSecret};
use crate::domain::{Fault, Timestamp, Token, User, UserId};
use crate::store::{Change, CommitError, Snapshot, Table};

/// Most tokens a user has; one more ends the oldest (`api.md` §3.4).
const TOKENS_PER_USER: usize = 50;

/// What somebody shows to be let in.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A name and a password.
    Password {
        /// Who they say they are.
        account: Account,
        /// The password's digest.
        digest: PasswordDigest,
    },
    /// A token from an earlier login.
    Resume(TokenSecret),
}

/// How somebody says who they are.
#[derive(Debug, Clone)]
pub enum Account {
    /// By username, in any case.
    Username(String),
    /// By e-mail address, in any case.
    Email(String),
    /// By id.
    Id(UserId),
}

impl Account {
    /// Takes what people type: with an `@` it is an address, else a username.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        if text.contains('@') {
            Self::Email(text.to_owned())
        } else {
            Self::Username(text.to_owned())
        }
    }

    fn find<'snapshot>(&self, snapshot: &'snapshot Snapshot) -> Option<&'snapshot Arc<User>> {
        match self {
            Self::Username(name) => snapshot.user_named(name),
            Self::Email(address) => snapshot.user_at(address),
            Self::Id(id) => snapshot.user(id),
        }
    }
}

/// A login that succeeded.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who is logged in.
    pub user: Arc<User>,
    /// The token of the session.
    pub token: TokenSecret,
    /// When the token dies.
    pub expires_at: Timestamp,
}

/// Lets somebody in.
///
/// # Errors
/// [`Fault::WrongCredentials`] for an unknown account and a wrong password alike, after the same
/// time; [`Fault::ResumeRefused`] for a token that is not alive; [`Fault::UserNotActivated`] and
/// [`Fault::UserHasNoRoles`] only after the right password; [`Fault::Overloaded`] when too many
/// logins wait.
pub async fn login(app: &App, credentials: Credentials) -> Result<Session, Fault> {
    match credentials {
        Credentials::Password { account, digest } => {
            let user = account.find(&app.store.read()).cloned();
            let hash = user.as_ref().and_then(|user| user.password.clone());
            let right = app.passwords.verify(digest, hash).await?;
            let verified = user.filter(|_| right).ok_or(Fault::WrongCredentials)?;
            begin_session(app, &verified).await
        }
        Credentials::Resume(token) => resume(app, token),
    }
}

/// Gives a token to a user whose password was right. The change depends on the user's record, so
/// that a password changed meanwhile leaves no token behind.
async fn begin_session(app: &App, verified: &User) -> Result<Session, Fault> {
    let token = TokenSecret::generate();
    loop {
        let snapshot = app.store.read();
        let unchanged = |user: &&Arc<User>| user.password == verified.password;
        let user = snapshot.user(&verified.id).filter(unchanged);
        let user = user.ok_or(Fault::WrongCredentials)?;
        may_log_in(user)?;

        let now = app.clock.now();
        let logged_in = User {
            last_login: Some(now),
            revision: user.revision + 1,
            ..User::clone(user)
        };
        let stored = Token {
            hash: token.hash(),
            user: user.id.clone(),
            created_at: now,
            expires_at: now.plus_days(app.rules.token_lifetime_days),
        };
        let mut change = Change::new().replace(&**user, &logged_in).insert(&stored);
        let tokens: Vec<_> = snapshot.tokens_of(&user.id).collect();
        let surplus = (tokens.len() + 1).saturating_sub(TOKENS_PER_USER);
        for oldest in &tokens[..surplus] {
            change = change.remove(&***oldest);
        }
        match app.store.commit(change).await {
            Ok(()) => {
                return Ok(Session {
                    user: Arc::new(logged_in),
                    token,
                    expires_at: stored.expires_at,
                });
            }
            // Another login or logout of the same user came between: decide anew.
            Err(CommitError::Conflict(Table::Users | Table::Tokens)) => {}
            Err(error) => return Err(incident::store(error)),
        }
    }
}

fn resume(app: &App, token: TokenSecret) -> Result<Session, Fault> {
    let snapshot = app.store.read();
    let stored = snapshot
        .token(&token.hash())
        .filter(|stored| stored.is_live(app.clock.now()))
        .ok_or(Fault::ResumeRefused)?;
    let user = snapshot.user(&stored.user).ok_or(Fault::ResumeRefused)?;
    may_log_in(user)?;
    Ok(Session {
        user: Arc::clone(user),
        expires_at: stored.expires_at,
        token,
    })
}

fn may_log_in(user: &User) -> Result<(), Fault> {
    if !user.active {
        return Err(Fault::UserNotActivated);
    }
    if user.roles.is_empty() {
        return Err(Fault::UserHasNoRoles);
    }
    Ok(())
}
