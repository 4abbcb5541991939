//! The space that an engine uses.

/// The space of the files of an engine.
#[derive(Debug, Clone, Copy)]
pub(super) struct EngineSpace {
    /// Bytes of all files.
    pub(super) file_bytes: u64,
    /// Bytes that are free on the disk with the files; `None` if that is not known.
    pub(super) free_bytes: Option<u64>,
}
