//! The pages of the administration. Each section has its own module.

pub(super) mod audit;
pub(super) mod invitations;
mod links;
mod question;
pub(super) mod roles;
pub(super) mod settings;
pub(super) mod statuses;
pub(super) mod store;
pub(super) mod users;
pub(super) mod walls;

use crate::domain::RequestError;
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;
use crate::web::words::Words;

/// The route of the address `/admin`. Each section has its own routes.
pub(super) const ROUTES: &[PageRoute] = &[PageRoute::get("/admin", |visit| Box::pin(first(visit)))];

/// Redirects to the first section that the user may open.
async fn first(visit: Visit) -> PageOutcome {
    let sections = Section::of(visit.caller()?);
    let first = sections.first().ok_or(RequestError::PermissionRequired)?;
    reply::redirect(&visit, first.path())
}

/// Returns the frame of a section's page.
fn frame(visit: &Visit, section: Section) -> Frame {
    let words = visit.words;
    let title = format!("{} · {}", section.title(words), words.t("administration"));
    Frame::of(visit, title).in_section(section)
}

/// Returns the number of unsaved changes of a form in words. A script writes the number in the place of `{}`.
fn unsaved(words: Words) -> String {
    words.say("changes-unsaved", &[("count", "{}".into())])
}
