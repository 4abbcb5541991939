//! Custom user statuses (`custom-user-status.create.md`, `api.md` §7).

use std::future::ready;
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use warp::http::Method;

use crate::auth::Actor;
use crate::domain::{CustomStatus, CustomStatusDraft, CustomStatusId, Fault};
use crate::http::fields::{Fields, invalid};
use crate::http::query;
use crate::http::reply::{self, Outcome};
use crate::http::request::Request;
use crate::http::routes::Route;
use crate::ops::custom_status::{self, Filter};

pub(super) fn routes() -> [Route; 4] {
    [
        Route::logged_in(Method::GET, "custom-user-status.list", |request, _| {
            Box::pin(ready(list(&request)))
        }),
        Route::logged_in(Method::POST, "custom-user-status.create", |request, actor| {
            Box::pin(create(request, actor))
        }),
        Route::logged_in(Method::POST, "custom-user-status.update", |request, actor| {
            Box::pin(update(request, actor))
        }),
        Route::logged_in(Method::POST, "custom-user-status.delete", |request, actor| {
            Box::pin(delete(request, actor))
        }),
    ]
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    custom_user_status: Arc<CustomStatus>,
}

/// `POST custom-user-status.create`: `name`, `statusType`.
async fn create(request: Request, actor: Actor) -> Outcome {
    let mut fields = request.body.fields()?;
    let draft = draft(&request, &mut fields)?;
    fields.end()?;
    let custom_user_status = custom_status::create(&request.app, &actor, draft).await?;
    reply::success(Changed { custom_user_status })
}

/// `POST custom-user-status.update`: `_id`, `name`, `statusType`.
async fn update(request: Request, actor: Actor) -> Outcome {
    let mut fields = request.body.fields()?;
    let id = CustomStatusId::new(&fields.required_text("_id")?);
    let draft = draft(&request, &mut fields)?;
    fields.end()?;
    let custom_user_status = custom_status::update(&request.app, &actor, &id, draft).await?;
    reply::success(Changed { custom_user_status })
}

/// `POST custom-user-status.delete`: `customUserStatusId`.
async fn delete(request: Request, actor: Actor) -> Outcome {
    let mut fields = request.body.fields()?;
    let id = fields.required_text("customUserStatusId")?;
    if id.is_empty() {
        return Err(invalid("must NOT have fewer than 1 characters", "customUserStatusId"));
    }
    fields.end()?;
    custom_status::delete(&request.app, &actor, &CustomStatusId::new(&id)).await?;
    reply::success(json!({}))
}

fn draft(request: &Request, fields: &mut Fields) -> Result<CustomStatusDraft, Fault> {
    let name = fields.text("name")?;
    let status_type = fields.text("statusType")?;
    let default = request.app.rules.default_status_type;
    Ok(CustomStatusDraft::parse(
        name.as_deref(),
        status_type.as_deref(),
        default,
    ))
}

/// `GET custom-user-status.list`: `name`, `_id`, `sort` and the page.
fn list(request: &Request) -> Outcome {
    #[derive(Serialize)]
    struct Page {
        statuses: Vec<Arc<CustomStatus>>,
        count: usize,
        offset: usize,
        total: usize,
    }
    let mut fields = request.query.fields();
    let page = query::page(&mut fields)?;
    let filter = Filter {
        id: fields.text("_id")?.map(|id| CustomStatusId::new(&id)),
        name: fields.text("name")?.filter(|name| !name.is_empty()),
        sort: query::sort(&mut fields)?,
    };
    query::ignore_unsafe(&mut fields);
    fields.end()?;
    let found = custom_status::list(&request.app, &filter, page);
    reply::success(Page {
        count: found.items.len(),
        offset: found.offset,
        total: found.total,
        statuses: found.items,
    })
}
