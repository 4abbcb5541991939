//! The documented answers of custom statuses that are refused.

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
