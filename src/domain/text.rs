//! What all texts that were checked at the door have in common.

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
