//! What the HTTP faces share when they take a request: its body within bounds, its text, and where it comes from.

mod address;
pub mod body;
mod budget;
pub mod encoded;

pub use address::address_of;
pub use body::Bound;
pub use budget::{Budget, Reservation};
