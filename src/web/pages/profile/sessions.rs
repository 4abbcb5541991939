//! The list of the user's sessions.

use std::sync::Arc;

use super::{Section, client, refused, saved};
use crate::auth::Caller;
use crate::domain::Token;
use crate::ops::calls::CallRate;
use crate::ops::tokens;
use crate::web::note::Note;
use crate::web::reply::PageOutcome;
use crate::web::visit::Visit;

/// A session, or a personal access token, in a list.
pub(in crate::web::pages) struct SessionLine {
    pub id: String,
    pub icon: &'static str,
    pub name: String,
    /// A text that says when and from which address it was last used.
    pub used: String,
    /// `true` if it is the session of this browser.
    pub own: bool,
}

impl SessionLine {
    /// Returns the line of a token. The text `used` says when it was last used.
    pub(in crate::web::pages) fn of(visit: &Visit, token: &Token, used: &str, own: bool) -> Self {
        let session = token.session();
        let address = session.and_then(|session| session.address);
        let address = address.map(|address| format!(" · {address}")).unwrap_or_default();
        let (icon, name) = match (session, token.personal()) {
            (Some(session), _) if client::is_phone(&session.client) => ("phone", name(visit, &session.client)),
            (Some(session), _) => ("screen", name(visit, &session.client)),
            (None, personal) => ("key", personal.map(|token| token.name.to_string()).unwrap_or_default()),
        };
        Self {
            id: token.hash.label(),
            icon,
            name,
            used: format!("{used}{address}"),
            own,
        }
    }
}

/// Returns the live sessions. This session is the first; the others are sorted by their last use, the latest first.
pub(super) fn lines(visit: &Visit, caller: &Caller) -> Vec<SessionLine> {
    let mut sessions = tokens::list(&visit.app, Some(&caller.user.id));
    sessions.retain(|token| token.session().is_some());
    let used = |token: &Token| token.last_used_at.unwrap_or(token.created_at);
    sessions.sort_by_key(|token| (token.hash != caller.token.hash, std::cmp::Reverse(used(token))));
    let line = |token: &Arc<Token>| {
        let own = token.hash == caller.token.hash;
        let at = if own {
            visit.words.t("now").into_owned()
        } else {
            visit.reader().near(used(token))
        };
        SessionLine::of(visit, token, &at, own)
    };
    sessions.iter().map(line).collect()
}

/// Returns the name of a client, from the text that it sends.
fn name(visit: &Visit, client: &str) -> String {
    let (browser, system) = client::names(client);
    match (browser.is_empty(), system.is_empty()) {
        (true, _) => visit.words.t("session-unknown").into_owned(),
        (false, true) => browser,
        (false, false) => {
            let values = [("browser", browser.into()), ("system", system.into())];
            visit.words.say("session-name", &values)
        }
    }
}

pub(super) async fn end(visit: Visit) -> PageOutcome {
    visit.count("POST sessions/logout.me", CallRate::Default)?;
    let own = visit.caller()?.user.id.clone();
    let ended = tokens::revoke(&visit.app, &visit.actor()?, Some(&own), visit.form.text("session")).await;
    match ended {
        // The session may have ended in the meantime. The user wants the same result.
        Ok(()) | Err(crate::domain::RequestError::TokenNotFound { .. }) => {
            saved(&visit, Section::Sessions, Note::SessionEnded)
        }
        Err(error) => refused(&visit, Section::Sessions, error),
    }
}

pub(super) async fn end_others(visit: Visit) -> PageOutcome {
    visit.count("POST users.logoutOtherClients", CallRate::Default)?;
    tokens::logout_others(&visit.app, visit.caller()?).await?;
    saved(&visit, Section::Sessions, Note::SessionsEnded)
}
