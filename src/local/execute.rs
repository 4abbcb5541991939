//! Carries a command out: texts in, one operation, entries out.

use std::sync::Arc;

use super::command::{Answer, Command, StatusEntry, TokenEntry, UserEntry};
use crate::app::App;
use crate::auth::{Actor, PasswordDigest};
use crate::domain::{CustomStatus, CustomStatusDraft, CustomStatusId, Fault, Page, StatusName, Token, User};
use crate::ops::custom_status::{self, Filter};
use crate::ops::incident;
use crate::ops::tokens;
use crate::ops::users::{self, NewUser, NewUserTexts};

/// Every item of a list.
const ALL: Page = Page {
    offset: 0,
    count: usize::MAX,
};

pub(super) async fn execute(app: &App, command: Command) -> Result<Answer, Fault> {
    match command {
        Command::CreateUser {
            username,
            email,
            name,
            password,
            roles,
        } => {
            let new = NewUser::parse(NewUserTexts {
                username: &username,
                email: email.as_deref(),
                name: name.as_deref(),
                password: &password,
                roles: &roles,
            })?;
            Ok(Answer::User(user_entry(&*users::create(app, new).await?)))
        }
        Command::ListUsers => Ok(Answer::Users(
            users::list(app).iter().map(|user| user_entry(user)).collect(),
        )),
        Command::ShowUser { user } => Ok(Answer::User(user_entry(&*find_user(app, &user)?))),
        Command::SetPassword { user, password } => {
            let user = find_user(app, &user)?;
            users::set_password(app, &user.id, PasswordDigest::of_new(&password)?).await?;
            now(app, &user)
        }
        Command::SetActive { user, active } => {
            let user = find_user(app, &user)?;
            users::set_active(app, &user.id, active).await?;
            now(app, &user)
        }
        Command::DeleteUser { user } => {
            let user = find_user(app, &user)?;
            users::delete(app, &user.id).await?;
            Ok(Answer::User(user_entry(&user)))
        }
        Command::ListTokens { user } => {
            let user = user.map(|user| find_user(app, &user)).transpose()?;
            let tokens = tokens::list(app, user.as_ref().map(|user| &user.id));
            Ok(Answer::Tokens(
                tokens.iter().map(|token| token_entry(app, token)).collect(),
            ))
        }
        Command::RevokeToken { label } => {
            tokens::revoke(app, &label).await?;
            Ok(Answer::Revoked(1))
        }
        Command::RevokeTokensOf { user } => {
            let user = find_user(app, &user)?;
            Ok(Answer::Revoked(tokens::revoke_all(app, &user.id).await?))
        }
        Command::ListStatuses => {
            let found = custom_status::list(app, &Filter::default(), ALL);
            Ok(Answer::Statuses(
                found.items.iter().map(|status| status_entry(status)).collect(),
            ))
        }
        Command::CreateStatus { name, status_type } => {
            let draft = CustomStatusDraft::parse(Some(&name), Some(&status_type), app.rules.default_status_type);
            let status = custom_status::create(app, &Actor::Operator, draft).await?;
            Ok(Answer::Status(status_entry(&status)))
        }
        Command::DeleteStatus { status } => {
            let status = find_status(app, &status)?;
            custom_status::delete(app, &Actor::Operator, &status.id).await?;
            Ok(Answer::Status(status_entry(&status)))
        }
        Command::Check => {
            let problems = app.store.verify().await.map_err(incident::store)?;
            Ok(Answer::Problems(problems))
        }
    }
}

/// The user as it is after a change.
fn now(app: &App, user: &User) -> Result<Answer, Fault> {
    Ok(Answer::User(user_entry(&*users::find(app, user.id.as_str())?)))
}

fn find_status(app: &App, text: &str) -> Result<Arc<CustomStatus>, Fault> {
    let snapshot = app.store.read();
    let named = |name: StatusName| snapshot.custom_status_named(&name);
    let found = snapshot
        .custom_status(&CustomStatusId::new(text))
        .or_else(|| StatusName::parse(text).ok().and_then(named));
    found
        .cloned()
        .ok_or_else(|| absent("custom status", text, "status list"))
}

fn find_user(app: &App, text: &str) -> Result<Arc<User>, Fault> {
    users::find(app, text).map_err(|_| absent("user", text, "user list"))
}

/// Says to people what is not there and where to look.
fn absent(noun: &str, text: &str, list: &str) -> Fault {
    Fault::InvalidParams {
        reason: format!("there is no {noun} {text:?}; list them with `rollcall {list}`"),
        field: None,
    }
}

fn user_entry(user: &User) -> UserEntry {
    UserEntry {
        id: user.id.to_string(),
        username: user.username.to_string(),
        name: user.name.as_ref().map(ToString::to_string),
        email: user.email.as_ref().map(|email| email.address.to_string()),
        roles: user.roles.iter().map(ToString::to_string).collect(),
        active: user.active,
        created_at: user.created_at.to_string(),
        last_login: user.last_login.map(|moment| moment.to_string()),
    }
}

fn token_entry(app: &App, token: &Token) -> TokenEntry {
    let snapshot = app.store.read();
    let owner = snapshot.user(&token.user);
    TokenEntry {
        label: token.hash.label(),
        username: owner.map_or_else(|| token.user.to_string(), |user| user.username.to_string()),
        created_at: token.created_at.to_string(),
        expires_at: token.expires_at.to_string(),
    }
}

fn status_entry(status: &CustomStatus) -> StatusEntry {
    StatusEntry {
        id: status.id.to_string(),
        name: status.name.to_string(),
        status_type: status.status_type.to_string(),
        updated_at: status.updated_at.to_string(),
    }
}
