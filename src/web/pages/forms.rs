//! The parts that the pages with one form and without a login share.

use askama::Template;
use warp::http::StatusCode;

use crate::domain::RequestError;
use crate::domain::SettingId;
use crate::domain::setting::RegistrationForm;
use crate::web::form::FormFields;
use crate::web::form_field::Field;
use crate::web::frame::Frame;
use crate::web::reply::{self, PageOutcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::{Language, Words};

/// A form that is alone on its page.
#[derive(Debug, Clone, Default)]
pub(super) struct Form {
    /// The path to which the form is sent; empty for the address of the page.
    pub action: &'static str,
    pub lead: String,
    /// The error of the whole form.
    pub problem: Sentence,
    pub fields: Vec<Field>,
    /// The rules for a password.
    pub rules: Vec<String>,
    pub submit: String,
    /// A path to go to instead, and its words.
    pub back: Option<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "door-form.html")]
struct FormPage {
    f: Frame,
    form: Form,
}

#[derive(Template)]
#[template(path = "door-words.html")]
struct WordsPage {
    f: Frame,
    words: Sentence,
    path: &'static str,
    link: String,
}

/// Answers with a page that has this form alone: with 422 if something in it is wrong.
pub(super) fn show(visit: &Visit, title: &str, form: Form) -> PageOutcome {
    let f = Frame::of(visit, title);
    reply::form(visit, form.is_refused(), &FormPage { f, form })
}

impl Form {
    /// Returns whether the form has an error.
    pub(super) fn is_refused(&self) -> bool {
        !self.problem.is_empty() || self.fields.iter().any(|field| !field.error.is_empty())
    }
}

/// Answers with a few words and a link.
pub(super) fn say(
    visit: &Visit,
    title: &str,
    words: impl Into<Sentence>,
    path: &'static str,
    link: &str,
) -> PageOutcome {
    say_with(visit, StatusCode::OK, title, words, path, link)
}

/// Answers with a few words and a link, with this status.
pub(super) fn say_with(
    visit: &Visit,
    status: StatusCode,
    title: &str,
    words: impl Into<Sentence>,
    path: &'static str,
    link: &str,
) -> PageOutcome {
    let page = WordsPage {
        f: Frame::of(visit, title),
        words: words.into(),
        path,
        link: link.to_owned(),
    };
    reply::with_status(visit, status, &page)
}

/// The errors of a form, by its fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Wrong(Vec<(&'static str, Sentence)>);

impl Wrong {
    /// Returns the text of an error, with the field that caused it.
    pub(super) fn of(words: Words, error: &RequestError) -> Self {
        let (field, text) = explained(words, error);
        Self(vec![(field, text)])
    }

    /// Returns the text that a form shows for an error.
    ///
    /// # Errors
    /// The error, if it has its own page: the question for a proof, a missing permission, or a failure of the server.
    pub(super) fn about(words: Words, error: RequestError) -> Result<Self, RequestError> {
        match error {
            RequestError::CodeRequired { .. }
            | RequestError::CodeInvalid { .. }
            | RequestError::NotLoggedIn
            | RequestError::PermissionRequired
            | RequestError::EndpointNotFound
            | RequestError::StoreUnavailable { .. }
            | RequestError::StoreFull
            | RequestError::StoreReadOnly
            | RequestError::Internal { .. } => Err(error),
            error => Ok(Self::of(words, &error)),
        }
    }

    /// Returns the error of this field. An empty name means the whole form.
    pub(super) fn at(field: &'static str, text: impl Into<Sentence>) -> Self {
        Self(vec![(field, text.into())])
    }

    /// Adds that a field is wrong.
    pub(super) fn add(&mut self, field: &'static str, text: impl Into<Sentence>) {
        self.0.push((field, text.into()));
    }

    /// Returns whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what is wrong with this field.
    pub(super) fn with(&self, field: &str) -> Sentence {
        let found = self.0.iter().find(|(known, _)| *known == field);
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    }

    /// Returns the first error of any field.
    pub(super) fn all(&self) -> Sentence {
        self.rest(&[])
    }

    /// Adds to each field what is wrong with it.
    pub(super) fn mark(&self, fields: Vec<Field>) -> Vec<Field> {
        let marked = fields.into_iter().map(|field| {
            let error = self.with(field.name);
            field.wrong(error)
        });
        marked.collect()
    }

