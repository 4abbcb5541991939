//! The endpoints, one file per family. Each family lists its own routes.

mod audit;
mod backup;
mod boards;
mod custom_user_status;
mod devices;
mod directory;
pub(super) mod info;
mod invitations;
mod login;
mod me;
mod methods;
mod permissions;
mod presence;
mod roles;
mod settings;
mod setup;
mod shield;
mod statistics;
mod status;
mod tokens;
mod two_factor;
mod users;

use super::route::Route;

/// Returns the routes of all families.
pub(super) fn routes() -> Vec<Route> {
    [
        custom_user_status::routes(),
        login::routes(),
        me::routes(),
        users::routes(),
        directory::routes(),
        status::routes(),
        methods::routes(),
        presence::routes(),
        tokens::routes(),
        devices::routes(),
        two_factor::routes(),
        roles::routes(),
        permissions::routes(),
        settings::routes(),
        audit::routes(),
        backup::routes(),
        setup::routes(),
        invitations::routes(),
        boards::routes(),
        info::routes(),
        statistics::routes(),
        shield::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
