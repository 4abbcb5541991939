//! What one caller costs: each bound of the budget table in `SECURITY.md`.

mod answers;
mod bodies;
mod connections;
mod descriptors;
mod queries;
mod requests;
mod sockets;
