//! The sessions and access tokens of an account. The list needs the same proof as the end of a session.

use askama::Template;

use super::viewed_account::{Account, permit, said};
use crate::domain::page::Listing;
use crate::domain::{Permission, RequestError};
use crate::ops::calls::CallRate;
use crate::ops::devices::{self, Device, DeviceFilter};
use crate::ops::{tokens, two_factor};
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::pages::admin::frame;
use crate::web::pages::confirm;
use crate::web::pages::pager::{self, Pager};
use crate::web::pages::profile::sessions::SessionLine;
use crate::web::reply::{self, PageOutcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::isolated;

#[derive(Template)]
#[template(path = "admin/users/sessions.html")]
struct SessionsPage {
    f: Frame,
    title: String,
    path: String,
    problem: Sentence,
    /// The lines and the pager; `None` before the proof.
    list: Option<(Vec<SessionLine>, Pager)>,
}

fn admit(visit: &Visit) -> Result<Account, RequestError> {
    permit(visit, &[Permission::LogoutOtherUser])?;
    Account::of(visit)
}

/// Shows the list if the caller needs no proof now. Otherwise shows a button that asks for the proof.
pub(super) async fn show(visit: Visit) -> PageOutcome {
    let account = admit(&visit)?;
    match two_factor::require(&visit.app, visit.caller()?, None).await {
        Ok(()) => page(&visit, &account, true, Sentence::default()),
        Err(RequestError::CodeRequired { .. }) => page(&visit, &account, false, Sentence::default()),
        Err(error) => Err(error),
    }
}

pub(super) async fn open(visit: Visit) -> PageOutcome {
    let account = admit(&visit)?;
    visit.count("GET sessions/list.all", CallRate::Default)?;
    two_factor::require(&visit.app, visit.caller()?, confirm::proof(&visit)).await?;
    page(&visit, &account, true, Sentence::default())
}

pub(super) async fn end(visit: Visit) -> PageOutcome {
    let account = admit(&visit)?;
    visit.count("POST sessions/logout", CallRate::Default)?;
    let (id, actor) = (account.viewed.id(), visit.actor()?);
    two_factor::require(&visit.app, visit.caller()?, confirm::proof(&visit)).await?;
    match tokens::revoke(&visit.app, &actor, Some(&id), visit.form.text("session")).await {
        // The session may have ended in the meantime. The caller wants the same result.
        Ok(()) | Err(RequestError::TokenNotFound { .. }) => {
            let path = format!("{}/sessions", account.path());
            reply::redirect_with(&visit, &path, Note::SessionEnded)
        }
        Err(error) => {
            let problem = said(visit.words, error)?.rest(&[]);
            page(&visit, &account, true, problem)
        }
    }
}

fn page(visit: &Visit, account: &Account, proved: bool, problem: Sentence) -> PageOutcome {
    let path = format!("{}/sessions", account.path());
    let list = if proved {
        let filter = DeviceFilter {
            user: Some(account.viewed.id()),
            ..DeviceFilter::default()
        };
        let part = pager::part(pager::number(visit));
        let found = devices::list(&visit.app, &visit.actor()?, &filter, part)?;
        let pager = Pager::of(visit, &found, |number| format!("{}{path}?page={number}", visit.base));
        Some((lines(visit, &found)?, pager))
    } else {
        None
    };
    let is_refused = !problem.is_empty();
    let user = isolated(account.viewed.name().as_str());
    let page = SessionsPage {
        f: frame(visit, Section::Users),
        title: visit.words.say("user-sessions", &[("name", user.into())]),
        path: account.path(),
        problem,
        list,
    };
    reply::form(visit, is_refused, &page)
}

fn lines(visit: &Visit, found: &Listing<Device>) -> Result<Vec<SessionLine>, RequestError> {
    let own = visit.caller()?.token.hash;
    let (words, reader) = (visit.words, visit.reader());
    let line = |Device { token, .. }: &Device| {
        let used = match token.last_used_at {
            Some(used) => words.say("token-used", &[("moment", reader.near(used).into())]),
            None => words.t("token-unused").into_owned(),
        };
        SessionLine::of(visit, token, &used, token.hash == own)
    };
    Ok(found.items.iter().map(line).collect())
}
