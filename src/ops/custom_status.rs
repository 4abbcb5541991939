//! Operations on custom statuses.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::audit::note;
use super::transaction::transact;
use crate::app::App;
use crate::auth::{Actor, random};
use crate::domain::condition::{FieldValue, Queried, QueryField};
use crate::domain::page::{Listing, Sort};
use crate::domain::text::composed;
use crate::domain::{
    AuditAction, AuditParty, Condition, CustomStatus, CustomStatusDraft, CustomStatusId, Page, Permission,
    RequestError, SearchTerm, StatusName,
};
use crate::store::{Change, Snapshot};

/// The fields by which a client may sort the list.
pub(crate) const SORT_FIELDS: &[&str] = &["_id", "name", "statusType", "_updatedAt"];

/// The custom statuses that a caller asks for, and their order. A condition that is `None` matches all.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct StatusFilter {
    /// Only the status with this id.
    pub id: Option<CustomStatusId>,
    /// Only statuses whose name contains this text.
    pub name: Option<SearchTerm>,
    /// Only statuses for which this condition holds.
    pub condition: Condition<StatusField>,
    /// The fields to sort by; empty means by name.
    pub sort: Sort,
}

/// A field of a custom status that a condition may test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusField {
    /// The id of the status.
    Id,
    /// The name of the status.
    Name,
    /// The status type that it sets.
    StatusType,
}

impl QueryField for StatusField {
    const KNOWN: &'static str = "_id, name and statusType";

    fn named(name: &str) -> Option<Self> {
        match name {
            "_id" => Some(Self::Id),
            "name" => Some(Self::Name),
            "statusType" => Some(Self::StatusType),
            _ => None,
        }
    }

    fn normalized(&self, text: &str) -> String {
        match self {
            Self::Name => composed(text),
            Self::Id | Self::StatusType => text.to_owned(),
        }
    }
}

impl Queried<StatusField> for CustomStatus {
    fn any(&self, field: &StatusField, test: &mut dyn FnMut(FieldValue<'_>) -> bool) -> bool {
        test(FieldValue::Text(match field {
            StatusField::Id => self.id.as_str(),
            StatusField::Name => self.name.as_str(),
            StatusField::StatusType => self.status_type.as_str(),
        }))
    }
}

/// A page of custom statuses for a response.
#[derive(Debug, Clone)]
pub(crate) struct ListedStatuses {
    /// The statuses of the page.
    pub items: StatusItems,
    /// The number of statuses on the page.
    pub count: usize,
    /// The number of statuses on all pages.
    pub total: usize,
}

/// The statuses of a page.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum StatusItems {
    /// The statuses, which become JSON with the response.
    Each(Vec<Arc<CustomStatus>>),
    /// The statuses as JSON that was made earlier.
    Made(Arc<RawValue>),
}

/// Lists custom statuses for a response. Every user may do so.
#[must_use]
pub(crate) fn listed(app: &App, filter: &StatusFilter, page: Page) -> ListedStatuses {
    if *filter == StatusFilter::default()
        && let Some(made) = app.status_pages.page(&app.store.read(), page)
    {
        return ListedStatuses {
            items: StatusItems::Made(made.json),
            count: made.count,
            total: made.total,
        };
    }
    let found = list(app, filter, page);
    ListedStatuses {
        count: found.items.len(),
        total: found.total,
        items: StatusItems::Each(found.items),
    }
}

/// Lists custom statuses. Every user may do so.
#[must_use]
pub(crate) fn list(app: &App, filter: &StatusFilter, page: Page) -> Listing<Arc<CustomStatus>> {
    let snapshot = app.store.read();
    if *filter == StatusFilter::default() {
        return Listing::of(snapshot.custom_statuses().cloned(), page);
    }
    let wanted = |status: &&Arc<CustomStatus>| {
        let id = filter.id.as_ref().is_none_or(|id| *id == status.id);
        let name = filter.name.as_ref().is_none_or(|term| term.is_in(status.name.as_str()));
        id && name && filter.condition.holds(&***status)
    };
    let found = snapshot.custom_statuses().filter(wanted).cloned();
    Listing::sorted(found, page, |a, b| {
        filter.sort.iter().fold(Ordering::Equal, |order, (field, direction)| {
            order.then_with(|| direction.of(compare(field, a, b)))
        })
    })
}

fn compare(field: &str, a: &CustomStatus, b: &CustomStatus) -> Ordering {
    match field {
        "_id" => a.id.cmp(&b.id),
        "name" => a.name.cmp(&b.name),
        "statusType" => a.status_type.as_str().cmp(b.status_type.as_str()),
        "_updatedAt" => a.updated_at.cmp(&b.updated_at),
        _ => Ordering::Equal,
    }
}

