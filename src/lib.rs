//! Rollcall keeps a team's users, login tokens and statuses, and speaks Rocket.Chat's API, in one
//! process without a database beside it.
//!
//! The layers, from the top; each names only those below it:
//!
//! - [`cli`]: the command line, a file for each command
//! - [`server`]: opens, listens, joins the filters, ends in good order
//! - [`http`], [`realtime`], [`local`], [`web`]: the faces, siblings that never name each other: the
//!   API, its sockets, the administration socket, the pages
//! - [`methods`]: what clients call by name, over HTTP and over a socket
//! - [`document`]: documents that do not change, as answers
//! - [`ops`]: what can be done, a file for each noun
//! - [`app`]: what every operation works with
//! - [`hub`]: who is here, and the events that tell of it
//! - [`auth`]: passwords, tokens, the actor
//! - [`store`]: what is kept, by one writer over sled
//! - [`config`]: settings and where they come from
//! - [`clock`]: the time
//! - [`net`]: TCP connections of clients, and what bounds them
//! - [`domain`]: the rules, as values

pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod document;
pub mod domain;
pub mod http;
pub mod hub;
pub mod local;
pub mod methods;
pub mod net;
pub mod ops;
pub mod realtime;
pub mod server;
pub mod store;
pub mod web;
