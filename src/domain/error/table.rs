//! Makes the error type and its functions from the rows of the table.

/// Declares `RequestError` from rows: the documented variant, its kind, its code, its text as `thiserror` takes it, and its
/// details as a JSON value or an option of one. The first token names the parameter that the details may use.
macro_rules! errors {
    (
        $called:ident,
        $(
            $(#[doc = $meaning:literal])+
            $variant:ident $({ $($(#[doc = $field_meaning:literal])+ $field:ident: $type:ty,)+ })?
                => $kind:ident, $code:tt, [$($text:tt)+] $(, $details:expr)?;
        )+
    ) => {
        /// The reason why a request failed.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        pub enum RequestError {
            $(
                $(#[doc = $meaning])+
                #[error($($text)+)]
                $variant $({ $($(#[doc = $field_meaning])+ $field: $type,)+ })?,
            )+
        }

        impl RequestError {
            /// Returns the kind of the error.
            #[must_use]
            #[allow(clippy::match_same_arms, clippy::too_many_lines, reason = "one line for each row of the table")]
            pub const fn kind(&self) -> ErrorKind {
                match self {
                    $(Self::$variant { .. } => ErrorKind::$kind,)+
                }
            }

            /// Returns the code that clients test; some of Rocket.Chat's errors have no code.
            #[must_use]
            #[allow(clippy::match_same_arms, clippy::too_many_lines, reason = "one line for each row of the table")]
            pub const fn code(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant { .. } => errors!(@code $code),)+
                }
            }

            /// Returns the details for clients, as JSON. `called` is the method that was called, or that Rocket.Chat has
            /// behind the endpoint that was called.
            #[must_use]
            #[allow(unused_variables, reason = "most rows need only some of their fields")]
            #[allow(clippy::match_same_arms, clippy::too_many_lines, reason = "one line for each row of the table")]
            pub fn details(&self, $called: &str) -> Option<Value> {
                match self {
                    $(Self::$variant $({ $($field),+ })? => errors!(@details $($details)?),)+
                }
            }
        }
    };
    (@code none) => { None };
    (@code $code:literal) => { Some($code) };
    (@details) => { None };
    (@details $details:expr) => { Into::<Option<Value>>::into($details) };
}

pub(super) use errors;
