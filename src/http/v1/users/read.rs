//! Endpoints that list and find users (`api.md` §5.5).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lines::{LineView, Lines};
use crate::domain::condition::MAX_TESTS;
use crate::domain::page::Listing;
use crate::domain::user::Activity;
use crate::domain::{
    Condition, EmailKey, Permission, Projection, RequestError, RoleId, Scope, SearchTerm, UsernameKey,
};
use crate::http::fields::Fields;
use crate::http::projected::Projected;
use crate::http::query;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::directory::{self, UserFilter};
use crate::ops::suggestions;
use crate::ops::user_condition::UserField;
use crate::ops::user_view::{self, Suggestion, UserView};
use crate::ops::users::UserIdentifier;
use crate::ops::viewed_user::ViewedUser;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("users.list", "List users", list)
            .permission(Permission::ViewDRoom)
            .scope(Scope::UsersRead),
        Route::get(
            "users.listByStatus",
            "List users who may, or may not, log in",
            list_by_status,
        )
        .permission(Permission::ViewDRoom)
        .scope(Scope::UsersRead),
        Route::get("users.info", "Look a user up", info).scope(Scope::UsersRead),
        Route::get("users.autocomplete", "Search users while typing", autocomplete).scope(Scope::UsersRead),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct List {
    /// Only the user with exactly this address. Only for callers who see all fields of other users.
    email: Option<String>,
    /// Only the user with this username, compared case-insensitively.
    username: Option<String>,
    /// Only users with exactly this name.
    name: Option<String>,
    /// Only users with these custom fields: `customFields.team=north`.
    #[serde(rename = "customFields")]
    custom_fields: Option<Map<String, Value>>,
    offset: Option<usize>,
    count: Option<usize>,
    sort: Option<String>,
    /// The fields of each user, as JSON text: `{"username":1}` for these alone, `{"emails":0}` for all but these.
    fields: Option<String>,
    /// Adds the custom fields that the caller may see. Asking for `customFields` in `fields` adds them too.
    #[serde(rename = "includeCustomFields")]
    include_custom_fields: Option<bool>,
    /// A condition as JSON text: equality, `$eq`, `$ne`, `$in`, `$nin`, `$exists`, `$and`, `$or` and `$nor` on `_id`,
    /// `username`, `name`, `emails.address`, `status`, `active`, `roles`, `type` and `customFields.NAME`.
    query: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListByStatus {
    status: Option<AccountStatus>,
    has_logged_in: Option<bool>,
    /// The type of users. All users of this server have the type `user`.
    #[serde(rename = "type")]
    kind: Option<String>,
    roles: Option<Vec<String>>,
    search_term: Option<String>,
    inactive_reason: Option<Vec<InactiveReason>>,
    offset: Option<usize>,
    count: Option<usize>,
    sort: Option<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum AccountStatus {
    Active,
    Deactivated,
}

#[derive(Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum InactiveReason {
    Deactivated,
    PendingApproval,
    IdleTooLong,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    #[schemars(with = "Vec<Projected<LineView<'static>>>")]
    users: Lines,
    count: usize,
    offset: usize,
    total: usize,
}

fn listed(
    call: UserRequest,
    found: Listing<ViewedUser>,
    projection: Option<Arc<Projection>>,
    with_custom_fields: bool,
) -> Listed {
    Listed {
        count: found.items.len(),
        offset: found.offset,
        total: found.total,
        users: Lines {
            app: call.app,
            users: found.items,
            projection,
            with_custom_fields,
        },
    }
}

/// Combines `query` and the single filter fields into one condition.
fn condition(asked: &mut List) -> Result<Condition<UserField>, RequestError> {
    let mut all = Vec::new();
    if let Some(query) = asked.query.take().filter(|query| !query.is_empty()) {
        all.push(Condition::parse(&query)?);
    }
    if let Some(username) = asked.username.take() {
        all.push(Condition::equals(UserField::Username, &username));
    }
    if let Some(name) = asked.name.take() {
        all.push(Condition::equals(UserField::Name, &name));
    }
    let fields = asked.custom_fields.take().unwrap_or_default();
    if fields.len() > MAX_TESTS {
        let words = format!("must NOT have more than {MAX_TESTS} fields");
        return Err(RequestError::invalid(words, "customFields"));
    }
    for (name, value) in fields {
        let text = value
            .as_str()
            .ok_or_else(|| RequestError::invalid("must be string", &format!("customFields.{name}")))?;
        all.push(Condition::equals(UserField::Custom(name), text));
    }
    Ok(match all.len() {
        0 => Condition::default(),
        _ => Condition::All(all),
    })
}

async fn list(call: UserRequest, mut asked: List) -> Result<Listed, RequestError> {
    let projection = query::fields(asked.fields.as_deref(), user_view::FIELDS)?;
    let with_custom_fields = asked.include_custom_fields.unwrap_or_default()
        || projection
            .as_ref()
            .is_some_and(|fields| fields.asks_for("customFields"));
    let filter = UserFilter {
        condition: condition(&mut asked)?,
        email: asked
            .email
            .filter(|email| !email.is_empty())
            .map(|email| EmailKey::of(&email)),
        sort: query::sort(asked.sort, directory::SORT_FIELDS)?,
        ..UserFilter::default()
    };
    let actor = call.actor();
    let found = directory::list(
        &call.app,
        &actor,
        &filter,
        query::page(&call.app, asked.offset, asked.count),
    )?;
    Ok(listed(call, found, projection, with_custom_fields))
}

async fn list_by_status(call: UserRequest, asked: ListByStatus) -> Result<Listed, RequestError> {
    let activity = |reason: InactiveReason| match reason {
        InactiveReason::Deactivated => Activity::Deactivated,
        InactiveReason::PendingApproval => Activity::PendingApproval,
        InactiveReason::IdleTooLong => Activity::IdleTooLong,
    };
    let filter = UserFilter {
        active: asked.status.map(|status| matches!(status, AccountStatus::Active)),
        activities: query::list(asked.inactive_reason.unwrap_or_default(), "inactiveReason")?
            .into_iter()
            .map(activity)
            .collect(),
        has_logged_in: asked.has_logged_in,
        roles: query::list(asked.roles.unwrap_or_default(), "roles")?
            .iter()
            .map(|role| RoleId::new(role))
            .collect(),
        term: asked.search_term.as_deref().and_then(SearchTerm::parse),
        sort: query::sort(asked.sort, directory::SORT_FIELDS)?,
        ..UserFilter::default()
    };
    let actor = call.actor();
    let page = query::page(&call.app, asked.offset, asked.count);
    let mut found = directory::list(&call.app, &actor, &filter, page)?;
    if asked.kind.is_some_and(|kind| kind != "user") {
        found = Listing {
            items: Vec::new(),
            total: 0,
            ..found
        };
    }
    Ok(listed(call, found, None, false))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Info {
    user_id: Option<String>,
    username: Option<String>,
    email: Option<String>,
    /// Finds no user: this server has no imports.
    import_id: Option<String>,
    /// Finds no user: this server has no telephony.
    free_switch_extension: Option<String>,
    /// Accepted and ignored: this server has no rooms.
    #[serde(rename = "includeUserRooms")]
    _include_user_rooms: Option<String>,
    /// The fields of the user, as JSON text: `{"username":1}` for these alone, `{"emails":0}` for all but these.
    fields: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Found {
    user: Projected<InfoView>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InfoView {
    #[serde(flatten)]
    user: UserView,
    can_view_all_info: bool,
}

async fn info(call: UserRequest, asked: Info) -> Result<Found, RequestError> {
    let projection = query::fields(asked.fields.as_deref(), user_view::FIELDS)?;
    let given = [
        &asked.user_id,
        &asked.username,
        &asked.email,
        &asked.import_id,
        &asked.free_switch_extension,
    ];
    if given.iter().filter(|text| text.is_some()).count() != 1 {
        return Err(RequestError::invalid("must match a schema in anyOf", "username"));
    }
    let who = match (asked.user_id, asked.username, asked.email) {
        (Some(id), ..) => UserIdentifier::id(&id),
        (_, Some(name), _) => UserIdentifier::username(&name),
        (.., Some(address)) => UserIdentifier::email(&address),
        _ => return Err(RequestError::UserInfoNotFound),
    };
    let actor = call.actor();
    let user = directory::info(&call.app, &actor, &who)?;
    let view = InfoView {
        user: UserView::from(&user),
        can_view_all_info: user.is_full(),
    };
    Ok(Found {
        user: Projected::new(view, projection),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Autocomplete {
    /// JSON as text: `{"term":"","exceptions":[],"conditions":{}}`.
    selector: String,
}

#[derive(Deserialize)]
struct Selector {
    #[serde(default)]
    term: String,
    #[serde(default)]
    exceptions: Vec<String>,
    #[serde(default)]
    conditions: Map<String, Value>,
}

#[derive(Serialize, JsonSchema)]
struct Suggestions {
    items: Vec<Suggestion>,
}

async fn autocomplete(call: UserRequest, asked: Autocomplete) -> Result<Suggestions, RequestError> {
    let selector = serde_json::from_str(&asked.selector)
        .map_err(|_| RequestError::invalid("must be a JSON object", "selector"))?;
    let selector: Selector = Fields::new(selector).parse_within("selector")?;
    let exceptions = query::list(selector.exceptions, "selector.exceptions")?;
    let exceptions: Vec<_> = exceptions.iter().map(|name| UsernameKey::of(name)).collect();
    let condition = Condition::parse_object(&selector.conditions)?;
    let term = SearchTerm::parse(&selector.term);
    let found = suggestions::autocomplete(&call.app, &call.actor(), term.as_ref(), &exceptions, &condition)?;
    Ok(Suggestions {
        items: found.iter().map(Suggestion::from).collect(),
    })
}
