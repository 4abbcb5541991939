//! People as the pages show them.

use std::borrow::Cow;

use super::moments::Reader;
use super::visit::Visit;
use super::words::Words;
use crate::domain::user_status::{SeenAt, SeenWithin};
use crate::domain::{DisplayName, Emoji, StatusText, StatusType, User, UserId, initials};
use crate::ops::viewed_user::ViewedUser;

/// Hues behind initials.
const HUES: usize = 8;

/// The picture of a person, or the initials on a hue of their own.
#[derive(Debug, Clone, Default)]
pub(super) struct Face {
    /// The address of the picture.
    pub photo: Option<String>,
    pub initials: String,
    /// The hue behind the initials, from 1 to [`HUES`].
    pub hue: usize,
}

impl Face {
    /// Returns the face of a user with this id, name and picture.
    pub(super) fn of(id: &str, name: &str, picture: Option<&str>, base: &str) -> Self {
        Self {
            photo: picture.map(|picture| format!("{base}/avatar/uid/{id}?{picture}")),
            initials: initials::letters(name),
            hue: id.bytes().map(usize::from).sum::<usize>() % HUES + 1,
        }
    }

    /// Returns the face of a user as the reader may see it.
    pub(super) fn of_viewed(user: &ViewedUser, base: &str) -> Self {
        Self::of(user.id().as_str(), user.name().as_str(), user.avatar(), base)
    }

    /// Returns the face of an account.
    pub(super) fn of_user(user: &User, base: &str) -> Self {
        Self::of(
            user.id.as_str(),
            user.shown_name().as_str(),
            user.avatar.as_deref(),
            base,
        )
    }
}

/// The words around a moment, such as "since 9:12".
struct Phrase {
    before: String,
    after: String,
}

impl Phrase {
    fn of(words: Words, key: &str) -> Self {
        let phrase = words.say(key, &[("moment", "{}".into())]);
        let (before, after) = phrase.split_once("{}").unwrap_or((&phrase, ""));
        Self {
            before: before.to_owned(),
            after: after.to_owned(),
        }
    }

    fn with(&self, moment: &str) -> String {
        format!("{}{moment}{}", self.before, self.after)
    }
}

/// How a page describes people. Its phrases are formatted once, because a page may show hundreds of people.
pub(super) struct Portraits<'page> {
    reader: &'page Reader,
    words: Words,
    base: &'page str,
    since: Phrase,
    until: Phrase,
    seen: Phrase,
}

impl<'page> Portraits<'page> {
    /// Returns how a page with this reader describes people.
    pub(super) fn of(visit: &'page Visit, reader: &'page Reader) -> Self {
        let words = visit.words;
        Self {
            reader,
            words,
            base: &visit.base,
            since: Phrase::of(words, "since"),
            until: Phrase::of(words, "until"),
            seen: Phrase::of(words, "seen"),
        }
    }
}

/// A person in a list.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub id: UserId,
    pub name: DisplayName,
    pub face: Face,
    /// The id of the shape, which is also its class.
    pub shape: &'static str,
    pub word: Cow<'static, str>,
    pub emoji: String,
    pub text: StatusText,
    /// When the status began, when it ends, and when the person was last seen, in words; each may be empty.
    pub since: String,
    pub until: String,
    pub seen: String,
    /// `true` if this person is the reader.
    pub own: bool,
}

impl Person {
    /// Returns a user as the reader sees them.
    pub(super) fn of(user: &ViewedUser, page: &Portraits<'_>) -> Self {
        let (id, name, status) = (user.id(), user.name(), user.status());
        let (words, reader) = (page.words, page.reader);
        let is_offline = status == StatusType::Offline;
        let until = user.expires_at().map(|end| page.until.with(&reader.end(end)));
        let seen = user
            .last_seen()
            .filter(|_| is_offline && !user.is_own())
            .map(|seen| match seen {
                SeenAt::Exactly(moment) => page.seen.with(&reader.near(moment)),
                SeenAt::Coarsely(SeenWithin::Today) => words.t("seen-today").into_owned(),
                SeenAt::Coarsely(SeenWithin::ThisWeek) => words.t("seen-this-week").into_owned(),
                SeenAt::Coarsely(SeenWithin::Before) => words.t("seen-before").into_owned(),
            });
        Self {
            face: Face::of_viewed(user, page.base),
            id,
            name,
            shape: status.as_str(),
            word: word(words, status),
            emoji: user.emoji().as_ref().map(picture).unwrap_or_default(),
            text: user.text(),
            since: user
                .status_since()
                .map(|began| page.since.with(&reader.near(began)))
                .unwrap_or_default(),
            until: until.unwrap_or_default(),
            seen: seen.unwrap_or_default(),
            own: user.is_own(),
        }
    }

    /// Returns whether there is a text or an emoji.
    pub(super) fn says(&self) -> bool {
        !self.text.is_empty() || !self.emoji.is_empty()
    }
}

/// Returns an emoji as a page shows it. The names that some clients send are not pictures.
pub(super) fn picture(emoji: &Emoji) -> String {
    let text = emoji.as_str();
    if text.starts_with(':') {
        String::new()
    } else {
        text.to_owned()
    }
}

/// Returns the word for a status.
pub(super) fn word(words: Words, status: StatusType) -> Cow<'static, str> {
    match status {
        StatusType::Online => words.t("status-online"),
        StatusType::Busy => words.t("status-busy"),
        StatusType::Away => words.t("status-away"),
        StatusType::Offline => words.t("status-offline"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_without_a_picture_has_initials_on_a_hue() {
        let face = Face::of("abc", "Zoë van den Berg", None, "");
        assert_eq!((face.photo, face.initials.as_str()), (None, "ZB"));
        assert!((1..=HUES).contains(&face.hue));
        let face = Face::of("abc", "x", Some("tag"), "/teams");
        assert_eq!(face.photo.as_deref(), Some("/teams/avatar/uid/abc?tag"));
    }
}
