//! Executes commands of the administration socket: parses the texts, calls one operation, and returns entries.

use std::path::Path;
use std::sync::Arc;

use super::command::{
    AuditLine, AuditQuestion, ClockEntry, Command, CommandAnswer, DiskEntry, StatusEntry, SurroundingsEntry,
    TokenEntry, UserEntry,
};
use super::finding::Finding;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::timestamp::DAY_MILLIS;
use crate::domain::user::Activity;
use crate::domain::{
    AuditAction, AuditEntry, CustomStatus, CustomStatusDraft, InvitationTerms, Page, RequestError, SettingId,
    Timestamp, Token, TokenKind, User,
};
use crate::ops::custom_status::{self, StatusFilter};
use crate::ops::disk_watch;
use crate::ops::doubt::{self, ClockState};
use crate::ops::users::{self, NewUser, NewUserTexts, UserIdentifier};
use crate::ops::{audit, invitations, lockout, opening, passwords, tokens, two_factor};
use crate::store::Room;

/// The actor of all commands of this interface.
const OPERATOR: Actor = Actor::Operator;

/// A page with all items of a list.
const ALL: Page = Page {
    offset: 0,
    count: usize::MAX,
};

/// Executes a command on an application whose data folder is `folder`.
#[allow(clippy::too_many_lines)] // One match with a short arm for each command.
pub(super) async fn execute(app: &App, folder: &Path, command: Command) -> Result<CommandAnswer, RequestError> {
    match command {
        Command::CreateUser {
            username,
            email,
            name,
            password,
            roles,
        } => {
            let texts = NewUserTexts {
                username: &username,
                email: email.as_deref(),
                name: name.as_deref(),
                password: &password,
                roles: &roles,
            };
            let new = NewUser::parse(texts)?;
            Ok(CommandAnswer::User(user_entry(
                &*users::create(app, &OPERATOR, new).await?,
            )))
        }
        Command::ListUsers => Ok(CommandAnswer::Users(
            users::all(app).iter().map(|user| user_entry(user)).collect(),
        )),
        Command::ShowUser { user } => Ok(CommandAnswer::User(user_entry(&*find_user(app, &user)?))),
        Command::SetPassword { user, password } => {
            let user = find_user(app, &user)?;
            passwords::set(app, &OPERATOR, &user.id, &password).await?;
            now(app, &user)
        }
        Command::SetActive { user, active } => {
            let user = find_user(app, &user)?;
            let activity = if active {
                Activity::Active
            } else {
                Activity::Deactivated
            };
            users::set_active(app, &OPERATOR, &user.id, activity).await?;
            now(app, &user)
        }
        Command::UnlockUser { user } => {
            let user = find_user(app, &user)?;
            lockout::unlock(app, &OPERATOR, &user.id).await?;
            now(app, &user)
        }
        Command::DeleteUser { user } => {
            let user = find_user(app, &user)?;
            users::delete(app, &OPERATOR, &user.id).await?;
            Ok(CommandAnswer::User(user_entry(&user)))
        }
        Command::ListTokens { user } => {
            let user = user.map(|user| find_user(app, &user)).transpose()?;
            let tokens = tokens::list(app, user.as_ref().map(|user| &user.id));
            Ok(CommandAnswer::Tokens(
                tokens.iter().map(|token| token_entry(app, token)).collect(),
            ))
        }
        Command::RevokeToken { label } => {
            tokens::revoke(app, &OPERATOR, None, &label).await?;
            Ok(CommandAnswer::Revoked(1))
        }
        Command::RevokeTokensOf { user } => {
            let user = find_user(app, &user)?;
            Ok(CommandAnswer::Revoked(
                tokens::logout_user(app, &OPERATOR, &user.id).await?,
            ))
        }
        Command::ListStatuses => {
            let found = custom_status::list(app, &StatusFilter::default(), ALL);
            Ok(CommandAnswer::Statuses(
                found.items.iter().map(|status| status_entry(status)).collect(),
            ))
        }
        Command::CreateStatus { name, status_type } => {
            let draft = CustomStatusDraft::parse(Some(&name), Some(&status_type), app.settings().default_status_type());
            let status = custom_status::create(app, &OPERATOR, draft).await?;
            Ok(CommandAnswer::Status(status_entry(&status)))
        }
        Command::DeleteStatus { status } => {
            let status = find_status(app, &status)?;
            custom_status::delete(app, &OPERATOR, &status.id).await?;
            Ok(CommandAnswer::Status(status_entry(&status)))
        }
        Command::MakeResetLink { user } => {
            let user = find_user(app, &user)?;
            let link = passwords::make_link(app, &OPERATOR, &user.id).await?;
            Ok(CommandAnswer::ResetLink(link))
        }
        Command::Invite {
            max_uses,
            days,
            roles,
            note,
        } => {
            let terms = InvitationTerms::parse(max_uses, days, &roles, &note)?;
            let (_, link) = invitations::create(app, &OPERATOR, &terms).await?;
            Ok(CommandAnswer::Invitation(link))
        }
        Command::ResetTotp { user } => {
            let user = find_user(app, &user)?;
            two_factor::reset(app, &OPERATOR, &user.id).await?;
            now(app, &user)
        }
        Command::ReadAudit(question) => read_audit(app, question).await,
        Command::ReadClock => Ok(CommandAnswer::Clock(clock_entry(doubt::state(app)))),
        Command::ReadSurroundings => Ok(CommandAnswer::Surroundings(surroundings_entry(app))),
        Command::ConfirmClock => Ok(CommandAnswer::Clock(clock_entry(doubt::confirm(app, &OPERATOR).await?))),
        Command::ReadDisk => Ok(CommandAnswer::Disk(read_disk(app).await?)),
        // The socket answers these commands itself, because more follows the answer.
        Command::Backup { .. } => Ok(CommandAnswer::Backup),
        Command::Export { .. } => Ok(CommandAnswer::Export),
        Command::Import(_) => Ok(CommandAnswer::Import),
        Command::Check => {
            let (problems, key) = opening::check(app, folder).await?;
            Ok(CommandAnswer::Findings(Finding::all(problems, key)))
        }
    }
}

