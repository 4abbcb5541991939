//! What is shown in a terminal, a browser, a picture, a log and a command line.

mod folders;
mod passwords;
mod pictures;
mod terminal;
