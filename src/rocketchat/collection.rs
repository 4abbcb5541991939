//! The names of Rocket.Chat's collections.

/// The collection of roles.
pub(super) const ROLES: &str = "rocketchat_roles";

/// The collection of custom statuses.
pub(super) const STATUSES: &str = "rocketchat_custom_user_status";

/// The collection of users.
pub(super) const USERS: &str = "users";

/// The collection that describes the files of avatars.
pub(super) const AVATARS: &str = "rocketchat_avatars";

/// The collection of the content of avatars.
pub(super) const AVATAR_CHUNKS: &str = "rocketchat_avatars.chunks";
