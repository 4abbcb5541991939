//! The command line: the real binary in a process of its own.

mod commands;
mod config;
mod help;
mod man;
mod serve;
