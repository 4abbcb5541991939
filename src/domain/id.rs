//! Ids: any text in requests, a fixed form in ids that this server creates.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The alphabet of user ids: letters and digits that are hard to confuse (`api.md` §1.8).
const UNMISTAKABLE: &[u8; 55] = b"23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";

/// The maximum length of an id in bytes. Ids that this server creates have at most 24.
pub(crate) const MAX_ID_BYTES: usize = 64;

/// The end of a text that was too long for an id and was cut. No id of this server contains it.
const CUT: &str = "…";

/// The number of random bytes that [`UserId::from_random`] needs.
pub(crate) const USER_ID_BYTES: usize = 17;

/// The number of random bytes that [`CustomStatusId::from_parts`] needs.
pub(crate) const OBJECT_ID_BYTES: usize = 8;

macro_rules! opaque_id {
    ($(#[$meaning:meta])* $name:ident) => {
        $(#[$meaning])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Creates an id from any text. A text of more than [`MAX_ID_BYTES`] is cut, so that it matches
            /// no stored id.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(bounded(text).into())
            }

            /// Returns the id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

opaque_id!(
    /// The id of a user: 17 characters if this server created it.
    UserId
);

opaque_id!(
    /// The id of a custom status: 24 lower-case hexadecimal digits if this server created it.
    CustomStatusId
);

opaque_id!(
    /// The id of a role: a word for a built-in role, 24 lower-case hexadecimal digits if this server created it.
    RoleId
);

impl UserId {
    /// Creates an id from random bytes.
    #[must_use]
    pub fn from_random(random: [u8; USER_ID_BYTES]) -> Self {
        let text: String = random
            .iter()
            .map(|byte| char::from(UNMISTAKABLE[usize::from(*byte) % UNMISTAKABLE.len()]))
            .collect();
        Self::new(&text)
    }
}

impl CustomStatusId {
    /// Creates an `ObjectId`: 4 bytes with the seconds since 1970, then 8 random bytes that make it unique.
    #[must_use]
    pub fn from_parts(seconds: u32, random: [u8; OBJECT_ID_BYTES]) -> Self {
        Self::new(&object_id(seconds, random))
    }
}

impl RoleId {
    /// The role of administrators, which has all permissions by default.
    pub(super) const ADMIN: &str = "admin";

    /// The role of new accounts by default.
    pub(super) const USER: &str = "user";

    /// Returns the id of the administrators' role.
    #[must_use]
    pub fn admin() -> Self {
        Self::new(Self::ADMIN)
    }

    /// Returns the id of the role that new accounts have by default.
    #[must_use]
    pub fn user() -> Self {
        Self::new(Self::USER)
    }

    /// Returns whether it is the administrators' role.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.as_str() == Self::ADMIN
    }

    /// Creates an `ObjectId`, as [`CustomStatusId::from_parts`] does.
    #[must_use]
    pub fn from_parts(seconds: u32, random: [u8; OBJECT_ID_BYTES]) -> Self {
        Self::new(&object_id(seconds, random))
    }
}

/// Cuts a text that is too long for an id, with [`CUT`] at its end.
fn bounded(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_ID_BYTES {
        return text.into();
    }
    let end = text.floor_char_boundary(MAX_ID_BYTES - CUT.len());
    format!("{}{CUT}", &text[..end]).into()
}

fn object_id(seconds: u32, random: [u8; OBJECT_ID_BYTES]) -> String {
    format!("{seconds:08x}{:016x}", u64::from_be_bytes(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_has_seventeen_unmistakable_characters() {
        let id = UserId::from_random(std::array::from_fn(|at| [0, 54, 55, 255][at % 4]));
        assert_eq!(id.as_str().len(), 17);
        assert!(id.as_str().bytes().all(|byte| UNMISTAKABLE.contains(&byte)));
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_and_names_nothing() {
        let longest = "x".repeat(MAX_ID_BYTES);
        assert_eq!(UserId::new(&longest).as_str(), longest);
        for long in ["x".repeat(MAX_ID_BYTES + 1), "ä".repeat(100_000)] {
            let id = UserId::new(&long);
            assert!(id.as_str().len() <= MAX_ID_BYTES && id.as_str().ends_with(CUT), "{id}");
        }
    }

    #[test]
    fn a_custom_status_id_is_an_object_id() {
        let id = CustomStatusId::from_parts(0x6546_2e97, [0xa2, 0xf7, 0x3c, 0x74, 0x60, 0xe1, 0x8f, 0x84]);
        assert_eq!(id.as_str(), "65462e97a2f73c7460e18f84");
    }
}
