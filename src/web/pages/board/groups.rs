//! The groups of the board.

use std::collections::BTreeMap;

use crate::domain::StatusType;
use crate::domain::text::folded;
use crate::web::people::{Person, word};
use crate::web::words::Words;

/// The statuses in the order of the board.
pub(super) const STATUSES: [StatusType; 4] = [
    StatusType::Online,
    StatusType::Busy,
    StatusType::Away,
    StatusType::Offline,
];

/// By what people are grouped or sorted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum Order {
    #[default]
    Status,
    Team,
    /// All in one list.
    Name,
}

impl Order {
    /// Returns the name in an address.
    pub(super) fn name(self) -> &'static str {
        self.into()
    }
}

/// People under one heading.
pub(super) struct BoardGroup {
    /// The id of the heading.
    pub id: String,
    /// The shape before the heading, if it is a status.
    pub shape: &'static str,
    pub name: String,
    pub people: Vec<Person>,
}

/// Puts people into groups, each sorted by name.
pub(super) fn of(words: Words, order: Order, mut people: Vec<Person>) -> Vec<BoardGroup> {
    people.sort_by_cached_key(|person| folded(&person.name));
    match order {
        Order::Status => by_status(words, people),
        Order::Team => by_team(words, people),
        Order::Name => vec![BoardGroup {
            id: "group-all".to_owned(),
            shape: "",
            name: words.t("everyone").into_owned(),
            people,
        }],
    }
}

/// Every status has its group, since people may come into it while the board is open.
fn by_status(words: Words, people: Vec<Person>) -> Vec<BoardGroup> {
    let mut groups = STATUSES.map(|status| BoardGroup {
        id: format!("group-{status}"),
        shape: status.as_str(),
        name: word(words, status),
        people: Vec::new(),
    });
    for person in people {
        let place = STATUSES.iter().position(|status| *status == person.status);
        groups[place.unwrap_or(STATUSES.len() - 1)].people.push(person);
    }
    groups.into()
}

fn by_team(words: Words, people: Vec<Person>) -> Vec<BoardGroup> {
    let mut teams: BTreeMap<String, Vec<Person>> = BTreeMap::new();
    for person in people {
        teams.entry(person.team.clone()).or_default().push(person);
    }
    // Those without a team come last.
    let rest = teams.remove("");
    let named = teams
        .into_iter()
        .enumerate()
        .map(|(number, (name, people))| BoardGroup {
            id: format!("group-team-{number}"),
            shape: "",
            name,
            people,
        });
    let rest = rest.map(|people| BoardGroup {
        id: "group-no-team".to_owned(),
        shape: "",
        name: words.t("no-team").into_owned(),
        people,
    });
    named.chain(rest).collect()
}