async fn read_disk(app: &App) -> Result<DiskEntry, RequestError> {
    let state = disk_watch::state(app).await?;
    let reserve_bytes = app.fixed.disk_reserve_bytes;
    let problem = match state.room {
        _ if !state.is_writable => {
            Some("the disk failed, so the store takes no writes: see the log of the server, and restart it".to_owned())
        }
        Room::Enough => None,
        Room::Low | Room::Scarce | Room::Full => Some(format!(
            "the disk has less free space than the reserve of {reserve_bytes} bytes, so writes are refused: free some, and they \
             go on by themselves"
        )),
        Room::ReadOnly => Some(
            "the disk is mounted read-only, so writes are refused: mount it for writing, and they go on by themselves"
                .to_owned(),
        ),
    };
    Ok(DiskEntry {
        free_bytes: state.free_bytes,
        reserve_bytes,
        file_bytes: state.file_bytes,
        data_bytes: state.opened_bytes,
        problem,
    })
}

async fn read_audit(app: &App, asked: AuditQuestion) -> Result<CommandAnswer, RequestError> {
    let moment = |text: Option<String>| {
        let parse = |text: String| Timestamp::parse(&text).ok_or_else(|| not_a_moment(&text));
        text.map(parse).transpose()
    };
    let action = |word: String| word.parse().map_err(|_| not_an_action(&word));
    let filter = audit::AuditFilter {
        actor: asked.actor.as_deref().map(audit::PartyQuery::of),
        target: asked.target.as_deref().map(audit::PartyQuery::of),
        about: None,
        action: asked.action.map(action).transpose()?,
        from: moment(asked.from)?,
        until: moment(asked.until)?,
    };
    let page = Page {
        offset: 0,
        count: asked.count,
    };
    let found = audit::list(app, &OPERATOR, filter, page).await?;
    Ok(CommandAnswer::Audit(
        found.entries.into_iter().map(audit_line).collect(),
    ))
}

