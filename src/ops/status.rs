//! Operations that set, end and read statuses.

use tracing::warn;

use super::audit::note;
use super::transaction::transact;
use super::{neighbours, standing, user_status};
use crate::app::{App, Settings};
use crate::auth::Actor;
use crate::domain::{
    AuditAction, Claim, ClaimSource, CustomStatusId, Emoji, Laying, Permission, Presence, RecentStatus, RequestError,
    SettingId, StatusText, StatusType, Timestamp, UserId, UserStatus,
};
use crate::store::{Change, Snapshot};

/// Maximum characters of a claim's id.
pub const CLAIM_ID_CHARACTERS: usize = 120;

/// A status to set for a user.
#[derive(Debug, Clone)]
pub struct NewStatus {
    /// The status type. If absent, that of the custom status, or else the current one.
    pub status: Option<StatusType>,
    /// The text, already cleaned and cut. If absent, the name of the custom status, or else empty.
    pub text: Option<StatusText>,
    /// The emoji. If absent, that of the custom status, or else none.
    pub emoji: Option<Emoji>,
    /// The moment at which the status ends. If absent, the duration of the custom status applies, or else it never
    /// ends.
    pub expires_at: Option<Timestamp>,
    /// A custom status whose values are used for the fields that are absent.
    pub custom_status: Option<CustomStatusId>,
    /// The source of the claim.
    pub source: ClaimSource,
    /// The id of the claim, chosen by the caller.
    pub id: Option<String>,
}

impl Default for NewStatus {
    fn default() -> Self {
        Self {
            status: None,
            text: None,
            emoji: None,
            expires_at: None,
            custom_status: None,
            source: ClaimSource::Manual,
            id: None,
        }
    }
}

/// Sets the status of a user (`api.md` §6.2).
///
/// # Errors
/// [`RequestError::NotPermitted`] for another user without `edit-other-user-info`, [`RequestError::UserNotFound`],
/// [`RequestError::NotAllowed`] for a text if the settings forbid one, [`RequestError::InvisibleDisabled`],
/// [`RequestError::StatusExpired`] for an end that has passed, [`RequestError::CustomStatusNotFound`].
pub async fn set(app: &App, actor: &Actor, id: &UserId, new: NewStatus) -> Result<(), RequestError> {
    permit(actor, id)?;
    let settings = app.settings();
    let words = new.text.as_ref().is_some_and(|text| !text.is_empty());
    if words && !settings.flag(SettingId::AllowUserStatusMessageChange) {
        return Err(RequestError::NotAllowed {
            words: "Change status is not allowed",
        });
    }
    if new.expires_at.is_some_and(|end| end <= app.clock.now()) {
        return Err(RequestError::StatusExpired);
    }
    change(app, actor, id, |snapshot, stored| {
        let new = filled(app, snapshot, &new)?;
        lay(app, stored, &new, actor.is(id))
    })
    .await
}

/// Sets a status by hand without changing the visible text. `Online` removes the text.
///
/// # Errors
/// The errors of [`set`].
pub async fn declare(app: &App, actor: &Actor, id: &UserId, status: StatusType) -> Result<(), RequestError> {
    let words = app.hub.own_presence(id).text;
    let new = NewStatus {
        status: Some(status),
        ..NewStatus::default()
    };
    if words.is_empty() || status == StatusType::Online {
        return set(app, actor, id, new).await;
    }
    change(app, actor, id, |_, stored| {
        let words = stored.claims.showing().map(|claim| claim.text.clone());
        let new = NewStatus {
            text: words,
            ..new.clone()
        };
        lay(app, stored, &new, actor.is(id))
    })
    .await
}

/// Ends the claim with this id, or the visible one. The claim below becomes visible. Does nothing if there is none.
///
/// # Errors
/// [`RequestError::NotPermitted`], [`RequestError::UserNotFound`].
pub async fn end(app: &App, actor: &Actor, user: &UserId, id: Option<&str>) -> Result<(), RequestError> {
    permit(actor, user)?;
    change(app, actor, user, |_, stored| {
        stored.claims.end(id);
        Ok(())
    })
    .await
}

/// Returns the statuses that a user last set by hand, the newest first.
#[must_use]
pub fn recent(app: &App, id: &UserId) -> Vec<RecentStatus> {
    let snapshot = app.store.read();
    snapshot
        .user_status(id)
        .map(|stored| stored.recent.clone())
        .unwrap_or_default()
}

/// Returns the user's own presence as it will be after the visible status ends; `None` if no status is set.
#[must_use]
pub fn after(app: &App, id: &UserId) -> Option<Presence> {
    let snapshot = app.store.read();
    let claims = &snapshot.user_status(id)?.claims;
    claims.showing()?;
    let connection = app.hub.own_presence(id).connection;
    let required = app.settings().flag(SettingId::PresenceRequiresConnection);
    Some(Presence::of(connection, &claims.without_showing(), required))
}

/// Refuses the status `offline`, which makes a user invisible, if a setting forbids it.
pub(super) fn refuse_forbidden(settings: &Settings, status: StatusType) -> Result<(), RequestError> {
    if status == StatusType::Offline && !settings.flag(SettingId::AllowInvisibleStatus) {
        return Err(RequestError::InvisibleDisabled);
    }
    Ok(())
}

fn permit(actor: &Actor, id: &UserId) -> Result<(), RequestError> {
    if actor.may_on(id, Permission::EditOtherUserInfo) {
        Ok(())
    } else {
        Err(RequestError::NotPermitted)
    }
}

