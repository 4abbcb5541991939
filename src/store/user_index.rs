//! All users in the order of their folded usernames, with the texts used for searching and sorting.
//!
//! A search over all users reads every text. The texts of up to [`LEAF_ROWS`] neighbours are one allocation, so that
//! the search reads memory in order instead of following a pointer for each text.

use std::sync::Arc;

use imbl::OrdMap;
use memchr::memmem::Finder;

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
    names: Texts,
    /// Ids and folded e-mail addresses. They are separate from the names, so that a search over names does not depend
    /// on addresses that the caller may not see.
    addresses: Texts,
}

/// The positions of one user's texts, and the values used for sorting.
#[derive(Debug, Clone)]
struct Row {
    user: Arc<User>,
    username: Span,
    name: Option<Span>,
    nickname: Span,
    id: Span,
    email: Option<Span>,
    active: bool,
    last_login: Option<Timestamp>,
    created_at: Timestamp,
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
        let has = move |leaf: &&Arc<Leaf>| leaf.names.has(text) || (addresses && leaf.addresses.has(text));
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
            let key = upper.rows.first().map_or("", |row| upper.names.get(row.username));
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
                let old = self.rows[place].clone();
                self.rows[place] = self.row(username, user, Some(&old));
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

    /// Creates the row of a user. An unchanged text keeps its position.
    fn row(&mut self, username: &str, user: &Arc<User>, old: Option<&Row>) -> Row {
        let name = user.name.as_ref().map(|name| folded(name.as_str()));
        let email = user.email.as_ref().map(|email| folded(email.address.as_str()));
        let nickname = folded(&user.profile.nickname);
        Row {
            username: self.names.put(username, old.map(|old| old.username)),
            name: name.map(|name| self.names.put(&name, old.and_then(|old| old.name))),
            nickname: self.names.put(&nickname, old.map(|old| old.nickname)),
            id: self.addresses.put(user.id.as_str(), old.map(|old| old.id)),
            email: email.map(|email| self.addresses.put(&email, old.and_then(|old| old.email))),
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
        if self.names.0.len() + self.addresses.0.len() > 2 * live + 1_024 {
            let rows = std::mem::take(&mut self.rows);
            *self = self.with_texts_of(rows);
        }
    }

    /// Returns a new leaf with these rows of this leaf and only their texts.
    fn with_texts_of(&self, rows: Vec<Row>) -> Self {
        let mut leaf = Self::default();
        for row in rows {
            let mut name = |span: Span| leaf.names.put(self.names.get(span), None);
            let (username, nickname) = (name(row.username), name(row.nickname));
            let name = row.name.map(name);
            let mut address = |span: Span| leaf.addresses.put(self.addresses.get(span), None);
            let (id, email) = (address(row.id), row.email.map(address));
            leaf.rows.push(Row {
                username,
                name,
                nickname,
                id,
                email,
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
            .binary_search_by(|row| self.names.get(row.username).cmp(username))
    }
}

impl Row {
    /// Returns the length of the row's texts, in bytes.
    fn bytes(&self) -> usize {
        let all = [
            Some(self.username),
            self.name,
            Some(self.nickname),
            Some(self.id),
            self.email,
        ];
        all.iter().flatten().map(|span| span.end - span.start).sum::<u32>() as usize
    }
}

/// Many texts, one after the other.
#[derive(Debug, Default, Clone)]
struct Texts(String);

/// The position of one text in [`Texts`], in bytes.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Texts {
    /// Returns the position of a text: the old one if the text is unchanged, else a new one at the end. A line feed
    /// separates the texts, so that a search cannot match across two of them.
    fn put(&mut self, text: &str, old: Option<Span>) -> Span {
        if let Some(old) = old.filter(|old| self.get(*old) == text) {
            return old;
        }
        let place = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let start = place(self.0.len());
        self.0.push_str(text);
        let end = place(self.0.len());
        self.0.push('\n');
        Span { start, end }
    }

    fn get(&self, span: Span) -> &str {
        self.0.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    fn has(&self, text: &Finder<'_>) -> bool {
        text.find(self.0.as_bytes()).is_some()
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
        self.leaf.addresses.get(self.row.id)
    }

    /// Returns the folded username.
    #[must_use]
    pub fn username(self) -> &'index str {
        self.leaf.names.get(self.row.username)
    }

    /// Returns the folded name.
    #[must_use]
    pub fn name(self) -> Option<&'index str> {
        self.row.name.map(|name| self.leaf.names.get(name))
    }

    /// Returns the folded nickname.
    #[must_use]
    pub fn nickname(self) -> &'index str {
        self.leaf.names.get(self.row.nickname)
    }

    /// Returns the folded e-mail address.
    #[must_use]
    pub fn email(self) -> Option<&'index str> {
        self.row.email.map(|email| self.leaf.addresses.get(email))
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
                let texts = leaf.names.0.len() + leaf.addresses.0.len();
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
