//! All users in the order of their folded usernames, with the texts used for searching and sorting.
//!
//! A search looks at each leaf of up to [`LEAF_ROWS`] neighbours. It passes over those in whose texts a part of the
//! searched text does not occur (`trigrams.rs`). The texts of a leaf are one allocation, so that reading them follows
//! no pointer for each text.

use std::sync::Arc;

use imbl::OrdMap;
use memchr::memmem::Finder;

use super::text_lines::{TextLines, TextSpan, WantedText, length};
use crate::domain::text::folded;
use crate::domain::{Timestamp, User};

/// Maximum users in one leaf. A change of a user copies one leaf if a reader still uses it.
const LEAF_ROWS: usize = 64;

/// The users, in leaves. A leaf has the users from its key up to the next leaf's key. The first key is empty.
#[derive(Debug, Default, Clone)]
pub(super) struct UserIndex {
    leaves: OrdMap<Box<str>, Arc<Leaf>>,
    len: usize,
}

#[derive(Debug, Default, Clone)]
struct Leaf {
    rows: Vec<Row>,
    /// Usernames, names and nicknames, folded.
    names: TextLines,
    /// Ids and folded e-mail addresses. They are separate from the names, so that a search over names does not depend
    /// on addresses that the caller may not see.
    addresses: TextLines,
}

/// The places of one user's texts, and the values used for sorting. The texts of a row follow each other, so that two
/// starts and the lengths give all places. A million users have as many rows.
#[derive(Debug, Clone)]
struct Row {
    user: Arc<User>,
    /// The position of the username. The name (if the user has one) and the nickname follow it.
    names: u32,
    /// The position of the id. The address (if the user has one) follows it.
    addresses: u32,
    username: u16,
    name: Option<u16>,
    nickname: u16,
    id: u16,
    email: Option<u16>,
    active: bool,
    last_login: Option<Timestamp>,
    created_at: Timestamp,
}

impl Row {
    fn username(&self) -> TextSpan {
        TextSpan::at(self.names, self.username)
    }

    fn name(&self) -> Option<TextSpan> {
        self.name.map(|bytes| self.username().next(bytes))
    }

    fn nickname(&self) -> TextSpan {
        self.name().unwrap_or(self.username()).next(self.nickname)
    }

    fn id(&self) -> TextSpan {
        TextSpan::at(self.addresses, self.id)
    }

    fn email(&self) -> Option<TextSpan> {
        self.email.map(|bytes| self.id().next(bytes))
    }

    /// Returns the bytes of the row's texts, with the line feeds after them.
    fn bytes(&self) -> usize {
        let names = self.nickname().end() - self.names + 1;
        let addresses = self.email().unwrap_or(self.id()).end() - self.addresses + 1;
        (names + addresses) as usize
    }
}

impl UserIndex {
    /// Returns how many users there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Returns all users in ascending order of their usernames.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = SearchableUser<'_>> {
        self.leaves.values().flat_map(|leaf| leaf.users())
    }

    /// Returns the users of all leaves in which a name, and with `addresses` also an id or an address, contains this
    /// text. Most of these users do not match: the caller checks each one.
    pub(super) fn candidates<'index>(
        &'index self,
        text: &Finder<'_>,
        addresses: bool,
    ) -> impl Iterator<Item = SearchableUser<'index>> {
        let text = WantedText::of(text);
        let has = move |leaf: &&Arc<Leaf>| leaf.names.has(&text) || (addresses && leaf.addresses.has(&text));
        self.leaves.values().filter(has).flat_map(|leaf| leaf.users())
    }

    /// Returns the user with this folded username.
    pub(super) fn get(&self, username: &str) -> Option<&Arc<User>> {
        let (_, leaf) = self.leaves.get_prev(username)?;
        let place = leaf.place_of(username).ok()?;
        Some(&leaf.rows[place].user)
    }

    /// Adds a user, or replaces the one with the same folded username.
    pub(super) fn insert(&mut self, user: &Arc<User>) {
        let username = user.username.key();
        let username = username.as_str();
        if self.leaves.is_empty() {
            self.leaves.insert("".into(), Arc::default());
        }
        let Some((_, leaf)) = self.leaves.get_prev_mut(username) else {
            return;
        };
        let leaf = Arc::make_mut(leaf);
        self.len += usize::from(leaf.insert(username, user));
        if leaf.rows.len() > LEAF_ROWS {
            let upper = leaf.split();
            let key = upper.rows.first().map_or("", |row| upper.names.get(row.username()));
            self.leaves.insert(key.into(), Arc::new(upper));
        }
    }

    /// Removes the user with this folded username.
    pub(super) fn remove(&mut self, username: &str) {
        let Some((key, leaf)) = self.leaves.get_prev_mut(username) else {
            return;
        };
        let leaf = Arc::make_mut(leaf);
        let Ok(place) = leaf.place_of(username) else {
            return;
        };
        leaf.rows.remove(place);
        self.len -= 1;
        if leaf.rows.is_empty() && !key.is_empty() {
            let key = key.clone();
            self.leaves.remove(&key);
        } else {
            leaf.compact();
        }
    }
}