/// Finds a custom status by its id, or else by its name.
#[must_use]
pub(crate) fn find(app: &App, text: &str) -> Option<Arc<CustomStatus>> {
    let snapshot = app.store.read();
    let named = |name: StatusName| snapshot.custom_status_named(&name);
    let found = snapshot.custom_status(&CustomStatusId::new(text));
    found.or_else(|| StatusName::parse(text).ok().and_then(named)).cloned()
}

/// Creates a custom status.
///
/// # Errors
/// In this order (`custom-user-status.create.md`): no permission, name required, name not allowed, name taken, status
/// type missing or unknown.
pub(crate) async fn create(
    app: &App,
    actor: &Actor,
    draft: CustomStatusDraft,
) -> Result<Arc<CustomStatus>, RequestError> {
    permit(actor)?;
    transact(app, |snapshot| creation(app, actor, snapshot, None, &draft)).await
}

/// Returns the change that creates a custom status. Without an id, it gets a new one.
///
/// # Errors
/// The errors of [`create`] after the permission.
pub(super) fn creation(
    app: &App,
    actor: &Actor,
    snapshot: &Snapshot,
    id: Option<&CustomStatusId>,
    draft: &CustomStatusDraft,
) -> Result<(Change, Arc<CustomStatus>), RequestError> {
    let name = free_name(snapshot, None, draft)?;
    let now = app.clock.now();
    let new_id = || CustomStatusId::from_parts(now.object_id_seconds(), random::bytes());
    let status = CustomStatus {
        id: id.cloned().unwrap_or_else(new_id),
        name,
        status_type: draft.status_type.clone()?,
        emoji: draft.emoji.clone().flatten(),
        duration: draft.duration.flatten(),
        updated_at: now,
    };
    let noted = note(app, actor, AuditAction::CustomStatusCreated, Some(party(&status)), "");
    Ok((Change::new().insert(&status).insert(&noted), Arc::new(status)))
}

/// Changes a custom status. Emoji and duration are unchanged if the draft has none.
///
/// # Errors
/// Unknown id, then the errors of [`create`]; a status may keep its own name.
pub(crate) async fn update(
    app: &App,
    actor: &Actor,
    id: &CustomStatusId,
    draft: CustomStatusDraft,
) -> Result<Arc<CustomStatus>, RequestError> {
    transact(app, |snapshot| replacement(app, actor, snapshot, id, &draft)).await
}

/// Returns the change of a custom status.
///
/// # Errors
/// The errors of [`update`].
pub(super) fn replacement(
    app: &App,
    actor: &Actor,
    snapshot: &Snapshot,
    id: &CustomStatusId,
    draft: &CustomStatusDraft,
) -> Result<(Change, Arc<CustomStatus>), RequestError> {
    let unknown = || RequestError::CustomStatusNotFound { id: id.clone() };
    let old = snapshot.custom_status(id).ok_or_else(unknown)?;
    permit(actor)?;
    let new = CustomStatus {
        id: id.clone(),
        name: free_name(snapshot, Some(id), draft)?,
        status_type: draft.status_type.clone()?,
        emoji: draft.emoji.clone().unwrap_or_else(|| old.emoji.clone()),
        duration: draft.duration.unwrap_or(old.duration),
        updated_at: app.clock.now(),
    };
    let noted = note(app, actor, AuditAction::CustomStatusUpdated, Some(party(&new)), "");
    Ok((Change::new().replace(&**old, &new).insert(&noted), Arc::new(new)))
}

/// Deletes a custom status. Users who have set it keep their status.
///
/// # Errors
/// No permission, then unknown id.
pub(crate) async fn delete(app: &App, actor: &Actor, id: &CustomStatusId) -> Result<(), RequestError> {
    permit(actor)?;
    transact(app, |snapshot| {
        let old = snapshot
            .custom_status(id)
            .ok_or(RequestError::CustomStatusToDeleteNotFound)?;
        let noted = note(app, actor, AuditAction::CustomStatusDeleted, Some(party(old)), "");
        Ok((Change::new().remove(&**old).insert(&noted), ()))
    })
    .await
}

/// Returns the name of a draft, unless a status other than `own` has it.
fn free_name(
    snapshot: &Snapshot,
    own: Option<&CustomStatusId>,
    draft: &CustomStatusDraft,
) -> Result<StatusName, RequestError> {
    let name = draft.name.clone()?;
    match snapshot.custom_status_named(&name) {
        Some(other) if Some(&other.id) != own => Err(RequestError::CustomStatusNameTaken),
        _ => Ok(name),
    }
}

fn party(status: &CustomStatus) -> AuditParty {
    AuditParty::new("custom-status", status.id.as_str(), status.name.as_str())
}

fn permit(actor: &Actor) -> Result<(), RequestError> {
    if actor.may(Permission::ManageUserStatus) {
        Ok(())
    } else {
        Err(RequestError::CustomStatusNotAuthorized)
    }
}
