//! Records in the form for realtime clients, with moments in EJSON.

use serde_json::{Value, json};

use super::message::date;
use crate::domain::{CustomStatus, Grant, SettingId, SettingValue, User};

/// Returns the record of a custom status.
#[must_use]
pub(crate) fn custom_status(status: &CustomStatus) -> Value {
    let mut record = json!(status);
    record["_updatedAt"] = date(status.updated_at);
    record
}

/// Returns the record of a permission with its roles.
#[must_use]
pub(crate) fn grant(grant: &Grant) -> Value {
    json!({
        "_id": grant.permission.as_str(),
        "roles": grant.roles,
        "_updatedAt": date(grant.updated_at),
    })
}

/// Returns the record of a setting with its value.
#[must_use]
pub(crate) fn setting(id: SettingId, value: &SettingValue) -> Value {
    json!({"_id": id.as_str(), "value": value, "enterprise": false})
}

/// Returns the logged-in user's own record, without the status.
#[must_use]
pub(crate) fn own_user(user: &User) -> Value {
    let email = |email: &crate::domain::user::UserEmail| json!({"address": email.address, "verified": email.verified});
    let emails: Vec<_> = user.email.iter().map(email).collect();
    json!({
        "username": user.username,
        "name": user.shown_name(),
        "emails": emails,
        "roles": user.roles,
        "active": user.is_active(),
        "avatarETag": user.avatar,
    })
}
