//! The process in its surroundings: a log without a reader, a disk or a folder that it may not use, signals, a socket that
//! the system refuses, and commands beside a server that does not answer.

mod activation;
mod clock;
mod listen;
mod log;
mod service_manager;
mod silence;
mod sockets;
mod start;
mod stop;
