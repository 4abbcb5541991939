//! A new password by a link. The secret is behind the `#` of the link: browsers send it to no server, so a script puts it
//! into the form; without one its user does.

use super::forms::{self, Form, Wrong};
use super::sign_in;
use crate::domain::RequestError;
use crate::ops::calls::CallRate;
use crate::ops::passwords;
use crate::web::form_field::Field;
use crate::web::note::Note;
use crate::web::reply::PageOutcome;
use crate::web::route::PageRoute;
use crate::web::visit::Visit;

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::open("/reset-password", |visit| Box::pin(show(visit))),
    PageRoute::open_form("/reset-password", |visit| Box::pin(send(visit))),
];

async fn show(visit: Visit) -> PageOutcome {
    page(&visit, &Wrong::default())
}

fn page(visit: &Visit, wrong: &Wrong) -> PageOutcome {
    let words = visit.words;
    let link = Field {
        from_link: true,
        ..Field::code("link", words.t("link"), "off").with(visit.form.text("link"))
    };
    let fields = vec![
        link.hint(words.t("link-hint")),
        Field::new_password("password", words.t("new-password")).focused(),
        Field::new_password("again", words.t("new-password-again")),
    ];
    let fields = wrong.mark(fields);
    let form = Form {
        action: "/reset-password",
        lead: words.t("password-lead").into_owned(),
        problem: wrong.rest(&fields),
        fields,
        rules: forms::password_rules(visit),
        submit: words.t("set-password").into_owned(),
        ..Form::default()
    };
    forms::show(visit, &words.t("choose-password"), form)
}

async fn send(visit: Visit) -> PageOutcome {
    visit.count("POST users.resetPassword", CallRate::Default)?;
    let words = visit.words;
    let mut wrong = Wrong::default();
    forms::check_again(words, &visit.form, &mut wrong);
    if !wrong.is_empty() {
        return page(&visit, &wrong);
    }
    let secret = forms::secret_of(visit.form.text("link"));
    match passwords::reset(&visit.app, &visit.origin, secret, visit.form.text("password")).await {
        Ok(()) => sign_in::to_sign_in(&visit, Note::PasswordSet),
        Err(RequestError::PasswordResetInvalid { .. }) => {
            let advice = words.t("link-over-advice").into_owned();
            forms::say(
                &visit,
                &words.t("link-over"),
                advice,
                "/sign-in",
                &words.t("back-to-sign-in"),
            )
        }
        Err(error) => page(&visit, &Wrong::of(words, &error)),
    }
}
