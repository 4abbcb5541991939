//! Displays on a wall: links that show the presence of the team to people without an account.

mod form;

use std::collections::BTreeMap;

use askama::Template;

use super::links;
use crate::domain::board::{Board, BoardPeople};
use crate::domain::{RequestError, RoleId};
use crate::ops::boards::{self, ListedBoard};
use crate::ops::calls::CallRate;
use crate::ops::{proof, roles, two_factor};
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::pages::confirm;
use crate::web::pages::forms::Wrong;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;

pub(in crate::web::pages) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/admin/walls", |visit| Box::pin(show(visit))),
    PageRoute::post("/admin/walls", |visit| Box::pin(create(visit))),
    PageRoute::get("/admin/walls/new", |visit| Box::pin(show_form(visit))),
    PageRoute::get("/admin/walls/revoke", |visit| Box::pin(ask(visit))),
    PageRoute::post("/admin/walls/revoke", |visit| Box::pin(revoke(visit))),
];

/// A display in the list.
struct Line {
    id: String,
    name: String,
    about: String,
    is_valid: bool,
}

#[derive(Template)]
#[template(path = "admin/walls/walls.html")]
struct List {
    f: Frame,
    /// The link of the display that the form has just created.
    created: Option<String>,
    lines: Vec<Line>,
}

async fn show(visit: Visit) -> PageOutcome {
    page(&visit, None)
}

fn page(visit: &Visit, created: Option<String>) -> PageOutcome {
    Section::Walls.admit(visit)?;
    let names = names(visit);
    let all = boards::list(&visit.app, &visit.actor()?)?;
    let list = List {
        f: super::frame(visit, Section::Walls),
        created,
        lines: all.iter().map(|listed| line(visit, &names, listed)).collect(),
    };
    reply::page(visit, &list)
}

/// Returns the names of all roles by their ids.
fn names(visit: &Visit) -> BTreeMap<String, String> {
    let roles = roles::list(&visit.app);
    let names = roles.iter().map(|role| (role.id.to_string(), role.name.to_string()));
    names.collect()
}

fn line(visit: &Visit, names: &BTreeMap<String, String>, listed: &ListedBoard) -> Line {
    let (words, content) = (visit.words, &listed.board.content);
    let role = |role: &RoleId| names.get(role.as_str()).cloned().unwrap_or_else(|| role.to_string());
    let people = match &content.people {
        BoardPeople::Everyone => words.t("everyone").into_owned(),
        BoardPeople::Roles(roles) => roles.iter().map(role).collect::<Vec<_>>().join(", "),
        BoardPeople::Field { name, values } => format!("{name}: {}", values.join(", ")),
    };
    let names = if content.full_names {
        words.t("wall-names-full")
    } else {
        words.t("wall-names-first")
    };
    let texts = if content.texts {
        words.t("wall-texts-on")
    } else {
        words.t("wall-texts-off")
    };
    Line {
        id: boards::label(&listed.board),
        name: listed.board.name.clone(),
        about: [
            people,
            names.into_owned(),
            texts.into_owned(),
            links::creator(words, listed.creator.as_ref()),
        ]
        .join(" · "),
        is_valid: listed.is_valid,
    }
}

async fn show_form(visit: Visit) -> PageOutcome {
    Section::Walls.admit(&visit)?;
    form::page(&visit, &Wrong::default())
}

async fn create(visit: Visit) -> PageOutcome {
    let caller = Section::Walls.admit(&visit)?;
    visit.count("POST boards.create", CallRate::Default)?;
    let content = match form::content(&visit) {
        Ok(content) => content,
        Err(wrong) => return form::page(&visit, &wrong),
    };
    let Ok(name) = Board::parse_name(visit.form.text("name")) else {
        return form::page(&visit, &Wrong::at("name", visit.words.t("wall-name-wrong")));
    };
    proof::require(&visit.app, caller, confirm::proof(&visit)).await?;
    match boards::create(&visit.app, &visit.actor()?, &name, &content).await {
        Ok((_, link)) => page(&visit, Some(link)),
        Err(error) => form::page(&visit, &Wrong::about(visit.words, error)?),
    }
}

async fn ask(visit: Visit) -> PageOutcome {
    Section::Walls.admit(&visit)?;
    let id = visit.query.text("id");
    let all = boards::list(&visit.app, &visit.actor()?)?;
    let Some(found) = all.iter().find(|listed| boards::label(&listed.board) == id) else {
        return reply::redirect(&visit, Section::Walls.path());
    };
    let lead = visit.words.t("wall-revoke-lead").into_owned();
    links::ask(&visit, Section::Walls, id, &found.board.name, lead)
}

async fn revoke(visit: Visit) -> PageOutcome {
    let caller = Section::Walls.admit(&visit)?;
    visit.count("POST boards.revoke", CallRate::Default)?;
    two_factor::require(&visit.app, caller, confirm::proof(&visit)).await?;
    match boards::revoke(&visit.app, &visit.actor()?, visit.query.text("id")).await {
        // Another administrator may have ended the link already.
        Ok(()) | Err(RequestError::BoardNotFound { .. }) => {
            reply::redirect_with(&visit, Section::Walls.path(), Note::WallRevoked)
        }
        Err(error) => Err(error),
    }
}
