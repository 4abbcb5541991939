//! The formats of a store that several servers use at the same time.

/// A format: the versions in which the records of a store are written.
///
/// While the servers of a store are upgraded one after the other, all of them write the older format, which both versions
/// read. A version of Rollcall writes its newest format and the one before.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::FromRepr)]
#[repr(u32)]
pub(super) enum Format {
    /// Version 5 of users.
    One = 1,
    /// Version 6 of users, with hashes of half the length.
    #[default]
    Two = 2,
}

impl Format {
    /// The newest format that this version writes.
    pub(super) const NEWEST: Self = Self::Two;

    /// The oldest format that this version writes.
    pub(super) const OLDEST: Self = Self::One;

    /// Returns the number that is stored in a cluster.
    pub(super) const fn number(self) -> u32 {
        self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::password_hash::{PasswordHash, PasswordScheme};
    use crate::domain::{Timestamp, User, UserId, Username};
    use crate::store::any_record::in_format;
    use crate::store::records::{Record, RecordVisitor, Table, visit_all};

    #[derive(Default)]
    struct Versions(Vec<String>);

    impl RecordVisitor for Versions {
        fn visit<R: Record>(&mut self) {
            self.0.push(format!("{} {}", R::TABLE.name(), R::VERSION));
        }
    }

    #[test]
    fn a_new_version_of_a_record_is_a_new_format() {
        let mut versions = Versions::default();
        visit_all(&mut versions);
        versions.0.sort_unstable();
        let expected = [
            "audit_log 1",
            "avatars 2",
            "boards 1",
            "commits 3",
            "custom_statuses 2",
            "failed_logins 3",
            "grants 1",
            "invitations 1",
            "lost_connections 1",
            "password_resets 1",
            "roles 1",
            "settings 2",
            "setup_links 1",
            "tokens 2",
            "user_statuses 3",
            "users 6",
        ];
        assert_eq!(
            (Format::NEWEST.number(), versions.0),
            (2, expected.map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn a_record_of_an_older_format_is_the_same_record() {
        let user = User {
            password: Some(PasswordHash::new(
                "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            )),
            password_history: vec![PasswordHash::of(PasswordScheme::Bcrypt, "$2b$10$older")],
            ..User::new(
                UserId::new("rbAXPnMktTFbNpwtJ"),
                Username::parse("ada").expect("a username"),
                Vec::new(),
                Timestamp::from_millis(1),
            )
        };
        let (key, newest) = (user.key(), user.encode());
        let older = in_format(Format::One, Table::Users, &key, &newest).expect("another version");
        assert_eq!((newest[0], older[0]), (6, 5));
        assert!(newest.len() + 40 < older.len(), "{} {}", newest.len(), older.len());
        assert_eq!(User::decode(&key, &older), Ok(user));
        assert_eq!(in_format(Format::Two, Table::Users, &key, &older), Some(newest.clone()));
        assert_eq!(in_format(Format::Two, Table::Users, &key, &newest), None);
        assert_eq!(in_format(Format::One, Table::UsersByUsername, b"ada", &newest), None);
    }
}
