//! The board: who is here.

mod groups;

use askama::Template;

use super::my_status;
use crate::domain::StatusType;
use crate::domain::text::folded;
use crate::ops::people;
use crate::ops::viewed::View;
use crate::web::events;
use crate::web::frame::Frame;
use crate::web::markup::Markup;
use crate::web::people::{Person, Portraits};
use crate::web::query;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;
use groups::{BoardGroup, Order};

/// The number of people from which the board shows tiles, unless its address says otherwise.
const TILES_FROM: usize = 40;

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/", |visit| Box::pin(show(visit))),
    PageRoute::open("/events", |visit| Box::pin(events::open(visit))),
    PageRoute::post("/events/idle", |visit| Box::pin(set_away(visit))),
];

/// A filter of the board, as a link.
struct Filter {
    /// The query of the address that it leads to.
    query: String,
    shape: &'static str,
    name: String,
    count: usize,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "board/board.html")]
#[allow(clippy::struct_excessive_bools)] // The switches of a template.
struct Board {
    f: Frame,
    today: String,
    heading: String,
    me: Markup,
    search: String,
    statuses: Vec<Filter>,
    teams: Vec<Filter>,
    orders: Vec<Filter>,
    views: Vec<Filter>,
    groups: Vec<BoardGroup>,
    by_status: bool,
    tiles: bool,
    alone: bool,
    may_register: bool,
    live: Live,
    dialog: Markup,
}

/// The data that the script of the board needs to write rows.
struct Live {
    lang: &'static str,
    words: String,
}

/// The view that the address asks for.
struct Asked {
    search: String,
    status: Option<StatusType>,
    team: Option<String>,
    order: Order,
    /// `list` or `tiles`, if the address says so.
    view: Option<&'static str>,
}

impl Asked {
    fn of(visit: &Visit) -> Self {
        let query = &visit.query;
        Self {
            search: query.text("q").trim().to_owned(),
            status: query.text("status").parse().ok(),
            team: query.given("team").map(str::to_owned),
            order: query.text("by").parse().unwrap_or_default(),
            view: ["list", "tiles"].into_iter().find(|view| query.text("view") == *view),
        }
    }

    /// Returns the query of the same board with one part of it changed.
    fn query(&self, name: &str, value: Option<&str>) -> String {
        let parts = [
            ("q", query::filled(&self.search)),
            ("status", self.status.map(StatusType::as_str)),
            ("team", self.team.as_deref()),
            ("by", Some(self.order.name()).filter(|_| self.order != Order::Status)),
            ("view", self.view),
        ];
        query::encoded(parts.map(|(part, now)| (part, if part == name { value } else { now })))
    }

    fn shows(&self, person: &Person, needle: &str) -> bool {
        let status = self.status.is_none_or(|status| person.status == status);
        let team = self.team.as_ref().is_none_or(|team| person.team == *team);
        let found = needle.is_empty() || person.searched().any(|text| folded(text).contains(needle));
        status && team && found
    }
}

async fn show(visit: Visit) -> PageOutcome {
    let (actor, caller) = (visit.actor()?, visit.caller()?);
    let (words, asked, reader) = (visit.words, Asked::of(&visit), visit.reader());
    let portraits = Portraits::of(&visit, &reader);
    let view = View::of(&visit.app, &actor);
    let everyone: Vec<_> = people::everyone(&visit.app, &view, caller)
        .iter()
        .map(|user| Person::of(user, &portraits))
        .collect();
    let here = everyone.iter().filter(|person| person.is_here()).count();
    let counts = [("here", here.into()), ("all", everyone.len().into())];
    let tiles = asked.view.map_or(everyone.len() >= TILES_FROM, |view| view == "tiles");
    let needle = folded(&asked.search);
    let f = Frame::of(&visit, words.t("nav-board"));
    let board = Board {
        today: reader.today(),
        heading: words.say("board-heading", &counts),
        me: my_status::card(&visit, &f)?,
        statuses: statuses(&visit, &asked, &everyone),
        teams: teams(&asked, &everyone),
        orders: orders(&visit, &asked, everyone.iter().any(|person| !person.team.is_empty())),
        views: views(&visit, &asked, tiles),
        by_status: asked.order == Order::Status,
        tiles,
        alone: everyone.len() == 1,
        may_register: super::forms::may_register(&visit),
        live: Live {
            lang: words.language().tag(),
            words: live_words(&visit),
        },
        dialog: my_status::dialog(&visit, &f)?,
        search: asked.search.clone(),
        groups: groups::of(
            words,
            asked.order,
            everyone
                .into_iter()
                .filter(|person| asked.shows(person, &needle))
                .collect(),
        ),
        f,
    };
    reply::page(&visit, &board)
}

