//! Faults of a cluster: three nodes of etcd and three servers under load, and a check of what the callers saw.
//!
//! `runs.rs` has the tests. `cargo test --features etcd --test cluster` runs the short form.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it measured"
)]

mod boards;
mod caller;
mod dice;
mod epoch;
mod etcd_node;
mod etcd_nodes;
mod fault;
mod full;
mod gaps;
mod history;
mod load;
mod made_up;
mod names;
mod namespaces;
mod people;
mod person;
mod registers;
mod report;
mod rotation;
mod runs;
mod servers;
mod service;
mod settled;
mod specification;
mod tickets;
mod trial;
mod waiting;
