//! The page of a user's own account: names, password, two-step sign-in, sessions, tokens, privacy, preferences.

mod about;
pub(super) mod client;
pub(super) mod fields;
mod look;
mod password;
mod privacy;
pub(super) mod sessions;
mod tokens;
mod two_step;

use askama::Template;

use super::forms::Wrong;
use super::{confirm, forms, sign_in};
use crate::domain::RequestError;
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/profile", |visit| Box::pin(show(visit))),
    PageRoute::post("/profile", |visit| Box::pin(about::send(visit))),
    PageRoute::post("/profile/photo", |visit| Box::pin(about::send_photo(visit))).taking_file(),
    PageRoute::post("/profile/photo/remove", |visit| Box::pin(about::remove_photo(visit))),
    PageRoute::post("/profile/password", |visit| Box::pin(password::send(visit))),
    PageRoute::get("/profile/two-step", |visit| Box::pin(two_step::show(visit))).serving_duties(),
    PageRoute::post("/profile/two-step", |visit| Box::pin(two_step::begin(visit))).serving_duties(),
    PageRoute::post("/profile/two-step/on", |visit| Box::pin(two_step::turn_on(visit))).serving_duties(),
    PageRoute::post("/profile/two-step/off", |visit| Box::pin(two_step::turn_off(visit))),
    PageRoute::post("/profile/two-step/codes", |visit| {
        Box::pin(two_step::renew_codes(visit))
    }),
    PageRoute::post("/profile/sessions/end", |visit| Box::pin(sessions::end(visit))),
    PageRoute::post("/profile/sessions/end-others", |visit| {
        Box::pin(sessions::end_others(visit))
    }),
    PageRoute::post("/profile/tokens", |visit| Box::pin(tokens::create(visit))),
    PageRoute::post("/profile/tokens/renew", |visit| Box::pin(tokens::renew(visit))),
    PageRoute::post("/profile/tokens/end", |visit| Box::pin(tokens::end(visit))),
    PageRoute::post("/profile/fields", |visit| Box::pin(fields::send(visit))),
    PageRoute::post("/profile/privacy", |visit| Box::pin(privacy::send(visit))),
    PageRoute::post("/profile/look", |visit| Box::pin(look::send(visit))),
];

/// A section of the page. It has an id for the part of the address after the `#`, and a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
enum Section {
    #[strum(serialize = "me")]
    About,
    #[strum(serialize = "password-section")]
    Password,
    TwoStep,
    Sessions,
    Tokens,
    Fields,
    Privacy,
    Look,
}

impl Section {
    fn id(self) -> &'static str {
        self.into()
    }

    const fn icon(self) -> &'static str {
        match self {
            Self::About => "user",
            Self::Password => "lock",
            Self::TwoStep => "shield",
            Self::Sessions => "screen",
            Self::Tokens => "key",
            Self::Fields => "tiles",
            Self::Privacy => "eye",
            Self::Look => "theme",
        }
    }

    fn title(self, visit: &Visit) -> String {
        let title = match self {
            Self::About => visit.words.t("profile-about"),
            Self::Password => visit.words.t("password"),
            Self::TwoStep => visit.words.t("two-step"),
            Self::Sessions => visit.words.t("sessions"),
            Self::Tokens => visit.words.t("tokens"),
            Self::Fields => visit.words.t("profile-fields"),
            Self::Privacy => visit.words.t("privacy"),
            Self::Look => visit.words.t("profile-look"),
        };
        title.into_owned()
    }
}

/// A link in the list of sections.
struct Link {
    id: &'static str,
    icon: &'static str,
    title: String,
}

/// The result of a form that the page shows in addition to the account.
#[derive(Default)]
struct Shown {
    /// The section whose form was sent, with the errors of the form.
    wrong: Option<(Section, Wrong)>,
    /// The name and the secret of the token that the form has just created.
    token: Option<(String, String)>,
}

impl Shown {
    fn wrong(section: Section, wrong: Wrong) -> Self {
        Self {
            wrong: Some((section, wrong)),
            token: None,
        }
    }

    /// Returns the errors in a section.
    fn of(&self, section: Section) -> Option<&Wrong> {
        self.wrong
            .as_ref()
            .filter(|(sent, _)| *sent == section)
            .map(|(_, wrong)| wrong)
    }
}

#[derive(Template)]
#[template(path = "profile/profile.html")]
struct ProfilePage {
    f: Frame,
    links: Vec<Link>,
    about: about::AboutForm,
    password: password::PasswordForm,
    /// The state of two-step sign-in; `None` if it is off and the server does not offer it.
    two_step: Option<two_step::State>,
    two_step_problem: Sentence,
    sessions: Vec<sessions::SessionLine>,
    tokens: Option<tokens::Tokens>,
    fields: fields::FieldsPart,
    privacy: privacy::PrivacyPart,
    look: look::Look,
}

async fn show(visit: Visit) -> PageOutcome {
    page(&visit, &Shown::default())
}

/// Answers with the page. The status is 422 if a form was wrong.
fn page(visit: &Visit, shown: &Shown) -> PageOutcome {
    let caller = visit.caller()?;
    let two_step = two_step::State::of(visit, caller);
    let tokens = tokens::Tokens::of(visit, shown)?;
    let fields = fields::FieldsPart::of(visit, shown)?;
    let sections = [
        (Section::About, true),
        (Section::Fields, !fields.lines.is_empty()),
        (Section::Password, true),
        (Section::TwoStep, two_step.is_some()),
        (Section::Sessions, true),
        (Section::Tokens, tokens.is_some()),
        (Section::Privacy, true),
        (Section::Look, true),
    ];
    let links = sections.into_iter().filter(|(_, there)| *there);
    let page = ProfilePage {
        f: Frame::of(visit, visit.words.t("profile")),
        links: links
            .map(|(section, _)| Link {
                id: section.id(),
                icon: section.icon(),
                title: section.title(visit),
            })
            .collect(),
        about: about::AboutForm::of(visit, shown)?,
        password: password::PasswordForm::of(visit, shown),
        two_step,
        two_step_problem: shown
            .of(Section::TwoStep)
            .map(|wrong| wrong.rest(&[]))
            .unwrap_or_default(),
        sessions: sessions::lines(visit, caller),
        tokens,
        fields,
        privacy: privacy::PrivacyPart::of(visit, shown)?,
        look: look::Look::of(visit)?,
    };
    reply::form(visit, shown.wrong.is_some(), &page)
}

/// Redirects the browser to a section after its form was saved.
fn saved(visit: &Visit, section: Section, note: Note) -> PageOutcome {
    reply::redirect_with(visit, &format!("/profile#{}", section.id()), note)
}

/// Shows the error of a form in its section. An error that the form did not cause has its own page.
fn refused(visit: &Visit, section: Section, error: RequestError) -> PageOutcome {
    page(visit, &Shown::wrong(section, Wrong::about(visit.words, error)?))
}
