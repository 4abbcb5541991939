//! The endpoint of the audit log. Rocket.Chat has no such endpoint.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{AuditAction, AuditEntry, AuditParty, Permission, RequestError, Scope, Timestamp, moment_of_field};
use crate::http::query;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::audit::{self, AuditFilter, PartyQuery};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "audit.list",
            "Who did what to whom, when and from where; the newest first",
            list,
        )
        .permission(Permission::ViewAudit)
        .scope(Scope::Admin),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct List {
    /// Only entries of actions by this user: a username or id.
    actor: Option<String>,
    /// Only entries about this object: a name or id.
    target: Option<String>,
    action: Option<AuditAction>,
    /// Only entries from this moment on, ISO 8601.
    from: Option<String>,
    /// Only entries before this moment, ISO 8601.
    until: Option<String>,
    offset: Option<usize>,
    count: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    entries: Vec<Entry>,
    count: usize,
    offset: usize,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct Entry {
    #[serde(rename = "_id")]
    id: String,
    at: Timestamp,
    actor: AuditParty,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    action: AuditAction,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<AuditParty>,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id(),
            at: entry.at,
            actor: entry.actor,
            address: entry.address,
            action: entry.action,
            target: entry.target,
            detail: entry.detail,
        }
    }
}

async fn list(call: UserRequest, asked: List) -> Result<Listed, RequestError> {
    let moment = |text: Option<String>, field: &str| text.map(|text| moment_of_field(&text, field)).transpose();
    let filter = AuditFilter {
        actor: asked.actor.as_deref().map(PartyQuery::of),
        target: asked.target.as_deref().map(PartyQuery::of),
        about: None,
        action: asked.action,
        from: moment(asked.from, "from")?,
        until: moment(asked.until, "until")?,
    };
    let page = query::page(&call.app, asked.offset, asked.count);
    let found = audit::list(&call.app, &call.actor(), filter, page).await?;
    Ok(Listed {
        count: found.entries.len(),
        offset: found.offset,
        total: found.total,
        entries: found.entries.into_iter().map(Entry::from).collect(),
    })
}
