//! The form that selects from whom the user is hidden, and who may see when they were last here.

use super::{Section, Shown, refused, saved};
use crate::domain::{LastSeen, RequestError, RoleId};
use crate::ops::calls::CallRate;
use crate::ops::privacy::{self, Privacy};
use crate::ops::roles;
use crate::ops::users::{self, UserIdentifier};
use crate::web::form_field::Field;
use crate::web::note::Note;
use crate::web::reply::PageOutcome;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

/// A role from which the user can hide.
pub(super) struct HiddenLine {
    pub id: String,
    pub name: String,
    pub chosen: bool,
}

pub(super) struct PrivacyPart {
    pub problem: Sentence,
    pub last_seen: &'static str,
    /// The values of `last_seen` and of the chosen roles that the page showed.
    pub shown: [String; 2],
    pub roles: Vec<HiddenLine>,
    pub users: Field,
}

impl PrivacyPart {
    pub(super) fn of(visit: &Visit, shown: &Shown) -> Result<Self, RequestError> {
        let words = visit.words;
        let privacy = privacy::of(&visit.app, &visit.caller()?.user);
        let wrong = shown.of(Section::Privacy);
        let form = &visit.form;
        let shown = |name: &str, now: String| wrong.and_then(|_| form.shown(name)).unwrap_or(now);
        let shown_users = shown("hide-users", names(&privacy));
        let names = wrong.map_or_else(|| names(&privacy), |_| form.text("hide-users").to_owned());
        let users = Field::code("hide-users", words.t("hide-users"), "off").optional(words.t("optional"));
        let users = users.with(&names).showing(shown_users).hint(words.t("hide-users-hint"));
        let users = users.wrong(wrong.map(|wrong| wrong.with("hide-users")).unwrap_or_default());
        let sent = last_seen(visit);
        let all = roles::list(&visit.app);
        let shown = [
            shown("last-seen", privacy.last_seen.as_str().to_owned()),
            shown("hide-role", chosen(visit, &privacy)),
        ];
        let lines = all.iter().map(|role| HiddenLine {
            id: role.id.to_string(),
            name: role.name.to_string(),
            chosen: match wrong {
                Some(_) => form.all("hide-role").any(|id| id == role.id.as_str()),
                None => privacy.roles.contains(&role.id),
            },
        });
        Ok(Self {
            problem: wrong
                .map(|wrong| wrong.rest(std::slice::from_ref(&users)))
                .unwrap_or_default(),
            last_seen: wrong.and(sent).unwrap_or(privacy.last_seen).as_str(),
            shown,
            roles: lines.collect(),
            users,
        })
    }
}

/// Returns the usernames of the users from whom the user hides, as the form has them.
fn names(privacy: &Privacy) -> String {
    let names: Vec<_> = privacy.users.iter().map(|user| user.username.to_string()).collect();
    names.join(", ")
}

/// Returns the ids of the roles from whose holders the user hides, in the order of the page, separated by commas.
fn chosen(visit: &Visit, privacy: &Privacy) -> String {
    let all = roles::list(&visit.app);
    let chosen = all.iter().filter(|role| privacy.roles.contains(&role.id));
    let chosen: Vec<_> = chosen.map(|role| role.id.to_string()).collect();
    chosen.join(",")
}

pub(super) async fn send(visit: Visit) -> PageOutcome {
    visit.count("POST presence.setPrivacy", CallRate::Default)?;
    match change(&visit).await {
        Ok(()) => saved(&visit, Section::Privacy, Note::ProfileSaved),
        Err(RequestError::UserNotFound) => {
            let wrong = super::Wrong::at("hide-users", visit.words.t("error-hide-users"));
            super::page(&visit, &Shown::wrong(Section::Privacy, wrong))
        }
        Err(error) => refused(&visit, Section::Privacy, error),
    }
}

/// Returns from the form how exactly other users may see when the user was last here.
fn last_seen(visit: &Visit) -> Option<LastSeen> {
    visit.form.text("last-seen").parse().ok()
}

/// Changes what the user changed on the page. Other values keep the changes that were made elsewhere in the meantime.
async fn change(visit: &Visit) -> Result<(), RequestError> {
    let (form, caller) = (&visit.form, visit.caller()?);
    let now = privacy::of(&visit.app, &caller.user);
    let new_last_seen = form.changed("last-seen", now.last_seen.as_str());
    let find = |name: &str| {
        let username = UserIdentifier::username(name.trim_start_matches('@'));
        let found = users::find(&visit.app, &[username]);
        found.map(|user| user.id.clone()).ok_or(RequestError::UserNotFound)
    };
    let new_users = form.changed("hide-users", &names(&now));
    let new_users = new_users.map(|text| {
        let names = text.split([',', ' ', '\n']).map(str::trim);
        names
            .filter(|name| !name.is_empty())
            .map(find)
            .collect::<Result<Vec<_>, _>>()
    });
    let new_roles: Vec<_> = form.all("hide-role").collect();
    let shown_roles = form.shown("hide-role").unwrap_or_else(|| chosen(visit, &now));
    let is_other = new_roles.join(",") != shown_roles;
    let own = &caller.user.id;
    privacy::set(
        &visit.app,
        &visit.actor()?,
        own,
        new_last_seen.and_then(|_| last_seen(visit)),
        new_users.transpose()?,
        is_other.then(|| new_roles.into_iter().map(RoleId::new).collect()),
    )
    .await
}
