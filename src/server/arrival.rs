//! A connection that was accepted, and the properties that all its requests share.

use std::net::SocketAddr;

use hyper::Request;
use hyper::body::Incoming;

use crate::auth::Peer;
use crate::net::{Protocol, TcpConnection, Wire};

/// A connection that was accepted and counted.
pub(super) struct Arrival {
    pub wire: Wire,
    pub protocol: Protocol,
    pub peer: SocketAddr,
    pub connection: TcpConnection,
}

/// The properties that all requests of a connection share.
#[derive(Clone, Copy)]
pub(super) struct Arrived {
    pub peer: SocketAddr,
    pub protocol: Protocol,
}

impl Arrived {
    /// Adds the address of the client and the protocol to a request.
    pub(super) fn mark(self, request: &mut Request<Incoming>) {
        request.extensions_mut().insert(Peer(self.peer));
        request.extensions_mut().insert(self.protocol);
    }
}
