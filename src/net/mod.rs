//! TCP connections of clients: their number, and the limits of each connection below HTTP.

mod connections;
pub mod open_files;
mod stream;

pub use connections::{Connections, Surplus, TcpConnection};
pub use stream::{ClientStream, Heads};
