//! Answers: their cost, and clients that never read them.
