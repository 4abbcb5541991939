//! The part of the board that an address asks for.

use memchr::memmem::Finder;

use super::groups::Order;
use super::statuses::{STATUSES, place};
use crate::domain::StatusType;
use crate::domain::text::folded;
use crate::ops::people::BriefUser;
use crate::web::pages::pager;
use crate::web::people::word;
use crate::web::query;
use crate::web::visit::Visit;
use crate::web::words::Words;

/// The view that the address asks for.
pub(super) struct BoardAddress {
    pub search: String,
    pub status: Option<StatusType>,
    pub team: Option<String>,
    pub order: Order,
    /// `list` or `tiles`, if the address says so.
    pub view: Option<&'static str>,
    /// The number of the page. The first is 1.
    pub page: usize,
}

impl BoardAddress {
    /// Returns what the address of this request asks for.
    pub(super) fn of(visit: &Visit) -> Self {
        let query = &visit.query;
        Self {
            search: query.text("q").trim().to_owned(),
            status: query.text("status").parse().ok(),
            team: query.given("team").map(str::to_owned),
            order: query.text("by").parse().unwrap_or_default(),
            view: ["list", "tiles"].into_iter().find(|view| query.text("view") == *view),
            page: pager::number(visit),
        }
    }

    /// Returns the query of the first page of the same board with one part of it changed.
    pub(super) fn query(&self, name: &str, value: Option<&str>) -> String {
        let parts = [
            ("q", query::filled(&self.search)),
            ("status", self.status.map(StatusType::as_str)),
            ("team", self.team.as_deref()),
            ("by", Some(self.order.name()).filter(|_| self.order != Order::Status)),
            ("view", self.view),
            ("page", None),
        ];
        query::encoded(parts.map(|(part, now)| (part, if part == name { value } else { now })))
    }

    /// Returns the query of another page of the same board.
    pub(super) fn page_query(&self, number: usize) -> String {
        self.query("page", query::page(number).as_deref())
    }
}

/// The people whom an address asks for.
pub(super) struct PeopleFilter<'asked> {
    status: Option<StatusType>,
    team: Option<&'asked str>,
    text: Finder<'asked>,
    /// Whether the word of a status contains the text, in the order of [`STATUSES`].
    in_words: [bool; STATUSES.len()],
}

impl<'asked> PeopleFilter<'asked> {
    /// Returns the people whom this address asks for. `needle` is its search, folded.
    pub(super) fn of(asked: &'asked BoardAddress, needle: &'asked str, words: Words) -> Self {
        Self {
            status: asked.status,
            team: asked.team.as_deref(),
            text: Finder::new(needle),
            in_words: STATUSES.map(|status| folded(&word(words, status)).contains(needle)),
        }
    }

    /// Returns whether this is one of them.
    pub(super) fn keeps(&self, user: BriefUser<'_>) -> bool {
        self.status.is_none_or(|status| user.status() == status)
            && self.team.is_none_or(|team| user.team == team)
            && (self.in_words[place(user.status())] || user.has(&self.text))
    }
}
