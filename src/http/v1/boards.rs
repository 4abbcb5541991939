//! Boards for displays on a wall. Rocket.Chat has no such endpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::board::{self, BOARD_PEOPLE, BoardContent, BoardPeople, BoardTheme};
use crate::domain::{
    Board, Emoji, Permission, RequestError, RoleId, Scope, SettingId, StatusText, StatusType, Timestamp, UserId,
    Username,
};
use crate::http::input::Nothing;
use crate::http::reply::Done;
use crate::http::request::{AnyRequest, UserRequest};
use crate::http::route::Route;
use crate::ops::boards::{self, BoardPerson, ListedBoard};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("boards.create", "Create a link for a display on a wall", create)
            .permission(Permission::ManageBoards)
            .fresh_proof(),
        Route::get("boards.list", "List the boards for displays on a wall", list)
            .permission(Permission::ManageBoards)
            .scope(Scope::Admin),
        Route::post("boards.revoke", "End a board", revoke)
            .permission(Permission::ManageBoards)
            .scope(Scope::Admin)
            .two_factor(),
        Route::post("boards.view", "Return who is here, with the token of a board", view),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    name: String,
    /// The ids of the roles whose holders it shows. Without roles and field it shows everyone.
    roles: Option<Vec<String>>,
    /// The public custom field by which it selects people.
    field: Option<String>,
    /// The values of that field.
    values: Option<Vec<String>>,
    /// Whether it shows texts, emoji and ends beside the statuses; absent is true.
    texts: Option<bool>,
    /// Whether it shows whole names; absent is true. Else it shows their first words.
    full_names: Option<bool>,
    /// The language of its words, as a language tag; absent is the browser's language.
    language: Option<String>,
    /// The colours; absent is dark.
    theme: Option<BoardTheme>,
}

#[derive(Serialize, JsonSchema)]
struct Created {
    board: View,
    /// The link. The server stores only a hash of it, so it cannot return it again.
    url: String,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    boards: Vec<View>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    #[serde(rename = "_id")]
    id: String,
    name: String,
    /// The roles whose holders it shows; empty if it selects otherwise.
    roles: Vec<RoleId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The values of the field; empty without a field.
    values: Vec<String>,
    texts: bool,
    full_names: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    theme: BoardTheme,
    created_at: Timestamp,
    /// The username of its creator; absent if it was created at the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<Username>,
    /// False while its creator is deactivated or may no longer manage boards.
    valid: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Revoke {
    #[serde(rename = "_id")]
    id: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Shown {
    /// The last part of the link's path.
    token: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Wall {
    /// The name of the server, which is the team's.
    site_name: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    theme: BoardTheme,
    /// The first people in the order of their names.
    #[schemars(extend("description" = format!("The people in the order of their names, at most {BOARD_PEOPLE}.")))]
    people: Vec<Person>,
    /// The number of people whom the board selects.
    total: usize,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Person {
    #[serde(rename = "_id")]
    id: UserId,
    name: String,
    status: StatusType,
    #[serde(skip_serializing_if = "StatusText::is_empty")]
    status_text: StatusText,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_emoji: Option<Emoji>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_expires_at: Option<Timestamp>,
    /// The time at which the status began. Absent for an offline person, if the board shows no texts, and if not all
    /// users may see the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_since: Option<Timestamp>,
    #[serde(rename = "avatarETag", skip_serializing_if = "Option::is_none")]
    avatar_etag: Option<String>,
}

async fn create(call: UserRequest, wanted: Create) -> Result<Created, RequestError> {
    let (roles, values) = (wanted.roles.unwrap_or_default(), wanted.values.unwrap_or_default());
    let content = BoardContent {
        people: BoardPeople::parse(&roles, wanted.field.as_deref(), &values)?,
        texts: wanted.texts.unwrap_or(true),
        full_names: wanted.full_names.unwrap_or(true),
        language: wanted.language.as_deref().map(board::language).transpose()?,
        theme: wanted.theme.unwrap_or_default(),
    };
    let name = Board::parse_name(&wanted.name)?;
    let (board, url) = boards::create(&call.app, &call.actor(), &name, &content).await?;
    Ok(Created {
        board: board.into(),
        url,
    })
}

async fn list(call: UserRequest, _: Nothing) -> Result<Listed, RequestError> {
    let found = boards::list(&call.app, &call.actor())?;
    Ok(Listed {
        boards: found.into_iter().map(View::from).collect(),
    })
}

async fn revoke(call: UserRequest, which: Revoke) -> Result<Done, RequestError> {
    boards::revoke(&call.app, &call.actor(), &which.id).await?;
    Ok(Done {})
}

async fn view(call: AnyRequest, which: Shown) -> Result<Wall, RequestError> {
    let shown = boards::view(&call.app, &which.token)?;
    Ok(Wall {
        site_name: call.app.settings().text(SettingId::SiteName),
        name: shown.board.name.clone(),
        language: shown.board.content.language.clone(),
        theme: shown.board.content.theme,
        people: shown.people.into_iter().map(Person::from).collect(),
        total: shown.total,
    })
}

impl From<BoardPerson> for Person {
    fn from(person: BoardPerson) -> Self {
        Self {
            id: person.id,
            name: person.name,
            status: person.status,
            status_text: person.text,
            status_emoji: person.emoji,
            status_expires_at: person.expires_at,
            status_since: person.since,
            avatar_etag: person.avatar,
        }
    }
}

impl From<ListedBoard> for View {
    fn from(listed: ListedBoard) -> Self {
        let (board, content) = (&listed.board, &listed.board.content);
        let (roles, field, values) = match content.people.clone() {
            BoardPeople::Everyone => (Vec::new(), None, Vec::new()),
            BoardPeople::Roles(roles) => (roles, None, Vec::new()),
            BoardPeople::Field { name, values } => (Vec::new(), Some(name), values),
        };
        Self {
            id: boards::label(board),
            name: board.name.clone(),
            roles,
            field,
            values,
            texts: content.texts,
            full_names: content.full_names,
            language: content.language.clone(),
            theme: content.theme,
            created_at: board.created_at,
            created_by: listed.creator,
            valid: listed.is_valid,
        }
    }
}
