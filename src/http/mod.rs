//! Rocket.Chat's HTTP API: the gate, the route table, and a handler for each endpoint.

mod body;
mod cors;
mod fields;
mod gate;
pub mod health;
mod limits;
mod query;
mod reply;
mod request;
mod routes;
mod v1;

pub use cors::Cors;
pub use gate::{Gate, Peer, api};
pub use limits::Limits;
