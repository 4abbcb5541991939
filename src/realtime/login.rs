//! Whose a socket is: begun by a method, good for as long as its token.

use serde_json::{Value, json};

use crate::app::App;
use crate::auth::{Caller, Origin};
use crate::domain::{Fault, UserId};
use crate::hub::Connection;
use crate::methods::record;
use crate::ops::login::LoggedIn;
use crate::ops::{presence, tokens};

/// Somebody who is logged in on a socket.
pub(super) struct Login {
    pub caller: Caller,
    /// That they are here.
    pub connection: Connection,
}

impl Login {
    /// Makes a login of what a method let in.
    ///
    /// # Errors
    /// [`Fault::ResumeRefused`] when the token ended meanwhile.
    pub fn begin(app: &App, origin: &Origin, begun: &LoggedIn) -> Result<Self, Fault> {
        let caller = tokens::authenticate(app, &begun.user.id, &begun.token, origin).ok_or(Fault::ResumeRefused)?;
        let connection = presence::connect(app, &caller).ok_or(Fault::ResumeRefused)?;
        Ok(Self { caller, connection })
    }

    /// The login as the store has it now; false when it is over.
    pub fn renew(&mut self, app: &App) -> bool {
        let Caller {
            user,
            presented,
            origin,
            ..
        } = &self.caller;
        match tokens::authenticate(app, &user.id, presented, origin) {
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

    /// What the user sees of themselves.
    pub fn document(&self, app: &App) -> Value {
        let own = presence::own(app, &self.caller.user.id);
        let mut document = record::own_user(&self.caller.user);
        document["status"] = json!(own.status);
        document["statusText"] = json!(own.text);
        document
    }

    /// Lets it go because its socket is gone: whoever comes back soon was never away.
    pub fn lose(self, app: &App) {
        tokens::note_end(app, &self.caller);
        self.connection.lose(self.caller.token.hash);
    }
}
