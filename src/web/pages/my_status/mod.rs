//! The user's own status.

mod end;

use askama::Template;

use crate::domain::page::Page;
use crate::domain::{ClaimSource, CustomStatusId, Emoji, Fault, RecentStatus, SettingId, StatusType, profile};
use crate::ops::calls::Rate;
use crate::ops::custom_status::{self, Filter};
use crate::ops::presence;
use crate::ops::status::{self, NewStatus};
use crate::web::frame::{Frame, Markup, Note};
use crate::web::people::{Face, picture, word};
use crate::web::reply::{self, Outcome};
use crate::web::route::Route;
use crate::web::visit::Visit;
use crate::web::words::Words;
use end::End;

/// Maximum quick statuses in the dialog: each has a digit on the keyboard, or is within a short list.
const QUICK: usize = 24;

/// Maximum statuses that have a digit on the keyboard.
const DIGITS: usize = 9;

/// The emoji to choose from.
const EMOJI: [&str; 32] = [
    "💬",
    "🎧",
    "🥪",
    "☕",
    "📞",
    "🗓️",
    "🏠",
    "🚆",
    "🚲",
    "🚗",
    "✈️",
    "🌴",
    "🤒",
    "🦷",
    "🍼",
    "🎓",
    "🛠️",
    "🚢",
    "🔥",
    "✍️",
    "📦",
    "🎤",
    "🤝",
    "🏃",
    "🎉",
    "🧘",
    "💤",
    "🐕",
    "🌧️",
    "🎨",
    "🔬",
    "🧑‍🍳",
];

pub(super) const ROUTES: &[Route] = &[
    Route::get("/my-status", |visit| Box::pin(show(visit))),
    Route::post("/my-status", |visit| Box::pin(send(visit))),
    Route::post("/my-status/end", |visit| Box::pin(end_status(visit))),
];

/// The user's status, as the user sees it.
struct Mine {
    name: String,
    face: Face,
    shape: &'static str,
    word: String,
    say: String,
    /// Until when it shows, and what shows then.
    ends: String,
    /// Whether there is a status to end.
    is_set: bool,
    /// The path to which its form leads.
    next: String,
}

#[derive(Template)]
#[template(path = "my_status/you.html")]
struct MinePart<'page> {
    f: &'page Frame,
    me: Mine,
}

#[derive(Template)]
#[template(path = "my_status/dialog.html")]
struct DialogPart<'page> {
    f: &'page Frame,
    dialog: Dialog,
}

/// Returns the card with the user's status, for another page.
pub(super) fn card(visit: &Visit, f: &Frame) -> Result<Markup, Fault> {
    let me = Mine::of(visit)?;
    Ok(Markup::of(&MinePart { f, me }))
}

/// Returns the dialog for the user's status, for another page.
pub(super) fn dialog(visit: &Visit, f: &Frame) -> Result<Markup, Fault> {
    let dialog = Dialog::of(visit)?;
    Ok(Markup::of(&DialogPart { f, dialog }))
}

impl Mine {
    /// Returns the status of the caller.
    fn of(visit: &Visit) -> Result<Self, Fault> {
        let (caller, words) = (visit.caller()?, visit.words);
        let own = presence::own(&visit.app, &caller.user.id);
        let after = status::after(&visit.app, &caller.user.id);
        let (shape, status) = appearance(words, own.status, own.declared);
        let then = after.map(|after| appearance(words, after.status, after.declared).1);
        let ends = match (own.expires_at, then) {
            (Some(end), Some(then)) => {
                let values = [("moment", visit.reader().end(end).into()), ("status", then.into())];
                words.say("until-then", &values)
            }
            _ => String::new(),
        };
        let emoji = own.emoji.as_ref().map(picture).unwrap_or_default();
        Ok(Self {
            name: caller.user.shown_name().to_string(),
            face: Face::of_user(&caller.user, &visit.base),
            shape,
            word: status,
            say: format!("{emoji} {}", own.text).trim().to_owned(),
            ends,
            is_set: own.source.is_some(),
            next: visit.target.clone(),
        })
    }
}

/// Returns the shape and the word of the user's own status. To themselves, invisible users are not offline.
fn appearance(words: Words, status: StatusType, declared: StatusType) -> (&'static str, String) {
    if status == StatusType::Offline && declared == StatusType::Offline {
        ("invisible", words.t("status-invisible").into_owned())
    } else {
        (status.as_str(), word(words, status))
    }
}

/// A status to set with one click.
struct Quick {
    /// What the button sends.
    value: String,
    emoji: String,
    name: String,
    shape: &'static str,
    word: String,
    lasts: String,
    /// The digit on the keyboard; empty for none.
    digit: String,
}

/// A choice of a form.
struct Choice {
    value: &'static str,
    shape: &'static str,
    name: String,
    chosen: bool,
}