fn not_a_moment(text: &str) -> RequestError {
    RequestError::InvalidParams {
        reason: format!("{text:?} is not a moment in ISO 8601, as 2026-11-23T22:00:00Z"),
        field: None,
    }
}

fn not_an_action(word: &str) -> RequestError {
    let words: Vec<_> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
    RequestError::InvalidParams {
        reason: format!("{word:?} is not one of {}", words.join(", ")),
        field: None,
    }
}

fn audit_line(entry: AuditEntry) -> AuditLine {
    AuditLine {
        at: entry.at.to_string(),
        actor: entry.actor,
        address: entry.address.map(|address| address.to_string()),
        action: entry.action.to_string(),
        target: entry.target,
        detail: entry.detail,
    }
}

/// Returns the user as it is after a change.
fn now(app: &App, user: &User) -> Result<CommandAnswer, RequestError> {
    let user = users::find(app, &[UserIdentifier::Id(user.id.clone())]).ok_or(RequestError::UserNotFound)?;
    Ok(CommandAnswer::User(user_entry(&user)))
}

fn find_status(app: &App, text: &str) -> Result<Arc<CustomStatus>, RequestError> {
    custom_status::find(app, text).ok_or_else(|| absent("custom status", text, "status list"))
}

fn find_user(app: &App, text: &str) -> Result<Arc<User>, RequestError> {
    let identifiers = [
        UserIdentifier::username(text),
        UserIdentifier::email(text),
        UserIdentifier::id(text),
    ];
    users::find(app, &identifiers).ok_or_else(|| absent("user", text, "user list"))
}

/// Returns the error for an unknown object, with the command that lists the known ones.
fn absent(noun: &str, text: &str, list: &str) -> RequestError {
    RequestError::InvalidParams {
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
        active: user.is_active(),
        created_at: user.created_at.to_string(),
        last_login: user.last_login.map(|moment| moment.to_string()),
    }
}

fn token_entry(app: &App, token: &Token) -> TokenEntry {
    let owner = users::find(app, &[UserIdentifier::Id(token.user.clone())]);
    TokenEntry {
        label: token.hash.label(),
        username: owner.map_or_else(|| token.user.to_string(), |user| user.username.to_string()),
        created_at: token.created_at.to_string(),
        expires_at: token.expires_at.map(|end| end.to_string()),
        last_used_at: token.last_used_at.map(|moment| moment.to_string()),
        client: match &token.kind {
            TokenKind::Session(session) => session.client.to_string(),
            TokenKind::Personal(personal) => personal.name.to_string(),
        },
        address: token
            .session()
            .and_then(|session| session.address)
            .map(|address| address.to_string()),
    }
}

fn clock_entry(state: ClockState) -> ClockEntry {
    ClockEntry {
        machine: state.wall.to_string(),
        used: state.now.to_string(),
        last_commit: state.last_commit.map(|at| at.to_string()),
        doubt: state.trust.doubt.map(|doubt| doubt::words(doubt, state.wall)),
        may_erase: state.trust.may_erase,
    }
}

fn surroundings_entry(app: &App) -> SurroundingsEntry {
    let url = app.settings().text(SettingId::SiteUrl);
    let (forwarded_by_trusted, forwarded_by_others) = app.metrics.forwarded();
    SurroundingsEntry {
        public_url: Some(url).filter(|url| !url.is_empty()),
        forwarded_by_trusted,
        forwarded_by_others,
        certificate: app.certificate.served().map(|served| {
            let left = served.ends_at.as_millis() - app.clock.wall().as_millis();
            (served.ends_at.to_string(), left.div_euclid(DAY_MILLIS))
        }),
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
