//! Texts from outside: what checked ones have in common, and the bounds of those that are only kept or quoted.

/// Gives a newtype over `Arc<str>` its text, and the way back from the store.
macro_rules! checked_text {
    ($name:ident) => {
        impl $name {
            /// Takes back a text that was checked when it was stored.
            pub(crate) fn restore(text: &str) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, out: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

pub(super) use checked_text;

/// Most characters of a text of a caller that an answer quotes.
pub const QUOTED_CHARACTERS: usize = 256;

/// Returns a text as an answer quotes it: cut at [`QUOTED_CHARACTERS`].
#[must_use]
pub fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_CHARACTERS).collect()
}

/// A text from outside of at most `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundedText<const MAX: usize>(String);

impl<const MAX: usize> BoundedText<MAX> {
    /// Takes a text, unless it is longer.
    #[must_use]
    pub fn new(text: String) -> Option<Self> {
        (text.chars().take(MAX + 1).count() <= MAX).then_some(Self(text))
    }
}

impl<const MAX: usize> std::ops::Deref for BoundedText<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Parses a part of a path.
impl<const MAX: usize> std::str::FromStr for BoundedText<MAX> {
    type Err = TooLong;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text.to_owned()).ok_or(TooLong)
    }
}

/// A text has more characters than its type takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long")]
pub struct TooLong;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maximum_is_taken_and_one_character_more_is_not() {
        assert_eq!(BoundedText::<3>::new("äöü".into()).as_deref(), Some("äöü"));
        assert_eq!(BoundedText::<3>::new("äöüx".into()), None);
        assert_eq!("abcd".parse::<BoundedText<3>>(), Err(TooLong));
    }

    #[test]
    fn a_quoted_text_is_cut() {
        assert_eq!(quoted("short"), "short");
        assert_eq!(quoted(&"ä".repeat(1000)).chars().count(), QUOTED_CHARACTERS);
    }
}
