//! Invitations: links with which people create their accounts.

use std::collections::BTreeMap;

use askama::Template;

use super::links;
use crate::domain::invitation::{DEFAULT_DAYS, MAX_USES, NOTE_CHARACTERS};
use crate::domain::page::Listing;
use crate::domain::{InvitationTerms, RequestError};
use crate::ops::calls::CallRate;
use crate::ops::invitations::{self, ListedInvitation};
use crate::ops::{proof, roles, two_factor};
use crate::web::administration::Section;
use crate::web::form_field::Field;
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::pages::confirm;
use crate::web::pages::forms::Wrong;
use crate::web::pages::pager::{self, Pager};
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

/// The number of people that the form shows at first.
const OFFERED_USES: u32 = 20;

/// The lifetimes that the form offers, in days.
const LIVES: [u32; 4] = [1, DEFAULT_DAYS, 30, 365];

pub(in crate::web::pages) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/admin/invitations", |visit| Box::pin(show(visit))),
    PageRoute::post("/admin/invitations", |visit| Box::pin(create(visit))),
    PageRoute::get("/admin/invitations/revoke", |visit| Box::pin(ask(visit))),
    PageRoute::post("/admin/invitations/revoke", |visit| Box::pin(revoke(visit))),
];

/// An invitation in the list.
struct Line {
    id: String,
    /// The note of the creator, else the id.
    name: String,
    about: String,
    is_valid: bool,
}

/// A value that the user can choose, with its text.
struct Choice {
    value: String,
    words: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "admin/invitations/invitations.html")]
struct List {
    f: Frame,
    /// The link of the invitation that the form has just created.
    created: Option<String>,
    problem: Sentence,
    uses: Field,
    lives: Vec<Choice>,
    roles: Vec<Choice>,
    note: Field,
    lines: Vec<Line>,
    pager: Pager,
}

async fn show(visit: Visit) -> PageOutcome {
    page(&visit, &Wrong::default(), None)
}

/// Answers with the list. The status is 422 if the form was wrong.
fn page(visit: &Visit, wrong: &Wrong, created: Option<String>) -> PageOutcome {
    Section::Invitations.admit(visit)?;
    let actor = visit.actor()?;
    let all = invitations::list(&visit.app, &actor)?;
    let part = Listing::of(all.into_iter(), pager::part(pager::number(visit)));
    let is_sent = !wrong.is_empty();
    let (uses, note) = fields(visit, is_sent);
    let fields = wrong.mark(vec![uses, note]);
    let names = names(visit);
    let problem = wrong.rest(&fields);
    let [uses, note] = <[Field; 2]>::try_from(fields).unwrap_or_default();
    let list = List {
        f: super::frame(visit, Section::Invitations),
        created,
        problem,
        uses,
        lives: lives(visit, is_sent),
        roles: role_choices(visit, is_sent)?,
        note,
        pager: Pager::of(visit, &part, |page| format!("?page={page}")),
        lines: part.items.iter().map(|listed| line(visit, &names, listed)).collect(),
    };
    reply::form(visit, is_sent, &list)
}

fn fields(visit: &Visit, is_sent: bool) -> (Field, Field) {
    let words = visit.words;
    let uses = if is_sent {
        visit.form.text("uses").to_owned()
    } else {
        OFFERED_USES.to_string()
    };
    let uses = Field {
        kind: "number",
        ..Field::line("uses", words.t("invitation-uses"), "off")
            .with(&uses)
            .hint(words.say("invitation-uses-hint", &[("most", i64::from(MAX_USES).into())]))
    };
    let note = Field::line("note", words.t("invitation-note"), "off")
        .with(if is_sent { visit.form.text("note") } else { "" })
        .most(NOTE_CHARACTERS)
        .optional(words.t("optional"));
    (uses, note)
}

fn lives(visit: &Visit, is_sent: bool) -> Vec<Choice> {
    let chosen = if is_sent {
        visit.form.text("days").parse().ok()
    } else {
        None
    };
    let chosen = chosen.unwrap_or(DEFAULT_DAYS);
    let choice = |days: u32| Choice {
        value: days.to_string(),
        words: visit.words.say("invitation-days", &[("count", i64::from(days).into())]),
        chosen: days == chosen,
    };
    LIVES.into_iter().map(choice).collect()
}

