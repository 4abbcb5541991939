//! Who somebody is: passwords, second factors, login tokens, and the actor behind a request.

pub mod actor;
pub mod password;
pub mod random;
pub mod token;
pub mod totp;

pub use actor::{Actor, Caller, Origin};
pub use password::PasswordDigest;
pub use token::TokenSecret;
