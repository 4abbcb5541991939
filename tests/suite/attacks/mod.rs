//! What an attacker tries, a file for each kind, and what holds against it (`SECURITY.md`).

pub mod administrators;
mod authority;
mod browsers;
mod costs;
mod disk;
mod duties;
mod exposure;
mod guesses;
mod invisible;
mod lockout;
mod once;
mod origins;
mod scopes;
mod tokens;
