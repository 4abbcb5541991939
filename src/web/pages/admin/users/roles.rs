//! The form with the roles of an account.

use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::{RequestError, Role, RoleId, User};
use crate::ops::profile_edit::ProfileEdit;
use crate::ops::roles;
use crate::web::form::FormFields;
use crate::web::visit::Visit;

/// A role that the form shows.
#[allow(clippy::struct_excessive_bools)] // The fields are switches of a template.
pub(super) struct RoleLine {
    pub id: String,
    pub name: String,
    pub description: String,
    /// `true` if the user has the role.
    pub had: bool,
    pub chosen: bool,
    /// `true` if the caller may neither give nor remove the role.
    pub is_fixed: bool,
}

/// Returns the roles that the caller may assign, and the other roles of the account. The chosen roles are those of the
/// account, or those of the form if `sent` is `true`.
///
/// # Errors
/// [`RequestError::NotLoggedIn`].
pub(super) fn lines(visit: &Visit, had: &[RoleId], sent: bool) -> Result<Vec<RoleLine>, RequestError> {
    let assignable = roles::assignable(&visit.app, &visit.actor()?);
    let is_sent = |id: &RoleId| visit.form.all("role").any(|sent| sent == id.as_str());
    let line = |role: &Arc<Role>| {
        let is_fixed = !assignable.iter().any(|other| other.id == role.id);
        let has = had.contains(&role.id);
        (has || !is_fixed).then(|| RoleLine {
            id: role.id.to_string(),
            name: role.name.to_string(),
            description: role.description.clone(),
            had: has,
            chosen: if sent && !is_fixed { is_sent(&role.id) } else { has },
            is_fixed,
        })
    };
    Ok(roles::list(&visit.app).iter().filter_map(line).collect())
}

/// Returns the roles of the account after a form. It changes only roles that the user checked or unchecked. Other roles
/// keep the changes that another administrator made in the meantime.
fn after(form: &FormFields, now: &[RoleId]) -> Vec<RoleId> {
    let had: HashSet<&str> = form.all("had").collect();
    let wanted: HashSet<&str> = form.all("role").collect();
    let stays = |role: &&RoleId| !had.contains(role.as_str()) || wanted.contains(role.as_str());
    let mut roles: Vec<_> = now.iter().filter(stays).cloned().collect();
    roles.extend(wanted.difference(&had).map(|id| RoleId::new(id)));
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// Returns the change that the form asks for.
pub(super) fn edit(form: &FormFields, user: &User) -> ProfileEdit {
    ProfileEdit {
        roles: Some(after(form, &user.roles)),
        ..ProfileEdit::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_changes_the_roles_that_were_changed_on_its_page() {
        let roles = |ids: &[&str]| ids.iter().map(|id| RoleId::new(id)).collect::<Vec<_>>();
        let form = |encoded: &str| FormFields::parse(encoded.as_bytes()).expect("a form");
        let one = form("had=user&had=bot&role=user&role=guest");
        assert_eq!(after(&one, &roles(&["bot", "user"])), roles(&["guest", "user"]));
        // Another administrator has removed `bot` and given `admin` in the meantime.
        assert_eq!(
            after(&one, &roles(&["admin", "user"])),
            roles(&["admin", "guest", "user"])
        );
        assert_eq!(after(&form(""), &roles(&["admin"])), roles(&["admin"]));
        assert_eq!(after(&form("had=user"), &roles(&["user"])), roles(&[]));
    }
}
