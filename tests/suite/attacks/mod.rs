//! What an attacker tries, a file for each kind, and what holds against it (`SECURITY.md`).

mod administrators;
mod browsers;
mod costs;
mod disk;
mod exposure;
mod guesses;
mod invisible;
mod origins;
mod tokens;