/// The form for the user's own status, in its dialog and on its page.
struct Dialog {
    quick: Vec<Quick>,
    recent: Vec<Quick>,
    emoji: String,
    all_emoji: [&'static str; 32],
    text: String,
    may_write: bool,
    statuses: Vec<Choice>,
    ends: Vec<Choice>,
    date: String,
    time: String,
    /// What others see now.
    seen: String,
    /// The path to which the form leads.
    next: String,
    problem: String,
}

#[derive(Template)]
#[template(path = "my_status/my-status.html")]
struct MyStatus {
    f: Frame,
    dialog: Dialog,
    is_set: bool,
}

impl Dialog {
    /// Returns the form as it is for the caller now.
    fn of(visit: &Visit) -> Result<Self, Fault> {
        let (caller, words, reader) = (visit.caller()?, visit.words, visit.reader());
        let own = presence::own(&visit.app, &caller.user.id);
        let settings = visit.app.settings();
        let quick = quick(visit);
        let recent = status::recent(&visit.app, &caller.user.id);
        let (count, digits) = (quick.len(), DIGITS.saturating_sub(quick.len()));
        let recent = recent.iter().enumerate().map(|(place, recent)| {
            let digit = (place < digits).then(|| (count + place + 1).to_string());
            again(words, place, recent, digit)
        });
        let default_end = own.expires_at.unwrap_or_else(|| visit.app.clock.now().plus_minutes(60));
        let local = reader.local(default_end);
        let chosen = if own.source.is_none() {
            StatusType::Online
        } else {
            own.declared
        };
        Ok(Self {
            recent: recent.collect(),
            quick,
            emoji: own
                .emoji
                .as_ref()
                .map(picture)
                .filter(|emoji| !emoji.is_empty())
                .unwrap_or_default(),
            all_emoji: EMOJI,
            text: own.text.clone(),
            may_write: settings.flag(SettingId::AllowUserStatusMessageChange),
            statuses: statuses(words, settings.flag(SettingId::AllowInvisibleStatus), chosen),
            ends: End::ALL
                .into_iter()
                .map(|end| Choice {
                    value: end.name(),
                    shape: "",
                    name: end.words(words),
                    chosen: end
                        == if own.expires_at.is_some() {
                            End::Exact
                        } else {
                            End::Never
                        },
                })
                .collect(),
            date: format!("{:04}-{:02}-{:02}", local.year(), u8::from(local.month()), local.day()),
            time: format!("{:02}:{:02}", local.hour(), local.minute()),
            seen: seen(visit, &own),
            next: visit.target.clone(),
            problem: String::new(),
        })
    }
}

impl Dialog {
    /// Returns whether the status has an emoji that is not among those to choose from.
    fn has_own_emoji(&self) -> bool {
        !self.emoji.is_empty() && !self.all_emoji.contains(&self.emoji.as_str())
    }
}

/// Returns the sentence about what others see.
fn seen(visit: &Visit, own: &crate::domain::Presence) -> String {
    let others = own.for_others();
    let emoji = others.emoji.as_ref().map(picture).unwrap_or_default();
    let say = format!("{emoji} {}", others.text);
    let status = word(visit.words, others.status);
    let status = match say.trim() {
        "" => status,
        say => format!("{status} · {say}"),
    };
    visit.words.say("others-see", &[("status", status.into())])
}

fn statuses(words: Words, may_hide: bool, chosen: StatusType) -> Vec<Choice> {
    let choice = |status: StatusType| {
        let (shape, name) = appearance(words, status, status);
        Choice {
            value: shape,
            shape,
            name,
            chosen: status == chosen,
        }
    };
    let offered = [
        StatusType::Online,
        StatusType::Busy,
        StatusType::Away,
        StatusType::Offline,
    ];
    let offered = offered
        .into_iter()
        .filter(|status| may_hide || *status != StatusType::Offline);
    offered.map(choice).collect()
}

/// Returns the statuses of the team.
fn quick(visit: &Visit) -> Vec<Quick> {
    let words = visit.words;
    let page = Page {
        offset: 0,
        count: QUICK,
    };
    let statuses = custom_status::list(&visit.app, &Filter::default(), page).items;
    let quick = |(place, status): (usize, &std::sync::Arc<crate::domain::CustomStatus>)| Quick {
        value: format!("status-{}", status.id),
        emoji: status.emoji.as_ref().map(picture).unwrap_or_default(),
        name: status.name.to_string(),
        shape: status.status_type.as_str(),
        word: word(words, status.status_type),
        lasts: lasts(
            words,
            status.duration.map(crate::domain::custom_status::DurationMinutes::get),
        ),
        digit: if place < DIGITS {
            (place + 1).to_string()
        } else {
            String::new()
        },
    };
    statuses.iter().enumerate().map(quick).collect()
}

/// Returns how long a status lasts, in words.
fn lasts(words: Words, minutes: Option<u32>) -> String {
    let (key, count) = match minutes {
        None => return words.t("no-end").into_owned(),
        Some(minutes) if minutes % (24 * 60) == 0 => ("lasts-days", minutes / (24 * 60)),
        Some(minutes) if minutes % 60 == 0 => ("lasts-hours", minutes / 60),
        Some(minutes) => ("lasts-minutes", minutes),
    };
    words.say(key, &[("count", i64::from(count).into())])
}

/// Returns a status that the user set before, to set it again.
fn again(words: Words, place: usize, recent: &RecentStatus, digit: Option<String>) -> Quick {
    let (shape, status) = appearance(words, recent.status, recent.status);
    Quick {
        value: format!("recent-{place}"),
        emoji: recent.emoji.as_ref().map(picture).unwrap_or_default(),
        name: if recent.text.is_empty() {
            status.clone()
        } else {
            recent.text.clone()
        },
        shape,
        word: status,
        lasts: lasts(words, None),
        digit: digit.unwrap_or_default(),
    }
}

async fn show(visit: Visit) -> Outcome {
    page(&visit, None)
}

fn page(visit: &Visit, fault: Option<&Fault>) -> Outcome {
    let problem = fault.map(|fault| problem(visit.words, fault)).unwrap_or_default();
    let status = if problem.is_empty() {
        warp::http::StatusCode::OK
    } else {
        warp::http::StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = MyStatus {
        f: Frame::of(visit, visit.words.t("my-status")),
        dialog: Dialog {
            problem,
            next: "/".to_owned(),
            ..Dialog::of(visit)?
        },
        is_set: Mine::of(visit)?.is_set,
    };
    reply::with_status(visit, status, &page)
}

fn problem(words: Words, fault: &Fault) -> String {
    let text = match fault {
        Fault::StatusExpired => words.t("fault-status-over"),
        Fault::StatusEndInvalid => words.t("fault-status-end"),
        Fault::InvisibleDisabled => words.t("fault-invisible"),
        Fault::CustomStatusNotFound { .. } => words.t("fault-status-gone"),
        other => return super::forms::explained(words, other).1,
    };
    text.into_owned()
}

async fn send(visit: Visit) -> Outcome {
    visit.count("POST users.setStatus", Rate::Default)?;
    let (actor, own) = (visit.actor()?, visit.caller()?.user.id.clone());
    let is_cleared = visit.form.has("clear");
    let set = match wanted(&visit) {
        Ok(new) => status::set(&visit.app, &actor, &own, new).await,
        Err(fault) => Err(fault),
    };
    match set {
        Ok(()) if is_cleared => back(&visit, Note::StatusCleared),
        Ok(()) => back(&visit, Note::StatusSet),
        Err(fault) => page(&visit, Some(&fault)),
    }
}

async fn end_status(visit: Visit) -> Outcome {
    visit.count("POST status.end", Rate::Default)?;
    status::end(&visit.app, &visit.actor()?, &visit.caller()?.user.id, None).await?;
    back(&visit, Note::StatusCleared)
}

/// Sends the browser back to the page from which a form came.
fn back(visit: &Visit, note: Note) -> Outcome {
    reply::redirect_with(visit, super::sign_in::next_of(visit.form.text("next")), note)
}

/// Returns the status that a form asks for.
fn wanted(visit: &Visit) -> Result<NewStatus, Fault> {
    let form = &visit.form;
    if form.has("clear") {
        return Ok(NewStatus {
            status: Some(StatusType::Online),
            ..NewStatus::default()
        });
    }
    let preset = form.text("preset");
    if let Some(id) = preset.strip_prefix("status-") {
        return Ok(NewStatus {
            custom_status: Some(CustomStatusId::new(id)),
            ..NewStatus::default()
        });
    }
    if let Some(place) = preset.strip_prefix("recent-") {
        return recent(visit, place);
    }
    let status = match form.text("status") {
        "invisible" => StatusType::Offline,
        status => status.parse().map_err(|_| Fault::StatusWordInvalid)?,
    };
    let emoji = form.given("emoji").filter(|emoji| *emoji != "none");
    let emoji = emoji.map(|emoji| Emoji::parse(emoji).map_err(|error| Fault::invalid(error.to_string(), "emoji")));
    Ok(NewStatus {
        status: Some(status),
        text: Some(profile::status_text(form.text("text"))),
        emoji: emoji.transpose()?,
        expires_at: End::of(visit)?,
        custom_status: None,
        source: ClaimSource::Manual,
        id: None,
    })
}

/// Returns a status that the user set before, by its place among those.
fn recent(visit: &Visit, place: &str) -> Result<NewStatus, Fault> {
    let recent = status::recent(&visit.app, &visit.caller()?.user.id);
    let place: Option<usize> = place.parse().ok();
    let again = place.and_then(|place| recent.into_iter().nth(place));
    let again = again.ok_or(Fault::StatusMissing)?;
    Ok(NewStatus {
        status: Some(again.status),
        text: Some(again.text),
        emoji: again.emoji,
        ..NewStatus::default()
    })
}
