//! Badges as SVG images with the number of online users or the status of one user (`api.md` §11).

use schemars::JsonSchema;
use serde::Deserialize;

use super::users::required_target;
use crate::auth::Actor;
use crate::domain::{RequestError, SettingId, StatusType};
use crate::http::reply::Svg;
use crate::http::request::AnyRequest;
use crate::http::route::Route;
use crate::ops::statistics;
use crate::ops::viewed::View;

/// Maximum characters of the left half of a badge.
const NAME_CHARACTERS: usize = 64;

/// Width of a character in pixels, as in Rocket.Chat.
const CHARACTER_PIXELS: usize = 6;

/// Width of each margin of a half, in pixels.
const MARGIN_PIXELS: usize = 7;

/// The colour of a badge that shows no status.
const PLAIN: &str = "#4c1";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "shield.svg",
            "A badge: how many users are online, or the status of one",
            shield,
        )
        .unauthorized("NotLoggedIn"),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Shield {
    /// `online` shows how many users are not offline. `user` shows a user's status to a caller who is logged in.
    #[serde(rename = "type")]
    kind: Option<Kind>,
    /// The text of the left half, at most 64 characters.
    name: Option<String>,
    /// `false` requires a name. Other values are ignored: this server draws no icon.
    icon: Option<String>,
    /// Refused with `type=channel`, ignored otherwise: this server has no rooms.
    #[serde(rename = "channel")]
    _channel: Option<String>,
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Online,
    User,
    Channel,
}

async fn shield(call: AnyRequest, asked: Shield) -> Result<Svg, RequestError> {
    if !call.app.settings().flag(SettingId::Shields) {
        return Err(RequestError::ShieldsDisabled);
    }
    let name = asked.name.unwrap_or_default();
    if name.chars().count() > NAME_CHARACTERS {
        let words = format!("must NOT have more than {NAME_CHARACTERS} characters");
        return Err(RequestError::invalid(words, "name"));
    }
    if asked.icon.as_deref() == Some("false") && name.trim().is_empty() {
        return Err(RequestError::ShieldNameMissing);
    }
    let (text, colour) = match asked.kind {
        None => ("JOIN CHAT".to_owned(), PLAIN),
        Some(Kind::Online) => (format!("{} Online", statistics::not_offline(&call.app)), PLAIN),
        Some(Kind::Channel) => return Err(RequestError::ShieldTypeDisabled),
        Some(Kind::User) => {
            // Only users may see which usernames exist, and who is online.
            let caller = call.caller.ok_or(RequestError::NotLoggedIn)?;
            let user = required_target(&call.app, asked.user_id, asked.username, asked.user)?;
            let status = View::of(&call.app, &Actor::User(caller)).presence(&user.id).status;
            (format!("@{}", user.username), colour(status))
        }
    };
    Ok(Svg(drawn(name.trim(), &text, colour)))
}

const fn colour(status: StatusType) -> &'static str {
    match status {
        StatusType::Online => "#1fb31f",
        StatusType::Away => "#dc9b01",
        StatusType::Busy => "#bc2031",
        StatusType::Offline => "#a5a1a1",
    }
}

/// Draws a badge with two halves, or with one if there is no name.
fn drawn(name: &str, text: &str, colour: &str) -> String {
    let pixels = |text: &str| text.chars().count() * CHARACTER_PIXELS + 2 * MARGIN_PIXELS;
    let left = if name.is_empty() { 0 } else { pixels(name) };
    let (right, text_at) = (pixels(text), left + MARGIN_PIXELS);
    let width = left + right;
    let (name, text) = (escaped(name), escaped(text));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"20\">\
         <rect width=\"{width}\" height=\"20\" rx=\"3\" fill=\"#555\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" rx=\"3\" fill=\"{colour}\"/>\
         <g fill=\"#fff\" font-family=\"DejaVu Sans,Verdana,Geneva,sans-serif\" font-size=\"11\">\
         <text x=\"{MARGIN_PIXELS}\" y=\"14\">{name}</text><text x=\"{text_at}\" y=\"14\">{text}</text></g></svg>"
    )
}

/// Escapes a text for XML, and removes control characters, which XML does not allow.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {}
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}
