//! Who may do what: the roles, and the permissions granted to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Permission, PermissionSet, Role, RoleId, RoleName, Timestamp};

/// Which roles hold a permission, where that is not as it was at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What is granted.
    pub permission: Permission,
    /// To whom.
    pub roles: Vec<RoleId>,
    /// When it was last changed.
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

/// All roles and grants: the built-in ones, and what was changed.
#[derive(Debug, Clone)]
pub struct Access {
    roles: BTreeMap<RoleId, Arc<Role>>,
    grants: BTreeMap<Permission, Arc<Grant>>,
    /// What follows from the grants, for the question that every request asks.
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
                *held = held.with(grant.permission);
            }
        }
    }

    /// What somebody with these roles may do.
    #[must_use]
    pub fn of(&self, roles: &[RoleId]) -> PermissionSet {
        let held = |role: &RoleId| self.held.get(role).copied().unwrap_or_default();
        roles
            .iter()
            .map(held)
            .fold(PermissionSet::default(), PermissionSet::union)
    }

    /// The role with this id.
    #[must_use]
    pub fn role(&self, id: &str) -> Option<&Arc<Role>> {
        self.roles.get(id)
    }

    /// The role with exactly this name.
    #[must_use]
    pub fn role_named(&self, name: &RoleName) -> Option<&Arc<Role>> {
        self.roles.values().find(|role| role.name == *name)
    }

    /// All roles by id.
    #[must_use]
    pub fn roles(&self) -> impl ExactSizeIterator<Item = &Arc<Role>> {
        self.roles.values()
    }

    /// Who holds a permission.
    #[must_use]
    pub fn grant(&self, permission: Permission) -> Option<&Arc<Grant>> {
        self.grants.get(&permission)
    }

    /// All grants by permission.
    #[must_use]
    pub fn grants(&self) -> impl ExactSizeIterator<Item = &Arc<Grant>> {
        self.grants.values()
    }

    /// Puts a role in the place of the one with its id, if there is one.
    pub fn put_role(&mut self, role: Role) {
        self.roles.insert(role.id.clone(), Arc::new(role));
    }

    /// Takes a role away; a built-in one is again what it was at first.
    pub fn take_role(&mut self, id: &RoleId) {
        match Role::built_in().find(|role| role.id == *id) {
            Some(role) => self.put_role(role),
            None => drop(self.roles.remove(id)),
        }
    }

    /// Puts a grant in the place of the one for its permission.
    pub fn put_grant(&mut self, grant: Grant) {
        self.grants.insert(grant.permission, Arc::new(grant));
        self.derive();
    }

    /// Makes a grant what it was at first.
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
                held.has(Permission::MANAGE_USER_STATUS),
                role.id.as_str() == "admin",
                "{}",
                role.id
            );
        }
        assert_eq!(access.of(&[]), PermissionSet::default());
        assert_eq!(
            access.of(&[RoleId::new("user"), RoleId::new("admin")]),
            PermissionSet::ALL
        );
    }

    #[test]
    fn a_grant_counts_from_when_it_is_put_and_the_first_one_again_when_it_is_taken() {
        let mut access = Access::default();
        let night = RoleId::new("night");
        access.put_grant(Grant {
            permission: Permission::MANAGE_USER_STATUS,
            roles: vec![night.clone()],
            updated_at: Timestamp::from_millis(1),
        });
        assert!(
            access
                .of(std::slice::from_ref(&night))
                .has(Permission::MANAGE_USER_STATUS)
        );
        assert!(!access.of(&[RoleId::new("admin")]).has(Permission::MANAGE_USER_STATUS));
        access.take_grant(Permission::MANAGE_USER_STATUS);
        assert!(!access.of(&[night]).has(Permission::MANAGE_USER_STATUS));
    }
}
