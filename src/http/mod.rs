//! Rocket.Chat's HTTP API: checks before each call, the route table, and one handler per endpoint.

pub mod avatar;
mod body;
mod cors;
mod fields;
mod front;
mod gate;
pub mod health;
mod input;
mod limits;
pub mod metrics;
mod openapi;
mod projected;
mod query;
mod rate_limit;
mod redirect;
mod reply;
mod request;
pub mod route;
pub mod routes;
mod v1;

pub use front::Front;
pub use gate::{Gate, api};
pub use limits::Limits;
