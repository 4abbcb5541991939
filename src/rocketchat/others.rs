//! Roles and custom statuses of Rocket.Chat.

use super::document::SourceDocument;
use super::fields::{flag, id, text};
use crate::domain::Role;
use crate::domain::transfer::{CustomStatusLine, ExportedRole, SourceLine, TransferLine};

/// Returns the line of a role; `None` for a role that this server has built in, with its own words.
pub(super) fn role(document: SourceDocument) -> Option<SourceLine> {
    let SourceDocument { place, value } = document;
    let line = value.map_err(|reason| ("role".to_owned(), reason)).and_then(|role| {
        let id = id(&role, "_id").ok_or_else(|| ("role".to_owned(), "it has no id".to_owned()))?;
        Ok(ExportedRole {
            // Older versions have no name beside the id.
            name: text(&role, "name").unwrap_or_else(|| id.clone()),
            description: text(&role, "description").unwrap_or_default(),
            scope: text(&role, "scope"),
            mandatory_two_factor: flag(&role, "mandatory2fa").unwrap_or_default(),
            id,
        })
    });
    let is_built_in = |line: &ExportedRole| Role::built_in().any(|role| role.id.as_str() == line.id);
    if line.as_ref().is_ok_and(is_built_in) {
        return None;
    }
    Some(SourceLine::new(place, line.map(TransferLine::Role)))
}

/// Returns the line of a custom status.
pub(super) fn status(document: SourceDocument) -> SourceLine {
    let SourceDocument { place, value } = document;
    let failed = |reason: String| ("custom status".to_owned(), reason);
    let line = value.map_err(failed).and_then(|status| {
        let missing = || failed("it has no id or no name".into());
        Ok(TransferLine::Status(CustomStatusLine {
            id: id(&status, "_id").ok_or_else(missing)?,
            name: text(&status, "name").ok_or_else(missing)?,
            status_type: text(&status, "statusType").unwrap_or_default(),
            emoji: None,
            duration_minutes: None,
        }))
    });
    SourceLine::new(place, line)
}
