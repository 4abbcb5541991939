//! TCP connections of clients: their number, and the limits of each connection below HTTP.

mod connections;
mod stream;

pub use connections::{Connection, Connections, Surplus};
pub use stream::{ClientStream, Heads};
