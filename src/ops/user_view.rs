//! Users as sent to clients: without hashes and tokens, and only with fields that the viewer may see (`api.md` §5.1,
//! §5.5).

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::login::LoggedIn;
use super::login_services::LoginServices;
use super::tokens;
use super::viewed::View;
use super::viewed_user::ViewedUser;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::user::UserEmail;
use crate::domain::user_status::SeenAt;
use crate::domain::{
    ClaimSource, DisplayName, Email, Emoji, Presence, RoleId, StatusText, StatusType, Timestamp, User, UserId,
    Username, UtcOffset,
};

/// The fields of a user's record that `fields` may name: those that responses of this server have, and those that
/// Rocket.Chat documents and no user of this server has.
pub(crate) const FIELDS: &[&str] = &[
    "_id",
    "username",
    "name",
    "nameInsensitive",
    "nickname",
    "bio",
    "reason",
    "type",
    "status",
    "statusText",
    "statusEmoji",
    "statusSource",
    "statusExpiresAt",
    "statusDefault",
    "statusConnection",
    "statusLivechat",
    "lastSeen",
    "active",
    "inactiveReason",
    "utcOffset",
    "language",
    "avatarETag",
    "avatarOrigin",
    "customFields",
    "services",
    "emails",
    "phone",
    "roles",
    "createdAt",
    "lastLogin",
    "requirePasswordChange",
    "requirePasswordChangeReason",
    "settings",
    "defaultRoom",
    "federated",
    "importIds",
    "freeSwitchExtension",
    "canViewAllInfo",
    "_updatedAt",
];

/// A user with the fields that the caller may see.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserView {
    #[serde(rename = "_id")]
    id: UserId,
    username: Username,
    name: DisplayName,
    #[serde(skip_serializing_if = "String::is_empty")]
    nickname: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    bio: String,
    #[serde(rename = "type")]
    kind: &'static str,
    status: StatusType,
    #[serde(skip_serializing_if = "StatusText::is_empty")]
    status_text: StatusText,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_emoji: Option<Emoji>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_source: Option<ClaimSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<SeenAt>,
    active: bool,
    utc_offset: UtcOffset,
    #[serde(rename = "avatarETag", skip_serializing_if = "Option::is_none")]
    avatar_etag: Option<String>,
    /// The custom fields. Of other users, only those that the setting `Accounts_CustomFields` makes public.
    #[serde(skip_serializing_if = "Map::is_empty")]
    custom_fields: Map<String, Value>,
    /// The ways in which the user logs in. Only in the caller's own record.
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<LoginServices>,
    #[serde(flatten)]
    full: Option<FullInfo>,
}

/// The fields that only the user and callers with `view-full-other-user-info` see.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FullInfo {
    emails: Addresses,
    roles: Vec<RoleId>,
    status_default: StatusType,
    status_connection: StatusType,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_login: Option<Timestamp>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    require_password_change: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    require_password_change_reason: String,
    /// The text that the user wrote to the administrators when they registered.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    inactive_reason: Option<&'static str>,
    settings: Settings,
    #[serde(rename = "_updatedAt")]
    updated_at: Timestamp,
}

/// An e-mail address, and whether it was verified.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Address<'user> {
    address: &'user Email,
    verified: bool,
}

/// The addresses of a user, as a list of one or none.
#[derive(Debug, Clone)]
pub(crate) struct Addresses(Option<UserEmail>);

impl Addresses {
    /// Returns the addresses of this user.
    #[must_use]
    pub(crate) fn of(user: &User) -> Self {
        Self(user.email.clone())
    }
}

impl Serialize for Addresses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.as_ref().map(|email| Address {
            address: &email.address,
            verified: email.verified,
        }))
    }
}

impl JsonSchema for Addresses {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Addresses".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<Address<'_>>::json_schema(generator)
    }
}

impl UserView {
    /// Returns a user as this actor may see them.
    #[must_use]
    pub(crate) fn of(app: &App, user: &Arc<User>, actor: &Actor) -> Self {
        Self::from(&View::of(app, actor).user(user))
    }
}

impl From<&ViewedUser> for UserView {
    fn from(user: &ViewedUser) -> Self {
        Self {
            id: user.id(),
            username: user.username(),
            name: user.name(),
            nickname: user.nickname().to_owned(),
            bio: user.bio().to_owned(),
            kind: "user",
            status: user.status(),
            status_text: user.text(),
            status_emoji: user.emoji(),
            status_source: user.source(),
            status_expires_at: user.expires_at(),
            last_seen: user.last_seen(),
            active: user.is_active(),
            utc_offset: user.utc_offset(),
            avatar_etag: user.avatar().map(str::to_owned),
            custom_fields: user.custom_fields(),
            services: user.own_services(),
            full: user.full().map(|(user, presence)| FullInfo::of(user, presence)),
        }
    }
}

