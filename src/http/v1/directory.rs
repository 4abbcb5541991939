//! The directory, and the search that apps show beside the list of rooms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::app::App;
use crate::domain::{DisplayName, Permission, RequestError, Scope, SearchTerm, Timestamp, UserId, Username};
use crate::http::query;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::user_lines;
use crate::ops::user_view::{Addresses, Suggestion};
use crate::ops::viewed_user::ViewedUser;
use crate::ops::{directory, suggestions};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "spotlight",
            "Search users, and rooms, of which there are none",
            spotlight,
        )
        .scope(Scope::UsersRead),
        Route::get("directory", "List users, and rooms, of which there are none", list)
            .permission(Permission::ViewDRoom)
            .scope(Scope::UsersRead),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    /// The text to find. With `@` before it, only users are found; with `#`, only rooms.
    query: String,
}

#[derive(Serialize, JsonSchema)]
struct Found {
    users: Vec<Suggestion>,
    /// Always empty: this server has no rooms.
    rooms: [(); 0],
}

async fn spotlight(call: UserRequest, asked: Search) -> Result<Found, RequestError> {
    let found = suggestions::spotlight(&call.app, &call.actor(), &asked.query);
    Ok(Found {
        users: found.iter().map(Suggestion::from).collect(),
        rooms: [],
    })
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Users,
    #[default]
    Channels,
    Teams,
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Workspace {
    #[default]
    Local,
    All,
    External,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct List {
    /// Only users with this text in the username or the name.
    text: Option<String>,
    /// The kind of entries. Only `users` returns any.
    #[serde(rename = "type")]
    kind: Option<Kind>,
    /// The servers whose entries are listed. `external` returns none.
    workspace: Option<Workspace>,
    offset: Option<usize>,
    count: Option<usize>,
    sort: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    #[schemars(with = "Vec<EntryView<'static>>")]
    result: Entries,
    count: usize,
    offset: usize,
    total: usize,
}

/// The users of a directory. Their fields are read while the answer is written.
struct Entries {
    app: App,
    users: Vec<ViewedUser>,
}

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        user_lines::write(&self.users, &self.app.directory_lines, EntryView::from, serializer)
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Entry")]
struct EntryView<'user> {
    #[serde(rename = "_id")]
    id: UserId,
    username: Username,
    name: DisplayName,
    #[serde(skip_serializing_if = "str::is_empty")]
    nickname: &'user str,
    #[serde(skip_serializing_if = "str::is_empty")]
    bio: &'user str,
    #[serde(rename = "avatarETag", skip_serializing_if = "Option::is_none")]
    avatar_etag: Option<&'user str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emails: Option<Addresses>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
}

impl<'user> From<&'user ViewedUser> for EntryView<'user> {
    fn from(user: &'user ViewedUser) -> Self {
        let full = user.full().map(|(account, _)| account);
        Self {
            id: user.id(),
            username: user.username(),
            name: user.name(),
            nickname: user.nickname(),
            bio: user.bio(),
            avatar_etag: user.avatar(),
            emails: full.map(Addresses::of),
            created_at: full.map(|account| account.created_at),
        }
    }
}

async fn list(call: UserRequest, asked: List) -> Result<Listed, RequestError> {
    let page = query::page(&call.app, asked.offset, asked.count);
    let is_of_users = asked.kind.unwrap_or_default() == Kind::Users;
    if !is_of_users || asked.workspace.unwrap_or_default() == Workspace::External {
        return Ok(Listed {
            result: Entries {
                app: call.app,
                users: Vec::new(),
            },
            count: 0,
            offset: page.offset,
            total: 0,
        });
    }
    let term = asked.text.as_deref().and_then(SearchTerm::parse);
    let sort = query::sort(asked.sort, directory::SORT_FIELDS)?;
    let found = directory::browse(&call.app, &call.actor(), term, sort, page)?;
    Ok(Listed {
        count: found.items.len(),
        offset: found.offset,
        total: found.total,
        result: Entries {
            app: call.app,
            users: found.items,
        },
    })
}