fn role_choices(visit: &Visit, is_sent: bool) -> Result<Vec<Choice>, RequestError> {
    let roles = invitations::roles_to_give(&visit.app, &visit.actor()?);
    let choice = |role: &std::sync::Arc<crate::domain::Role>| Choice {
        value: role.id.to_string(),
        words: role.name.to_string(),
        chosen: is_sent && visit.form.all("role").any(|id| id == role.id.as_str()),
    };
    Ok(roles.iter().map(choice).collect())
}

/// Returns the names of all roles by their ids.
fn names(visit: &Visit) -> BTreeMap<String, String> {
    let roles = roles::list(&visit.app);
    let names = roles.iter().map(|role| (role.id.to_string(), role.name.to_string()));
    names.collect()
}

fn line(visit: &Visit, names: &BTreeMap<String, String>, listed: &ListedInvitation) -> Line {
    let (words, invitation) = (visit.words, &listed.invitation);
    let id = invitations::label(invitation);
    let role = |role: &crate::domain::RoleId| names.get(role.as_str()).cloned().unwrap_or_else(|| role.to_string());
    let roles = if invitation.roles.is_empty() {
        words.t("invitation-default-roles").into_owned()
    } else {
        invitation.roles.iter().map(role).collect::<Vec<_>>().join(", ")
    };
    let used = i64::from(invitation.uses);
    let used = match invitation.max_uses {
        Some(most) => words.say(
            "invitation-used-of",
            &[("used", used.into()), ("all", i64::from(most).into())],
        ),
        None => words.say("invitation-used", &[("used", used.into())]),
    };
    let until = visit.reader().end(invitation.expires_at);
    let until = words.say("until", &[("moment", until.into())]);
    let by = links::creator(words, listed.creator.as_ref());
    let has_note = !invitation.note.is_empty();
    Line {
        name: if has_note { invitation.note.clone() } else { id.clone() },
        about: [roles, used, until, by].join(" · "),
        is_valid: listed.is_valid,
        id,
    }
}

async fn create(visit: Visit) -> PageOutcome {
    let caller = Section::Invitations.admit(&visit)?;
    visit.count("POST invitations.create", CallRate::Default)?;
    let terms = match terms(&visit) {
        Ok(terms) => terms,
        Err(wrong) => return page(&visit, &wrong, None),
    };
    proof::require(&visit.app, caller, confirm::proof(&visit)).await?;
    match invitations::create(&visit.app, &visit.actor()?, &terms).await {
        Ok((_, link)) => page(&visit, &Wrong::default(), Some(link)),
        Err(error) => page(&visit, &Wrong::about(visit.words, error)?, None),
    }
}

/// Returns the terms of the invitation from the form.
fn terms(visit: &Visit) -> Result<InvitationTerms, Wrong> {
    let (words, form) = (visit.words, &visit.form);
    let mut wrong = Wrong::default();
    let uses = form.text("uses").trim().parse().ok().filter(|uses| *uses <= MAX_USES);
    if uses.is_none() {
        wrong.add(
            "uses",
            words.say("invitation-uses-wrong", &[("most", i64::from(MAX_USES).into())]),
        );
    }
    let note = form.text("note").trim();
    if note.chars().count() > NOTE_CHARACTERS {
        wrong.add("note", words.t("error-long"));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let roles: Vec<_> = form.all("role").map(str::to_owned).collect();
    let days = form.text("days").parse().ok();
    InvitationTerms::parse(uses, days, &roles, note).map_err(|error| Wrong::of(words, &error))
}

async fn ask(visit: Visit) -> PageOutcome {
    Section::Invitations.admit(&visit)?;
    let id = visit.query.text("id");
    let all = invitations::list(&visit.app, &visit.actor()?)?;
    let found = all.iter().find(|listed| invitations::label(&listed.invitation) == id);
    let Some(found) = found else {
        return reply::redirect(&visit, Section::Invitations.path());
    };
    let line = line(&visit, &names(&visit), found);
    let lead = visit.words.t("invitation-revoke-lead").into_owned();
    links::ask(&visit, Section::Invitations, &line.id, &line.name, lead)
}

async fn revoke(visit: Visit) -> PageOutcome {
    let caller = Section::Invitations.admit(&visit)?;
    visit.count("POST invitations.revoke", CallRate::Default)?;
    two_factor::require(&visit.app, caller, confirm::proof(&visit)).await?;
    match invitations::revoke(&visit.app, &visit.actor()?, visit.query.text("id")).await {
        // Another administrator may have ended the invitation already.
        Ok(()) | Err(RequestError::InvitationNotFound { .. }) => {
            reply::redirect_with(&visit, Section::Invitations.path(), Note::InvitationRevoked)
        }
        Err(error) => Err(error),
    }
}
