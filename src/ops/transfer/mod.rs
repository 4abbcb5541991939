//! Export of the users and what belongs to them as lines, and import of such lines. The format is in `domain::transfer`
//! and `docs/import.md`. Both are the operator's only.

mod access;
mod avatar;
mod export;
mod identity;
mod import;
mod notes;
mod parsed;
mod retry;
mod secrets;
mod user;

pub(crate) use export::Export;
pub use import::Importer;
