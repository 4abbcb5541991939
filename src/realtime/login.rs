//! Whose a socket is: begun by a method, good for as long as its token.

use serde_json::{Value, json};

use crate::app::App;
use crate::auth::{Caller, Origin};
use crate::domain::{Fault, TokenHash, UserId};
use crate::hub::{Attendance, Connection};
use crate::methods::record;
use crate::ops::login::LoggedIn;
use crate::ops::{presence, tokens};

/// What a login on a socket means for the presence of its user.
pub(super) enum OwnPresence {
    /// The user is here.
    Shown(Connection),
    /// The login doesn't count: its token lacks `status:write`, or its user has a duty.
    Unseen { _socket: Attendance<UserId> },
}

/// Somebody who is logged in on a socket.
pub(super) struct Login {
    pub caller: Caller,
    pub presence: OwnPresence,
    /// Keeps the token from being ended because the user has many.
    _in_use: Attendance<TokenHash>,
}

impl Login {
    /// Makes a login of what a method let in.
    ///
    /// # Errors
    /// [`Fault::ResumeRefused`] when the token ended meanwhile.
    pub async fn begin(app: &App, origin: &Origin, begun: &LoggedIn) -> Result<Self, Fault> {
        let caller = tokens::authenticate(app, &begun.user.id, &begun.token, origin).ok_or(Fault::ResumeRefused)?;
        let presence = if caller.counts_as_present() {
            OwnPresence::Shown(presence::connect(app, &caller).await.ok_or(Fault::ResumeRefused)?)
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

    /// The login as the store has it now; false when it is over, also because the user now has a duty that
    /// was not due before.
    pub fn renew(&mut self, app: &App) -> bool {
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

    /// Whether it is this user's.
    pub fn is(&self, id: &UserId) -> bool {
        self.caller.user.id == *id
    }

    /// The live connection of the user, if the login counts as one.
    pub fn connection(&self) -> Option<&Connection> {
        match &self.presence {
            OwnPresence::Shown(connection) => Some(connection),
            OwnPresence::Unseen { .. } => None,
        }
    }

    /// What the user sees of themselves, as far as the token reaches.
    pub fn document(&self, app: &App) -> Value {
        if !self.caller.token.shows_own_record() {
            return json!({"username": self.caller.user.username});
        }
        let own = presence::own(app, &self.caller.user.id);
        let mut document = record::own_user(&self.caller.user);
        document["status"] = json!(own.status);
        document["statusText"] = json!(own.text);
        document
    }

    /// Lets it go because its socket is gone: whoever comes back soon was never away.
    pub fn lose(self, app: &App) {
        tokens::note_end(app, &self.caller);
        if let OwnPresence::Shown(connection) = self.presence {
            connection.lose(self.caller.token.hash);
        }
    }
}
