//! The users of the lists `users.list` and `users.listByStatus`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::app::App;
use crate::domain::text::folded;
use crate::domain::{DisplayName, Projection, RoleId, StatusType, Timestamp, UserId, Username};
use crate::http::projected::Projected;
use crate::ops::user_lines;
use crate::ops::user_view::Addresses;
use crate::ops::viewed_user::ViewedUser;

/// The users of a list. Their fields are read while the answer is written, so that a list copies none of them.
pub(super) struct Lines {
    pub(super) app: App,
    pub(super) users: Vec<ViewedUser>,
    pub(super) projection: Option<Arc<Projection>>,
    pub(super) with_custom_fields: bool,
}

impl Serialize for Lines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = |user| LineView::of(user, self.with_custom_fields);
        if self.with_custom_fields || self.projection.is_some() {
            let projected = |user| Projected::new(view(user), self.projection.clone());
            return serializer.collect_seq(self.users.iter().map(projected));
        }
        user_lines::write(&self.users, &self.app.list_lines, view, serializer)
    }
}

/// A user as a list has them.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Line")]
pub(super) struct LineView<'user> {
    #[serde(rename = "_id")]
    id: UserId,
    username: Username,
    name: DisplayName,
    name_insensitive: String,
    status: StatusType,
    active: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "avatarETag", skip_serializing_if = "Option::is_none")]
    avatar_etag: Option<&'user str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emails: Option<Addresses>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'user [RoleId]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_login: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inactive_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_fields: Option<Map<String, Value>>,
}

impl<'user> LineView<'user> {
    fn of(user: &'user ViewedUser, with_custom_fields: bool) -> Self {
        let full = user.full().map(|(account, _)| account);
        let name = user.name();
        Self {
            id: user.id(),
            username: user.username(),
            name_insensitive: folded(name.as_str()),
            name,
            status: user.status(),
            active: user.is_active(),
            kind: "user",
            avatar_etag: user.avatar(),
            emails: full.map(Addresses::of),
            roles: user.roles(),
            last_login: full.and_then(|account| account.last_login),
            inactive_reason: full.and_then(|account| account.activity.reason()),
            custom_fields: with_custom_fields.then(|| user.custom_fields()),
        }
    }
}
