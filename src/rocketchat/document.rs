//! Documents of a collection, and the reading of their bytes.

use std::io::{self, Read};

use serde_json::Value;

/// A document of a collection.
pub(super) struct SourceDocument {
    /// The place in the dump, as `users.bson, document 3`.
    pub(super) place: String,
    /// The document in extended JSON, or the reason why it is not valid.
    pub(super) value: Result<Value, String>,
}

/// A stream of documents.
pub(super) type Documents = Box<dyn Iterator<Item = SourceDocument>>;

/// Reads exactly this many bytes, and grows with what is there, not with what is claimed.
///
/// # Errors
/// `UnexpectedEof` if the input ends before; the error of the input.
pub(super) fn read_exactly(input: &mut impl Read, count: u64, into: &mut Vec<u8>) -> io::Result<()> {
    let read = input.by_ref().take(count).read_to_end(into)?;
    if read as u64 == count {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
