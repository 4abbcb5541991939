//! Limits between users who administer.
