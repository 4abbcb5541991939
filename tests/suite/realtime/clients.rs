//! What each known client sends when it starts, as its package sends it (`clients.md`), and what it waits
//! for before it goes on.
