//! The order of the house: what the code may look like, as rules that a test holds it to.

mod circles;
mod layers;
mod names;
mod sizes;
mod source;
mod words;
