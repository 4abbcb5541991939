//! The realtime protocol, over real sockets.

mod clients;
mod force_logout;
mod limits;
mod liveness;
mod login;
mod methods;
mod presence;
mod privacy;
mod protocol;
mod streams;
mod subscriptions;
mod user_presence;
