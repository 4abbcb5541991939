//! The presence engine, below the API.

mod expiry;
mod life;
mod model;
