//! Rules for the code that tests check.

mod circles;
mod documents;
mod layers;
mod lists;
mod names;
mod sizes;
mod source;
mod words;
