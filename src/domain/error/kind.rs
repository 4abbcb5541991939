//! The kinds of errors.

/// The kind of an error; each interface maps it to its own status numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The caller is not logged in.
    Unauthenticated,
    /// A login attempt failed.
    LoginRefused,
    /// The caller may not do this.
    Forbidden,
    /// The request is not valid.
    Invalid,
    /// The endpoint does not exist.
    NotFound,
    /// The endpoint does not support this HTTP method.
    MethodNotAllowed,
    /// The request took too long to arrive.
    Timeout,
    /// The request is too large.
    TooLarge,
    /// The caller exceeded a rate limit.
    TooManyRequests,
    /// The server is overloaded; a retry may succeed.
    Unavailable,
    /// The server has no space for the change.
    Full,
    /// The server has a defect.
    Internal,
}
