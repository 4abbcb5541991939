//! The names, the e-mail address and the picture of the user.

use std::sync::Arc;

use super::{Section, Shown, Wrong, confirm, page, refused, saved};
use crate::domain::avatar::AVATAR_BYTES;
use crate::domain::profile::{self, BIO_CHARACTERS, NICKNAME_CHARACTERS};
use crate::domain::{RequestError, User, full_name};
use crate::ops::calls::CallRate;
use crate::ops::profile_edit::ProfileEdit;
use crate::ops::users::{parse_email, parse_username};
use crate::ops::{avatars, own_profile};
use crate::web::form_field::Field;
use crate::web::note::Note;
use crate::web::people::Face;
use crate::web::reply::PageOutcome;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

/// The maximum size of a picture, in kibibytes.
const PHOTO_KIB: usize = AVATAR_BYTES / 1024;

pub(super) struct AboutForm {
    pub face: Face,
    pub photo_hint: String,
    /// The error of the whole form; empty if there is none.
    pub problem: Sentence,
    pub names: [Field; 2],
    pub login: [Field; 2],
    pub nickname: Field,
    pub bio: Field,
}

/// Splits the display name into the first and the last name. The last name is the last word.
fn split(user: &User) -> (String, String) {
    let name = user.shown_name().to_string();
    match name.trim().rsplit_once(' ') {
        Some((first, last)) => (first.trim().to_owned(), last.to_owned()),
        None => (name, String::new()),
    }
}

fn address(user: &User) -> String {
    let email = user.email.as_ref();
    email.map(|email| email.address.to_string()).unwrap_or_default()
}

impl AboutForm {
    pub(super) fn of(visit: &Visit, shown: &Shown) -> Result<Self, RequestError> {
        let (words, user) = (visit.words, &visit.caller()?.user);
        let wrong = shown.of(Section::About);
        let (first, last) = split(user);
        let field = |field: Field, now: &str| {
            // A form with a picture has no other field.
            let value = wrong
                .filter(|_| visit.form.has(field.name))
                .map_or(now, |_| visit.form.text(field.name));
            let error = wrong.map(|wrong| wrong.with(field.name)).unwrap_or_default();
            let shown = wrong.and_then(|_| visit.form.shown(field.name));
            let shown = shown.unwrap_or_else(|| now.to_owned());
            field.with(value).showing(shown).wrong(error)
        };
        let email = user.email.as_ref();
        let hint = match email {
            Some(email) if !email.verified => "email-unverified",
            _ => "email-private",
        };
        let names = [
            field(Field::line("first", words.t("first-name"), "given-name"), &first),
            field(Field::line("last", words.t("last-name"), "family-name"), &last),
        ];
        let names = names.map(|field| Field {
            required: false,
            ..field
        });
        let login = [
            field(
                Field::code("username", words.t("username"), "username"),
                user.username.as_str(),
            ),
            Field {
                required: email.is_some(),
                ..field(Field::email(words.t("email")).hint(words.t(hint)), &address(user))
            },
        ];
        let nickname = Field::line("nickname", words.t("nickname"), "nickname").most(NICKNAME_CHARACTERS);
        let nickname = field(nickname.optional(words.t("optional")), &user.profile.nickname);
        let bio = Field::block("bio", words.t("bio"), 3).most(BIO_CHARACTERS);
        let bio = field(bio.optional(words.t("optional")), &user.profile.bio);
        let all = [names.as_slice(), &login, &[nickname.clone(), bio.clone()]].concat();
        let size = i64::try_from(PHOTO_KIB).unwrap_or(i64::MAX);
        Ok(Self {
            face: Face::of_user(user, &visit.base),
            photo_hint: words.say("photo-hint", &[("size", size.into())]),
            problem: wrong.map(|wrong| wrong.rest(&all)).unwrap_or_default(),
            names,
            login,
            nickname,
            bio,
        })
    }
}

/// Returns the changes of the form. A field that the user did not change is not checked again, because an older value
/// may break a newer rule.
fn edit(visit: &Visit, user: &User) -> Result<ProfileEdit, RequestError> {
    let (form, now) = (&visit.form, split(user));
    let is_same_name = form.changed("first", &now.0).is_none() && form.changed("last", &now.1).is_none();
    Ok(ProfileEdit {
        name: (!is_same_name)
            .then(|| full_name::full_name(form.text("first"), form.text("last")))
            .transpose()?,
        username: form
            .changed("username", user.username.as_str())
            .map(|name| parse_username(name.trim()))
            .transpose()?,
        email: form
            .changed("email", &address(user))
            .map(|email| parse_email(email.trim()))
            .transpose()?,
        nickname: form
            .changed("nickname", &user.profile.nickname)
            .map(|text| profile::nickname(&text))
            .transpose()?,
        bio: form
            .changed("bio", &user.profile.bio)
            .map(|text| profile::bio(&text))
            .transpose()?,
        ..ProfileEdit::default()
    })
}

pub(super) async fn send(visit: Visit) -> PageOutcome {
    visit.count("POST users.updateOwnBasicInfo", CallRate::Default)?;
    match change(&visit).await {
        Ok(_) => saved(&visit, Section::About, Note::ProfileSaved),
        Err(error) => refused(&visit, Section::About, error),
    }
}

async fn change(visit: &Visit) -> Result<Arc<User>, RequestError> {
    let caller = visit.caller()?;
    let edit = edit(visit, &caller.user)?;
    own_profile::update(&visit.app, caller, edit, None, confirm::proof(visit)).await
}

pub(super) async fn send_photo(visit: Visit) -> PageOutcome {
    visit.count("POST users.setAvatar", CallRate::Default)?;
    let Some(bytes) = visit.form.file().map(|file| file.to_vec()) else {
        let wrong = Wrong::at("photo", visit.words.t("photo-missing"));
        return page(&visit, &Shown::wrong(Section::About, wrong));
    };
    let id = visit.caller()?.user.id.clone();
    match avatars::set(&visit.app, &visit.actor()?, &id, bytes).await {
        Ok(()) => saved(&visit, Section::About, Note::ProfileSaved),
        Err(error) => photo_refused(&visit, error),
    }
}

/// Answers with the error of a picture. The other fields of the page show the stored values.
fn photo_refused(visit: &Visit, error: RequestError) -> PageOutcome {
    let text = Wrong::about(visit.words, error)?.all();
    page(visit, &Shown::wrong(Section::About, Wrong::at("photo", text)))
}

pub(super) async fn remove_photo(visit: Visit) -> PageOutcome {
    visit.count("POST users.resetAvatar", CallRate::Default)?;
    let id = visit.caller()?.user.id.clone();
    match avatars::reset(&visit.app, &visit.actor()?, &id).await {
        Ok(()) => saved(&visit, Section::About, Note::ProfileSaved),
        Err(error) => photo_refused(&visit, error),
    }
}
