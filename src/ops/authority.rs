//! The limits of an actor's authority over other users. The rules are in [`crate::domain::authority`].

use std::sync::Arc;

use crate::app::App;
use crate::auth::Actor;
use crate::domain::authority::{require, weight};
use crate::domain::{Access, PermissionSet, RequestError, Role, RoleId, User, UserId};
use crate::store::Snapshot;

/// The authority of an actor, computed from one snapshot.
pub(super) struct Authority<'snapshot> {
    snapshot: &'snapshot Snapshot,
    held: PermissionSet,
    own: Option<UserId>,
}

impl<'snapshot> Authority<'snapshot> {
    /// Returns the authority of an actor. The operator on the machine has every permission.
    ///
    /// A user's authority is the permissions of their roles in this snapshot, limited by the scopes of the token. The
    /// permissions of the default roles are never removed by scopes: every ordinary user has them, and a token with
    /// `users:write` is meant for acting on ordinary users.
    pub(super) fn of(app: &App, snapshot: &'snapshot Snapshot, actor: &Actor) -> Self {
        let Actor::User(caller) = actor else {
            return Self {
                snapshot,
                held: PermissionSet::all(),
                own: None,
            };
        };
        let access = snapshot.access();
        let full = snapshot
            .user(&caller.user.id)
            .map_or_else(PermissionSet::default, |user| weight(access, &user.roles));
        let ordinary = access.of(&super::users::default_roles(app));
        Self {
            snapshot,
            held: caller.token.narrow(full) | (full & ordinary),
            own: Some(caller.user.id.clone()),
        }
    }

    /// Refuses an action on the login, roles, permissions or existence of another user who has a permission that the
    /// actor does not have.
    ///
    /// # Errors
    /// [`RequestError::BeyondAuthority`].
    pub(super) fn over(&self, user: &User) -> Result<(), RequestError> {
        if self.own.as_ref() == Some(&user.id) {
            return Ok(());
        }
        require(self.held, weight(self.snapshot.access(), &user.roles))
    }

    /// Refuses an action on the login of all users if one of them has a permission that the actor does not have.
    ///
    /// # Errors
    /// [`RequestError::BeyondAuthority`].
    pub(super) fn over_all(&self) -> Result<(), RequestError> {
        self.snapshot.users().try_for_each(|user| self.over(user))
    }

    /// Refuses to give, remove or change roles that hold a permission which the actor does not have.
    ///
    /// # Errors
    /// [`RequestError::BeyondAuthority`].
    pub(super) fn over_roles(&self, roles: &[RoleId]) -> Result<(), RequestError> {
        require(self.held, weight(self.snapshot.access(), roles))
    }

    /// Refuses a change of a role's mandatory second factor if a user with that role has a permission that the actor
    /// does not have.
    ///
    /// # Errors
    /// [`RequestError::BeyondAuthority`].
    pub(super) fn over_holders(&self, role: &Role) -> Result<(), RequestError> {
        let mut holders = self.snapshot.users_with_role(&role.id);
        holders.try_for_each(|user| self.over(user))
    }

    /// Refuses grants that give or remove a permission which the actor does not have, or that change the permissions
    /// of a role or a user that has such a permission.
    ///
    /// # Errors
    /// [`RequestError::BeyondAuthority`].
    pub(super) fn over_grants(&self, after: &Access) -> Result<(), RequestError> {
        let before = self.snapshot.access();
        let mut changed = Vec::new();
        for role in before.roles() {
            let role = std::slice::from_ref(&role.id);
            let difference = before.of(role) ^ after.of(role);
            if !difference.is_empty() {
                require(self.held, difference)?;
                self.over_roles(role)?;
                changed.push(role[0].clone());
            }
        }
        let concerned = |user: &&Arc<User>| before.of(&user.roles) != after.of(&user.roles);
        let mut users = changed
            .iter()
            .flat_map(|role| self.snapshot.users_with_role(role))
            .filter(concerned);
        users.try_for_each(|user| self.over(user))
    }
}
