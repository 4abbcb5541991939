//! Authentication: passwords, second factors, login tokens, and the actor of a request.

pub(crate) mod actor;
pub(crate) mod foreign_hash;
pub(crate) mod key_file;
pub(crate) mod origin;
pub mod password;
pub mod random;
pub(crate) mod seal;
pub(crate) mod token;
pub(crate) mod totp;

pub use actor::Actor;
pub(crate) use actor::Caller;
pub(crate) use key_file::KeyError;
pub use origin::Origin;
pub(crate) use origin::Peer;
pub use password::PasswordDigest;
pub(crate) use password::WantedPassword;
pub(crate) use seal::SecretKey;
pub use token::TokenSecret;
