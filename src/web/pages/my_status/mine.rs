//! The user's own status, as the user sees it.

use crate::domain::{RequestError, StatusType};
use crate::ops::status;
use crate::web::people::{Face, picture, word};
use crate::web::visit::Visit;
use crate::web::words::Words;

/// The user's status, as the user sees it.
pub(super) struct Mine {
    pub name: String,
    pub face: Face,
    pub shape: &'static str,
    pub word: String,
    pub say: String,
    /// Until when it shows, and what shows then.
    pub ends: String,
    /// `true` if there is a status to end.
    pub is_set: bool,
    /// The path to which its form leads.
    pub next: String,
}

impl Mine {
    /// Returns the status of the caller.
    pub(super) fn of(visit: &Visit) -> Result<Self, RequestError> {
        let (caller, words) = (visit.caller()?, visit.words);
        let own = visit.app.hub.own_presence(&caller.user.id);
        let after = status::after(&visit.app, &caller.user.id);
        let (shape, status) = appearance(words, own.status, own.declared);
        let then = after.map(|after| appearance(words, after.status, after.declared).1);
        let ends = match (own.expires_at, then) {
            (Some(end), Some(then)) => {
                let values = [("moment", visit.reader().end(end).into()), ("status", then.into())];
                words.say("until-then", &values)
            }
            _ => String::new(),
        };
        let emoji = own.emoji.as_ref().map(picture).unwrap_or_default();
        Ok(Self {
            name: caller.user.shown_name().to_string(),
            face: Face::of_user(&caller.user, &visit.base),
            shape,
            word: status,
            say: format!("{emoji} {}", own.text).trim().to_owned(),
            ends,
            is_set: own.source.is_some(),
            next: visit.target.clone(),
        })
    }
}

/// Returns the shape and the word of the user's own status. To themselves, invisible users are not offline.
pub(super) fn appearance(words: Words, status: StatusType, declared: StatusType) -> (&'static str, String) {
    if status == StatusType::Offline && declared == StatusType::Offline {
        ("invisible", words.t("status-invisible").into_owned())
    } else {
        (status.as_str(), word(words, status).into_owned())
    }
}
