//! Signing in, in one step or two, and signing out.

mod step;

use askama::Template;
use warp::http::StatusCode;
use warp::http::header::SET_COOKIE;
use warp::reply::Response;

use super::forms;
use crate::auth::PasswordDigest;
use crate::domain::{RequestError, SettingId, User};
use crate::ops::login::{self, Credentials, LoggedIn};
use crate::ops::tokens;
use crate::ops::users::UserIdentifier;
use crate::web::cookies::Cookie;
use crate::web::device;
use crate::web::form_field::Field;
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::Words;
use step::Step;

/// Maximum bytes of the path to which a sign-in leads.
const NEXT_BYTES: usize = 512;

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::open("/sign-in", |visit| Box::pin(show(visit))),
    PageRoute::open_form("/sign-in", |visit| Box::pin(send(visit))),
    PageRoute::open("/sign-in/code", |visit| Box::pin(show_code(visit, false))),
    PageRoute::open_form("/sign-in/code", |visit| Box::pin(send_code(visit, false))),
    PageRoute::open("/sign-in/recovery", |visit| Box::pin(show_code(visit, true))),
    PageRoute::open_form("/sign-in/recovery", |visit| Box::pin(send_code(visit, true))),
    PageRoute::open_form("/sign-out", |visit| Box::pin(sign_out(visit))),
];

/// Why a sign-in failed.
struct Problem {
    icon: &'static str,
    title: String,
    advice: Sentence,
}

#[derive(Template)]
#[template(path = "sign_in/sign-in.html")]
struct SignIn {
    f: Frame,
    problem: Option<Problem>,
    fields: Vec<Field>,
    next: String,
    keep: bool,
    may_reset: bool,
    may_register: bool,
}

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct Code {
    f: Frame,
    problem: Option<Problem>,
    recovery: bool,
    lead: String,
    error: String,
}

/// Returns the path to which a sign-in leads: one of this server, whatever the address asks for.
pub(super) fn next_of(text: &str) -> &str {
    let refused = |character: char| character.is_control() || character == '\\';
    let own = text.starts_with('/') && !text.starts_with("//") && !text.contains(refused) && text.len() <= NEXT_BYTES;
    if own { text } else { "/" }
}

async fn show(visit: Visit) -> PageOutcome {
    if visit.visitor.caller.is_some() && !visit.query.has("other") {
        return reply::redirect(&visit, next_of(visit.query.text("next")));
    }
    let next = next_of(visit.query.text("next")).to_owned();
    page(&visit, &next, "", true, None)
}

/// Answers with the page; with 401 if a sign-in failed.
fn page(visit: &Visit, next: &str, user: &str, keep: bool, problem: Option<Problem>) -> PageOutcome {
    let words = visit.words;
    let mut name = Field::code("user", words.t("sign-in-user"), "username").with(user);
    let mut password = Field::password(words.t("password"));
    if user.is_empty() {
        name = name.focused();
    } else {
        password = password.focused();
    }
    let status = if problem.is_some() {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    };
    let page = SignIn {
        f: Frame::of(visit, words.t("sign-in")),
        problem,
        fields: vec![name, password],
        next: if next == "/" { String::new() } else { next.to_owned() },
        keep,
        may_reset: visit.app.settings().flag(SettingId::AllowPasswordReset),
        may_register: forms::may_register(visit),
    };
    reply::with_status(visit, status, &page)
}

async fn send(visit: Visit) -> PageOutcome {
    let (user, keep) = (visit.form.text("user").trim().to_owned(), visit.form.has("keep"));
    let next = next_of(visit.form.text("next")).to_owned();
    let step = Step {
        user,
        digest: PasswordDigest::of(visit.form.text("password")),
        keep,
        next,
    };
    match enter(&visit, &step, None).await {
        Ok(session) => begin(&visit, &session, step.keep, &step.next).await,
        Err(RequestError::LoginCodeRequired) => {
            let mut answer = reply::redirect(&visit, "/sign-in/code")?;
            if let Some(cookie) = step.seal(&visit) {
                answer.headers_mut().append(SET_COOKIE, cookie);
            }
            Ok(answer)
        }
        Err(error) => {
            let problem = problem_of(visit.words, error)?;
            page(&visit, &step.next, &step.user, step.keep, Some(problem))
        }
    }
}

async fn enter(visit: &Visit, step: &Step, code: Option<String>) -> Result<LoggedIn, RequestError> {
    let credentials = Credentials::Password {
        account: UserIdentifier::typed(&step.user),
        digest: step.digest.clone(),
        code,
    };
    login::login(&visit.app, &visit.origin, credentials).await
}

/// Begins a session in the browser, ends the previous one, and redirects to the path `next`.
pub(super) async fn begin(visit: &Visit, session: &LoggedIn, keep: bool, next: &str) -> PageOutcome {
    begin_with(visit, session, keep, reply::redirect(visit, next)?).await
}

/// Begins a session in the browser with this answer, and ends the previous one.
pub(super) async fn begin_with(visit: &Visit, session: &LoggedIn, keep: bool, mut answer: Response) -> PageOutcome {
    if let Some(before) = &visit.visitor.caller {
        tokens::logout(&visit.app, before).await?;
    }
    let left = session
        .expires_at
        .map(|end| end.as_millis() - visit.app.clock.now().as_millis());
    let seconds = left.map(|millis| millis / 1000).filter(|_| keep);
    let headers = answer.headers_mut();
    if let Some(cookie) = visit.site.set(Cookie::Session, session.token.expose(), seconds) {
        headers.append(SET_COOKIE, cookie);
    }
    if keep && let Some(cookie) = device::cookie(visit, &session.user.id) {
        headers.append(SET_COOKIE, cookie);
    }
    visit.site.end(Cookie::Step, headers);
    visit.site.end(Cookie::Form, headers);
    Ok(answer)
}

