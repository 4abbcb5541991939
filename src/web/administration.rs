//! The sections of the administration, and the permission that each section needs.

use super::visit::Visit;
use super::words::Words;
use crate::auth::Caller;
use crate::domain::{Permission, RequestError};

/// A section of the administration. It is one page and one entry in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub(super) enum Section {
    Users,
    Invitations,
    Roles,
    Statuses,
    Walls,
    Settings,
    Audit,
    Store,
}

impl Section {
    const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the path of the section's page.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Users => "/admin/users",
            Self::Invitations => "/admin/invitations",
            Self::Roles => "/admin/roles",
            Self::Statuses => "/admin/statuses",
            Self::Walls => "/admin/walls",
            Self::Settings => "/admin/settings",
            Self::Audit => "/admin/audit",
            Self::Store => "/admin/store",
        }
    }

    /// Returns the id of the section's icon in the sprite.
    pub(super) const fn icon(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Invitations => "mail",
            Self::Roles => "shield",
            Self::Statuses => "smile",
            Self::Walls => "screen",
            Self::Settings => "settings",
            Self::Audit => "audit",
            Self::Store => "store",
        }
    }

    /// Returns the permission that the section needs. Without it, the page answers with status 403 and the navigation
    /// has no entry for the section.
    pub(super) const fn permission(self) -> Permission {
        match self {
            Self::Users => Permission::ViewUserAdministration,
            Self::Invitations => Permission::CreateInviteLinks,
            Self::Roles => Permission::AccessPermissions,
            Self::Statuses => Permission::ManageUserStatus,
            Self::Walls => Permission::ManageBoards,
            Self::Settings => Permission::ViewPrivilegedSetting,
            Self::Audit => Permission::ViewAudit,
            Self::Store => Permission::ViewStatistics,
        }
    }

    /// Returns the title of the section.
    pub(super) fn title(self, words: Words) -> String {
        let title = match self {
            Self::Users => words.t("admin-users"),
            Self::Invitations => words.t("admin-invitations"),
            Self::Roles => words.t("admin-roles"),
            Self::Statuses => words.t("admin-statuses"),
            Self::Walls => words.t("admin-walls"),
            Self::Settings => words.t("admin-settings"),
            Self::Audit => words.t("admin-audit"),
            Self::Store => words.t("admin-store"),
        };
        title.into_owned()
    }

    /// Returns the sections that a user may open.
    pub(super) fn of(caller: &Caller) -> Vec<Self> {
        let may = |section: &Self| caller.may(section.permission());
        Self::ALL.iter().copied().filter(may).collect()
    }

    /// Returns the caller if they may open the section.
    ///
    /// # Errors
    /// [`RequestError::NotLoggedIn`], [`RequestError::PermissionRequired`].
    pub(super) fn admit(self, visit: &Visit) -> Result<&Caller, RequestError> {
        permit(visit, self.permission())
    }
}

/// Returns the caller if they have this permission. Pages check the permission before they ask for a proof, as the API
/// does.
///
/// # Errors
/// [`RequestError::NotLoggedIn`], [`RequestError::PermissionRequired`].
pub(super) fn permit(visit: &Visit, permission: Permission) -> Result<&Caller, RequestError> {
    let caller = visit.caller()?;
    caller.require(permission).map(|()| caller)
}
