//! Rules for the code that tests check.

mod circles;
mod layers;
mod names;
mod sizes;
mod source;
mod words;