/// Signs in a user who was just created by the form of this visit.
pub(super) async fn begin_of_new(visit: &Visit, user: &User) -> PageOutcome {
    match session_of_new(visit, user).await {
        Some(session) => begin(visit, &session, true, "/").await,
        None => reply::redirect_with(visit, "/sign-in", Note::Registered),
    }
}

/// Returns a new session of the user whom the form of this visit has just created. Returns `None` if the login fails,
/// so that the user must sign in later.
pub(super) async fn session_of_new(visit: &Visit, user: &User) -> Option<LoggedIn> {
    let credentials = Credentials::Password {
        account: UserIdentifier::Id(user.id.clone()),
        digest: PasswordDigest::of(visit.form.text("password")),
        code: None,
    };
    login::login(&visit.app, &visit.origin, credentials).await.ok()
}

async fn show_code(visit: Visit, recovery: bool) -> PageOutcome {
    if Step::open(&visit).is_none() {
        return reply::redirect(&visit, "/sign-in");
    }
    code_page(&visit, recovery, String::new(), None)
}

fn code_page(visit: &Visit, recovery: bool, error: String, problem: Option<Problem>) -> PageOutcome {
    let words = visit.words;
    let title = if recovery {
        words.t("recovery-code")
    } else {
        words.t("code-title")
    };
    let site = visit.app.settings().text(SettingId::SiteName);
    let status = if error.is_empty() && problem.is_none() {
        StatusCode::OK
    } else {
        StatusCode::UNAUTHORIZED
    };
    let page = Code {
        f: Frame::of(visit, title),
        problem,
        recovery,
        lead: words.say("code-lead", &[("site", site.into())]),
        error,
    };
    reply::with_status(visit, status, &page)
}

async fn send_code(visit: Visit, recovery: bool) -> PageOutcome {
    let Some(step) = Step::open(&visit) else {
        return reply::redirect(&visit, "/sign-in");
    };
    let code: String = visit.form.text("code").split_whitespace().collect();
    match enter(&visit, &step, Some(code)).await {
        Ok(session) => begin(&visit, &session, step.keep, &step.next).await,
        Err(RequestError::LoginCodeInvalid | RequestError::LoginCodeRequired) => {
            let error = if recovery {
                visit.words.t("recovery-wrong")
            } else {
                visit.words.t("code-wrong")
            };
            code_page(&visit, recovery, error.into_owned(), None)
        }
        // The password was changed meanwhile.
        Err(RequestError::WrongCredentials) => {
            let mut answer = reply::redirect(&visit, "/sign-in")?;
            visit.site.end(Cookie::Step, answer.headers_mut());
            Ok(answer)
        }
        Err(error) => {
            let problem = problem_of(visit.words, error)?;
            code_page(&visit, recovery, String::new(), Some(problem))
        }
    }
}

/// Returns the text for a sign-in that failed.
///
/// # Errors
/// The error, if the user did not cause it.
fn problem_of(words: Words, error: RequestError) -> Result<Problem, RequestError> {
    let (icon, title, advice) = match &error {
        RequestError::WrongCredentials => ("warn", "sign-in-wrong", words.t("sign-in-wrong-advice").into()),
        RequestError::UserBlocked | RequestError::AddressBlocked => {
            ("lock", "sign-in-blocked", words.t("sign-in-blocked-advice").into())
        }
        RequestError::TooManyLogins { .. }
        | RequestError::Overloaded { .. }
        | RequestError::StoreFull
        | RequestError::StoreReadOnly
        | RequestError::StoreUnavailable { .. } => ("clock", "sign-in-busy", forms::explained(words, &error).1),
        RequestError::UserNotActivated => ("lock", "sign-in-inactive", words.t("sign-in-ask").into()),
        RequestError::UserHasNoRoles => ("lock", "sign-in-no-roles", words.t("sign-in-ask").into()),
        RequestError::EmailUnverified { .. } => ("mail", "sign-in-unverified", words.t("sign-in-ask").into()),
        _ => return Err(error),
    };
    Ok(Problem {
        icon,
        title: words.t(title).into_owned(),
        advice,
    })
}

async fn sign_out(visit: Visit) -> PageOutcome {
    if let Some(caller) = &visit.visitor.caller {
        tokens::logout(&visit.app, caller).await?;
    }
    to_sign_in(&visit, Note::SignedOut)
}

/// Sends a browser whose session is over to the page to sign in.
pub(super) fn to_sign_in(visit: &Visit, note: Note) -> PageOutcome {
    let mut answer = reply::redirect_with(visit, "/sign-in", note)?;
    visit.site.end(Cookie::Session, answer.headers_mut());
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_paths_of_this_server_only() {
        for own in ["/", "/my-status", "/?q=a%20b&by=team"] {
            assert_eq!(next_of(own), own);
        }
        let long = format!("/{}", "x".repeat(NEXT_BYTES));
        for other in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "evil",
            "/\u{9}/evil",
            &long,
        ] {
            assert_eq!(next_of(other), "/", "{other}");
        }
    }
}
