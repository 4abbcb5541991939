//! Rocket.Chat's HTTP API: checks before each call, the route table, and one handler per endpoint.

pub(crate) mod avatar;
mod body;
mod cors;
mod fields;
mod front;
mod gate;
pub(crate) mod health;
mod input;
mod limits;
pub(crate) mod metrics;
mod openapi;
mod projected;
mod query;
mod rate_limit;
mod redirect;
mod reply;
mod request;
pub(crate) mod route;
pub mod routes;
mod v1;

pub(crate) use front::Front;
pub(crate) use gate::{Gate, api};
pub use limits::Limits;
