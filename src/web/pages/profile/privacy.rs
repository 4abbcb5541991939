//! The form that selects from whom the user is hidden, and who may see when they were last here.

use super::{Section, Shown, refused, saved};
use crate::domain::{Fault, LastSeen, RoleId};
use crate::ops::calls::Rate;
use crate::ops::{roles, status, users};
use crate::web::frame::{Field, Note};
use crate::web::reply::Outcome;
use crate::web::visit::Visit;

/// A role from which the user can hide.
pub(super) struct Line {
    pub id: String,
    pub name: String,
    pub chosen: bool,
}

pub(super) struct Part {
    pub problem: String,
    pub last_seen: &'static str,
    pub roles: Vec<Line>,
    pub users: Field,
}

const fn word(last_seen: LastSeen) -> &'static str {
    match last_seen {
        LastSeen::Exact => "exact",
        LastSeen::Coarse => "coarse",
        LastSeen::Hidden => "hidden",
    }
}

impl Part {
    pub fn of(visit: &Visit, shown: &Shown) -> Result<Self, Fault> {
        let words = visit.words;
        let privacy = status::privacy(&visit.app, &visit.caller()?.user);
        let wrong = shown.of(Section::Privacy);
        let names: Vec<_> = privacy.users.iter().map(|user| user.username.to_string()).collect();
        let names = wrong.map_or_else(|| names.join(", "), |_| visit.form.text("hide-users").to_owned());
        let users = Field::code("hide-users", words.t("hide-users"), "off").optional(words.t("optional"));
        let users = users.with(&names).hint(words.t("hide-users-hint"));
        let users = users.wrong(wrong.map(|wrong| wrong.with("hide-users")).unwrap_or_default());
        let sent = last_seen(visit);
        let all = roles::list(&visit.app);
        let lines = all.iter().map(|role| Line {
            id: role.id.to_string(),
            name: role.name.to_string(),
            chosen: match wrong {
                Some(_) => visit.form.all("hide-role").any(|id| id == role.id.as_str()),
                None => privacy.roles.contains(&role.id),
            },
        });
        Ok(Self {
            problem: wrong
                .map(|wrong| wrong.rest(std::slice::from_ref(&users)))
                .unwrap_or_default(),
            last_seen: word(wrong.and(sent).unwrap_or(privacy.last_seen)),
            roles: lines.collect(),
            users,
        })
    }
}

pub(super) async fn send(visit: Visit) -> Outcome {
    visit.count("POST presence.setPrivacy", Rate::Default)?;
    match change(&visit).await {
        Ok(()) => saved(&visit, Section::Privacy, Note::ProfileSaved),
        Err(Fault::UserNotFound) => {
            let wrong = super::Wrong::at("hide-users", visit.words.t("fault-hide-users"));
            super::page(&visit, &Shown::wrong(Section::Privacy, wrong))
        }
        Err(fault) => refused(&visit, Section::Privacy, fault),
    }
}

/// Returns from the form how exactly other users may see when the user was last here.
fn last_seen(visit: &Visit) -> Option<LastSeen> {
    let kinds = [LastSeen::Exact, LastSeen::Coarse, LastSeen::Hidden];
    kinds
        .into_iter()
        .find(|kind| word(*kind) == visit.form.text("last-seen"))
}

async fn change(visit: &Visit) -> Result<(), Fault> {
    let form = &visit.form;
    let names = form.text("hide-users").split([',', ' ', '\n']).map(str::trim);
    let find = |name: &str| {
        let found = users::named(&visit.app, name.trim_start_matches('@'));
        found.map(|user| user.id.clone()).ok_or(Fault::UserNotFound)
    };
    let hidden: Result<Vec<_>, _> = names.filter(|name| !name.is_empty()).map(find).collect();
    let roles = form.all("hide-role").map(RoleId::new).collect();
    let own = &visit.caller()?.user.id;
    status::set_privacy(
        &visit.app,
        &visit.actor()?,
        own,
        last_seen(visit),
        Some(hidden?),
        Some(roles),
    )
    .await
}
