//! The endpoint that downloads a backup. Rocket.Chat has no such endpoint.

use crate::domain::{Permission, RequestError};
use crate::http::input::Ignored;
use crate::http::reply::Download;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::backups;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "backup",
            "A backup of the whole store at one moment, which `rollcall restore` takes; without the key of second factors; encrypted \
             to the setting `backup_recipients`",
            download,
        )
        .permission(Permission::ManageBackup)
        .fresh_proof(),
    ]
}

async fn download(call: UserRequest, _: Ignored) -> Result<Download, RequestError> {
    let backup = backups::begin(&call.app, &call.actor(), false).await?;
    Ok(Download {
        name: backup.file_name(),
        stream: backup.stream()?,
    })
}
