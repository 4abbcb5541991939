//! Links for people without an account: invitations and boards. Such a link is valid only while its creator has an active
//! account and the permission to create it. The operator's links are valid until they end.

use super::personal_tokens::depending_on;
use crate::app::App;
use crate::auth::{Actor, TokenSecret};
use crate::domain::{Permission, RequestError, User, UserId};
use crate::store::{Change, Snapshot};

/// Returns the creator to store with a link; `None` for the operator.
pub(super) fn creator(actor: &Actor) -> Option<UserId> {
    match actor {
        Actor::User(caller) => Some(caller.user.id.clone()),
        Actor::Operator => None,
    }
}

/// Returns a change that creates a link of this actor. It changes the creator's record, so that the deletion of the
/// creator at the same time either refuses it or removes the link too.
///
/// # Errors
/// [`RequestError::NotLoggedIn`] if the creator was deleted meanwhile.
pub(super) fn by(snapshot: &Snapshot, actor: &Actor) -> Result<Change, RequestError> {
    match actor {
        Actor::User(caller) => {
            let user = snapshot.user(&caller.user.id).ok_or(RequestError::NotLoggedIn)?;
            Ok(depending_on(user))
        }
        Actor::Operator => Ok(Change::new()),
    }
}

/// Returns the link with a secret, below this path of the server.
pub(super) fn link(app: &App, path: &str, secret: &TokenSecret) -> String {
    format!("{}/{path}/{}", app.public_address().url, secret.expose())
}

/// Returns the first free place for a link, of which there may be `most`.
///
/// # Errors
/// [`RequestError::TooManyLinks`] with the name of these links.
pub(super) fn free_place(what: &'static str, most: u16, is_free: impl Fn(&u16) -> bool) -> Result<u16, RequestError> {
    (0..most).find(is_free).ok_or(RequestError::TooManyLinks { what, most })
}

/// Returns the creator of a link, if the link is still valid for that creator: `Some(None)` for the operator's links.
#[allow(clippy::option_option)] // The outer one says if the link is valid, the inner one who created it.
pub(super) fn still<'snapshot>(
    snapshot: &'snapshot Snapshot,
    creator: Option<&UserId>,
    permission: Permission,
) -> Option<Option<&'snapshot User>> {
    let Some(creator) = creator else {
        return Some(None);
    };
    let user = snapshot.user(creator).filter(|user| user.is_active())?;
    let may = snapshot.access().of(&user.roles).contains(permission);
    may.then_some(Some(&**user))
}

/// Removes the links of a user who is deleted.
pub(super) fn without_links_of(snapshot: &Snapshot, id: &UserId, change: Change) -> Change {
    let invitations = snapshot
        .invitations()
        .filter(|invitation| invitation.creator.as_ref() == Some(id));
    let change = invitations.fold(change, |change, invitation| change.remove(&**invitation));
    let boards = snapshot.boards().filter(|board| board.creator.as_ref() == Some(id));
    boards.fold(change, |change, board| change.remove(&**board))
}
