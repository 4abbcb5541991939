//! Archives of `mongodump --archive`.
//!
//! All numbers are little-endian. An archive is the number 0x8199e26d; a document with the versions of the tools; a
//! document for each collection, with its `db` and `collection`; a terminator. Then blocks follow, up to the end of the
//! file: a header, a document with `db`, `collection` and `EOF`; the documents of that collection; a terminator. The
//! blocks of several collections may alternate. A header with `EOF: true` ends its collection and has the CRC-64 of it,
//! which is not verified. The terminator is 0xffffffff in the place of the length of a document.

use std::io::Read;

use serde_json::Value;

use super::bson_stream;
use super::collection::USERS;
use super::document::SourceDocument;

/// The first bytes of an archive.
pub(super) const MAGIC: [u8; 4] = 0x8199_e26d_u32.to_le_bytes();

/// The end of a block.
const TERMINATOR: [u8; 4] = [0xFF; 4];

/// The databases of MongoDB itself.
const OWN_DATABASES: [&str; 3] = ["admin", "config", "local"];

/// Returns the database of an archive that has a collection `users`.
///
/// # Errors
/// The reason why there is not exactly one.
pub(super) fn database(input: &mut impl Read) -> Result<String, String> {
    let mut found = Vec::new();
    for document in prelude(input)? {
        let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("collection") == USERS && !OWN_DATABASES.contains(&text("db")) {
            found.push(text("db").to_owned());
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(database), true) => Ok(database),
        (None, _) => Err("the archive has no collection users".into()),
        (Some(last), false) => {
            let names = found.join(", ");
            Err(format!(
                "several databases of the archive have a collection users ({names}, {last}): dump one with mongodump --db"
            ))
        }
    }
}

/// Reads the documents before the blocks, without the first one.
fn prelude(input: &mut impl Read) -> Result<Vec<Value>, String> {
    /// Maximum collections of an archive.
    const COLLECTIONS: usize = 10_000;
    if length(input) != Ok(Some(MAGIC)) {
        return Err("it is not an archive of mongodump".into());
    }
    let mut documents = Vec::new();
    while let Some(bytes) = next(input)? {
        let document = bson_stream::parse(&bytes)?;
        // The other fields of a collection are not needed, and may be large.
        let named = |name: &str| (name.to_owned(), document.get(name).cloned().unwrap_or_default());
        documents.push(Value::from_iter([named("db"), named("collection")]));
        if documents.len() > COLLECTIONS {
            return Err(format!("the archive has more than {COLLECTIONS} collections"));
        }
    }
    if documents.is_empty() {
        return Err("the archive has no header".into());
    }
    documents.remove(0);
    Ok(documents)
}

/// Reads the next document; `None` at a terminator.
fn next(input: &mut impl Read) -> Result<Option<Vec<u8>>, String> {
    match length(input)? {
        None => Err("the archive is cut short".into()),
        Some(TERMINATOR) => Ok(None),
        Some(length) => bson_stream::rest(input, length).map(Some),
    }
}

/// Reads four bytes; `None` at the end of the file.
fn length(input: &mut impl Read) -> Result<Option<[u8; 4]>, String> {
    let read = bson_stream::read_length(input);
    read.map_err(|cause| format!("the archive is cut short or damaged: {cause}"))
}

/// The documents of one collection in an archive.
struct Blocks<R> {
    input: R,
    database: String,
    collection: String,
    /// True within a block of the collection, and false before a header.
    is_within: bool,
}

impl<R: Read> Blocks<R> {
    /// Reads the next document of the collection; `None` at the end of the archive.
    fn next(&mut self) -> Result<Option<Vec<u8>>, String> {
        loop {
            if self.is_within {
                match next(&mut self.input)? {
                    Some(document) => return Ok(Some(document)),
                    None => self.is_within = false,
                }
            }
            let Some(length) = length(&mut self.input)? else {
                return Ok(None);
            };
            let header = bson_stream::parse(&bson_stream::rest(&mut self.input, length)?)?;
            let is = |name: &str, wanted: &str| header.get(name).and_then(Value::as_str) == Some(wanted);
            self.is_within = is("db", &self.database) && is("collection", &self.collection);
            if !self.is_within {
                // The documents of other collections are not parsed.
                while next(&mut self.input)?.is_some() {}
            }
        }
    }
}

/// Returns the documents of a collection.
pub(super) fn documents(
    mut input: impl Read + 'static,
    database: &str,
    collection: &str,
) -> impl Iterator<Item = SourceDocument> + 'static {
    let mut failure = prelude(&mut input).err();
    let mut blocks = Blocks {
        input,
        database: database.to_owned(),
        collection: collection.to_owned(),
        is_within: false,
    };
    let (mut number, mut is_ended) = (0_u64, false);
    std::iter::from_fn(move || {
        if is_ended {
            return None;
        }
        let found = failure.take().map_or_else(|| blocks.next(), Err);
        is_ended = found.is_err();
        let found = found.transpose()?;
        number += 1;
        Some(SourceDocument {
            place: format!("{}, document {number}", blocks.collection),
            value: found.and_then(|bytes| bson_stream::parse(&bytes)),
        })
    })
}