    /// Returns what is wrong with no field of the form.
    pub(super) fn rest(&self, fields: &[Field]) -> Sentence {
        let rest = self
            .0
            .iter()
            .find(|(known, _)| fields.iter().all(|field| field.name != *known));
        rest.map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

/// Returns the field that caused an error, and the text for the user. The field is empty if no field caused it.
pub(super) fn explained(words: Words, error: &RequestError) -> (&'static str, Sentence) {
    let (field, text) = match error {
        RequestError::FirstNameInvalid => ("first", words.t("error-first-name")),
        RequestError::LastNameInvalid => ("last", words.t("error-last-name")),
        RequestError::DisplayNameInvalid => ("first", words.t("error-name")),
        RequestError::EmailInvalid => ("email", words.t("error-email")),
        RequestError::RegistrationEmailTaken | RequestError::UserFieldTaken { field: "Email", .. } => {
            ("email", words.t("error-email-taken"))
        }
        RequestError::DomainNotAllowed => ("email", words.t("error-domain")),
        RequestError::RegistrationUsernameTaken
        | RequestError::IdentityNotSaved
        | RequestError::UsernameBlocked { .. }
        | RequestError::UserFieldTaken { .. } => ("username", words.t("error-username-taken")),
        RequestError::RegistrationUsernameInvalid
        | RequestError::UsernameInvalid { .. }
        | RequestError::UserFieldRequired { .. } => ("username", words.t("error-username")),
        RequestError::PasswordInvalid => ("password", words.t("error-password")),
        RequestError::PasswordUnchanged => ("password", words.t("error-password-unchanged")),
        RequestError::PasswordUsedBefore => ("password", words.t("error-password-used")),
        RequestError::PasswordWrong => ("current", words.t("error-password-wrong")),
        RequestError::PasswordPolicy { broken } => {
            let rules: Vec<_> = broken
                .iter()
                .map(|rule| violation(words, &rule.error, &rule.message))
                .collect();
            return ("password", rules.join(" ").into());
        }
        RequestError::BioTooLong { .. } => ("bio", words.t("error-long")),
        RequestError::NicknameTooLong { .. } => ("nickname", words.t("error-long")),
        RequestError::PersonalTokenTaken => ("token-name", words.t("error-token-taken")),
        RequestError::AvatarInvalid => ("photo", words.t("error-photo")),
        RequestError::AvatarTooLarge { .. } => ("photo", words.t("error-photo-large")),
        RequestError::BeyondAuthority { permission } => {
            let permission = permission.as_str().into();
            return ("", words.say("error-authority", &[("permission", permission)]).into());
        }
        RequestError::LastAdministrator | RequestError::AdministratorNeeded => {
            ("", words.t("error-last-administrator"))
        }
        RequestError::NothingToProveWith => ("", words.t("error-nothing-to-prove")),
        RequestError::RoleInvalid | RequestError::RoleNotFound => ("role", words.t("error-role")),
        RequestError::ActionNotAllowed {
            action: "Unlock_user", ..
        } => ("", words.t("error-unlock-own")),
        RequestError::ActionNotAllowed {
            action: "Assign_admin" | "Assign_role",
            ..
        } => ("role", words.t("error-assign")),
        RequestError::NotAllowed { .. } | RequestError::ActionNotAllowed { .. } => ("", words.t("error-not-allowed")),
        RequestError::SetupLinkInvalid => ("link", words.t("error-setup-link")),
        RequestError::TooManyLinks { most, .. } => {
            return (
                "",
                words
                    .say("error-too-many-links", &[("most", i64::from(*most).into())])
                    .into(),
            );
        }
        RequestError::RegistrationSecretNeeded => ("secret", words.t("error-secret")),
        RequestError::AddressBlocked | RequestError::UserBlocked => ("", words.t("error-blocked")),
        RequestError::TooManyRequests { seconds } | RequestError::TooManyLogins { seconds } => {
            let seconds = i64::try_from(*seconds).unwrap_or(i64::MAX);
            return ("", words.say("error-too-many", &[("seconds", seconds.into())]).into());
        }
        RequestError::BackupRunning => ("", words.t("error-backup-running")),
        RequestError::StoreFull => ("", words.t("error-full")),
        RequestError::StoreReadOnly => ("", words.t("error-read-only")),
        RequestError::Overloaded { .. } | RequestError::StoreUnavailable { .. } => ("", words.t("error-unavailable")),
        // The server's own sentence, without the code that is for programs.
        other => return ("", Sentence::of_server(words, other.to_string())),
    };
    (field, text.into())
}

/// Returns a broken rule in the reader's language. The advice of the rule on strength is in English alone.
fn violation(words: Words, error: &str, message: &str) -> String {
    let rule = error.strip_prefix("error-password-policy-not-met-").unwrap_or_default();
    let key = match rule {
        "strength" if words.language() == Language::English => return message.to_owned(),
        "strength" => "rule-strength",
        "minLength" => "rule-short",
        "maxLength" => "rule-long",
        "repeatingCharacters" => "rule-repeating",
        "oneLowercase" => "rule-lowercase",
        "oneUppercase" => "rule-uppercase",
        "oneNumber" => "rule-number",
        "oneSpecial" => "rule-special",
        _ => return message.to_owned(),
    };
    words.t(key).into_owned()
}

/// Refuses two passwords that are not the same.
pub(super) fn check_again(words: Words, form: &FormFields, wrong: &mut Wrong) {
    if form.text("password") != form.text("again") {
        wrong.add("again", words.t("error-again"));
    }
}

/// Returns the rules for new passwords that a person should know before.
pub(super) fn password_rules(visit: &Visit) -> Vec<String> {
    let policy = visit.app.settings().password_policy();
    let length = policy.min_length.map(|least| {
        let least = i64::from(least);
        visit.words.say("rule-length", &[("least", least.into())])
    });
    let strength = (policy.min_score > 0).then(|| visit.words.t("rule-guess").into_owned());
    length.into_iter().chain(strength).collect()
}

/// Returns whether visitors may register.
pub(super) fn may_register(visit: &Visit) -> bool {
    visit.app.settings().value(SettingId::RegistrationForm) == RegistrationForm::Public.value()
}

/// Returns the part of a link behind its `#`, of a link or of the part alone.
pub(super) fn secret_of(link: &str) -> &str {
    link.rsplit_once('#').map_or(link, |(_, secret)| secret).trim()
}
