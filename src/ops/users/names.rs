//! Rules about usernames and addresses.

use std::sync::Arc;

use crate::app::App;
use crate::domain::{Email, RequestError, SettingId, User, UserId, Username, UsernameKey, UsernameRule};
use crate::store::Snapshot;

/// Refuses usernames that no user of this server may have. The command line obeys it too.
///
/// # Errors
/// [`RequestError::UsernameBlocked`] for a reserved one, [`RequestError::UsernameInvalid`] for one that does not match
/// `UTF8_User_Names_Validation`.
pub(crate) fn refuse_unfit(app: &App, name: &Username) -> Result<(), RequestError> {
    refuse_unless_allowed(&app.username_rule(), name)
}

/// Refuses usernames as [`refuse_unfit`] does, by this rule.
pub(in crate::ops) fn refuse_unless_allowed(rule: &UsernameRule, name: &Username) -> Result<(), RequestError> {
    let input = name.to_string();
    if name.is_reserved() {
        return Err(RequestError::UsernameBlocked { input });
    }
    if rule.allows(name) {
        Ok(())
    } else {
        Err(RequestError::UsernameInvalid { input })
    }
}

/// Refuses usernames that the settings block.
///
/// # Errors
/// [`RequestError::UsernameBlocked`].
pub(crate) fn refuse_blocked(app: &App, name: &Username) -> Result<(), RequestError> {
    let settings = app.settings();
    let key = name.key();
    let listed = [SettingId::BlockedUsernames, SettingId::SystemBlockedUsernames];
    let mut blocked = listed.into_iter().flat_map(|list| settings.list(list));
    if blocked.any(|blocked| UsernameKey::of(&blocked) == key) {
        return Err(RequestError::UsernameBlocked {
            input: name.to_string(),
        });
    }
    Ok(())
}

/// Refuses a username or an address of a user other than `own`.
pub(in crate::ops) fn refuse_taken(
    snapshot: &Snapshot,
    own: Option<&UserId>,
    name: Option<&Username>,
    email: Option<&Email>,
) -> Result<(), RequestError> {
    let other = |user: &&Arc<User>| Some(&user.id) != own;
    if let Some(name) = name
        && snapshot.user_named(&name.key()).is_some_and(|user| other(&user))
    {
        return Err(name.taken());
    }
    match email {
        Some(email) if snapshot.user_at(&email.key()).is_some_and(|user| other(&user)) => {
            Err(RequestError::UserFieldTaken {
                input: email.to_string(),
                field: "Email",
            })
        }
        _ => Ok(()),
    }
}
