//! Request bodies: who may send how much, and what all of them hold.
