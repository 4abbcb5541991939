//! Who somebody is: passwords, second factors, login tokens, and the actor behind a request.

pub mod actor;
pub mod origin;
pub mod password;
pub mod random;
pub mod token;
pub mod totp;

pub use actor::{Actor, Caller};
pub use origin::{Origin, Peer};
pub use password::PasswordDigest;
pub use token::TokenSecret;
