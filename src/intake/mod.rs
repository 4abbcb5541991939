//! The parts that the API and the pages share when they take a request: head, body within bounds, text, address, and the
//! status of a refusal.

mod address;
pub(crate) mod body;
mod budget;
mod caller;
pub(crate) mod encoded;
mod head;
pub(crate) mod multipart;
pub(crate) mod refusal;

pub(crate) use address::address_of;
pub(crate) use body::Bound;
pub(crate) use budget::{Budget, Reservation};
pub(crate) use caller::{caller, learned_caller, text};
pub(crate) use head::{Head, head, logged};
