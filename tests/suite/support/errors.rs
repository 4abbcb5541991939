//! The error bodies that the API documents.

use serde_json::{Value, json};

pub fn required(field: &str) -> Value {
    json!({
        "success": false,
        "error": format!("The field {field} is required [error-the-field-is-required]"),
        "errorType": "error-the-field-is-required",
        "details": {"method": "insertOrUpdateUserStatus", "field": field},
    })
}

pub fn taken() -> Value {
    json!({
        "success": false,
        "error": "The custom user status name is already in use [Custom_User_Status_Error_Name_Already_In_Use]",
        "errorType": "Custom_User_Status_Error_Name_Already_In_Use",
        "details": {"method": "insertOrUpdateUserStatus"},
    })
}

pub fn invalid_type(input: &str) -> Value {
    json!({
        "success": false,
        "error": format!("{input} is not a valid status type [error-input-is-not-a-valid-field]"),
        "errorType": "error-input-is-not-a-valid-field",
        "details": {"method": "insertOrUpdateUserStatus", "input": input, "field": "StatusType"},
    })
}

pub fn invalid_name(input: &str) -> Value {
    json!({
        "success": false,
        "error": format!("{input} is not a valid name [error-input-is-not-a-valid-field]"),
        "errorType": "error-input-is-not-a-valid-field",
        "details": {"method": "insertOrUpdateUserStatus", "input": input, "field": "Name"},
    })
}

pub fn schema(words: &str, field: &str) -> Value {
    json!({
        "success": false,
        "error": format!("{words} [invalid-params]"),
        "errorType": "invalid-params",
        "details": {"field": field},
    })
}

/// Returns an error body with a code and details.
pub fn coded(words: &str, code: &str, details: Value) -> Value {
    let mut body = json!({"success": false, "error": format!("{words} [{code}]"), "errorType": code});
    if !details.is_null() {
        body["details"] = details;
    }
    body
}

/// Returns the details of the error for a field that is not a valid time.
pub fn form_of(field: &str) -> Value {
    json!({"field": field, "expected": "a date, a time and an offset in ISO 8601, as 2026-11-27T13:00:00Z"})
}

/// Returns an error body without a code.
pub fn plain(words: &str) -> Value {
    json!({"success": false, "error": words})
}

/// Returns the error body for a forbidden action on a user.
pub fn action_not_allowed(words: &str, action: &str) -> Value {
    let details = json!({"method": "insertOrUpdateUser", "action": action});
    coded(words, "error-action-not-allowed", details)
}

/// Returns the error body of a failed login.
pub fn login_refused(code: &str, words: &str) -> Value {
    json!({"success": false, "status": "error", "error": code, "message": words})
}

/// Returns the error object of a failed method, in Meteor's form.
pub fn error_json(code: &Value, reason: &str, details: Option<Value>) -> Value {
    let printed = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
    let message = if reason.is_empty() {
        format!("[{printed}]")
    } else {
        format!("{reason} [{printed}]")
    };
    let mut error = json!({
        "isClientSafe": true, "error": code, "reason": reason, "message": message, "errorType": "Meteor.Error",
    });
    if let Some(details) = details {
        error["details"] = details;
    }
    error
}
