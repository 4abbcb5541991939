//! The line of a user, parsed into types by the rules of the API. An invalid part is left out with a note; without a
//! valid id and username, the whole line is.

use serde_json::{Map, Value};

use super::identity;
use super::notes::Notes;
use super::secrets::ParsedSecrets;
use crate::domain::transfer::{EmailLine, HideFromLine, UserLine};
use crate::domain::user::{Activity, UserEmail};
use crate::domain::{
    Audience, CustomFieldChanges, DisplayName, Emoji, LastSeen, Preferences, RequestError, RoleId, StatusText,
    StatusType, Timestamp, UserId, Username, profile,
};
use crate::ops::privacy::AUDIENCE;
use crate::ops::users::{parse_email, parse_name, parse_username};

/// A user as a line describes it. What is `None` is not changed.
pub(super) struct ParsedUser {
    pub(super) id: UserId,
    pub(super) username: Username,
    pub(super) name: Option<DisplayName>,
    pub(super) email: Option<UserEmail>,
    pub(super) roles: Option<Vec<RoleId>>,
    pub(super) activity: Option<Activity>,
    pub(super) bio: Option<String>,
    pub(super) nickname: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) custom_fields: Option<CustomFieldChanges>,
    pub(super) preferences: Option<Preferences>,
    pub(super) status: FirstStatus,
    pub(super) shows_last_seen: Option<LastSeen>,
    pub(super) hide_from: Audience,
    pub(super) require_password_change: Option<String>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) last_login: Option<Timestamp>,
    pub(super) secrets: ParsedSecrets,
}

/// The status of a new account.
#[derive(Default)]
pub(super) struct FirstStatus {
    pub(super) status: Option<StatusType>,
    pub(super) text: StatusText,
    pub(super) emoji: Option<Emoji>,
}

impl ParsedUser {
    /// Parses a line. `now` replaces times in the future.
    ///
    /// # Errors
    /// The error of an id or username that is not valid.
    pub(super) fn of(line: UserLine, now: Timestamp, notes: &mut Notes) -> Result<Self, RequestError> {
        let id = UserId::new(identity::checked(&line.id, "id")?);
        let username = parse_username(&line.username)?;
        let inactive_reason = line.inactive_reason;
        let optional = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Self {
            name: optional(line.name).and_then(|name| notes.take("name", parse_name(&name))),
            email: first_email(line.emails, notes),
            roles: line
                .roles
                .map(|roles| roles.iter().map(|role| RoleId::new(role)).collect()),
            activity: line.active.map(|active| {
                if active {
                    Activity::Active
                } else {
                    Activity::inactive(inactive_reason.as_deref())
                }
            }),
            bio: line.bio.and_then(|text| notes.take("bio", profile::bio(&text))),
            nickname: line
                .nickname
                .and_then(|text| notes.take("nickname", profile::nickname(&text))),
            reason: line
                .reason
                .and_then(|text| notes.take("reason", profile::reason(&text))),
            custom_fields: line
                .custom_fields
                .and_then(|fields| notes.take("customFields", CustomFieldChanges::parse(fields))),
            preferences: line.preferences.map(|chosen| preferences(chosen, notes)),
            status: FirstStatus {
                status: line
                    .status_default
                    .and_then(|word| notes.take("statusDefault", word.parse())),
                text: StatusText::clean(&line.status_text.unwrap_or_default()),
                emoji: optional(line.status_emoji).and_then(|text| notes.take("statusEmoji", Emoji::parse(&text))),
            },
            shows_last_seen: line
                .shows_last_seen
                .and_then(|word| notes.take("showsLastSeen", word.parse())),
            hide_from: audience(&line.hide_from.unwrap_or_default(), notes),
            require_password_change: line
                .require_password_change
                .and_then(|text| notes.take("requirePasswordChange", profile::reason(&text))),
            created_at: notes.past(line.created_at, "createdAt", now),
            last_login: notes.past(line.last_login, "lastLogin", now),
            secrets: ParsedSecrets::of(line.secrets.unwrap_or_default(), &id, now, notes),
            id,
            username,
        })
    }
}

fn first_email(emails: Vec<EmailLine>, notes: &mut Notes) -> Option<UserEmail> {
    let mut kept = None;
    for EmailLine { address, verified } in emails {
        let Some(parsed) = notes.take("emails", parse_email(&address)) else {
            continue;
        };
        if kept.is_none() {
            kept = Some(UserEmail {
                address: parsed,
                verified,
            });
        } else {
            notes.add("emails", format!("{parsed} is a further address: a user has one"));
        }
    }
    kept
}

/// Returns the preferences that are known and valid.
fn preferences(chosen: Map<String, Value>, notes: &mut Notes) -> Preferences {
    let mut kept = Preferences::default();
    for (name, value) in chosen {
        // Null is the absence of a choice.
        if value.is_null() {
            continue;
        }
        let changes = Map::from_iter([(name, value)]);
        if let Some(with) = notes.take("preferences", kept.with(&changes)) {
            kept = with;
        }
    }
    kept
}

fn audience(line: &HideFromLine, notes: &mut Notes) -> Audience {
    if line.users.len() > AUDIENCE || line.roles.len() > AUDIENCE {
        notes.add("hideFrom", format!("must NOT have more than {AUDIENCE} items"));
        return Audience::default();
    }
    let users = line.users.iter();
    let users = users.filter_map(|id| notes.take("hideFrom", identity::checked(id, "users")));
    Audience {
        users: users.map(UserId::new).collect(),
        roles: line.roles.iter().map(|id| RoleId::new(id)).collect(),
    }
}
