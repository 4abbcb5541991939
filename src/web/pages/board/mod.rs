//! The board: who is here.

mod address;
mod filters;
mod groups;
mod headcount;
mod statuses;

use std::sync::LazyLock;

use askama::Template;

use super::my_status;
use super::pager::{self, Pager};
use crate::domain::StatusType;
use crate::domain::page::Listing;
use crate::domain::text::folded;
use crate::ops::people::People;
use crate::ops::viewed::View;
use crate::web::assets;
use crate::web::events;
use crate::web::frame::Frame;
use crate::web::markup::Markup;
use crate::web::people::Portraits;
use crate::web::query;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;
use crate::web::words::{Language, Words};
use address::{BoardAddress, PeopleFilter};
use filters::Filter;
use groups::{BoardGroup, Order, Shown};
use headcount::Headcount;
use statuses::STATUSES;

/// The maximum number of people on one page. More are several screens long even as tiles, and each costs the server and
/// the browser their time.
const PEOPLE_ON_PAGE: usize = 200;

/// The number of people from which the board shows tiles, unless its address says otherwise.
const TILES_FROM: usize = 40;

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/", |visit| Box::pin(show(visit))),
    PageRoute::open("/events", |visit| Box::pin(events::open(visit))),
    PageRoute::post("/events/idle", |visit| Box::pin(set_away(visit))),
];

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
    /// The links to the other pages; `None` if everyone is on this one.
    pager: Option<Pager>,
    by_status: bool,
    tiles: bool,
    alone: bool,
    may_register: bool,
    fixed: &'static Fixed,
    dialog: Markup,
}

/// The parts of the board that are the same on every page in one language: the words with which its script writes rows, and
/// the shapes of the statuses.
struct Fixed {
    words: String,
    shapes: Markup,
}

/// For each language, in the order of [`Language::ALL`].
static FIXED: LazyLock<Vec<Fixed>> = LazyLock::new(|| {
    let fixed = |language: &Language| Fixed {
        words: live_words(Words::of(*language)),
        shapes: assets::symbols(STATUSES.map(StatusType::as_str)),
    };
    Language::ALL.iter().map(fixed).collect()
});

async fn show(visit: Visit) -> PageOutcome {
    let (actor, caller) = (visit.actor()?, visit.caller()?);
    let (words, asked) = (visit.words, BoardAddress::of(&visit));
    let view = View::of(&visit.app, &actor);
    let people = People::of(&visit.app, &view, caller);
    let needle = folded(&asked.search);
    let sieve = PeopleFilter::of(&asked, &needle, words);
    let (mut everyone, mut found) = (Headcount::default(), Headcount::default());
    let wanted = people.all().inspect(|user| everyone.add(*user));
    let wanted = wanted
        .filter(|user| sieve.keeps(*user))
        .inspect(|user| found.add(*user));
    let part = pager::sized_part(asked.page, PEOPLE_ON_PAGE);
    let part = Listing::sorted(wanted, part, |a, b| asked.order.compare(*a, *b));
    if part.items.is_empty() && asked.page > 1 {
        let last = pager::sized_last(part.total, PEOPLE_ON_PAGE);
        return reply::redirect(&visit, &query::path("/", &asked.page_query(last)));
    }
    let reader = visit.reader();
    let shown = Shown {
        words,
        people: &people,
        portraits: &Portraits::of(&visit, &reader),
        found: &found,
        users: &part.items,
    };
    let counts = [("here", everyone.here().into()), ("all", everyone.all.into())];
    let tiles = asked.view.map_or(everyone.all >= TILES_FROM, |view| view == "tiles");
    let f = Frame::of(&visit, words.t("nav-board"));
    let pager = Pager::sized(&visit, &part, PEOPLE_ON_PAGE, |number| {
        format!("?{}", asked.page_query(number))
    });
    let board = Board {
        today: reader.today(),
        heading: words.say("board-heading", &counts),
        me: my_status::card(&visit, &f)?,
        statuses: filters::statuses(words, &asked, &everyone),
        teams: filters::teams(&asked, &everyone),
        orders: filters::orders(words, &asked, !everyone.teams.is_empty()),
        views: filters::views(words, &asked, tiles),
        by_status: asked.order == Order::Status,
        tiles,
        alone: everyone.all == 1,
        may_register: super::forms::may_register(&visit),
        fixed: &FIXED[words.language() as usize],
        dialog: my_status::dialog(&visit, &f)?,
        groups: shown.groups(asked.order),
        pager: (part.total > PEOPLE_ON_PAGE).then_some(pager),
        search: asked.search,
        f,
    };
    reply::page(&visit, &board)
}

/// Stores that the reader of an open board is idle, or that they are active again.
async fn set_away(visit: Visit) -> PageOutcome {
    events::set_away(&visit)?;
    Ok(reply::done())
}

/// Returns the words with which the script of the board writes rows, as JSON. `{}` is replaced by a value.
fn live_words(words: Words) -> String {
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
