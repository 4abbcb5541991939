//! The users of a list, as JSON. The line of a user whom a list showed recently is not made again.

use serde::{Serialize, Serializer};

use super::viewed_user::ViewedUser;
use crate::app::RecentLines;

/// Writes the users of a list. `make` makes the line of a user. The line may depend only on what
/// [`ViewedUser::write_line`] names.
pub(crate) fn write<'users, V: Serialize, S: Serializer>(
    users: &'users [ViewedUser],
    lines: &RecentLines,
    make: impl Fn(&'users ViewedUser) -> V,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if !RecentLines::suit(users.len()) {
        return serializer.collect_seq(users.iter().map(make));
    }
    let make = &make;
    serializer.collect_seq(users.iter().map(|user| KeptLine { user, lines, make }))
}

struct KeptLine<'users, 'list, F> {
    user: &'users ViewedUser,
    lines: &'list RecentLines,
    make: &'list F,
}

impl<'users, V: Serialize, F: Fn(&'users ViewedUser) -> V> Serialize for KeptLine<'users, '_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.user.write_line(self.lines, || (self.make)(self.user), serializer)
    }
}
