//! The user's personal access tokens. The secret of a token is shown only once, after its creation.

use time::{Date, Month, PrimitiveDateTime, Time};

use super::{Section, Shown, Wrong, confirm, page, refused, saved};
use crate::domain::page::once;
use crate::domain::token_name::TOKEN_NAME_CHARACTERS;
use crate::domain::{Permission, RequestError, Scope, Timestamp, Token, TokenName};
use crate::ops::calls::CallRate;
use crate::ops::personal_tokens::{self, NewPersonalToken};
use crate::ops::{proof, two_factor};
use crate::web::form_field::Field;
use crate::web::note::Note;
use crate::web::reply::PageOutcome;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::Words;

/// The lifetimes that the page offers, in days.
const LIVES: [(&str, u32); 2] = [("month", 30), ("year", 365)];

/// A token in the list.
pub(super) struct TokenLine {
    pub name: String,
    /// The scopes, the last use and the end of the token, in words.
    pub about: String,
}

/// A scope that the user can choose.
pub(super) struct ScopeLine {
    pub id: &'static str,
    pub words: String,
    pub chosen: bool,
}

pub(super) struct Tokens {
    pub problem: Sentence,
    /// The name and the secret of the token that the form has just created.
    pub created: Option<(String, String)>,
    pub lines: Vec<TokenLine>,
    pub name: Field,
    pub scopes: Vec<ScopeLine>,
    pub unlimited: bool,
    pub scopes_error: Sentence,
    pub ends: String,
    pub day: String,
    pub day_error: Sentence,
    /// `true` if the page shows the form open.
    pub open: bool,
}

impl Tokens {
    /// Returns this part of the page; `None` if the user may not create tokens.
    pub(super) fn of(visit: &Visit, shown: &Shown) -> Result<Option<Self>, RequestError> {
        let caller = visit.caller()?;
        if !caller.may(Permission::CreatePersonalAccessTokens) {
            return Ok(None);
        }
        let (words, form) = (visit.words, &visit.form);
        let wrong = shown.of(Section::Tokens);
        let with = |field: &str| wrong.map(|wrong| wrong.with(field)).unwrap_or_default();
        let name = Field::line("token-name", words.t("token-name"), "off").most(TOKEN_NAME_CHARACTERS);
        let name = name
            .with(wrong.map_or("", |_| form.text("token-name")))
            .wrong(with("token-name"));
        let chosen = |scope: Scope| wrong.is_some() && form.all("scope").any(|id| id == scope.as_str());
        let (scopes_error, day_error) = (with("scope"), with("day"));
        let known = scopes_error.is_empty() && day_error.is_empty() && name.error.is_empty();
        let live = personal_tokens::list(&visit.app, caller)?;
        Ok(Some(Self {
            problem: wrong.filter(|_| known).map(|wrong| wrong.rest(&[])).unwrap_or_default(),
            created: shown.token.clone(),
            lines: live.iter().filter_map(|token| line(visit, token)).collect(),
            name,
            scopes: Scope::ALL
                .iter()
                .copied()
                .map(|scope| ScopeLine {
                    id: scope.as_str(),
                    words: words_of(words, scope),
                    chosen: chosen(scope),
                })
                .collect(),
            unlimited: wrong.is_some() && form.has("unlimited"),
            scopes_error,
            ends: wrong.map_or("year", |_| form.text("ends")).to_owned(),
            day: wrong.map_or("", |_| form.text("day")).to_owned(),
            day_error,
            open: wrong.is_some() && form.has("token-name"),
        }))
    }
}

fn words_of(words: Words, scope: Scope) -> String {
    let text = match scope {
        Scope::StatusRead => words.t("scope-status-read"),
        Scope::StatusWrite => words.t("scope-status-write"),
        Scope::PresenceRead => words.t("scope-presence-read"),
        Scope::UsersRead => words.t("scope-users-read"),
        Scope::UsersWrite => words.t("scope-users-write"),
        Scope::Admin => words.t("scope-admin"),
    };
    text.into_owned()
}