impl Leaf {
    /// Adds or replaces a user. Returns whether there was none with this username.
    fn insert(&mut self, username: &str, user: &Arc<User>) -> bool {
        match self.place_of(username) {
            Ok(place) => {
                let old = (self.rows[place].names, self.rows[place].addresses);
                self.rows[place] = self.row(username, user, Some(old));
                self.compact();
                false
            }
            Err(place) => {
                let row = self.row(username, user, None);
                self.rows.insert(place, row);
                true
            }
        }
    }

    /// Creates the row of a user. Texts that are at their old places stay there.
    fn row(&mut self, username: &str, user: &Arc<User>, old: Option<(u32, u32)>) -> Row {
        let name = user.name.as_ref().map(|name| folded(name.as_str()));
        let email = user.email.as_ref().map(|email| folded(email.address.as_str()));
        let nickname = folded(&user.profile.nickname);
        let (name, email) = (name.as_deref(), email.as_deref());
        let (names, addresses) = old.unzip();
        Row {
            names: self.names.put([Some(username), name, Some(&nickname)], names),
            addresses: self.addresses.put([Some(user.id.as_str()), email], addresses),
            username: length(username),
            name: name.map(length),
            nickname: length(&nickname),
            id: length(user.id.as_str()),
            email: email.map(length),
            active: user.is_active(),
            last_login: user.last_login,
            created_at: user.created_at,
            user: Arc::clone(user),
        }
    }

    /// Removes the upper half of the rows and returns it as a new leaf.
    fn split(&mut self) -> Self {
        let upper = self.rows.split_off(self.rows.len() / 2);
        let upper = self.with_texts_of(upper);
        let lower = std::mem::take(&mut self.rows);
        *self = self.with_texts_of(lower);
        upper
    }

    /// Removes unused texts once they are more than about half of all texts.
    fn compact(&mut self) {
        let live: usize = self.rows.iter().map(Row::bytes).sum();
        if self.names.bytes() + self.addresses.bytes() > 2 * live + 1_024 {
            let rows = std::mem::take(&mut self.rows);
            *self = self.with_texts_of(rows);
        }
    }

    /// Returns a new leaf with these rows of this leaf and only their texts.
    fn with_texts_of(&self, rows: Vec<Row>) -> Self {
        let mut leaf = Self::default();
        for row in rows {
            let name = |place: TextSpan| self.names.get(place);
            let names = [
                Some(name(row.username())),
                row.name().map(name),
                Some(name(row.nickname())),
            ];
            let address = |place: TextSpan| self.addresses.get(place);
            let addresses = [Some(address(row.id())), row.email().map(address)];
            leaf.rows.push(Row {
                names: leaf.names.put(names, None),
                addresses: leaf.addresses.put(addresses, None),
                ..row
            });
        }
        leaf
    }

    fn users(&self) -> impl DoubleEndedIterator<Item = SearchableUser<'_>> {
        self.rows.iter().map(|row| SearchableUser { leaf: self, row })
    }

    /// Returns the position of this username, or the position at which to insert it.
    fn place_of(&self, username: &str) -> Result<usize, usize> {
        self.rows
            .binary_search_by(|row| self.names.get(row.username()).cmp(username))
    }
}

