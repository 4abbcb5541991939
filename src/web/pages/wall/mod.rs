//! A display on a wall, which shows the presence of the team on a full screen. It needs no account and no script, and
//! it loads itself again.

use std::borrow::Cow;

use askama::Template;
use warp::http::header::{CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY};
use warp::reply::Response;

use crate::domain::board::BoardTheme;
use crate::domain::{RequestError, StatusType};
use crate::intake::refusal;
use crate::ops::boards::{self, BoardPerson, ShownBoard};
use crate::ops::calls::CallRate;
use crate::web::frame::Frame;
use crate::web::moments::Reader;
use crate::web::people;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;
use crate::web::words::{Language, Words};

/// The number of seconds after which a display loads the page again.
const REFRESH_SECONDS: i64 = 60;

/// The maximum number of people that a person can read from five metres at 1080p. With more people, the display shows
/// them in turn.
const ON_SCREEN: usize = 40;

/// The number of positions between which the page moves, so that no pixel shines all the time.
const SHIFTS: i64 = 4;

/// The content security policy of a display, which uses only the style sheet and the icons.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
);

const REFRESH: HeaderName = HeaderName::from_static("refresh");

pub(super) const ROUTES: &[PageRoute] = &[PageRoute::open("/board/:secret", |visit| Box::pin(show(visit)))
    .with_secret()
    .without_cookies()];

/// A person on the display.
struct Tile {
    name: String,
    /// The id of the shape, which is also the CSS class.
    shape: &'static str,
    word: String,
    /// The emoji and the text of the status; empty if the display shows neither.
    says: String,
    until: String,
}

/// A status with the number of people who have it, in words.
struct Count {
    shape: &'static str,
    words: String,
}

#[derive(Template)]
#[template(path = "wall/wall.html")]
struct Wall {
    f: Frame,
    shift: i64,
    heading: String,
    counts: [Count; 4],
    /// A text that says which part of the people is on the screen; empty if all are.
    part: String,
    clock: String,
    tiles: Vec<Tile>,
}

#[derive(Template)]
#[template(path = "wall/notice.html")]
struct Notice {
    f: Frame,
    shift: i64,
    lead: Cow<'static, str>,
}

async fn show(visit: Visit) -> PageOutcome {
    let shown = visit
        .count("POST boards.view", CallRate::Default)
        .and_then(|()| boards::view(&visit.app, &visit.parameter));
    match shown {
        Ok(shown) => wall(&visit, &shown),
        Err(error) => notice(&visit, &error),
    }
}

/// Returns the frame of a page with these words and this theme.
fn frame(visit: &Visit, words: Words, title: &str, theme: BoardTheme) -> Frame {
    let visit = Visit { words, ..visit.clone() };
    let mut f = Frame::of(&visit, title);
    f.theme = match theme {
        BoardTheme::Dark => Some("dark"),
        BoardTheme::Light => Some("light"),
        BoardTheme::System => None,
    };
    f
}

fn wall(visit: &Visit, shown: &ShownBoard) -> PageOutcome {
    let content = &shown.board.content;
    let language = content.language.as_deref().and_then(Language::tagged);
    let words = language.map_or(visit.words, Words::of);
    let now = visit.app.clock.now();
    let reader = Reader::at(words, visit.app.clock.offset_minutes(now), now);
    let screens = shown.people.len().div_ceil(ON_SCREEN).max(1);
    let turn = turn(visit);
    let screen = usize::try_from(turn).unwrap_or_default() % screens;
    let people = shown.people.iter().skip(screen * ON_SCREEN).take(ON_SCREEN);
    let tiles: Vec<_> = people.map(|person| tile(words, &reader, person)).collect();
    let part = if shown.total > tiles.len() {
        let first = screen * ON_SCREEN + 1;
        let values = [
            ("first", first.into()),
            ("last", (screen * ON_SCREEN + tiles.len()).into()),
            ("all", shown.total.into()),
        ];
        words.say("wall-part", &values)
    } else {
        String::new()
    };
    let count = |status: StatusType| shown.counts.get(&status).copied().unwrap_or_default();
    let here = count(StatusType::Online) + count(StatusType::Busy);
    let page = Wall {
        f: frame(visit, words, &words.t("wall-title"), content.theme),
        // Each part of the people is shown at each position in turn.
        shift: turn / i64::try_from(screens).unwrap_or(1) % SHIFTS,
        heading: words.say("board-heading", &[("here", here.into()), ("all", shown.total.into())]),
        counts: [
            StatusType::Online,
            StatusType::Busy,
            StatusType::Away,
            StatusType::Offline,
        ]
        .map(|status| Count {
            shape: status.as_str(),
            words: count_words(words, status, count(status)),
        }),
        part,
        clock: reader.time(),
        tiles,
    };
    reply::page(visit, &page).map(finished)
}

/// Returns the number of refresh periods since 1970. It selects the people and the position of the page.
fn turn(visit: &Visit) -> i64 {
    visit.app.clock.now().as_millis().div_euclid(REFRESH_SECONDS * 1000)
}

fn count_words(words: Words, status: StatusType, count: usize) -> String {
    let count = [("count", count.into())];
    match status {
        StatusType::Online => words.say("wall-online", &count),
        StatusType::Busy => words.say("wall-busy", &count),
        StatusType::Away => words.say("wall-away", &count),
        StatusType::Offline => words.say("wall-offline", &count),
    }
}

fn tile(words: Words, reader: &Reader, person: &BoardPerson) -> Tile {
    let emoji = person.emoji.as_ref().map(people::picture).unwrap_or_default();
    let until = person
        .expires_at
        .map(|end| words.say("until", &[("moment", reader.end(end).into())]));
    Tile {
        name: person.name.clone(),
        shape: person.status.as_str(),
        word: people::word(words, person.status).into_owned(),
        says: format!("{emoji} {}", person.text).trim().to_owned(),
        until: until.unwrap_or_default(),
    }
}

/// Answers with a text that says what a person in front of the display can do. The page loads itself again, so that the
/// display recovers after the error.
fn notice(visit: &Visit, error: &RequestError) -> PageOutcome {
    let words = visit.words;
    let (title, lead) = match error {
        RequestError::BoardInvalid => (words.t("wall-over"), words.t("wall-over-lead")),
        _ => (words.t("error-busy"), words.t("wall-busy-lead")),
    };
    let page = Notice {
        f: frame(visit, words, &title, BoardTheme::Dark),
        shift: turn(visit) % SHIFTS,
        lead,
    };
    let mut answer = reply::with_status(visit, refusal::status(error), &page)?;
    refusal::add_headers(error, answer.headers_mut());
    Ok(finished(answer))
}

/// Adds the headers that every page of a display has.
fn finished(answer: Response) -> Response {
    let mut answer = reply::unlisted(answer);
    let headers = answer.headers_mut();
    headers.insert(REFRESH, REFRESH_SECONDS.into());
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}
