//! A file system that forgets: what was not synced may be gone after [`Disk::cut`], all of it, none
//! of it or any part of it, down to single sectors of a write.

mod disk;
mod mount;
mod place;

pub use disk::Disk;
pub use mount::{Mounted, Space};
pub use place::Place;
