//! The forms of a login's credentials, over HTTP and as a method (`api.md` §3.1, §10.3).

use serde_json::{Map, Value};

use crate::auth::{PasswordDigest, TokenSecret};
use crate::domain::RequestError;
use crate::ops::login::Credentials;
use crate::ops::users::UserIdentifier;

/// Parses credentials in any of the forms that clients send.
///
/// # Errors
/// [`RequestError::UnrecognizedLogin`] for an unknown form, [`RequestError::InvalidParams`] for a wrong type in a known one.
pub(crate) fn credentials(mut fields: Map<String, Value>) -> Result<Credentials, RequestError> {
    let has_password = fields.get("password").is_some_and(|password| !password.is_null());
    if has_password && only(&fields, &["user", "username", "email", "password", "code"]) {
        return Ok(Credentials::Password {
            account: account(&mut fields)?,
            digest: digest(take(&mut fields, "password"))?,
            code: text(&mut fields, "code")?,
        });
    }
    if only(&fields, &["resume"])
        && let Some(token) = text(&mut fields, "resume")?
    {
        return TokenSecret::parse(&token)
            .map(Credentials::Resume)
            .ok_or(RequestError::ResumeRefused);
    }
    if only(&fields, &["totp"])
        && let Some(Value::Object(totp)) = take(&mut fields, "totp")
    {
        return with_code(totp);
    }
    Err(RequestError::UnrecognizedLogin)
}

/// Parses `{"code": …, "login": {…}}`.
fn with_code(mut fields: Map<String, Value>) -> Result<Credentials, RequestError> {
    let presented = text(&mut fields, "code")?.ok_or(RequestError::UnrecognizedLogin)?;
    let Some(Value::Object(inner)) = take(&mut fields, "login") else {
        return Err(RequestError::UnrecognizedLogin);
    };
    if inner.contains_key("totp") {
        return Err(RequestError::UnrecognizedLogin);
    }
    let mut credentials = credentials(inner)?;
    if let Credentials::Password { code, .. } = &mut credentials {
        *code = Some(presented);
    }
    Ok(credentials)
}

/// Returns the account in `user` (text or object), else in `username`, else in `email`.
fn account(fields: &mut Map<String, Value>) -> Result<UserIdentifier, RequestError> {
    match take(fields, "user") {
        Some(Value::String(typed)) => return Ok(UserIdentifier::typed(&typed)),
        Some(Value::Object(mut user)) => {
            if let Some(name) = text(&mut user, "username")? {
                return Ok(UserIdentifier::username(&name));
            }
            if let Some(address) = text(&mut user, "email")? {
                return Ok(UserIdentifier::email(&address));
            }
            let id = text(&mut user, "id")?.ok_or(RequestError::UnrecognizedLogin)?;
            return Ok(UserIdentifier::id(&id));
        }
        Some(_) => return Err(RequestError::invalid("must be string or object", "user")),
        None => {}
    }
    if let Some(typed) = text(fields, "username")? {
        return Ok(UserIdentifier::typed(&typed));
    }
    match text(fields, "email")? {
        Some(address) => Ok(UserIdentifier::email(&address)),
        None => Err(RequestError::UnrecognizedLogin),
    }
}

/// Returns the digest of a password that came in plain text or as its SHA-256.
fn digest(password: Option<Value>) -> Result<PasswordDigest, RequestError> {
    match password {
        Some(Value::String(password)) => Ok(PasswordDigest::of(&password)),
        Some(Value::Object(mut password)) => {
            let missing = |name: &str| RequestError::invalid(format!("must have required property '{name}'"), name);
            let digest = text(&mut password, "digest")?.ok_or_else(|| missing("digest"))?;
            match text(&mut password, "algorithm")?
                .ok_or_else(|| missing("algorithm"))?
                .as_str()
            {
                "sha-256" => Ok(PasswordDigest::presented(&digest)),
                _ => Err(RequestError::invalid(
                    "must be equal to one of the allowed values",
                    "password.algorithm",
                )),
            }
        }
        _ => Err(RequestError::invalid("must be string or object", "password")),
    }
}

fn only(fields: &Map<String, Value>, names: &[&str]) -> bool {
    fields.keys().all(|name| names.contains(&name.as_str()))
}

/// Removes and returns a value. Null counts as absent.
fn take(fields: &mut Map<String, Value>, name: &str) -> Option<Value> {
    fields.remove(name).filter(|value| !value.is_null())
}

fn text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, RequestError> {
    match take(fields, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(RequestError::invalid("must be string", name)),
    }
}
