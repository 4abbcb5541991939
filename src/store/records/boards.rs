//! The stored form of boards, and the snapshot's look-ups for them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::board::{BoardContent, BoardPeople, BoardTheme};
use crate::domain::{Board, RoleId, Timestamp, TokenHash, UserId};
use crate::store::codec::{self, Damage};
use crate::store::snapshot::Snapshot;

/// Version 1 of a stored board. Never changes.
#[derive(Serialize, Deserialize)]
struct BoardV1 {
    place: u16,
    hash: [u8; 32],
    creator: Option<UserId>,
    created_at: i64,
    name: String,
    people: PeopleV1,
    texts: bool,
    full_names: bool,
    language: Option<String>,
    theme: ThemeV1,
}

/// The people of a board in [`BoardV1`]. Never changes.
#[derive(Serialize, Deserialize)]
enum PeopleV1 {
    Everyone,
    Roles(Vec<RoleId>),
    Field { name: String, values: Vec<String> },
}

/// The colours of a board in [`BoardV1`]. Never changes.
#[derive(Serialize, Deserialize)]
enum ThemeV1 {
    Dark,
    Light,
    System,
}

impl Record for Board {
    const TABLE: Table = Table::Boards;

    /// The place is the key, so that the store bounds the number of boards.
    fn key(&self) -> Vec<u8> {
        self.place.to_be_bytes().into()
    }

    fn encode(&self) -> Vec<u8> {
        let content = &self.content;
        let stored = BoardV1 {
            place: self.place,
            hash: *self.hash.as_bytes(),
            creator: self.creator.clone(),
            created_at: self.created_at.as_millis(),
            name: self.name.clone(),
            people: match content.people.clone() {
                BoardPeople::Everyone => PeopleV1::Everyone,
                BoardPeople::Roles(roles) => PeopleV1::Roles(roles),
                BoardPeople::Field { name, values } => PeopleV1::Field { name, values },
            },
            texts: content.texts,
            full_names: content.full_names,
            language: content.language.clone(),
            theme: match content.theme {
                BoardTheme::Dark => ThemeV1::Dark,
                BoardTheme::Light => ThemeV1::Light,
                BoardTheme::System => ThemeV1::System,
            },
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => codec::decode::<BoardV1>(body).map(Self::from),
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}

impl From<BoardV1> for Board {
    fn from(stored: BoardV1) -> Self {
        Self {
            place: stored.place,
            hash: TokenHash::new(stored.hash),
            creator: stored.creator,
            created_at: Timestamp::from_millis(stored.created_at),
            name: stored.name,
            content: BoardContent {
                people: match stored.people {
                    PeopleV1::Everyone => BoardPeople::Everyone,
                    PeopleV1::Roles(roles) => BoardPeople::Roles(roles),
                    PeopleV1::Field { name, values } => BoardPeople::Field { name, values },
                },
                texts: stored.texts,
                full_names: stored.full_names,
                language: stored.language,
                theme: match stored.theme {
                    ThemeV1::Dark => BoardTheme::Dark,
                    ThemeV1::Light => BoardTheme::Light,
                    ThemeV1::System => BoardTheme::System,
                },
            },
        }
    }
}

impl Snapshot {
    /// Returns the board at a place.
    #[must_use]
    pub fn board_at(&self, place: u16) -> Option<&Arc<Board>> {
        self.boards.get(&place)
    }

    /// Returns all boards. Their number is bounded, so that searches read all of them.
    pub fn boards(&self) -> impl Iterator<Item = &Arc<Board>> {
        self.boards.values()
    }
}
