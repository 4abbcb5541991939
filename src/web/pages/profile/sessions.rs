//! The list of the user's sessions.

use super::{Section, client, refused, saved};
use crate::auth::Caller;
use crate::domain::{Session, Token};
use crate::ops::calls::CallRate;
use crate::ops::tokens;
use crate::web::note::Note;
use crate::web::reply::PageOutcome;
use crate::web::visit::Visit;

/// A session in the list.
pub(super) struct SessionLine {
    pub id: String,
    pub icon: &'static str,
    pub name: String,
    /// A text that says when and from which address it was last used.
    pub used: String,
    /// `true` if it is the session of this browser.
    pub own: bool,
}

/// Returns the live sessions. This session is the first; the others are sorted by their last use, the latest first.
pub(super) fn lines(visit: &Visit, caller: &Caller) -> Vec<SessionLine> {
    let mut live = tokens::list(&visit.app, Some(&caller.user.id));
    live.retain(|token| token.session().is_some());
    let used = |token: &Token| token.last_used_at.unwrap_or(token.created_at);
    live.sort_by_key(|token| (token.hash != caller.token.hash, std::cmp::Reverse(used(token))));
    live.iter()
        .filter_map(|token| {
            let session = token.session()?;
            let own = token.hash == caller.token.hash;
            let at = if own {
                visit.words.t("now").into_owned()
            } else {
                visit.reader().near(used(token))
            };
            let client = ClientWords::of(visit, session);
            Some(SessionLine {
                id: token.hash.label(),
                icon: client.icon,
                name: client.name,
                used: format!("{at}{}", client.address),
                own,
            })
        })
        .collect()
}

/// The client of a session, as lists of sessions show it.
pub(in crate::web::pages) struct ClientWords {
    pub icon: &'static str,
    pub name: String,
    /// The address, to put after the time of the last use; empty if it is not known.
    pub address: String,
}

impl ClientWords {
    pub(in crate::web::pages) fn of(visit: &Visit, session: &Session) -> Self {
        let is_phone = client::is_phone(&session.client);
        Self {
            icon: if is_phone { "phone" } else { "screen" },
            name: name(visit, &session.client),
            address: session
                .address
                .map(|address| format!(" · {address}"))
                .unwrap_or_default(),
        }
    }
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
