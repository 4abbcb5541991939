//! Connections of clients: TLS, the sockets that accept them, their number, and the limits of each connection below HTTP.

mod connections;
mod inherited;
mod listen_error;
mod listeners;
pub(crate) mod open_files;
mod protocol;
mod shared_wire;
mod stream;
pub(crate) mod tls;
pub(crate) mod unix_socket;
mod wire;

pub(crate) use connections::{Connections, Surplus, TcpConnection};
pub(crate) use inherited::{InheritedSocket, inherited};
pub(crate) use listen_error::ListenError;
pub(crate) use listeners::{BoundAddress, Listeners};
pub(crate) use protocol::Protocol;
pub(crate) use shared_wire::SharedWire;
pub(crate) use stream::{ClientStream, Heads, StreamTimes};
pub(crate) use wire::Wire;
