//! The links of the board that change what it shows.

use std::cmp::Reverse;

use super::address::BoardAddress;
use super::groups::Order;
use super::headcount::Headcount;
use super::statuses::STATUSES;
use crate::domain::StatusType;
use crate::web::people::word;
use crate::web::words::Words;

/// The maximum number of teams among the filters. If there are more, the smallest have no filter; the search finds them.
const TEAMS: usize = 100;

/// A filter of the board, as a link.
pub(super) struct Filter {
    /// The query of the address that it leads to.
    pub query: String,
    pub shape: &'static str,
    pub name: String,
    pub count: usize,
    pub chosen: bool,
}

/// Returns the filters by status. The first one leads to everyone.
pub(super) fn statuses(words: Words, asked: &BoardAddress, everyone: &Headcount<'_>) -> Vec<Filter> {
    let filter = |status: Option<StatusType>| Filter {
        query: asked.query("status", status.map(StatusType::as_str)),
        shape: status.map_or("", StatusType::as_str),
        name: match status {
            None => words.t("everyone").into_owned(),
            Some(status) => word(words, status).into_owned(),
        },
        count: status.map_or(everyone.all, |status| everyone.with(status)),
        chosen: asked.status == status,
    };
    let all = STATUSES.into_iter().map(Some);
    std::iter::once(None).chain(all).map(filter).collect()
}

/// Returns the filters by team, in the order of their names.
pub(super) fn teams(asked: &BoardAddress, everyone: &Headcount<'_>) -> Vec<Filter> {
    let is_chosen = |team: &str| asked.team.as_deref() == Some(team);
    let mut teams: Vec<_> = everyone.teams.iter().map(|(team, count)| (*team, *count)).collect();
    if teams.len() > TEAMS {
        teams.sort_by_key(|(team, count)| (!is_chosen(team), Reverse(*count)));
        teams.truncate(TEAMS);
        teams.sort_unstable();
    }
    let filter = |(team, count): (&str, usize)| {
        let chosen = is_chosen(team);
        Filter {
            // The chosen team leads back to all.
            query: asked.query("team", Some(team).filter(|_| !chosen)),
            shape: "",
            name: team.to_owned(),
            count,
            chosen,
        }
    };
    teams.into_iter().map(filter).collect()
}

/// Returns the links by which the reader groups or sorts people.
pub(super) fn orders(words: Words, asked: &BoardAddress, has_teams: bool) -> Vec<Filter> {
    let orders = [Order::Status, Order::Team, Order::Name];
    let wanted = orders
        .into_iter()
        .filter(|order| *order != Order::Team || has_teams || asked.order == Order::Team);
    let filter = |order: Order| Filter {
        query: asked.query("by", Some(order.name())),
        shape: "",
        name: match order {
            Order::Status => words.t("by-status").into_owned(),
            Order::Team => words.t("by-team").into_owned(),
            Order::Name => words.t("by-name").into_owned(),
        },
        count: 0,
        chosen: asked.order == order,
    };
    wanted.map(filter).collect()
}

/// Returns the links between the list and the tiles.
pub(super) fn views(words: Words, asked: &BoardAddress, tiles: bool) -> Vec<Filter> {
    let filter = |view: &'static str, name: std::borrow::Cow<'static, str>, chosen| Filter {
        query: asked.query("view", Some(view)),
        shape: view,
        name: name.into_owned(),
        count: 0,
        chosen,
    };
    vec![
        filter("list", words.t("view-list"), !tiles),
        filter("tiles", words.t("view-tiles"), tiles),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_teams_and_the_chosen_one_have_a_filter() {
        let names: Vec<_> = (0..TEAMS + 50).map(|number| format!("team {number:03}")).collect();
        let counts = Headcount {
            teams: (1..).zip(&names).map(|(count, name)| (name.as_str(), count)).collect(),
            ..Headcount::default()
        };
        let asked = BoardAddress {
            search: String::new(),
            status: None,
            team: Some(names[3].clone()),
            order: Order::Status,
            view: None,
            page: 1,
        };
        let shown: Vec<_> = teams(&asked, &counts).into_iter().map(|filter| filter.name).collect();
        let expected = [&names[3..4], &names[51..]].concat();
        assert_eq!(shown, expected);
    }
}
