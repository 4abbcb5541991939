//! What a socket may hold, before and after its login.
