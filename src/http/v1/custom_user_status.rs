//! Custom user statuses (`custom-user-status.create.md`, `api.md` §7).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::domain::{CustomStatus, CustomStatusDraft, CustomStatusId, RequestError, Scope, SearchTerm};
use crate::http::query;
use crate::http::reply::Done;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::custom_status::{self, StatusFilter, StatusItems};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("custom-user-status.list", "List custom statuses", list).scope(Scope::StatusRead),
        Route::post("custom-user-status.create", "Create a custom status", create)
            .called("insertOrUpdateUserStatus")
            .scope(Scope::StatusWrite),
        Route::post("custom-user-status.update", "Change a custom status", update)
            .called("insertOrUpdateUserStatus")
            .scope(Scope::StatusWrite),
        Route::post("custom-user-status.delete", "Delete a custom status", delete)
            .called("deleteCustomUserStatus")
            .scope(Scope::StatusWrite),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    name: Option<String>,
    status_type: Option<String>,
    /// The emoji of the status; empty means none. Rollcall's own.
    emoji: Option<String>,
    /// The minutes after which the status ends if a user sets it by its id; 0 means never. Rollcall's own.
    duration_minutes: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Update {
    #[serde(rename = "_id")]
    id: String,
    name: Option<String>,
    status_type: Option<String>,
    /// The emoji of the status; empty removes it, absent leaves it unchanged. Rollcall's own.
    emoji: Option<String>,
    /// The minutes after which the status ends if a user sets it by its id; 0 means never, absent leaves it
    /// unchanged. Rollcall's own.
    duration_minutes: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Delete {
    #[schemars(length(min = 1))]
    custom_user_status_id: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(rename = "_id")]
    id: Option<String>,
    name: Option<String>,
    offset: Option<usize>,
    count: Option<usize>,
    sort: Option<String>,
    /// Ignored. Accepted because clients send it.
    #[serde(rename = "fields")]
    _fields: Option<String>,
    /// A condition as JSON text: equality, `$eq`, `$ne`, `$in`, `$nin`, `$exists`, `$and`, `$or` and `$nor` on `_id`,
    /// `name` and `statusType`.
    query: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Changed {
    custom_user_status: Arc<CustomStatus>,
}

#[derive(Serialize, JsonSchema)]
struct Statuses {
    #[schemars(with = "Vec<CustomStatus>")]
    statuses: StatusItems,
    count: usize,
    offset: usize,
    total: usize,
}

async fn create(call: UserRequest, new: Create) -> Result<Changed, RequestError> {
    let draft = draft(&call.app, new.name.as_deref(), new.status_type.as_deref())
        .with_defaults(new.emoji.as_deref(), new.duration_minutes)?;
    let custom_user_status = custom_status::create(&call.app, &call.actor(), draft).await?;
    Ok(Changed { custom_user_status })
}

async fn update(call: UserRequest, new: Update) -> Result<Changed, RequestError> {
    let draft = draft(&call.app, new.name.as_deref(), new.status_type.as_deref())
        .with_defaults(new.emoji.as_deref(), new.duration_minutes)?;
    let id = CustomStatusId::new(&new.id);
    let custom_user_status = custom_status::update(&call.app, &call.actor(), &id, draft).await?;
    Ok(Changed { custom_user_status })
}

async fn delete(call: UserRequest, which: Delete) -> Result<Done, RequestError> {
    let id = which.custom_user_status_id;
    if id.is_empty() {
        return Err(RequestError::invalid(
            "must NOT have fewer than 1 characters",
            "customUserStatusId",
        ));
    }
    custom_status::delete(&call.app, &call.actor(), &CustomStatusId::new(&id)).await?;
    Ok(Done {})
}

fn draft(app: &App, name: Option<&str>, status_type: Option<&str>) -> CustomStatusDraft {
    CustomStatusDraft::parse(name, status_type, app.settings().default_status_type())
}

async fn list(call: UserRequest, asked: List) -> Result<Statuses, RequestError> {
    let filter = StatusFilter {
        id: asked.id.as_deref().map(CustomStatusId::new),
        name: asked.name.as_deref().and_then(SearchTerm::parse),
        condition: query::condition(asked.query.as_deref())?,
        sort: query::sort(asked.sort, custom_status::SORT_FIELDS)?,
    };
    let page = query::page(&call.app, asked.offset, asked.count);
    let found = custom_status::listed(&call.app, &filter, page);
    Ok(Statuses {
        statuses: found.items,
        count: found.count,
        offset: page.offset,
        total: found.total,
    })
}
