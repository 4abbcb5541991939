//! An invisible or hiding user is the same as an offline user, byte for byte.
