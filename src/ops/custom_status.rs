//! Custom statuses.

use std::sync::Arc;

use super::incident;
use crate::app::App;
use crate::auth::{Actor, random};
use crate::domain::page::{Listing, Sort};
use crate::domain::{CustomStatus, CustomStatusDraft, CustomStatusId, Fault, Page, Permission};
use crate::store::{Change, CommitError, Table};

/// Which custom statuses are asked for, and in what order.
#[derive(Debug, Default, Clone)]
pub struct Filter {
    /// Only the one with this id.
    pub id: Option<CustomStatusId>,
    /// Only those whose name has this in it, whatever its case.
    pub name: Option<String>,
    /// By which fields; none is by name. A field that custom statuses lack orders nothing.
    pub sort: Sort,
}

/// Lists custom statuses. Everybody may.
#[must_use]
pub fn list(app: &App, filter: &Filter, page: Page) -> Listing<Arc<CustomStatus>> {
    let snapshot = app.store.read();
    let unfiltered = filter.id.is_none() && filter.name.is_none() && filter.sort.is_empty();
    if unfiltered {
        return Listing::of(snapshot.custom_statuses().cloned(), page);
    }
    let term = filter.name.as_deref().map(str::to_lowercase);
    let wanted = |status: &&Arc<CustomStatus>| {
        let id = filter.id.as_ref().is_none_or(|id| *id == status.id);
        let name = term
            .as_ref()
            .is_none_or(|term| status.name.as_str().to_lowercase().contains(term));
        id && name
    };
    let mut found: Vec<_> = snapshot.custom_statuses().filter(wanted).cloned().collect();
    for (field, direction) in filter.sort.iter().rev() {
        found.sort_by(|a, b| {
            direction.of(match field.as_str() {
                "_id" => a.id.cmp(&b.id),
                "name" => a.name.cmp(&b.name),
                "statusType" => a.status_type.as_str().cmp(b.status_type.as_str()),
                "_updatedAt" => a.updated_at.cmp(&b.updated_at),
                _ => std::cmp::Ordering::Equal,
            })
        });
    }
    Listing::of(found.into_iter(), page)
}

/// Creates a custom status.
///
/// # Errors
/// In this order (`custom-user-status.create.md`): no permission, name required, name not allowed,
/// name taken, status type required or none of the four.
pub async fn create(app: &App, actor: &Actor, draft: CustomStatusDraft) -> Result<Arc<CustomStatus>, Fault> {
    permit(actor)?;
    let name = draft.name?;
    if app.store.read().custom_status_named(&name).is_some() {
        return Err(Fault::CustomStatusNameTaken);
    }
    let now = app.clock.now();
    let status = CustomStatus {
        id: CustomStatusId::from_parts(now.object_id_seconds(), random::bytes()),
        name,
        status_type: draft.status_type?,
        updated_at: now,
    };
    match app.store.commit(Change::new().insert(&status)).await {
        Ok(()) => Ok(Arc::new(status)),
        Err(CommitError::Conflict(Table::CustomStatusesByName)) => Err(Fault::CustomStatusNameTaken),
        Err(error) => Err(incident::store(error)),
    }
}

/// Changes the name and type of a custom status.
///
/// # Errors
/// Unknown id, then those of [`create`]; its own name is not taken.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: &CustomStatusId,
    draft: CustomStatusDraft,
) -> Result<Arc<CustomStatus>, Fault> {
    loop {
        let snapshot = app.store.read();
        let unknown = || Fault::CustomStatusNotFound { id: id.clone() };
        let old = snapshot.custom_status(id).ok_or_else(unknown)?;
        permit(actor)?;
        let name = draft.name.clone()?;
        if snapshot
            .custom_status_named(&name)
            .is_some_and(|other| other.id != old.id)
        {
            return Err(Fault::CustomStatusNameTaken);
        }
        let new = CustomStatus {
            id: id.clone(),
            name,
            status_type: draft.status_type.clone()?,
            updated_at: app.clock.now(),
        };
        match app.store.commit(Change::new().replace(&**old, &new)).await {
            Ok(()) => return Ok(Arc::new(new)),
            Err(CommitError::Conflict(Table::CustomStatusesByName)) => return Err(Fault::CustomStatusNameTaken),
            // Somebody else changed it meanwhile: decide anew on what it is now.
            Err(CommitError::Conflict(Table::CustomStatuses)) => {}
            Err(error) => return Err(incident::store(error)),
        }
    }
}

/// Deletes a custom status. Users who carry its text keep it.
///
/// # Errors
/// No permission, then unknown id.
pub async fn delete(app: &App, actor: &Actor, id: &CustomStatusId) -> Result<(), Fault> {
    permit(actor)?;
    loop {
        let snapshot = app.store.read();
        let old = snapshot.custom_status(id).ok_or(Fault::CustomStatusToDeleteNotFound)?;
        match app.store.commit(Change::new().remove(&**old)).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict(Table::CustomStatuses)) => {}
            Err(error) => return Err(incident::store(error)),
        }
    }
}

fn permit(actor: &Actor) -> Result<(), Fault> {
    if actor.may(Permission::ManageUserStatus) {
        Ok(())
    } else {
        Err(Fault::CustomStatusNotAuthorized)
    }
}
