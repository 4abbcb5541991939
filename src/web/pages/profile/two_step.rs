//! Two-step sign-in. The user turns it on or off with a code from an app. The recovery codes are shown only once.

use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;

use super::{Section, Shown, Wrong, confirm, page, saved};
use crate::auth::Caller;
use crate::domain::{Duty, RequestError};
use crate::ops::calls::CallRate;
use crate::ops::two_factor;
use crate::ops::{incident, proof};
use crate::web::form_field::Field;
use crate::web::frame::Frame;
use crate::web::markup::Markup;
use crate::web::note::Note;
use crate::web::reply::{self, PageOutcome};
use crate::web::visit::Visit;

/// The maximum width and height of the QR code on the page, in pixels.
const QR_PIXELS: u32 = 200;

/// The state of a user's two-step sign-in.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    Off,
    /// Two-step sign-in is on. The number is that of the remaining recovery codes.
    On(usize),
}

impl State {
    /// Returns the state; `None` if it is off and the server does not offer it.
    pub(super) fn of(visit: &Visit, caller: &Caller) -> Option<Self> {
        match two_factor::codes_remaining(caller) {
            Ok(codes) => Some(Self::On(codes)),
            Err(_) => two_factor::can_be_enabled(&visit.app).then_some(Self::Off),
        }
    }

    /// Returns in words how many recovery codes remain.
    pub(super) fn codes_left(self, f: &Frame) -> String {
        let count = match self {
            Self::Off => 0,
            Self::On(count) => i64::try_from(count).unwrap_or(i64::MAX),
        };
        f.say("codes-left", &[("count", count.into())])
    }
}

#[derive(Template)]
#[template(path = "profile/two-step.html")]
struct BeginPage {
    f: Frame,
}

#[derive(Template)]
#[template(path = "profile/enrol.html")]
struct EnrolPage {
    f: Frame,
    /// The QR code for the app, and the key that it contains; `None` after a wrong code.
    secret: Option<(Markup, String)>,
    field: Field,
}

#[derive(Template)]
#[template(path = "profile/codes.html")]
struct CodesPage {
    f: Frame,
    codes: Vec<String>,
    next: &'static str,
}

/// Returns the caller. Fails if the caller has a duty other than to enable the second factor.
fn caller(visit: &Visit) -> Result<&Caller, RequestError> {
    let caller = visit.caller()?;
    if let Some(duty) = caller.duty {
        duty.permit(&[Duty::EnableTwoFactor])?;
    }
    Ok(caller)
}

pub(super) async fn show(visit: Visit) -> PageOutcome {
    let state = State::of(&visit, caller(&visit)?);
    if matches!(state, Some(State::Off)) {
        let f = Frame::of(&visit, visit.words.t("two-step"));
        return reply::page(&visit, &BeginPage { f });
    }
    reply::redirect(&visit, &format!("/profile#{}", Section::TwoStep.id()))
}

pub(super) async fn begin(visit: Visit) -> PageOutcome {
    visit.count("POST users.enableTotp", CallRate::Default)?;
    let caller = caller(&visit)?;
    proof::require(&visit.app, caller, confirm::proof(&visit)).await?;
    let begun = two_factor::begin(&visit.app, caller).await?;
    let code = QrCode::new(begun.url.as_bytes()).map_err(incident::internal)?;
    let picture = code
        .render::<svg::Color<'_>>()
        .max_dimensions(QR_PIXELS, QR_PIXELS)
        .build();
    enrol_page(&visit, Some((Markup::picture(picture), begun.secret)), "")
}

fn enrol_page(visit: &Visit, secret: Option<(Markup, String)>, error: &str) -> PageOutcome {
    let words = visit.words;
    let field = Field::code("code", words.t("two-step-code"), "one-time-code").most(7);
    let is_refused = !error.is_empty();
    let page = EnrolPage {
        f: Frame::of(visit, words.t("two-step")),
        secret,
        field: field.focused().wrong(error.to_owned()),
    };
    reply::form(visit, is_refused, &page)
}

fn code(visit: &Visit) -> String {
    visit.form.text("code").split_whitespace().collect()
}

pub(super) async fn turn_on(visit: Visit) -> PageOutcome {
    visit.count("POST users.validateTotp", CallRate::Default)?;
    let caller = caller(&visit)?;
    match two_factor::validate(&visit.app, caller, &code(&visit)).await {
        Ok(codes) => {
            let is_alive = crate::web::session::is_alive(&visit.app, &caller.token.hash);
            show_codes(&visit, codes, if is_alive { "/profile#two-step" } else { "/sign-in" })
        }
        Err(RequestError::TotpCodeInvalid) => enrol_page(&visit, None, &visit.words.t("code-wrong")),
        Err(RequestError::TotpState { .. }) => reply::redirect(&visit, "/profile#two-step"),
        Err(error) => Err(error),
    }
}

fn show_codes(visit: &Visit, codes: Vec<String>, next: &'static str) -> PageOutcome {
    let f = Frame::of(visit, visit.words.t("recovery-codes"));
    reply::page(visit, &CodesPage { f, codes, next })
}

pub(super) async fn renew_codes(visit: Visit) -> PageOutcome {
    visit.count("POST users.regenerateTotpCodes", CallRate::Default)?;
    match two_factor::regenerate_codes(&visit.app, visit.caller()?, &code(&visit)).await {
        Ok(codes) => show_codes(&visit, codes, "/profile#two-step"),
        Err(error) => wrong_code(&visit, error),
    }
}

pub(super) async fn turn_off(visit: Visit) -> PageOutcome {
    visit.count("POST users.disableTotp", CallRate::Default)?;
    match two_factor::disable(&visit.app, visit.caller()?, &code(&visit)).await {
        Ok(()) => saved(&visit, Section::TwoStep, Note::TwoStepOff),
        Err(error) => wrong_code(&visit, error),
    }
}

fn wrong_code(visit: &Visit, error: RequestError) -> PageOutcome {
    match error {
        RequestError::TotpCodeInvalid => {
            let mut wrong = Wrong::default();
            wrong.add("", visit.words.t("code-wrong"));
            page(visit, &Shown::wrong(Section::TwoStep, wrong))
        }
        RequestError::TotpState { .. } => reply::redirect(visit, "/profile#two-step"),
        error => Err(error),
    }
}
