//! Connections of clients: TLS, the sockets that accept them, their number, and the limits of each connection below HTTP.

mod connections;
mod inherited;
mod listen_error;
mod listeners;
pub mod open_files;
mod protocol;
mod shared_wire;
mod stream;
pub mod tls;
pub mod unix_socket;
mod wire;

pub use connections::{Connections, Surplus, TcpConnection};
pub use inherited::{InheritedError, InheritedSocket, inherited};
pub use listen_error::ListenError;
pub use listeners::{BoundAddress, Listeners};
pub use protocol::Protocol;
pub use shared_wire::SharedWire;
pub use stream::{ClientStream, Heads, StreamTimes};
pub use wire::Wire;
