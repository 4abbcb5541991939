//! Invitations: links with which people register, also where registration is closed. Rocket.Chat's invitations lead to
//! rooms; the permission `create-invite-links` is its own.

use std::sync::Arc;

use super::attempts;
use super::audit::note;
use super::authority::Authority;
use super::guess_target::Target;
use super::registration::{self, Registration, Terms};
use super::transaction::{transact, transact_in_parts};
use super::users::{checked_roles, default_roles, may_assign};
use super::vouched;
use crate::app::App;
use crate::auth::{Actor, Origin, TokenSecret};
use crate::domain::authority::{require, weight};
use crate::domain::invitation::MAX_INVITATIONS;
use crate::domain::user::Activity;
use crate::domain::{
    AuditAction, AuditParty, DisplayName, Invitation, InvitationTerms, Permission, RequestError, Role, RoleId,
    Timestamp, TokenHash, User, Username,
};
use crate::store::{Change, RECORDS_IN_CHANGE, Snapshot};

/// An invitation as administrators see it.
#[derive(Debug, Clone)]
pub(crate) struct ListedInvitation {
    /// The stored invitation.
    pub invitation: Arc<Invitation>,
    /// The username of its creator; `None` for the operator at the command line.
    pub creator: Option<Username>,
    /// `true` if a person can register with it now.
    pub is_valid: bool,
}

/// The parts of an invitation that its holder may know.
#[derive(Debug, Clone)]
pub(crate) struct Invited {
    /// The name of the creator that others see; `None` for the operator at the command line.
    pub by: Option<DisplayName>,
    /// The time at which the invitation ends.
    pub expires_at: Timestamp,
}

/// Returns the public id of an invitation. It reveals nothing of the secret.
#[must_use]
pub(crate) fn label(invitation: &Invitation) -> String {
    invitation.hash.label()
}

/// Creates an invitation and returns it with its link. The link has the secret, which is not stored.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `create-invite-links`; [`RequestError::ActionNotAllowed`] for roles that the actor may
/// not assign; [`RequestError::BeyondAuthority`] for roles that hold a permission which the actor lacks;
/// [`RequestError::RoleInvalid`], [`RequestError::TooManyLinks`].
pub(crate) async fn create(
    app: &App,
    actor: &Actor,
    terms: &InvitationTerms,
) -> Result<(ListedInvitation, String), RequestError> {
    actor.require(Permission::CreateInviteLinks)?;
    let defaults = default_roles(app);
    may_assign(actor, &beyond(&terms.roles, &defaults))?;
    let secret = TokenSecret::generate();
    let created = transact(app, |snapshot| {
        let roles = checked_roles(snapshot, terms.roles.clone())?;
        let given = if roles.is_empty() { &defaults } else { &roles };
        Authority::of(app, snapshot, actor).over_roles(given)?;
        let now = app.clock.now();
        let place = free_place(snapshot, now)?;
        let invitation = Invitation {
            place,
            hash: secret.hash(),
            creator: vouched::creator(actor),
            created_at: now,
            expires_at: now.plus_days(terms.days),
            max_uses: terms.max_uses,
            uses: 0,
            roles,
            note: terms.note.clone(),
        };
        let change = vouched::by(snapshot, actor)?;
        let change = match snapshot.invitation_at(place) {
            Some(ended) => change.replace(&**ended, &invitation),
            None => change.insert(&invitation),
        };
        let noted = note(app, actor, AuditAction::InvitationCreated, Some(party(&invitation)), "");
        Ok((change.insert(&noted), invitation))
    })
    .await?;
    let link = vouched::link(app, "join", &secret);
    Ok((listed(app, &app.store.read(), &Arc::new(created)), link))
}

/// Lists all invitations that have not ended, the newest first. Their number is bounded.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `create-invite-links`.
pub(crate) fn list(app: &App, actor: &Actor) -> Result<Vec<ListedInvitation>, RequestError> {
    actor.require(Permission::CreateInviteLinks)?;
    let (snapshot, now) = (app.store.read(), app.clock.now());
    let open = snapshot.invitations().filter(|invitation| invitation.is_open(now));
    let mut found: Vec<_> = open.map(|invitation| listed(app, &snapshot, invitation)).collect();
    found.sort_by_key(|listed| std::cmp::Reverse((listed.invitation.created_at, listed.invitation.place)));
    Ok(found)
}

/// Returns the roles that the actor may give with an invitation, in the order of their ids.
#[must_use]
pub(crate) fn roles_to_give(app: &App, actor: &Actor) -> Vec<Arc<Role>> {
    let (snapshot, defaults) = (app.store.read(), default_roles(app));
    let authority = Authority::of(app, &snapshot, actor);
    let may = |role: &&Arc<Role>| {
        let role = std::slice::from_ref(&role.id);
        may_assign(actor, &beyond(role, &defaults)).is_ok() && authority.over_roles(role).is_ok()
    };
    snapshot.access().roles().filter(may).cloned().collect()
}

/// Ends an invitation of any creator.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `create-invite-links`, [`RequestError::InvitationNotFound`].
pub(crate) async fn revoke(app: &App, actor: &Actor, id: &str) -> Result<(), RequestError> {
    actor.require(Permission::CreateInviteLinks)?;
    transact(app, |snapshot| {
        let found = snapshot.invitations().find(|invitation| label(invitation) == id);
        let found = found.ok_or_else(|| RequestError::InvitationNotFound { label: id.to_owned() })?;
        let noted = note(app, actor, AuditAction::InvitationRevoked, Some(party(found)), "");
        Ok((Change::new().remove(&**found).insert(&noted), ()))
    })
    .await
}

