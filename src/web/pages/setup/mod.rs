//! The first start: the team and its first administrator, by the one-time link that the server prints.

use askama::Template;

use super::forms::{self, Form, Wrong};
use super::sign_in;
use crate::auth::Actor;
use crate::domain::full_name::full_name;
use crate::domain::setting::RegistrationForm;
use crate::domain::username::USERNAME_CHARACTERS;
use crate::domain::{InvitationTerms, RequestError, User};
use crate::ops::calls::CallRate;
use crate::ops::invitations::{self, ListedInvitation};
use crate::ops::login::LoggedIn;
use crate::ops::setup::{self, FirstSettings};
use crate::ops::tokens;
use crate::ops::users::{NewUser, NewUserTexts};
use crate::web::form_field::Field;
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;

/// Maximum characters of the name of a team.
const TEAM_CHARACTERS: usize = 120;

/// The number of people who may use the invitation of the first start.
const INVITED_PEOPLE: u32 = 20;

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::open("/setup", |visit| Box::pin(show(visit))),
    PageRoute::open_form("/setup", |visit| Box::pin(send(visit))),
];

#[derive(Template)]
#[template(path = "setup/setup.html")]
struct Setup {
    f: Frame,
    form: Form,
    /// `true` if visitors may register.
    open: bool,
}

/// The page with the invitation for the team. It is shown only once.
#[derive(Template)]
#[template(path = "setup/invite.html")]
struct Invite {
    f: Frame,
    about: String,
    link: String,
}

async fn show(visit: Visit) -> PageOutcome {
    page(&visit, &Wrong::default())
}

fn page(visit: &Visit, wrong: &Wrong) -> PageOutcome {
    let (words, sent) = (visit.words, &visit.form);
    let link = Field {
        from_link: true,
        ..Field::code("link", words.t("link"), "off").with(sent.text("link"))
    };
    let fields = vec![
        link.hint(words.t("setup-link-hint")),
        Field::line("team", words.t("setup-team"), "organization")
            .with(sent.text("team"))
            .hint(words.t("setup-team-hint"))
            .most(TEAM_CHARACTERS)
            .focused(),
        Field::line("first", words.t("first-name"), "given-name").with(sent.text("first")),
        Field::line("last", words.t("last-name"), "family-name").with(sent.text("last")),
        Field::code("username", words.t("username"), "username")
            .with(sent.text("username"))
            .hint(words.t("username-hint"))
            .most(USERNAME_CHARACTERS),
        Field::email(words.t("email"))
            .with(sent.text("email"))
            .optional(words.t("optional")),
        Field::new_password("password", words.t("password")),
    ];
    let fields = wrong.mark(fields);
    let form = Form {
        action: "/setup",
        lead: words.t("setup-lead").into_owned(),
        problem: wrong.rest(&fields),
        fields,
        rules: forms::password_rules(visit),
        submit: words.t("setup-submit").into_owned(),
        back: None,
    };
    let page = Setup {
        open: sent.text("registration") == "Public",
        f: Frame::of(visit, words.t("setup-title")),
        form,
    };
    reply::form(visit, page.form.is_refused(), &page)
}

async fn send(visit: Visit) -> PageOutcome {
    visit.count("POST setup.createAdministrator", CallRate::Default)?;
    match create(&visit).await {
        Ok(user) => welcome(&visit, &user).await,
        Err(error) => page(&visit, &Wrong::about(visit.words, error)?),
    }
}

async fn create(visit: &Visit) -> Result<std::sync::Arc<User>, RequestError> {
    let sent = &visit.form;
    let name = full_name(sent.text("first"), sent.text("last"))?;
    let new = NewUser::parse(NewUserTexts {
        username: sent.text("username").trim(),
        email: sent.given("email"),
        name: Some(name.as_str()),
        password: sent.text("password"),
        roles: &[],
    })?;
    let registration = match sent.text("registration") {
        "Public" => RegistrationForm::Public,
        _ => RegistrationForm::Disabled,
    };
    let first = FirstSettings {
        registration: Some(registration),
        site_name: sent.given("team").map(str::to_owned),
    };
    setup::with_link(
        &visit.app,
        &visit.origin,
        forms::secret_of(sent.text("link")),
        new,
        first,
    )
    .await
}

/// Signs in the first administrator, and shows an invitation for the team. The form contained the password, so that the
/// invitation needs no other proof.
async fn welcome(visit: &Visit, user: &User) -> PageOutcome {
    let Some(session) = sign_in::session_of_new(visit, user).await else {
        return reply::redirect_with(visit, "/sign-in", Note::Registered);
    };
    let Some((invitation, link)) = invite(visit, &session).await else {
        return sign_in::begin(visit, &session, true, "/").await;
    };
    let words = visit.words;
    let ends = visit.reader().end(invitation.invitation.expires_at);
    let count = i64::from(INVITED_PEOPLE);
    let page = Invite {
        f: Frame::of(visit, words.t("setup-invite")),
        about: words.say(
            "setup-invite-about",
            &[("count", count.into()), ("moment", ends.into())],
        ),
        link,
    };
    sign_in::begin_with(visit, &session, true, reply::page(visit, &page)?).await
}

/// Creates the invitation for the team. Returns `None` if the administrator has a duty, or if the creation fails.
async fn invite(visit: &Visit, session: &LoggedIn) -> Option<(ListedInvitation, String)> {
    let caller = tokens::authenticate(&visit.app, &session.user.id, &session.token, &visit.origin)?;
    if caller.duty.is_some() {
        return None;
    }
    let terms = InvitationTerms::parse(Some(INVITED_PEOPLE), None, &[], "").ok()?;
    let created = invitations::create(&visit.app, &Actor::User(caller), &terms).await;
    created.ok()
}
