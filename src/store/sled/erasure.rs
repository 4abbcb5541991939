//! Counts the changes that leave secrets or personal data behind in the store's files.

use crate::domain::{TokenHash, User, UserId};
use crate::store::records::Table;
use crate::store::snapshot::Snapshot;

/// Returns how many of these keys had personal data or secrets that were removed or replaced: a user, the user's
/// e-mail address, password, second factor or avatar, a token, a link, an invitation, a board. sled leaves the old bytes
/// in its files until it happens to overwrite them, so only a compaction is certain to remove them.
pub(super) fn count<'keys>(
    before: &Snapshot,
    after: &Snapshot,
    keys: impl Iterator<Item = &'keys (Table, Vec<u8>)>,
) -> u64 {
    keys.map(|(table, key)| u64::from(erases(before, after, *table, key)))
        .sum()
}

fn erases(before: &Snapshot, after: &Snapshot, table: Table, key: &[u8]) -> bool {
    let user = || UserId::new(&String::from_utf8_lossy(key));
    match table {
        Table::Users => {
            let (old, new) = (before.user(&user()), after.user(&user()));
            old.is_some_and(|old| new.is_none_or(|new| !keeps_secrets(old, new)))
        }
        Table::Avatars => before.user(&user()).is_some_and(|user| user.avatar.is_some()),
        Table::Tokens => <[u8; 32]>::try_from(key).is_ok_and(|hash| {
            let hash = TokenHash::new(hash);
            before.token(&hash).is_some() && after.token(&hash).is_none()
        }),
        Table::PasswordResets => before.password_resets.contains_key(&user()),
        Table::Invitations => place(key).is_some_and(|place| {
            let old = before.invitation_at(place);
            old.is_some_and(|old| after.invitation_at(place).is_none_or(|new| new.hash != old.hash))
        }),
        Table::Boards => place(key).is_some_and(|place| before.board_at(place).is_some()),
        Table::SetupLinks => before.setup_link.is_some(),
        _ => false,
    }
}

fn place(key: &[u8]) -> Option<u16> {
    key.try_into().ok().map(u16::from_be_bytes)
}

/// Returns whether the new record still has all secret and personal values of the old one.
fn keeps_secrets(old: &User, new: &User) -> bool {
    old.email == new.email
        && old.password == new.password
        && old.password_history == new.password_history
        && old.two_factor == new.two_factor
}