/// Returns the parts of an invitation that its holder may know.
///
/// # Errors
/// [`RequestError::InvitationInvalid`]; [`RequestError::AddressBlocked`] after too many guesses.
pub(crate) async fn check(app: &App, origin: &Origin, secret: &str) -> Result<Invited, RequestError> {
    let invitation = shown(app, origin, &TokenSecret::presented(secret).hash()).await?;
    let snapshot = app.store.read();
    let creator = invitation.creator.as_ref().and_then(|creator| snapshot.user(creator));
    Ok(Invited {
        by: creator.map(|user| user.shown_name()),
        expires_at: invitation.expires_at,
    })
}

/// Creates an account for a person with an invitation, also where registration is closed. All other rules of a
/// registration apply, except the approval by an administrator: the invitation is the approval.
///
/// # Errors
/// [`RequestError::InvitationInvalid`]; [`RequestError::AddressBlocked`] after too many guesses; [`RequestError::RegistrationDisabled`] while
/// there is no administrator; the errors of the new account, which do not use up the invitation.
pub(crate) async fn accept(
    app: &App,
    origin: &Origin,
    secret: &str,
    new: Registration,
) -> Result<Arc<User>, RequestError> {
    let hash = TokenSecret::presented(secret).hash();
    let invitation = shown(app, origin, &hash).await?;
    let terms = Terms {
        roles: invitation.roles.clone(),
        activity: Activity::Active,
        detail: format!("by the invitation {}", label(&invitation)),
    };
    let permit = |snapshot: &Snapshot| {
        found(app, snapshot, &hash)
            .map(drop)
            .ok_or(RequestError::InvitationInvalid)
    };
    registration::create(app, origin, new, terms, permit, |snapshot, change| {
        let Some(invitation) = found(app, snapshot, &hash) else {
            return change;
        };
        // A creator who is deactivated at the same time ends the invitation.
        let creator = invitation.creator.as_ref().and_then(|creator| snapshot.user(creator));
        let change = creator.into_iter().fold(change, |change, user| change.require(&**user));
        match invitation.after_use() {
            Some(after) => change.replace(&**invitation, &after),
            None => change.remove(&**invitation),
        }
    })
    .await
}

/// Removes invitations that have ended.
pub(super) async fn sweep(app: &App) -> Result<(), RequestError> {
    transact_in_parts(app, |snapshot| {
        let now = app.clock.now();
        let ended = snapshot.invitations().filter(|invitation| !invitation.is_open(now));
        let some = ended.take(RECORDS_IN_CHANGE);
        some.fold(Change::new(), |change, ended| change.remove(&**ended))
    })
    .await
}

/// Returns the valid invitation with this hash. A wrong secret counts as a guess of the address.
async fn shown(app: &App, origin: &Origin, hash: &TokenHash) -> Result<Arc<Invitation>, RequestError> {
    attempts::guarded(app, origin, &Target::secret("invitation"), async {
        let snapshot = app.store.read();
        found(app, &snapshot, hash)
            .cloned()
            .ok_or(RequestError::InvitationInvalid)
    })
    .await
}

fn found<'snapshot>(app: &App, snapshot: &'snapshot Snapshot, hash: &TokenHash) -> Option<&'snapshot Arc<Invitation>> {
    let found = snapshot.invitations().find(|invitation| invitation.hash == *hash);
    found.filter(|invitation| is_valid(app, snapshot, invitation))
}

/// Returns whether a person can register with an invitation. Its roles must exist, and its creator must still be able to
/// invite with them: an invitation gives no role that its creator could not give now.
fn is_valid(app: &App, snapshot: &Snapshot, invitation: &Invitation) -> bool {
    let access = snapshot.access();
    let exist = invitation.roles.iter().all(|role| access.role(role.as_str()).is_some());
    let creator = vouched::still(snapshot, invitation.creator.as_ref(), Permission::CreateInviteLinks);
    let may = match creator {
        None => false,
        Some(None) => true,
        Some(Some(creator)) => {
            let defaults = default_roles(app);
            let (held, more) = (access.of(&creator.roles), beyond(&invitation.roles, &defaults));
            let given = if invitation.roles.is_empty() {
                &defaults
            } else {
                &invitation.roles
            };
            (more.is_empty() || held.contains(Permission::AssignRoles))
                && (!more.iter().any(RoleId::is_admin) || held.contains(Permission::AssignAdminRole))
                && require(weight(access, &creator.roles), weight(access, given)).is_ok()
        }
    };
    exist && may && invitation.is_open(app.clock.now())
}

/// Returns the roles that are not default roles.
fn beyond(roles: &[RoleId], defaults: &[RoleId]) -> Vec<RoleId> {
    roles.iter().filter(|role| !defaults.contains(role)).cloned().collect()
}

/// Returns the first place that has no open invitation.
fn free_place(snapshot: &Snapshot, now: Timestamp) -> Result<u16, RequestError> {
    vouched::free_place("invitations", MAX_INVITATIONS, |place| {
        let kept = snapshot.invitation_at(*place);
        kept.is_none_or(|invitation| !invitation.is_open(now))
    })
}

fn listed(app: &App, snapshot: &Snapshot, invitation: &Arc<Invitation>) -> ListedInvitation {
    let creator = invitation.creator.as_ref().and_then(|creator| snapshot.user(creator));
    ListedInvitation {
        creator: creator.map(|user| user.username.clone()),
        is_valid: is_valid(app, snapshot, invitation),
        invitation: Arc::clone(invitation),
    }
}

fn party(invitation: &Invitation) -> AuditParty {
    AuditParty::new("invitation", &label(invitation), &invitation.note)
}
