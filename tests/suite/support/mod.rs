//! Servers, clients and data that the tests share.

pub mod backup;
pub mod client;
pub mod crowd;
pub mod errors;
#[cfg(feature = "etcd")]
pub mod etcd;
pub mod events;
pub mod eventually;
pub mod files;
pub mod pictures;
pub mod process;
pub mod raw;
pub mod server;
pub mod socket;
pub mod store;
pub mod tls;
pub mod visitor;

pub use client::{Answer, Client};
pub use events::EventStream;
pub use eventually::eventually;
pub use process::Process;
pub use server::TestServer;
pub use socket::Socket;
pub use visitor::Visitor;
