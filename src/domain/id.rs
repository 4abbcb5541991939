//! Identities: opaque texts in input, fixed forms in what this server makes.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The alphabet of user ids: letters and digits that are hard to mistake for one another
/// (`api.md` §1.8).
const UNMISTAKABLE: &[u8; 55] = b"23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";

/// Most bytes of an id. Those that this server makes have 24 at most.
pub const MAX_ID_BYTES: usize = 64;

/// Stands at the end of a text that was too long for an id. No id that this server makes has it.
const CUT: &str = "…";

/// Random bytes that [`UserId::from_random`] needs.
pub const USER_ID_BYTES: usize = 17;

/// Random bytes that [`CustomStatusId::from_parts`] needs.
pub const OBJECT_ID_BYTES: usize = 8;

macro_rules! opaque_id {
    ($(#[$meaning:meta])* $name:ident) => {
        $(#[$meaning])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text as an id. Any text is an id; most name nothing. A text of more than
            /// [`MAX_ID_BYTES`] is cut, and then names nothing.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(bounded(text).into())
            }

            /// The id as text.
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
    /// Names a user: 17 characters when made here.
    UserId
);

opaque_id!(
    /// Names a custom status: 24 lower-case hexadecimal digits when made here.
    CustomStatusId
);

opaque_id!(
    /// Names a role: a word for a built-in one, 24 lower-case hexadecimal digits when made here.
    RoleId
);

impl UserId {
    /// Makes an id out of random bytes.
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
    /// Makes an `ObjectId`: 4 bytes of seconds since 1970, then 8 random bytes that make it unique.
    #[must_use]
    pub fn from_parts(seconds: u32, random: [u8; OBJECT_ID_BYTES]) -> Self {
        Self::new(&object_id(seconds, random))
    }
}

impl RoleId {
    /// Makes an `ObjectId`, as [`CustomStatusId::from_parts`] does.
    #[must_use]
    pub fn from_parts(seconds: u32, random: [u8; OBJECT_ID_BYTES]) -> Self {
        Self::new(&object_id(seconds, random))
    }
}

/// Returns the text, or a shorter one that names nothing where it is too long for an id.
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
