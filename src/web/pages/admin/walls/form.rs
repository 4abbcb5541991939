//! The form for a new display: the people and the parts of the board that it shows.

use askama::Template;

use crate::domain::board::{BOARD_NAME_CHARACTERS, BoardContent, BoardPeople, BoardTheme};
use crate::ops::boards::{self, FieldChoice};
use crate::web::administration::Section;
use crate::web::form_field::Field;
use crate::web::frame::Frame;
use crate::web::pages::forms::Wrong;
use crate::web::reply::{self, PageOutcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::Language;

/// The prefix of the choice of a custom field, before the name of the field.
const FIELD: &str = "field:";

/// The prefix of the fields with the chosen values of a custom field, before its name.
const VALUES: &str = "value:";

/// A value that the user can choose, with its text.
struct Choice {
    value: String,
    words: String,
    chosen: bool,
}

/// A custom field by which a display selects people.
struct ByField {
    name: String,
    chosen: bool,
    values: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "admin/walls/new.html")]
struct Page {
    f: Frame,
    problem: Sentence,
    name: Field,
    show: String,
    show_error: Sentence,
    roles: Vec<Choice>,
    fields: Vec<ByField>,
    full_names: bool,
    texts: bool,
    languages: Vec<Choice>,
    theme: String,
}

/// Answers with the form. The status is 422 if the form was wrong.
pub(super) fn page(visit: &Visit, wrong: &Wrong) -> PageOutcome {
    let (words, sent) = (visit.words, &visit.form);
    let choices = boards::choices(&visit.app, &visit.actor()?)?;
    let name = Field::line("name", words.t("wall-name"), "off")
        .with(sent.text("name"))
        .most(BOARD_NAME_CHARACTERS)
        .focused()
        .wrong(wrong.with("name"));
    let show_error = wrong.with("show");
    let is_at_field = !name.error.is_empty() || !show_error.is_empty();
    let roles = choices.roles.iter().map(|role| Choice {
        chosen: sent.all("role").any(|id| id == role.id.as_str()),
        value: role.id.to_string(),
        words: role.name.to_string(),
    });
    let show = sent.given("show").unwrap_or("everyone").to_owned();
    let page = Page {
        f: super::super::frame(visit, Section::Walls),
        problem: if is_at_field {
            Sentence::default()
        } else {
            wrong.rest(&[])
        },
        name,
        show_error,
        roles: roles.collect(),
        fields: choices
            .fields
            .into_iter()
            .map(|field| by_field(visit, &show, field))
            .collect(),
        show,
        full_names: sent.text("names") != "first",
        texts: sent.text("texts") != "off",
        languages: languages(visit),
        theme: sent.given("theme").unwrap_or("dark").to_owned(),
    };
    reply::form(visit, !wrong.is_empty(), &page)
}

fn by_field(visit: &Visit, show: &str, field: FieldChoice) -> ByField {
    let sent = format!("{VALUES}{}", field.name);
    let values = field.values.into_iter().map(|value| Choice {
        chosen: visit.form.all(&sent).any(|chosen| chosen == value),
        words: value.clone(),
        value,
    });
    ByField {
        values: values.collect(),
        chosen: show.strip_prefix(FIELD) == Some(&field.name),
        name: field.name,
    }
}

fn languages(visit: &Visit) -> Vec<Choice> {
    let chosen = visit.form.text("language");
    let device = Choice {
        value: String::new(),
        words: visit.words.t("wall-language-device").into_owned(),
        chosen: chosen.is_empty(),
    };
    let named = Language::ALL.iter().map(|language| Choice {
        value: language.tag().to_owned(),
        words: language.own_name().to_owned(),
        chosen: chosen == language.tag(),
    });
    std::iter::once(device).chain(named).collect()
}

/// Returns the people and the parts that the form selects.
pub(super) fn content(visit: &Visit) -> Result<BoardContent, Wrong> {
    let (words, form) = (visit.words, &visit.form);
    let texts = |name: &str| form.all(name).map(str::to_owned).collect::<Vec<_>>();
    let (roles, field, values) = match form.text("show") {
        "roles" => (texts("role"), None, Vec::new()),
        show => match show.strip_prefix(FIELD) {
            Some(name) => (Vec::new(), Some(name), texts(&format!("{VALUES}{name}"))),
            None => (Vec::new(), None, Vec::new()),
        },
    };
    // A selection without roles or values must not select all people.
    let selects = form.text("show") == "roles" || field.is_some();
    if selects && roles.is_empty() && values.is_empty() {
        let mut wrong = Wrong::default();
        wrong.add("show", words.t("wall-show-wrong"));
        return Err(wrong);
    }
    let people = BoardPeople::parse(&roles, field, &values).map_err(|error| Wrong::of(words, &error))?;
    Ok(BoardContent {
        people,
        texts: form.text("texts") != "off",
        full_names: form.text("names") != "first",
        language: Language::tagged(form.text("language")).map(|language| language.tag().to_owned()),
        theme: match form.text("theme") {
            "light" => BoardTheme::Light,
            "system" => BoardTheme::System,
            _ => BoardTheme::Dark,
        },
    })
}
