//! The page that asks for a proof. If an action needs a code or the password, the user sends the form again from this
//! page.
//!
//! The page contains the fields of the form in one sealed field, so that it does not show a password among them.

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::errors;
use crate::auth::PasswordDigest;
use crate::domain::{RequestError, Timestamp, TwoFactorMethod};
use crate::ops::incident;
use crate::ops::two_factor::PresentedCode;
use crate::web::form::{self, FormFields};
use crate::web::form_field::Field;
use crate::web::frame::Frame;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;

/// The purpose that is sealed with the fields.
const PURPOSE: &str = "confirmed form";

/// The time for which the page is valid, in minutes.
const MINUTES: u32 = 10;

/// The field that contains the sealed fields of the form.
const SEALED: &str = "sealed";

/// The field for the code or the password.
const PROOF: &str = "proof";

/// The field for the method of the proof.
const METHOD: &str = "proof-method";

#[derive(Template)]
#[template(path = "confirm/confirm.html")]
struct Page {
    f: Frame,
    /// The address to which the form is sent.
    action: String,
    sealed: String,
    method: &'static str,
    field: Field,
    lead: String,
    /// The path of the page to go back to.
    back: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    user: String,
    path: String,
    ends: i64,
    fields: Vec<(String, String)>,
}

/// Answers a form. If the action needs a proof, answers with the page that asks for it and contains the form. `is_page`
/// says whether a path is the path of a page.
pub(in crate::web) async fn answer(route: &PageRoute, mut visit: Visit, is_page: fn(&str) -> bool) -> PageOutcome {
    if visit.form.has(SEALED) {
        match open(&visit) {
            Some(fields) => visit.form = fields,
            None => return errors::stale_form(&visit),
        }
    }
    let asked = visit.clone();
    match (route.answer)(visit).await {
        Err(RequestError::CodeRequired { method, .. }) => page(&asked, method, false, is_page),
        Err(RequestError::CodeInvalid { method }) => page(&asked, method, true, is_page),
        outcome => outcome,
    }
}

/// Returns the proof that the form contains, if any.
pub(super) fn proof(visit: &Visit) -> Option<PresentedCode> {
    let typed = visit.form.text(PROOF);
    let method = match visit.form.text(METHOD) {
        "totp" => TwoFactorMethod::Totp,
        "password" => TwoFactorMethod::Password,
        _ => return None,
    };
    let code = match method {
        TwoFactorMethod::Totp => typed.split_whitespace().collect(),
        TwoFactorMethod::Password => PasswordDigest::of(typed).expose().to_owned(),
    };
    Some(PresentedCode {
        code,
        method: Some(method),
    })
}

fn page(visit: &Visit, method: TwoFactorMethod, wrong: bool, is_page: fn(&str) -> bool) -> PageOutcome {
    let words = visit.words;
    let (name, field, lead, error) = match method {
        TwoFactorMethod::Totp => (
            "totp",
            Field::code(PROOF, words.t("code-label"), "one-time-code"),
            "confirm-code",
            "code-wrong",
        ),
        TwoFactorMethod::Password => (
            "password",
            Field {
                name: PROOF,
                ..Field::password(words.t("current-password"))
            },
            "confirm-password",
            "error-password-wrong",
        ),
    };
    let field = field.focused();
    let action = visit.target.split('?').next().unwrap_or_default().to_owned();
    let page = Page {
        f: Frame::of(visit, words.t("confirm-title")),
        sealed: seal(visit, &action)?,
        back: back(visit, is_page),
        action: visit.target.clone(),
        method: name,
        field: if wrong { field.wrong(words.t(error)) } else { field },
        lead: words.t(lead).into_owned(),
    };
    reply::form(visit, wrong, &page)
}

/// Returns the address of the page that contains the form: the form's own address if it is a page, else the longest
/// prefix of its path that is a page. The forms of the profile are all on one page.
fn back(visit: &Visit, is_page: fn(&str) -> bool) -> String {
    let mut path = visit.target.split('?').next().unwrap_or_default();
    if path.starts_with("/profile/") {
        return "/profile".to_owned();
    }
    if is_page(path) {
        return visit.target.clone();
    }
    while !is_page(path) {
        match path.rsplit_once('/') {
            Some((parent, _)) if !parent.is_empty() => path = parent,
            _ => return "/".to_owned(),
        }
    }
    path.to_owned()
}

fn seal(visit: &Visit, path: &str) -> Result<String, RequestError> {
    let own = [form::TOKEN, SEALED, PROOF, METHOD];
    let fields = visit.form.pairs().iter();
    let sealed = Sealed {
        user: visit.caller()?.user.id.to_string(),
        path: path.to_owned(),
        ends: visit.app.clock.now().plus_minutes(MINUTES).as_millis(),
        fields: fields
            .filter(|(name, _)| !own.contains(&name.as_str()))
            .cloned()
            .collect(),
    };
    let bytes = serde_json::to_vec(&sealed).map_err(incident::internal)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(visit.app.key.seal_bytes(PURPOSE, &bytes)))
}

/// Returns the fields that were sealed for this user and this path, together with the proof. Returns `None` if they are
/// invalid, too old, or sealed for another user or path.
fn open(visit: &Visit) -> Option<FormFields> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(visit.form.text(SEALED)).ok()?;
    let bytes = visit.app.key.open_bytes(PURPOSE, &bytes).ok()?;
    let mut sealed: Sealed = serde_json::from_slice(&bytes).ok()?;
    let path = visit.target.split('?').next()?;
    let valid = sealed.user == visit.caller().ok()?.user.id.as_str()
        && sealed.path == path
        && visit.app.clock.now() < Timestamp::from_millis(sealed.ends);
    for name in [PROOF, METHOD] {
        sealed.fields.push((name.to_owned(), visit.form.text(name).to_owned()));
    }
    valid.then(|| FormFields::of(sealed.fields))
}
