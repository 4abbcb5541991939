//! Text at every door: bytes, spellings of lists and paths, names and their look-ups.

mod bytes;
mod lists;
mod names;
mod paths;
