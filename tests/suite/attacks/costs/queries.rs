//! Queries: how many sort fields and list items one call takes.
