//! TCP connections of clients: how many there may be, and what bounds each of them below HTTP.

mod connections;
mod stream;

pub use connections::{Connection, Connections, Surplus};
pub use stream::{ClientStream, Heads};
