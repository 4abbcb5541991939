//! The groups of the board.

use std::cmp::Ordering;

use super::headcount::Headcount;
use super::statuses::{STATUSES, place};
use crate::domain::StatusType;
use crate::ops::people::{BriefUser, People};
use crate::web::people::{Person, Portraits, word};
use crate::web::words::Words;

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

    /// Compares two people: first their groups, then their names.
    pub(super) fn compare(self, a: BriefUser<'_>, b: BriefUser<'_>) -> Ordering {
        let groups = match self {
            Self::Status => place(a.status()).cmp(&place(b.status())),
            // Those without a team come last.
            Self::Team => (a.team.is_empty(), a.team).cmp(&(b.team.is_empty(), b.team)),
            Self::Name => Ordering::Equal,
        };
        groups.then_with(|| a.name().cmp(b.name()))
    }
}

/// People under one heading.
pub(super) struct BoardGroup {
    /// The id of the heading.
    pub id: String,
    /// The shape before the heading, if it is a status.
    pub shape: &'static str,
    pub name: String,
    /// The number of people in the group on all pages.
    pub count: usize,
    /// Those of them who are on this page.
    pub people: Vec<Person>,
}

/// The people on one page of the board, in their order, with what describes them.
pub(super) struct Shown<'page> {
    pub words: Words,
    pub people: &'page People<'page>,
    pub portraits: &'page Portraits<'page>,
    /// The numbers of people whom the board found, on all pages.
    pub found: &'page Headcount<'page>,
    pub users: &'page [BriefUser<'page>],
}

impl Shown<'_> {
    /// Returns the groups of the page.
    pub(super) fn groups(&self, order: Order) -> Vec<BoardGroup> {
        match order {
            Order::Status => STATUSES.map(|status| self.of_status(status)).into(),
            Order::Team => {
                let teams = self.users.chunk_by(|a, b| a.team == b.team);
                teams
                    .enumerate()
                    .map(|(number, users)| self.of_team(number, users))
                    .collect()
            }
            Order::Name => vec![BoardGroup {
                id: "group-all".to_owned(),
                shape: "",
                name: self.words.t("everyone").into_owned(),
                count: self.found.all,
                people: self.described(self.users),
            }],
        }
    }

    /// Every status has its group, since people may come into it while the board is open.
    fn of_status(&self, status: StatusType) -> BoardGroup {
        let mut groups = self.users.chunk_by(|a, b| a.status() == b.status());
        let users = groups.find(|users| users[0].status() == status).unwrap_or_default();
        BoardGroup {
            id: format!("group-{status}"),
            shape: status.as_str(),
            name: word(self.words, status).into_owned(),
            count: self.found.with(status),
            people: self.described(users),
        }
    }

    fn of_team(&self, number: usize, users: &[BriefUser<'_>]) -> BoardGroup {
        let team = users.first().map_or("", |user| user.team);
        let (id, name) = if team.is_empty() {
            ("group-no-team".to_owned(), self.words.t("no-team").into_owned())
        } else {
            (format!("group-team-{number}"), team.to_owned())
        };
        BoardGroup {
            id,
            shape: "",
            name,
            count: self.found.in_team(team),
            people: self.described(users),
        }
    }

    fn described(&self, users: &[BriefUser<'_>]) -> Vec<Person> {
        let whole = users.iter().map(|user| self.people.whole(*user));
        whole.map(|user| Person::of(&user, self.portraits)).collect()
    }
}