/// Stores that the reader of an open board is idle, or that they are active again.
async fn set_away(visit: Visit) -> PageOutcome {
    events::set_away(&visit)?;
    Ok(reply::done())
}

fn statuses(visit: &Visit, asked: &Asked, everyone: &[Person]) -> Vec<Filter> {
    let words = visit.words;
    let filter = |status: Option<StatusType>| Filter {
        query: asked.query("status", status.map(StatusType::as_str)),
        shape: status.map_or("", StatusType::as_str),
        name: match status {
            None => words.t("everyone").into_owned(),
            Some(status) => crate::web::people::word(words, status),
        },
        count: everyone
            .iter()
            .filter(|person| status.is_none_or(|status| person.status == status))
            .count(),
        chosen: asked.status == status,
    };
    let all = groups::STATUSES.into_iter().map(Some);
    std::iter::once(None).chain(all).map(filter).collect()
}

fn teams(asked: &Asked, everyone: &[Person]) -> Vec<Filter> {
    let mut counts = std::collections::BTreeMap::new();
    for person in everyone.iter().filter(|person| !person.team.is_empty()) {
        *counts.entry(person.team.as_str()).or_insert(0) += 1;
    }
    let filter = |(team, count): (&str, usize)| {
        let chosen = asked.team.as_deref() == Some(team);
        Filter {
            // The chosen team leads back to all.
            query: asked.query("team", Some(team).filter(|_| !chosen)),
            shape: "",
            name: team.to_owned(),
            count,
            chosen,
        }
    };
    counts.into_iter().map(filter).collect()
}

fn orders(visit: &Visit, asked: &Asked, has_teams: bool) -> Vec<Filter> {
    let orders = [Order::Status, Order::Team, Order::Name];
    let wanted = orders
        .into_iter()
        .filter(|order| *order != Order::Team || has_teams || asked.order == Order::Team);
    let filter = |order: Order| Filter {
        query: asked.query("by", Some(order.name())),
        shape: "",
        name: match order {
            Order::Status => visit.words.t("by-status").into_owned(),
            Order::Team => visit.words.t("by-team").into_owned(),
            Order::Name => visit.words.t("by-name").into_owned(),
        },
        count: 0,
        chosen: asked.order == order,
    };
    wanted.map(filter).collect()
}

fn views(visit: &Visit, asked: &Asked, tiles: bool) -> Vec<Filter> {
    let filter = |view: &'static str, name: std::borrow::Cow<'static, str>, chosen| Filter {
        query: asked.query("view", Some(view)),
        shape: view,
        name: name.into_owned(),
        count: 0,
        chosen,
    };
    vec![
        filter("list", visit.words.t("view-list"), !tiles),
        filter("tiles", visit.words.t("view-tiles"), tiles),
    ]
}

/// Returns the words with which the script of the board writes rows, as JSON. `{}` is replaced by a value.
fn live_words(visit: &Visit) -> String {
    let words = visit.words;
    let with = |key: &str, name: &str| words.say(key, &[(name, "{}".into())]);
    let all = serde_json::json!({
        "online": words.t("status-online"),
        "busy": words.t("status-busy"),
        "away": words.t("status-away"),
        "offline": words.t("status-offline"),
        "since": with("since", "moment"),
        "until": with("until", "moment"),
        "seen": with("seen", "moment"),
        "tomorrow": words.t("moment-tomorrow"),
        "yesterday": words.t("moment-yesterday"),
        "midnight": words.t("moment-midnight"),
        "day": words.say("moment-day-time", &[("day", "{}".into()), ("time", "{}".into())]),
        "lost": words.t("lost"),
        "stale": with("lost-as-of", "moment"),
        "again": with("lost-again", "seconds"),
        "now": words.t("try-now"),
        "bell": with("bell", "name"),
        "back": with("bell-back", "name"),
        "heading": words.say("board-heading", &[("here", "{}".into()), ("all", "{}".into())]),
    });
    all.to_string()
}

impl Board {
    /// Returns whether the board shows anyone.
    fn someone(&self) -> bool {
        self.groups.iter().any(|group| !group.people.is_empty())
    }
}
