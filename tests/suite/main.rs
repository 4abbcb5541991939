//! Behaviour from outside: a real server on a free port, a real store in a temporary folder, real
//! sockets.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod attacks;
mod backup;
mod cli;
#[cfg(feature = "etcd")]
mod cluster;
mod durability;
mod house;
mod import;
mod observe;
mod presence;
mod realtime;
mod support;
mod surroundings;
mod text;
mod tls;
mod web;
