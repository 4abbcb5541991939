//! Dumps of Rocket.Chat's database, read as lines of an import: folders and archives of `mongodump`, and files of
//! `mongoexport`. `docs/import.md` says what is read and how.
//!
//! All readers are streams: the largest thing in memory is one document. A document that is not valid is an error of its
//! own, and the next one is read.

mod archive;
mod avatars;
mod bson_stream;
mod collection;
mod document;
mod dump;
mod fields;
mod json_stream;
mod others;
mod users;

use std::path::Path;

use collection::{AVATAR_CHUNKS, AVATARS, ROLES, STATUSES, USERS};
use dump::Dump;
pub(crate) use dump::DumpError;

use crate::domain::transfer::SourceLine;

/// Reads a dump as lines: roles, custom statuses, users, avatars.
///
/// # Errors
/// [`DumpError`] if the path is not a dump, or cannot be read.
pub fn read(path: &Path) -> Result<impl Iterator<Item = SourceLine>, DumpError> {
    let dump = Dump::open(path)?;
    let roles = dump.documents(ROLES)?.filter_map(others::role);
    let statuses = dump.documents(STATUSES)?.map(others::status);
    let users = dump.documents(USERS)?.filter_map(users::user);
    let avatars = avatars::Avatars::new(dump.documents(AVATARS)?, dump.documents(AVATAR_CHUNKS)?);
    Ok(roles.chain(statuses).chain(users).chain(avatars))
}
