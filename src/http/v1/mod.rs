//! The endpoints, a file for each family. Each family names its own routes.

mod custom_user_status;
mod info;
mod login;
mod me;
mod setup;

use super::routes::Route;

/// The routes of all families.
pub(super) fn routes() -> impl Iterator<Item = Route> {
    custom_user_status::routes()
        .into_iter()
        .chain(info::routes())
        .chain(login::routes())
        .chain(me::routes())
        .chain(setup::routes())
}
