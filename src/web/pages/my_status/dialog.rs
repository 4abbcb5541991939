//! The form for the user's own status, in its dialog and on its page.

use super::end::StatusEnd;
use super::mine::appearance;
use super::quick::{self, DIGITS, Quick};
use crate::domain::{Presence, RequestError, SettingId, StatusType};
use crate::ops::status;
use crate::web::people::{picture, word};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::Words;

/// A choice of a form.
pub(super) struct StatusChoice {
    pub value: &'static str,
    pub shape: &'static str,
    pub name: String,
    pub chosen: bool,
}

/// The form for the user's own status, in its dialog and on its page.
pub(super) struct Dialog {
    pub quick: Vec<Quick>,
    pub recent: Vec<Quick>,
    pub emoji: String,
    pub text: String,
    pub may_write: bool,
    pub statuses: Vec<StatusChoice>,
    pub ends: Vec<StatusChoice>,
    pub date: String,
    pub time: String,
    /// The text that others see now.
    pub seen: String,
    /// The path to which the form leads.
    pub next: String,
    pub problem: Sentence,
}

impl Dialog {
    /// Returns the form as it is for the caller now.
    pub(super) fn of(visit: &Visit) -> Result<Self, RequestError> {
        let (caller, words, reader) = (visit.caller()?, visit.words, visit.reader());
        let own = visit.app.hub.own_presence(&caller.user.id);
        let settings = visit.app.settings();
        let quick = quick::of_team(visit);
        let recent = status::recent(&visit.app, &caller.user.id);
        let (count, digits) = (quick.len(), DIGITS.saturating_sub(quick.len()));
        let recent = recent.iter().enumerate().map(|(place, recent)| {
            let digit = (place < digits).then(|| (count + place + 1).to_string());
            quick::again(words, place, recent, digit)
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
            text: own.text.to_string(),
            may_write: settings.flag(SettingId::AllowUserStatusMessageChange),
            statuses: statuses(words, settings.flag(SettingId::AllowInvisibleStatus), chosen),
            ends: StatusEnd::ALL
                .iter()
                .copied()
                .map(|end| StatusChoice {
                    value: end.name(),
                    shape: "",
                    name: end.words(words),
                    chosen: end
                        == if own.expires_at.is_some() {
                            StatusEnd::Exact
                        } else {
                            StatusEnd::Never
                        },
                })
                .collect(),
            date: format!("{:04}-{:02}-{:02}", local.year(), u8::from(local.month()), local.day()),
            time: format!("{:02}:{:02}", local.hour(), local.minute()),
            seen: seen(visit, &own),
            next: visit.target.clone(),
            problem: Sentence::default(),
        })
    }
}

/// Returns the sentence about what others see.
fn seen(visit: &Visit, own: &Presence) -> String {
    let others = own.for_others();
    let emoji = others.emoji.as_ref().map(picture).unwrap_or_default();
    let say = format!("{emoji} {}", others.text);
    let status = word(visit.words, others.status).into_owned();
    let status = match say.trim() {
        "" => status,
        say => format!("{status} · {say}"),
    };
    visit.words.say("others-see", &[("status", status.into())])
}

fn statuses(words: Words, may_hide: bool, chosen: StatusType) -> Vec<StatusChoice> {
    let choice = |status: StatusType| {
        let (shape, name) = appearance(words, status, status);
        StatusChoice {
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