/// A user with the texts used for searching and sorting.
#[derive(Debug, Clone, Copy)]
pub struct SearchableUser<'index> {
    leaf: &'index Leaf,
    row: &'index Row,
}

impl<'index> SearchableUser<'index> {
    /// Returns the user's record.
    #[must_use]
    pub const fn user(self) -> &'index Arc<User> {
        &self.row.user
    }

    /// Returns the id as text.
    #[must_use]
    pub fn id(self) -> &'index str {
        self.leaf.addresses.get(self.row.id())
    }

    /// Returns the folded username.
    #[must_use]
    pub fn username(self) -> &'index str {
        self.leaf.names.get(self.row.username())
    }

    /// Returns the folded name.
    #[must_use]
    pub fn name(self) -> Option<&'index str> {
        self.row.name().map(|name| self.leaf.names.get(name))
    }

    /// Returns the folded nickname.
    #[must_use]
    pub fn nickname(self) -> &'index str {
        self.leaf.names.get(self.row.nickname())
    }

    /// Returns the folded e-mail address.
    #[must_use]
    pub fn email(self) -> Option<&'index str> {
        self.row.email().map(|email| self.leaf.addresses.get(email))
    }

    /// Returns whether the account may log in.
    #[must_use]
    pub const fn is_active(self) -> bool {
        self.row.active
    }

    /// Returns when the user last logged in with a password.
    #[must_use]
    pub const fn last_login(self) -> Option<Timestamp> {
        self.row.last_login
    }

    /// Returns when the account was created.
    #[must_use]
    pub const fn created_at(self) -> Timestamp {
        self.row.created_at
    }
}

#[cfg(test)]
pub(in crate::store) mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::{DisplayName, UserId, Username};

    pub(in crate::store) fn user(username: &str, name: &str) -> Arc<User> {
        let id = UserId::new(&format!("id of {username}"));
        let username = Username::parse(username).expect("a username");
        Arc::new(User {
            name: Some(DisplayName::parse(name).expect("a name")),
            ..User::new(id, username, Vec::new(), Timestamp::from_millis(0))
        })
    }

    proptest! {
        /// Random insertions and removals give the same result as an ordered map.
        #[test]
        fn the_index_is_an_ordered_map(steps in prop::collection::vec((any::<bool>(), 0..300_u32), 0..900)) {
            let (mut index, mut model) = (UserIndex::default(), BTreeMap::new());
            for (number, (inserts, who)) in steps.into_iter().enumerate() {
                let username = format!("user{who}");
                if inserts {
                    let name = format!("Name {number}");
                    index.insert(&user(&username, &name));
                    model.insert(username, name.to_lowercase());
                } else {
                    index.remove(&username);
                    model.remove(&username);
                }
            }
            prop_assert_eq!(index.len(), model.len());
            let found: Vec<_> = index.iter().map(|user| (user.username(), user.name().unwrap_or_default())).collect();
            let expected: Vec<_> = model.iter().map(|(username, name)| (&**username, &**name)).collect();
            prop_assert_eq!(found, expected);
            for who in 0..300 {
                let username = format!("user{who}");
                prop_assert_eq!(index.get(&username).is_some(), model.contains_key(&username));
            }
            for (key, leaf) in &index.leaves {
                prop_assert!(leaf.rows.len() <= LEAF_ROWS && (key.is_empty() || !leaf.rows.is_empty()));
                let texts = leaf.names.bytes() + leaf.addresses.bytes();
                let live: usize = leaf.rows.iter().map(Row::bytes).sum();
                prop_assert!(texts <= 3 * live + 2_048, "dead texts are dropped: {texts} of {live}");
            }
        }
    }

    #[test]
    fn a_search_passes_leaves_without_the_text() {
        let mut index = UserIndex::default();
        for number in 0..1_000 {
            index.insert(&user(&format!("user{number:04}"), "Anna"));
        }
        index.insert(&user("user0500", "Berta"));
        let found = index.candidates(&Finder::new("berta"), false).count();
        assert!((1..=LEAF_ROWS).contains(&found), "{found}");
        let term = "id of user0500";
        assert_eq!(index.candidates(&Finder::new(term), false).count(), 0);
        assert!(index.candidates(&Finder::new(term), true).any(|user| user.id() == term));
    }
}
