//! The pages that a visitor gets after an error.

use askama::Template;
use warp::Reply;
use warp::http::header::ACCEPT;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::forms;
use crate::domain::{Duty, RequestError};
use crate::intake::refusal;
use crate::web::frame::Frame;
use crate::web::reply::{self, PageOutcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

#[derive(Template)]
#[template(path = "errors/error.html")]
struct ErrorPage {
    f: Frame,
    shapes: [&'static str; 4],
    lead: Sentence,
    /// The id of the line in the log.
    reference: String,
    /// The path to try again.
    retry: Option<String>,
    link: Option<(&'static str, String)>,
    sign_out: bool,
}

/// Answers a request that failed with a page that says so.
pub(in crate::web) fn answer(visit: &Visit, method: &Method, error: &RequestError) -> Response {
    let status = refusal::status(error);
    if !takes_pages(visit) {
        return in_words(status, error);
    }
    let words = visit.words;
    let (title, lead, shapes) = match (error, status) {
        (RequestError::OriginRefused, _) => ("error-origin", words.t("error-origin-lead").into(), REFUSED),
        (_, StatusCode::UNAUTHORIZED) => ("error-401", words.t("error-401-lead").into(), REFUSED),
        (_, StatusCode::FORBIDDEN) => ("error-403", words.t("error-403-lead").into(), REFUSED),
        (_, StatusCode::NOT_FOUND) => ("error-404", words.t("error-404-lead").into(), NOTHING),
        (_, StatusCode::INTERNAL_SERVER_ERROR) => ("error-500", words.t("error-500-lead").into(), BROKEN),
        (_, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS | StatusCode::INSUFFICIENT_STORAGE) => {
            ("error-busy", forms::explained(words, error).1, BROKEN)
        }
        _ => ("error-400", forms::explained(words, error).1, NOTHING),
    };
    let reference = match error {
        RequestError::Internal { incident } | RequestError::StoreUnavailable { incident } => incident.clone(),
        _ => String::new(),
    };
    let may_retry = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    let page = ErrorPage {
        f: Frame::of(visit, words.t(title)),
        shapes,
        lead,
        reference,
        retry: (may_retry && *method == Method::GET).then(|| visit.target.clone()),
        link: Some(("/", words.t("go-to-board").into_owned())),
        sign_out: status == StatusCode::FORBIDDEN && visit.visitor.caller.is_some(),
    };
    let page = reply::with_status(visit, status, &page);
    let mut response = page.unwrap_or_else(|error| in_words(status, &error));
    refusal::add_headers(error, response.headers_mut());
    response
}

/// Answers a form that was made before its visitor signed in or out, or that no page of this server made.
pub(in crate::web) fn stale_form(visit: &Visit) -> PageOutcome {
    let words = visit.words;
    let page = ErrorPage {
        f: Frame::of(visit, words.t("error-stale")),
        shapes: REFUSED,
        lead: words.t("error-stale-lead").into(),
        reference: String::new(),
        retry: None,
        link: Some(("/", words.t("go-to-board").into_owned())),
        sign_out: false,
    };
    reply::with_status(visit, StatusCode::FORBIDDEN, &page)
}

/// Answers a user who has to do something first.
pub(in crate::web) fn duty(visit: &Visit, duty: Duty) -> PageOutcome {
    let words = visit.words;
    let (title, lead, link) = match duty {
        Duty::ChangePassword => return reply::redirect(visit, "/change-password"),
        Duty::EnableTwoFactor => (
            "duty-two-factor",
            words.t("duty-two-factor-lead"),
            Some(("/profile/two-step", words.t("two-step-set-up").into_owned())),
        ),
    };
    let page = ErrorPage {
        f: Frame::of(visit, words.t(title)),
        shapes: REFUSED,
        lead: lead.into(),
        reference: String::new(),
        retry: None,
        link,
        sign_out: true,
    };
    reply::with_status(visit, StatusCode::FORBIDDEN, &page)
}

const REFUSED: [&str; 4] = ["online", "online", "online", "busy"];
const NOTHING: [&str; 4] = ["offline", "offline", "offline", "invisible"];
const BROKEN: [&str; 4] = ["online", "online", "busy", "offline"];

/// Returns whether a client takes a page. A program that asks for another path than it should gets one line.
fn takes_pages(visit: &Visit) -> bool {
    let accepted = visit.head.headers.get_all(ACCEPT).iter();
    accepted
        .filter_map(|accepted| accepted.to_str().ok())
        .any(|accepted| accepted.contains("text/html"))
}

fn in_words(status: StatusCode, error: &RequestError) -> Response {
    let words = match error {
        RequestError::EndpointNotFound => "there is no such page; the API is below /api/v1/".to_owned(),
        error => error.to_string(),
    };
    let mut response = warp::reply::with_status(format!("{words}\n"), status).into_response();
    refusal::add_headers(error, response.headers_mut());
    response
}