impl FullInfo {
    fn of(user: &User, presence: &Presence) -> Self {
        Self {
            emails: Addresses::of(user),
            roles: user.roles.clone(),
            status_default: presence.declared,
            status_connection: presence.connection,
            created_at: user.created_at,
            last_login: user.last_login,
            require_password_change: user.require_password_change.is_some(),
            require_password_change_reason: user.require_password_change.clone().unwrap_or_default(),
            reason: user.profile.reason.clone(),
            inactive_reason: user.activity.reason(),
            settings: Settings {
                preferences: user.preferences.chosen().clone(),
            },
            updated_at: user.updated_at,
        }
    }
}

/// The preferences that a user chose.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Settings {
    #[serde(skip_serializing_if = "Map::is_empty")]
    preferences: Map<String, Value>,
}

/// The preferences of the caller, with the defaults.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct OwnSettings {
    /// An empty object, because clients expect this field.
    profile: Empty,
    preferences: Map<String, Value>,
}

/// An object without fields.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Empty {}

/// A user in the result of a search.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Suggestion {
    #[serde(rename = "_id")]
    id: UserId,
    username: Username,
    name: DisplayName,
    #[serde(skip_serializing_if = "String::is_empty")]
    nickname: String,
    status: StatusType,
    #[serde(skip_serializing_if = "StatusText::is_empty")]
    status_text: StatusText,
    #[serde(rename = "avatarETag", skip_serializing_if = "Option::is_none")]
    avatar_etag: Option<String>,
}

impl From<&ViewedUser> for Suggestion {
    fn from(user: &ViewedUser) -> Self {
        Self {
            id: user.id(),
            username: user.username(),
            name: user.name(),
            nickname: user.nickname().to_owned(),
            status: user.status(),
            status_text: user.text(),
            avatar_etag: user.avatar().map(str::to_owned),
        }
    }
}

/// The caller's own record (`api.md` §3.2).
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    #[serde(rename = "_id")]
    id: UserId,
    name: DisplayName,
    username: Username,
    #[serde(skip_serializing_if = "String::is_empty")]
    nickname: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    bio: String,
    emails: Addresses,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    status: StatusType,
    status_default: StatusType,
    status_connection: StatusType,
    status_text: StatusText,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_emoji: Option<Emoji>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_source: Option<ClaimSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_expires_at: Option<Timestamp>,
    utc_offset: UtcOffset,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    roles: Vec<RoleId>,
    active: bool,
    #[serde(skip_serializing_if = "Map::is_empty")]
    custom_fields: Map<String, Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    require_password_change: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    require_password_change_reason: String,
    settings: OwnSettings,
    #[serde(rename = "avatarETag", skip_serializing_if = "Option::is_none")]
    avatar_etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_origin: Option<&'static str>,
    avatar_url: String,
    #[serde(rename = "isOAuthUser")]
    is_oauth_user: bool,
    services: LoginServices,
    #[serde(rename = "_updatedAt")]
    updated_at: Timestamp,
}

/// The record of the logged-in user: all fields, or only the id and the username for a token with scopes that does
/// not have `users:read`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum OwnRecord {
    /// All fields of the user's own record.
    Full(Box<Me>),
    /// Only the id and the username.
    Narrow {
        /// The id of the user.
        #[serde(rename = "_id")]
        id: UserId,
        /// The username of the user, which clients read.
        username: Username,
    },
}

impl OwnRecord {
    /// Returns the record that the token of a login may see.
    #[must_use]
    pub(crate) fn of(app: &App, begun: &LoggedIn) -> Self {
        let user = &begun.user;
        // A token that ended meanwhile sees only the narrow record.
        if tokens::find(app, &begun.token.hash()).is_some_and(|token| token.shows_own_record()) {
            return Self::Full(Box::new(Me::of(app, user)));
        }
        Self::Narrow {
            id: user.id.clone(),
            username: user.username.clone(),
        }
    }
}

impl Me {
    /// Returns the record of a user as the user sees it.
    #[must_use]
    pub(crate) fn of(app: &App, user: &User) -> Self {
        let address = app.public_address();
        let presence = app.hub.own_presence(&user.id);
        let verified = user.email.as_ref().filter(|email| email.verified);
        Self {
            id: user.id.clone(),
            name: user.shown_name(),
            username: user.username.clone(),
            nickname: user.profile.nickname.clone(),
            bio: user.profile.bio.clone(),
            emails: Addresses::of(user),
            email: verified.map(|email| email.address.clone()),
            status: presence.status,
            status_default: presence.declared,
            status_connection: presence.connection,
            status_text: presence.text,
            status_emoji: presence.emoji,
            status_source: presence.source,
            status_expires_at: presence.expires_at,
            utc_offset: user.preferences.utc_offset(),
            language: user.preferences.language(),
            roles: user.roles.clone(),
            active: user.is_active(),
            custom_fields: user.profile.custom_fields.clone(),
            require_password_change: user.require_password_change.is_some(),
            require_password_change_reason: user.require_password_change.clone().unwrap_or_default(),
            settings: OwnSettings {
                profile: Empty {},
                preferences: user.preferences.effective(),
            },
            avatar_etag: user.avatar.clone(),
            avatar_origin: user.avatar.is_some().then_some("upload"),
            avatar_url: format!("{}/avatar/{}", address.url, user.username.in_path()),
            is_oauth_user: false,
            services: LoginServices::of(user),
            updated_at: user.updated_at,
        }
    }
}