fn line(visit: &Visit, token: &Token) -> Option<TokenLine> {
    let (words, reader) = (visit.words, visit.reader());
    let personal = token.personal()?;
    let at = |key: &str, moment: Timestamp| words.say(key, &[("moment", reader.near(moment).into())]);
    let scopes = match &personal.scopes {
        Some(scopes) => scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", "),
        None => words.t("token-unlimited").into_owned(),
    };
    let used = match token.last_used_at {
        Some(used) => at("token-used", used),
        None => words.t("token-unused").into_owned(),
    };
    let end = match token.expires_at {
        Some(end) if end <= visit.app.clock.now() => words.t("token-over").into_owned(),
        Some(end) => at("token-ends", end),
        None => words.t("token-endless").into_owned(),
    };
    Some(TokenLine {
        name: personal.name.to_string(),
        about: [scopes, used, end].join(" · "),
    })
}

pub(super) async fn create(visit: Visit) -> PageOutcome {
    visit.count("POST users.generatePersonalAccessToken", CallRate::Default)?;
    let new = match wanted(&visit) {
        Ok(new) => new,
        Err(wrong) => return page(&visit, &Shown::wrong(Section::Tokens, wrong)),
    };
    let (caller, name) = (visit.caller()?, new.name.as_str().to_owned());
    proof::require(&visit.app, caller, confirm::proof(&visit)).await?;
    match personal_tokens::generate(&visit.app, caller, new).await {
        Ok(secret) => created(&visit, name, secret.expose()),
        Err(error) => refused(&visit, Section::Tokens, error),
    }
}

fn created(visit: &Visit, name: String, secret: &str) -> PageOutcome {
    let shown = Shown {
        token: Some((name, secret.to_owned())),
        ..Shown::default()
    };
    page(visit, &shown)
}

fn wanted(visit: &Visit) -> Result<NewPersonalToken, Wrong> {
    let (words, form) = (visit.words, &visit.form);
    let mut wrong = Wrong::default();
    let name = TokenName::parse(form.text("token-name"));
    if name.is_err() {
        wrong.add("token-name", words.t("error-token-name"));
    }
    let scopes = once(form.all("scope").filter_map(|scope| scope.parse().ok()).collect());
    let unlimited = form.has("unlimited");
    if scopes.is_empty() && !unlimited {
        wrong.add("scope", words.t("error-token-scopes"));
    }
    let now = visit.app.clock.now();
    let life = LIVES.iter().find(|(name, _)| *name == form.text("ends"));
    let expires_at = match life {
        Some((_, days)) => Some(now.plus_days(*days)),
        None if form.text("ends") == "never" => None,
        None => match day(form.text("day")) {
            Some(day) if visit.reader().moment_of(day) > now => Some(visit.reader().moment_of(day)),
            _ => {
                wrong.add("day", words.t("error-token-day"));
                None
            }
        },
    };
    match name {
        Ok(name) if wrong.is_empty() => Ok(NewPersonalToken {
            name,
            bypass_two_factor: false,
            expires_at,
            scopes: (!unlimited).then_some(scopes),
        }),
        _ => Err(wrong),
    }
}

/// Returns the moment at which a day ends, from the text of a date field.
fn day(text: &str) -> Option<PrimitiveDateTime> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = Month::try_from(parts.next()?.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, parts.next()?.parse().ok()?).ok()?;
    Some(PrimitiveDateTime::new(date.next_day()?, Time::MIDNIGHT))
}

pub(super) async fn renew(visit: Visit) -> PageOutcome {
    visit.count("POST users.regeneratePersonalAccessToken", CallRate::Default)?;
    let (caller, name) = (visit.caller()?, TokenName::typed(visit.form.text("token")));
    proof::require(&visit.app, caller, confirm::proof(&visit)).await?;
    match personal_tokens::regenerate(&visit.app, caller, &name).await {
        Ok(secret) => created(&visit, name.as_str().to_owned(), secret.expose()),
        Err(error) => refused(&visit, Section::Tokens, error),
    }
}

pub(super) async fn end(visit: Visit) -> PageOutcome {
    visit.count("POST users.removePersonalAccessToken", CallRate::Default)?;
    let (caller, name) = (visit.caller()?, TokenName::typed(visit.form.text("token")));
    two_factor::require(&visit.app, caller, confirm::proof(&visit)).await?;
    match personal_tokens::remove(&visit.app, caller, &name).await {
        Ok(()) | Err(RequestError::PersonalTokenNotFound) => saved(&visit, Section::Tokens, Note::TokenEnded),
        Err(error) => refused(&visit, Section::Tokens, error),
    }
}
