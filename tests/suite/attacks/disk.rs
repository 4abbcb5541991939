//! What stays in the files of a store, and what a thief of a copy learns.
