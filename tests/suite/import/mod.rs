//! `rollcall export` and `rollcall import`: of our own lines, and of dumps of Rocket.Chat.

mod archive;
mod changes;
mod dump;
mod export;
mod hostile;
mod lines;
mod logins;
mod rocketchat;
