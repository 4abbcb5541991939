//! A narrow token stays narrow, and a second factor stays a second factor.
