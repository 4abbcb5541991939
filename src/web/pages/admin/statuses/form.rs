//! The form for a new or an existing custom status.

use askama::Template;

use super::{Section, back, find, frame};
use crate::domain::custom_status::{DurationMinutes, NAME_CHARACTERS};
use crate::domain::{CustomStatus, CustomStatusDraft, CustomStatusId, RequestError, StatusType};
use crate::ops::calls::CallRate;
use crate::ops::custom_status;
use crate::web::form::FormFields;
use crate::web::form_field::Field;
use crate::web::frame::Frame;
use crate::web::moments::lasts;
use crate::web::note::Note;
use crate::web::pages::forms::Wrong;
use crate::web::people::word;
use crate::web::reply::{self, PageOutcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

/// The durations that the form offers, in minutes; 0 means no end.
const DURATIONS: [u32; 5] = [0, 30, 45, 60, 120];

/// The choice of another duration. The style sheet then shows the field for the minutes.
const OTHER: &str = "exact";

/// A value that the user can choose.
struct Choice {
    value: String,
    /// The shape of a presence status; empty for a duration.
    shape: &'static str,
    name: String,
    chosen: bool,
}

/// The values of the form, as texts.
#[derive(Clone)]
struct Values {
    name: String,
    emoji: String,
    status_type: String,
    /// The chosen duration in minutes, or [`OTHER`].
    lasts: String,
    minutes: String,
}

impl Values {
    fn empty() -> Self {
        Self {
            name: String::new(),
            emoji: String::new(),
            status_type: StatusType::Busy.as_str().to_owned(),
            lasts: "0".to_owned(),
            minutes: String::new(),
        }
    }

    fn of_status(status: &CustomStatus) -> Self {
        let minutes = status.duration.map_or(0, DurationMinutes::get);
        let is_listed = DURATIONS.contains(&minutes);
        Self {
            name: status.name.to_string(),
            emoji: status.emoji.as_ref().map(ToString::to_string).unwrap_or_default(),
            status_type: status.status_type.as_str().to_owned(),
            lasts: if is_listed {
                minutes.to_string()
            } else {
                OTHER.to_owned()
            },
            minutes: if is_listed { String::new() } else { minutes.to_string() },
        }
    }

    fn of_form(visit: &Visit) -> Self {
        let form = &visit.form;
        let chosen = Some(form.text("emoji")).filter(|emoji| *emoji != "none");
        Self {
            name: form.text("name").to_owned(),
            emoji: form.given("other-emoji").or(chosen).unwrap_or_default().to_owned(),
            status_type: form.text("status-type").to_owned(),
            lasts: form.text("lasts").to_owned(),
            minutes: form.text("minutes").to_owned(),
        }
    }

    /// Returns the fields of the form with these values.
    fn pairs(&self) -> [(&'static str, &str); 5] {
        [
            ("name", &self.name),
            ("emoji", &self.emoji),
            ("status-type", &self.status_type),
            ("lasts", &self.lasts),
            ("minutes", &self.minutes),
        ]
    }

    /// Returns the values to store: those that the user changed on the page, and the stored ones otherwise.
    fn changed(&self, form: &FormFields, now: Self) -> Self {
        let is_same = |name: &str, sent: &str| form.shown(name).is_some_and(|shown| shown.trim() == sent.trim());
        let pick = |name: &str, sent: &String, now: String| if is_same(name, sent) { now } else { sent.clone() };
        let same_duration = is_same("lasts", &self.lasts) && is_same("minutes", &self.minutes);
        let (lasts, minutes) = if same_duration {
            (now.lasts, now.minutes)
        } else {
            (self.lasts.clone(), self.minutes.clone())
        };
        Self {
            name: pick("name", &self.name, now.name),
            emoji: pick("emoji", &self.emoji, now.emoji),
            status_type: pick("status-type", &self.status_type, now.status_type),
            lasts,
            minutes,
        }
    }

    /// Returns the duration in minutes; `None` if the form contains none that is allowed.
    fn duration(&self) -> Option<u32> {
        if self.lasts != OTHER {
            return self.lasts.parse().ok().filter(|minutes| DURATIONS.contains(minutes));
        }
        let minutes = self.minutes.trim().parse().ok()?;
        DurationMinutes::new(minutes).map(DurationMinutes::get)
    }
}

#[derive(Template)]
#[template(path = "admin/statuses/status.html")]
struct StatusPage {
    f: Frame,
    heading: String,
    action: String,
    submit: String,
    most: usize,
    values: Values,
    /// The fields with the values that the page showed; empty for a new status.
    shown: Vec<(&'static str, String)>,
    other_emoji: Field,
    types: Vec<Choice>,
    durations: Vec<Choice>,
    most_minutes: u32,
    /// The errors of the whole form, the name, the type and the duration; empty if there are none.
    problem: Sentence,
    name_error: Sentence,
    type_error: Sentence,
    minutes_error: Sentence,
}

/// Answers with the form. The status is 422 if the form was wrong.
fn page(visit: &Visit, id: Option<&CustomStatusId>, values: Values, wrong: &Wrong) -> PageOutcome {
    let words = visit.words;
    let (heading, submit) = match id {
        Some(_) => ("custom-status-edit", "save"),
        None => ("custom-status-new", "create"),
    };
    let types = [
        StatusType::Online,
        StatusType::Busy,
        StatusType::Away,
        StatusType::Offline,
    ];
    let other = Field::line("other-emoji", words.t("other-emoji"), "off");
    let page = StatusPage {
        f: frame(visit, Section::Statuses),
        heading: words.t(heading).into_owned(),
        action: format!("/admin/statuses/{}", id.map_or("new", CustomStatusId::as_str)),
        submit: words.t(submit).into_owned(),
        most: NAME_CHARACTERS,
        other_emoji: other
            .optional(words.t("optional"))
            .hint(words.t("other-emoji-hint"))
            .wrong(wrong.with("emoji")),
        types: types
            .map(|status| Choice {
                value: status.as_str().to_owned(),
                shape: status.as_str(),
                name: word(words, status).into_owned(),
                chosen: status.as_str() == values.status_type,
            })
            .into(),
        durations: durations(visit, &values),
        most_minutes: DurationMinutes::LONGEST,
        problem: wrong.with(""),
        name_error: wrong.with("name"),
        type_error: wrong.with("status-type"),
        minutes_error: wrong.with("minutes"),
        shown: id.map_or_else(Vec::new, |_| shown(visit, &values)),
        values,
    };
    reply::form(visit, !wrong.is_empty(), &page)
}

fn shown(visit: &Visit, values: &Values) -> Vec<(&'static str, String)> {
    let shown = values.pairs().map(|(name, value)| {
        let shown = visit.form.shown(name);
        (name, shown.unwrap_or_else(|| value.to_owned()))
    });
    shown.into()
}

fn durations(visit: &Visit, values: &Values) -> Vec<Choice> {
    let words = visit.words;
    let choice = |value: String, name: String| Choice {
        shape: "",
        chosen: value == values.lasts,
        value,
        name,
    };
    let listed = DURATIONS.map(|minutes| choice(minutes.to_string(), lasts(words, Some(minutes).filter(|it| *it > 0))));
    let other = choice(OTHER.to_owned(), words.t("other-duration").into_owned());
    listed.into_iter().chain([other]).collect()
}

pub(super) async fn show_new(visit: Visit) -> PageOutcome {
    Section::Statuses.admit(&visit)?;
    page(&visit, None, Values::empty(), &Wrong::default())
}

pub(super) async fn show(visit: Visit) -> PageOutcome {
    Section::Statuses.admit(&visit)?;
    let status = find(&visit, &visit.parameter)?;
    page(&visit, Some(&status.id), Values::of_status(&status), &Wrong::default())
}

pub(super) async fn create(visit: Visit) -> PageOutcome {
    Section::Statuses.admit(&visit)?;
    visit.count("POST custom-user-status.create", CallRate::Default)?;
    let values = Values::of_form(&visit);
    let saved = match draft(&visit, &values) {
        Ok(draft) => custom_status::create(&visit.app, &visit.actor()?, draft).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => back(&visit, Note::CustomStatusSaved),
        Err(error) => page(&visit, None, values, &wrong(&visit, error)?),
    }
}

pub(super) async fn save(visit: Visit) -> PageOutcome {
    Section::Statuses.admit(&visit)?;
    visit.count("POST custom-user-status.update", CallRate::Default)?;
    let (id, values) = (CustomStatusId::new(&visit.parameter), Values::of_form(&visit));
    let stored = find(&visit, id.as_str()).map(|status| Values::of_status(&status));
    let wanted = stored.map_or_else(|_| values.clone(), |stored| values.changed(&visit.form, stored));
    let saved = match draft(&visit, &wanted) {
        Ok(draft) => custom_status::update(&visit.app, &visit.actor()?, &id, draft).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => back(&visit, Note::CustomStatusSaved),
        Err(error) => page(&visit, Some(&id), values, &wrong(&visit, error)?),
    }
}

fn draft(visit: &Visit, values: &Values) -> Result<CustomStatusDraft, RequestError> {
    let default = visit.app.settings().default_status_type();
    let minutes = values
        .duration()
        .ok_or_else(|| RequestError::invalid(String::new(), "minutes"))?;
    CustomStatusDraft::parse(Some(&values.name), Some(&values.status_type), default)
        .with_defaults(Some(&values.emoji), Some(minutes))
}

/// Returns the text of an error for the field that caused it. The texts are those of the contract
/// (`custom-user-status.create.md`).
///
/// # Errors
/// The error, if the form did not cause it.
fn wrong(visit: &Visit, error: RequestError) -> Result<Wrong, RequestError> {
    let field = match &error {
        RequestError::CustomStatusFieldRequired { field: "StatusType" } | RequestError::StatusTypeInvalid { .. } => {
            "status-type"
        }
        RequestError::CustomStatusFieldRequired { .. }
        | RequestError::CustomStatusNameInvalid { .. }
        | RequestError::CustomStatusNameTaken => "name",
        RequestError::InvalidParams { field: Some(field), .. } if field == "emoji" => "emoji",
        RequestError::InvalidParams { field: Some(field), .. } if field == "minutes" => {
            let most = i64::from(DurationMinutes::LONGEST);
            let text = visit.words.say("error-minutes", &[("most", most.into())]);
            return Ok(Wrong::at("minutes", text));
        }
        RequestError::CustomStatusNotFound { .. } => {
            return Ok(Wrong::at("", visit.words.t("error-status-gone")));
        }
        _ => return Err(error),
    };
    Ok(Wrong::at(field, Sentence::of_server(visit.words, error.to_string())))
}
