//! The login of a socket: it begins with a method call and is valid as long as its token.

use serde_json::{Value, json};

use crate::app::App;
use crate::auth::{Caller, Origin};
use crate::domain::{RequestError, TokenHash, UserId};
use crate::hub::{Attendance, Connection};
use crate::methods::record;
use crate::ops::login::LoggedIn;
use crate::ops::{presence, tokens};

/// The effect of a login on the presence of its user.
pub(super) enum OwnPresence {
    /// The login counts as a live connection of the user.
    Shown(Connection),
    /// The login does not count, because its token lacks `status:write` or its user has a duty.
    Unseen { _socket: Attendance<UserId> },
}

/// The login of a user on a socket.
pub(super) struct Login {
    pub caller: Caller,
    pub presence: OwnPresence,
    /// The mark that the token is in use, so that it is not removed when the user has too many tokens.
    _in_use: Attendance<TokenHash>,
}

impl Login {
    /// Creates the login after a successful method call.
    ///
    /// # Errors
    /// [`RequestError::ResumeRefused`] if the token was removed in the meantime.
    pub(super) async fn begin(app: &App, origin: &Origin, begun: &LoggedIn) -> Result<Self, RequestError> {
        let caller =
            tokens::authenticate(app, &begun.user.id, &begun.token, origin).ok_or(RequestError::ResumeRefused)?;
        let presence = if caller.counts_as_present() {
            OwnPresence::Shown(
                presence::connect(app, &caller)
                    .await
                    .ok_or(RequestError::ResumeRefused)?,
            )
        } else {
            OwnPresence::Unseen {
                _socket: app.hub.attend(&caller.user.id),
            }
        };
        Ok(Self {
            _in_use: app.hub.attend_by(&caller.token.hash),
            caller,
            presence,
        })
    }

    /// Reads the login from the store again. Returns false if it is not valid any more, also if the user has
    /// a new duty.
    pub(super) fn renew(&mut self, app: &App) -> bool {
        let Caller {
            user,
            presented,
            origin,
            ..
        } = &self.caller;
        match tokens::authenticate(app, &user.id, presented, origin) {
            Some(caller) if caller.duty.is_some() && self.caller.duty.is_none() => false,
            Some(caller) => {
                self.caller = caller;
                true
            }
            None => false,
        }
    }

    /// Returns whether the login belongs to this user.
    pub(super) fn is(&self, id: &UserId) -> bool {
        self.caller.user.id == *id
    }

    /// Returns the live connection, if the login counts as one.
    pub(super) fn connection(&self) -> Option<&Connection> {
        match &self.presence {
            OwnPresence::Shown(connection) => Some(connection),
            OwnPresence::Unseen { .. } => None,
        }
    }

    /// Returns the user's own document, as far as the token may read it.
    pub(super) fn document(&self, app: &App) -> Value {
        if !self.caller.token.shows_own_record() {
            return json!({"username": self.caller.user.username});
        }
        let own = app.hub.own_presence(&self.caller.user.id);
        let mut document = record::own_user(&self.caller.user);
        document["status"] = json!(own.status);
        document["statusText"] = json!(own.text);
        document
    }

    /// Ends the login of a closed socket. Its connection still counts for a short time, so that the
    /// client can reconnect.
    pub(super) fn lose(self, app: &App) {
        tokens::note_end(app, &self.caller);
        if let OwnPresence::Shown(connection) = self.presence {
            connection.lose(self.caller.token.hash);
        }
    }
}
