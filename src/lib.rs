//! Rollcall manages the users, login tokens and statuses of a team and speaks Rocket.Chat's API. It runs as one process
//! without a separate database.
//!
//! The layers, from top to bottom; each uses only those below it:
//!
//! - [`cli`]: the command line, one file for each command
//! - [`server`]: opens the store, listens, combines the filters, and shuts down in order
//! - [`http`], [`realtime`], [`admin_socket`], [`web`]: the interfaces, which never use each other: the API, its sockets, the
//!   administration socket, the pages
//! - [`methods`]: Rocket.Chat's methods, called by name over HTTP and over sockets
//! - [`document`]: responses with fixed content
//! - [`intake`]: request bodies within their limits, and client addresses
//! - [`ops`]: the operations, one file for each noun
//! - [`app`]: the state that every operation uses
//! - [`hub`]: the live connections, the visible presence, and the events about changes
//! - [`auth`]: passwords, tokens, the actor of a request
//! - [`store`]: the stored data, with one writer over an engine
//! - [`config`]: the settings and their sources
//! - [`rocketchat`]: dumps of Rocket.Chat's database, read as lines of an import
//! - [`clock`]: the current time
//! - [`net`]: TCP connections of clients, and their limits
//! - [`observe`]: the ids of requests, and the metrics
//! - [`domain`]: the rules, as values

// What `main`, the tests, the benches and the fuzz targets use is public, and nothing else, so that the compiler finds
// what has no caller.
#![deny(unreachable_pub, dead_code)]
// The documents are made with the private items, because no other program uses this library.
#![allow(rustdoc::private_intra_doc_links)]

pub mod admin_socket;
pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
mod document;
pub mod domain;
pub mod http;
pub mod hub;
mod intake;
pub mod methods;
mod net;
pub mod observe;
pub mod ops;
pub mod realtime;
pub mod rocketchat;
pub mod server;
pub mod store;
mod web;
