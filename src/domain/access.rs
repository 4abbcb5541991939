//! Access control: the roles, and the permissions granted to each role.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Permission, PermissionSet, Role, RoleId, RoleName, Timestamp};

/// The roles that have a permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The permission that the roles have.
    pub permission: Permission,
    /// The ids of the roles that have the permission.
    pub roles: Vec<RoleId>,
    /// The time of the last change; 1970 for the default roles.
    pub updated_at: Timestamp,
}

impl Grant {
    fn default_of(permission: Permission) -> Self {
        Self {
            permission,
            roles: permission.default_holders().iter().copied().map(RoleId::new).collect(),
            updated_at: Timestamp::from_millis(0),
        }
    }
}

/// All roles and grants: the built-in defaults with the stored changes applied.
#[derive(Debug, Clone)]
pub struct Access {
    roles: BTreeMap<RoleId, Arc<Role>>,
    grants: BTreeMap<Permission, Arc<Grant>>,
    /// The permissions of each role, derived from `grants`, because every request asks for them.
    held: BTreeMap<RoleId, PermissionSet>,
}

impl Default for Access {
    fn default() -> Self {
        let mut access = Self {
            roles: Role::built_in().map(|role| (role.id.clone(), Arc::new(role))).collect(),
            grants: Permission::ALL
                .iter()
                .map(|permission| (*permission, Arc::new(Grant::default_of(*permission))))
                .collect(),
            held: BTreeMap::new(),
        };
        access.derive();
        access
    }
}

impl Access {
    fn derive(&mut self) {
        self.held.clear();
        for grant in self.grants.values() {
            for role in &grant.roles {
                let held = self.held.entry(role.clone()).or_default();
                *held |= grant.permission;
            }
        }
    }

    /// Returns all permissions that a user with these roles has.
    #[must_use]
    pub fn of(&self, roles: &[RoleId]) -> PermissionSet {
        let held = |role: &RoleId| self.held.get(role).copied().unwrap_or_default();
        roles
            .iter()
            .map(held)
            .fold(PermissionSet::empty(), |all, held| all | held)
    }

    /// Returns the role with this id.
    #[must_use]
    pub fn role(&self, id: &str) -> Option<&Arc<Role>> {
        self.roles.get(id)
    }

    /// Returns the role with exactly this name.
    #[must_use]
    pub fn role_named(&self, name: &RoleName) -> Option<&Arc<Role>> {
        self.roles.values().find(|role| role.name == *name)
    }

    /// Returns all roles, ordered by id.
    #[must_use]
    pub fn roles(&self) -> impl ExactSizeIterator<Item = &Arc<Role>> {
        self.roles.values()
    }

    /// Returns the roles that have a permission.
    #[must_use]
    pub fn grant(&self, permission: Permission) -> Option<&Arc<Grant>> {
        self.grants.get(&permission)
    }

    /// Returns all grants, ordered by permission.
    #[must_use]
    pub fn grants(&self) -> impl ExactSizeIterator<Item = &Arc<Grant>> {
        self.grants.values()
    }

    /// Adds a role, or replaces the role with the same id.
    pub fn put_role(&mut self, role: Role) {
        self.roles.insert(role.id.clone(), Arc::new(role));
    }

    /// Removes a role. A built-in role is reset to its default instead.
    pub fn take_role(&mut self, id: &RoleId) {
        match Role::built_in().find(|role| role.id == *id) {
            Some(role) => self.put_role(role),
            None => drop(self.roles.remove(id)),
        }
    }

    /// Replaces the grant of the same permission.
    pub fn put_grant(&mut self, grant: Grant) {
        self.grants.insert(grant.permission, Arc::new(grant));
        self.derive();
    }

    /// Resets the permission's roles to the default.
    pub fn take_grant(&mut self, permission: Permission) {
        self.put_grant(Grant::default_of(permission));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_administrators_manage_custom_statuses_at_first() {
        let access = Access::default();
        for role in access.roles() {
            let held = access.of(std::slice::from_ref(&role.id));
            assert_eq!(
                held.contains(Permission::ManageUserStatus),
                role.id.as_str() == "admin",
                "{}",
                role.id
            );
        }
        assert_eq!(access.of(&[]), PermissionSet::default());
        assert_eq!(
            access.of(&[RoleId::new("user"), RoleId::new("admin")]),
            PermissionSet::all()
        );
    }

    #[test]
    fn a_grant_counts_from_when_it_is_put_and_the_first_one_again_when_it_is_taken() {
        let mut access = Access::default();
        let night = RoleId::new("night");
        access.put_grant(Grant {
            permission: Permission::ManageUserStatus,
            roles: vec![night.clone()],
            updated_at: Timestamp::from_millis(1),
        });
        assert!(
            access
                .of(std::slice::from_ref(&night))
                .contains(Permission::ManageUserStatus)
        );
        assert!(
            !access
                .of(&[RoleId::new("admin")])
                .contains(Permission::ManageUserStatus)
        );
        access.take_grant(Permission::ManageUserStatus);
        assert!(!access.of(&[night]).contains(Permission::ManageUserStatus));
    }
}
