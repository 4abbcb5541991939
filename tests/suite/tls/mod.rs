//! TLS from outside: certificates and their renewal, handshakes, HTTP/1.1 and HTTP/2 over it, and what abuses it.

mod abuse;
mod certificate;
mod http2;
mod process;
mod streams;
