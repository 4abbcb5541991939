//! The JSON of users whom lists showed recently. A list of the same users writes it again without making it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::domain::{StatusType, User};

/// The number of places for lines, as a power of two. Together with [`MAX_LINE_BYTES`] it bounds the texts to 4 MiB.
const PLACES_LOG2: u32 = 12;

/// Maximum users of a list whose lines are kept. A longer list would only take the places of its own lines.
const MAX_USERS: usize = 1000;

/// Maximum bytes of a line that is kept.
const MAX_LINE_BYTES: usize = 1024;

/// What of a user a viewer sees in the line of a list. Two viewers with the same sight of the same record get the same line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineSight {
    /// Whether the viewer sees all fields of the account.
    pub full: bool,
    /// The status type that the viewer sees.
    pub status: StatusType,
}

/// The lines of one kind of list. A line is made from a record and a [`LineSight`] alone and found by both, so that no viewer
/// gets the line of a viewer who sees more or less. A changed record is another allocation and has no line yet.
pub(crate) struct RecentLines(Box<[ArcSwapOption<RecentLine>]>);

struct RecentLine {
    /// The record, only to compare its address. The place of a record in memory is not used again while a `Weak` points
    /// to it, and a `Weak` does not keep the record itself.
    user: Weak<User>,
    sight: LineSight,
    json: Box<RawValue>,
}

impl Default for RecentLines {
    fn default() -> Self {
        let places = std::iter::repeat_with(ArcSwapOption::empty);
        Self(places.take(1 << PLACES_LOG2).collect())
    }
}

impl RecentLines {
    /// Returns whether the lines of a list of so many users are kept.
    pub(crate) const fn suit(users: usize) -> bool {
        users <= MAX_USERS
    }

    /// Writes the line of a user. `make` makes it if it is not known; the line may depend only on the record and on the sight.
    pub(crate) fn write<V: Serialize, S: Serializer>(
        &self,
        user: &Arc<User>,
        sight: LineSight,
        make: impl FnOnce() -> V,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let place = &self.0[place_of(user, sight)];
        if let Some(line) = &*place.load()
            && line.sight == sight
            && line.user.as_ptr() == Arc::as_ptr(user)
        {
            return line.json.serialize(serializer);
        }
        let json = to_raw_value(&make()).map_err(S::Error::custom)?;
        let written = json.serialize(serializer)?;
        if json.get().len() <= MAX_LINE_BYTES {
            let user = Arc::downgrade(user);
            place.store(Some(Arc::new(RecentLine { user, sight, json })));
        }
        Ok(written)
    }
}

/// Returns the place for the line of a record. Lines for viewers who see all fields have other places than those for others.
fn place_of(user: &Arc<User>, sight: LineSight) -> usize {
    // A product of the address alone would send several of the neighbours that a list has to one place.
    let mut hasher = DefaultHasher::new();
    (Arc::as_ptr(user).addr(), sight.full).hash(&mut hasher);
    usize::try_from(hasher.finish() >> (u64::BITS - PLACES_LOG2)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Timestamp, UserId, Username};

    const OTHERS: LineSight = LineSight {
        full: false,
        status: StatusType::Busy,
    };

    fn user(name: &str) -> Arc<User> {
        let username = Username::parse(name).expect("a username");
        let now = Timestamp::from_millis(0);
        Arc::new(User::new(UserId::new(name), username, Vec::new(), now))
    }

    fn written(lines: &RecentLines, user: &Arc<User>, sight: LineSight, made: &str) -> String {
        let mut json = serde_json::Serializer::new(Vec::new());
        lines.write(user, sight, || made, &mut json).expect("JSON");
        String::from_utf8(json.into_inner()).expect("a text")
    }

    #[test]
    fn a_line_is_made_once_for_a_record_and_a_sight() {
        let lines = RecentLines::default();
        let ada = user("ada");
        assert_eq!(written(&lines, &ada, OTHERS, "first"), "\"first\"");
        assert_eq!(written(&lines, &ada, OTHERS, "second"), "\"first\"");
        let full = LineSight { full: true, ..OTHERS };
        let offline = LineSight {
            status: StatusType::Offline,
            ..OTHERS
        };
        assert_eq!(written(&lines, &ada, full, "all fields"), "\"all fields\"");
        assert_eq!(written(&lines, &ada, offline, "offline"), "\"offline\"");
        assert_eq!(written(&lines, &ada, OTHERS, "busy again"), "\"busy again\"");
    }

    #[test]
    fn no_other_record_gets_the_line_of_a_record_even_after_that_is_gone() {
        let lines = RecentLines::default();
        for round in 0..10_000 {
            let name = format!("user{round}");
            assert_eq!(written(&lines, &user(&name), OTHERS, &name), format!("\"{name}\""));
        }
    }

    #[test]
    fn a_long_line_is_not_kept() {
        let lines = RecentLines::default();
        let ada = user("ada");
        let long = "x".repeat(MAX_LINE_BYTES);
        assert_eq!(written(&lines, &ada, OTHERS, &long), format!("\"{long}\""));
        assert_eq!(written(&lines, &ada, OTHERS, "short"), "\"short\"");
    }
}
