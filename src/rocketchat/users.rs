//! Users of Rocket.Chat.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::document::SourceDocument;
use super::fields::{flag, id, items, map, moment, number, text, texts, value};
use crate::domain::transfer::{EmailLine, ExportedToken, SecretsLine, SourceLine, TotpLine, TransferLine, UserLine};

/// The id of Rocket.Chat's own bot, which every server has and no person uses.
const OWN_BOT: &str = "rocket.cat";

/// Ways to log in that are not imported, by their names in a document.
const OTHER_LOGINS: [&str; 10] = [
    "ldap", "saml", "cas", "google", "github", "gitlab", "facebook", "linkedin", "apple", "iframe",
];

/// Returns the line of a user; `None` for Rocket.Chat's own bot.
pub(super) fn user(document: SourceDocument) -> Option<SourceLine> {
    let SourceDocument { place, value } = document;
    let user = match value {
        Ok(user) if id(&user, "_id").as_deref() == Some(OWN_BOT) => return None,
        Ok(user) => user,
        Err(reason) => return Some(SourceLine::new(place, Err(("user".to_owned(), reason)))),
    };
    let mut notes = Vec::new();
    let line = line(&user, &mut notes).map_err(|reason| {
        let name = text(&user, "username").or_else(|| text(&user, "name"));
        let subject = name.map_or_else(|| "user".to_owned(), |name| format!("user {name}"));
        (subject, reason)
    });
    Some(SourceLine {
        place,
        line: line.map(|line| TransferLine::User(Box::new(line))),
        notes,
    })
}

fn line(user: &Value, notes: &mut Vec<String>) -> Result<UserLine, String> {
    let username = text(user, "username").ok_or("it has no username: the registration was not completed")?;
    let services = user.get("services").unwrap_or(&Value::Null);
    let settings = user.get("settings").unwrap_or(&Value::Null);
    let required = flag(user, "requirePasswordChange").unwrap_or_default();
    let secrets = secrets(services);
    if secrets.password.is_none() {
        let other = OTHER_LOGINS.iter().find(|name| services.get(name).is_some());
        let how = other.map_or_else(String::new, |name| format!(" (the user logs in by {name})"));
        notes.push(format!("password: there is none{how}"));
    }
    Ok(UserLine {
        id: id(user, "_id").ok_or("it has no id")?,
        username,
        name: text(user, "name"),
        emails: items(user, "emails").iter().filter_map(email).collect(),
        roles: user.get("roles").map(|_| roles(user)),
        active: flag(user, "active"),
        inactive_reason: inactive_reason(user),
        bio: text(user, "bio"),
        nickname: text(user, "nickname"),
        reason: text(user, "reason"),
        custom_fields: map(user, "customFields"),
        preferences: preferences(user, settings),
        status_default: text(user, "statusDefault"),
        status_text: text(user, "statusText"),
        require_password_change: required.then(|| text(user, "requirePasswordChangeReason").unwrap_or_default()),
        created_at: moment(user, "createdAt"),
        last_login: moment(user, "lastLogin"),
        secrets: Some(secrets),
        ..UserLine::default()
    })
}

fn email(email: &Value) -> Option<EmailLine> {
    Some(EmailLine {
        address: text(email, "address")?,
        verified: flag(email, "verified").unwrap_or_default(),
    })
}

/// Returns the roles of a user. Rocket.Chat marks programs by a type beside the roles.
fn roles(user: &Value) -> Vec<String> {
    let mut roles = texts(user, "roles");
    for program in ["bot", "app"] {
        if text(user, "type").as_deref() == Some(program) && !roles.iter().any(|role| role == program) {
            roles.push(program.to_owned());
        }
    }
    roles
}

/// Returns why an account is inactive. Older versions store no reason: an account that was never used and has a reason for
/// the registration waits for an approval.
fn inactive_reason(user: &Value) -> Option<String> {
    let waits = || {
        let waits = flag(user, "active") == Some(false)
            && text(user, "reason").is_some()
            && moment(user, "lastLogin").is_none();
        waits.then(|| "pending_approval".to_owned())
    };
    text(user, "inactiveReason").or_else(waits)
}

/// Returns the preferences, with the time zone and language that Rocket.Chat stores beside them.
fn preferences(user: &Value, settings: &Value) -> Option<Map<String, Value>> {
    let mut chosen = map(settings, "preferences").unwrap_or_default();
    for name in ["utcOffset", "language"] {
        let beside = value(user, name).filter(|value| value.is_number() || value.is_string());
        if let Some(beside) = beside.filter(|value| *value != "") {
            chosen.entry(name).or_insert(beside);
        }
    }
    (!chosen.is_empty()).then_some(chosen)
}

fn secrets(services: &Value) -> SecretsLine {
    let part = |name: &str| services.get(name).unwrap_or(&Value::Null);
    let tokens = items(part("resume"), "loginTokens").iter().filter_map(token);
    let factor = part("totp");
    let is_on = flag(factor, "enabled").unwrap_or_default();
    SecretsLine {
        password: text(part("password"), "bcrypt"),
        tokens: tokens.collect(),
        totp: is_on.then(|| totp(factor)).flatten(),
        ..SecretsLine::default()
    }
}

/// Returns a personal access token; `None` for the token of a session.
fn token(token: &Value) -> Option<ExportedToken> {
    if text(token, "type").as_deref() != Some("personalAccessToken") {
        return None;
    }
    Some(ExportedToken {
        hash: text(token, "hashedToken")?,
        name: text(token, "name")?,
        last_part: text(token, "lastTokenPart").unwrap_or_default(),
        bypass_two_factor: flag(token, "bypassTwoFactor").unwrap_or_default(),
        scopes: None,
        created_at: moment(token, "createdAt"),
        expires_at: None,
        last_used_at: None,
    })
}

fn totp(factor: &Value) -> Option<TotpLine> {
    Some(TotpLine {
        secret: text(factor, "secret")?,
        backup_codes: texts(factor, "hashedBackup")
            .iter()
            .filter_map(|hex| digest(hex))
            .collect(),
        backup_salt: None,
        last_step: number(factor, "lastStep"),
    })
}

/// Converts a SHA-256 from hexadecimal digits to base64.
fn digest(digits: &str) -> Option<String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(BASE64_STANDARD.encode(bytes))
}
