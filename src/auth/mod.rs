//! Authentication: passwords, second factors, login tokens, and the actor of a request.

pub mod actor;
pub mod foreign_hash;
pub mod key_file;
pub mod origin;
pub mod password;
pub mod random;
pub mod seal;
pub mod token;
pub mod totp;

pub use actor::{Actor, Caller};
pub use key_file::KeyError;
pub use origin::{Origin, Peer};
pub use password::{PasswordDigest, WantedPassword};
pub use seal::SecretKey;
pub use token::TokenSecret;
