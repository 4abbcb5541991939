//! A connection that was accepted, and what its requests have in common.

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

/// What the requests of a connection have in common.
#[derive(Clone, Copy)]
pub(super) struct Arrived {
    pub peer: SocketAddr,
    pub protocol: Protocol,
}

impl Arrived {
    /// Adds to a request where it comes from.
    pub fn mark(self, request: &mut Request<Incoming>) {
        request.extensions_mut().insert(Peer(self.peer));
        request.extensions_mut().insert(self.protocol);
    }
}