/// Changes the stored status of a user, after removing expired claims. Writes nothing if nothing changes.
pub(super) async fn change(
    app: &App,
    actor: &Actor,
    id: &UserId,
    work: impl Fn(&Snapshot, &mut UserStatus) -> Result<(), RequestError>,
) -> Result<(), RequestError> {
    transact(app, |snapshot| {
        let user = snapshot.user(id).ok_or(RequestError::UserNotFound)?;
        let mut stored = user_status::stored(snapshot, id);
        // Expired claims end before `work`, so that activity recorded by `work` comes after the end of an
        // invisibility.
        let now = app.clock.now();
        stored.claims.settle(now);
        work(snapshot, &mut stored)?;
        let stands = stored.claims.stand();
        let mut change = user_status::save(snapshot, Change::new(), stored, now);
        if change == Change::new() {
            return Ok((change, ()));
        }
        if stands {
            change = match standing::live_token(snapshot, id, now) {
                Some(token) => change.require(token),
                None if actor.is(id) => return Err(RequestError::NotLoggedIn),
                None => change,
            };
        }
        if snapshot.user_status(id).is_none() {
            // Without this, a user who is deleted at the same time would leave a status behind.
            change = change.require(&**user);
        }
        if actor.is(id) {
            return Ok((change, ()));
        }
        let noted = note(app, actor, AuditAction::UserUpdated, Some(user.party()), "status");
        Ok((change.insert(&noted), ()))
    })
    .await?;
    begin_connection_if_any(app, id).await;
    Ok(())
}

/// Records that a live connection of a user has begun, which ends the state "online without a connection". If the
/// store cannot be written, the connection continues, and the state ends with the next one.
pub(super) async fn begin_connection(app: &App, id: &UserId) {
    if !app
        .store
        .read()
        .user_status(id)
        .is_some_and(|stored| stored.claims.online_without_connection())
    {
        return;
    }
    neighbours::report_first(app, id).await;
    let begun = transact(app, |snapshot| {
        let mut stored = user_status::stored(snapshot, id);
        stored.claims.begin_connection();
        Ok((user_status::save(snapshot, Change::new(), stored, app.clock.now()), ()))
    });
    if let Err(error) = begun.await
        && !error.is_of_disk()
    {
        warn!(%error, user = %id, "online without a connection has not ended with the first connection");
    }
}

/// Calls [`begin_connection`] if the user has a connection: it may have begun before the new status was durable.
pub(super) async fn begin_connection_if_any(app: &App, id: &UserId) {
    if app.hub.has_connection(id) {
        begin_connection(app, id).await;
    }
}

/// Returns the status with absent fields filled in from its custom status.
fn filled(app: &App, snapshot: &Snapshot, new: &NewStatus) -> Result<NewStatus, RequestError> {
    let Some(id) = &new.custom_status else {
        return Ok(new.clone());
    };
    let unknown = || RequestError::CustomStatusNotFound { id: id.clone() };
    let custom = snapshot.custom_status(id).ok_or_else(unknown)?;
    let end = || {
        custom
            .duration
            .map(|minutes| app.clock.now().plus_minutes(minutes.get()))
    };
    Ok(NewStatus {
        status: new.status.or(Some(custom.status_type)),
        text: new
            .text
            .clone()
            .or_else(|| Some(StatusText::restore(custom.name.as_str()))),
        emoji: new.emoji.clone().or_else(|| custom.emoji.clone()),
        expires_at: new.expires_at.or_else(end),
        ..new.clone()
    })
}

/// Adds a claim for a new status (`api.md` §6.2). `by_hand` is true if the user sets it themselves.
///
/// # Errors
/// [`RequestError::InvisibleDisabled`] if the user would be invisible and the settings forbid it, even if only the text
/// changes.
pub(super) fn lay(app: &App, stored: &mut UserStatus, new: &NewStatus, by_hand: bool) -> Result<(), RequestError> {
    let settings = app.settings();
    let declared = stored.claims.showing().map_or(StatusType::Online, |claim| claim.status);
    let laying = Laying {
        names_status: new.status.is_some(),
        connected: app.hub.has_connection(&stored.user),
    };
    let claim = Claim {
        status: new.status.unwrap_or(declared),
        text: new.text.clone().unwrap_or_default(),
        emoji: new.emoji.clone(),
        source: new.source,
        expires_at: new.expires_at,
        id: new.id.clone(),
        needs_connection: false,
    };
    refuse_forbidden(&settings, claim.status)?;
    if by_hand {
        stored.last_seen = Some(app.clock.now());
    }
    let is_bare = claim.status == StatusType::Online && claim.text.is_empty() && claim.emoji.is_none();
    if is_bare && claim.source == ClaimSource::Manual && !laying.names_status {
        stored.claims.clear_manual();
        return Ok(());
    }
    if is_bare && claim.source == ClaimSource::Manual && claim.expires_at.is_none() {
        let nothing_shows_without = settings.flag(SettingId::PresenceRequiresConnection);
        stored.claims.declare_online(laying.connected || nothing_shows_without);
        return Ok(());
    }
    if by_hand && claim.source == ClaimSource::Manual {
        stored.remember(RecentStatus {
            status: claim.status,
            text: claim.text.clone(),
            emoji: claim.emoji.clone(),
        });
    }
    stored.claims.lay(claim, laying);
    Ok(())
}
