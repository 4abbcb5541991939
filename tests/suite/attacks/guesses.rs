//! Guesses at passwords, codes and links, one after the other and at once.
