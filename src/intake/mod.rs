//! The parts that the API and the pages share when they take a request: head, body within bounds, text, address, and the
//! status of a refusal.

mod address;
pub mod body;
mod budget;
mod caller;
pub mod encoded;
mod head;
pub mod multipart;
pub mod refusal;

pub use address::address_of;
pub use body::Bound;
pub use budget::{Budget, Reservation};
pub use caller::{caller, text};
pub use head::{Head, head, logged};
