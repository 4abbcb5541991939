//! Who somebody is: passwords, login tokens, and the actor behind a request.

pub mod actor;
pub mod password;
pub mod random;
pub mod token;

pub use actor::Actor;
pub use password::PasswordDigest;
pub use token::TokenSecret;
