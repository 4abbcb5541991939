//! Avatars of Rocket.Chat in GridFS: a document for each file, and documents with the pieces of the files.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::document::{Documents, SourceDocument};
use super::fields::{id, number, text};
use crate::domain::avatar::AVATAR_BYTES;
use crate::domain::transfer::{AvatarLine, SourceLine, TransferLine};

/// Maximum files whose users are kept in memory.
const FILES: usize = 1_000_000;

/// Maximum bytes of pieces that wait for the other pieces of their files.
const WAITING_BYTES: usize = 64 * 1024 * 1024;

/// A file of an avatar.
struct AvatarFile {
    user: String,
    place: String,
    bytes: usize,
    pieces: BTreeMap<u64, Vec<u8>>,
}

/// The lines of all avatars.
pub(super) struct Avatars {
    files: Option<Documents>,
    pieces: Documents,
    by_id: BTreeMap<String, AvatarFile>,
    waiting_bytes: usize,
    /// Lines about files without content.
    refused: VecDeque<SourceLine>,
}

impl Avatars {
    /// Creates the stream of lines. The files are read when the first line is taken.
    pub(super) fn new(files: Documents, pieces: Documents) -> Self {
        Self {
            files: Some(files),
            pieces,
            by_id: BTreeMap::new(),
            waiting_bytes: 0,
            refused: VecDeque::new(),
        }
    }

    /// Reads the descriptions of all files. A file without a user is the picture of a room.
    fn read_files(&mut self) {
        for SourceDocument { place, value } in self.files.take().into_iter().flatten() {
            let file = match value {
                Ok(file) => file,
                Err(reason) => {
                    self.refused.push_back(left_out(place, "picture".into(), reason));
                    continue;
                }
            };
            let (Some(id), Some(user)) = (id(&file, "_id"), text(&file, "userId")) else {
                continue;
            };
            let bytes = number(&file, "size").and_then(|size| usize::try_from(size).ok());
            let bytes = bytes.unwrap_or(usize::MAX);
            let subject = format!("picture of {user}");
            if bytes > AVATAR_BYTES {
                let reason = format!("it has more than {AVATAR_BYTES} bytes");
                self.refused.push_back(left_out(place, subject, reason));
            } else if self.by_id.len() == FILES {
                let reason = format!("there are more than {FILES}");
                self.refused.push_back(left_out(place, subject, reason));
            } else {
                let pieces = BTreeMap::new();
                self.by_id.insert(
                    id,
                    AvatarFile {
                        user,
                        place,
                        bytes,
                        pieces,
                    },
                );
            }
        }
    }

    /// Adds a piece. Returns the line of the file if it was the last one.
    fn add(&mut self, document: SourceDocument) -> Option<SourceLine> {
        let piece = match document.value {
            Ok(piece) => piece,
            Err(reason) => return Some(left_out(document.place, "picture".into(), reason)),
        };
        let key = id(&piece, "files_id")?;
        let order = number(&piece, "n")?;
        let bytes = binary(piece.get("data")?)?;
        let file = self.by_id.get_mut(&key)?;
        self.waiting_bytes += bytes.len();
        if let Some(before) = file.pieces.insert(order, bytes) {
            self.waiting_bytes -= before.len();
        }
        let there: usize = file.pieces.values().map(Vec::len).sum();
        if there < file.bytes && self.waiting_bytes <= WAITING_BYTES {
            return None;
        }
        let file = self.by_id.remove(&key)?;
        self.waiting_bytes = self.waiting_bytes.saturating_sub(there);
        if there != file.bytes {
            let reason = "its pieces are too many, or too far from each other";
            return Some(left_out(file.place, format!("picture of {}", file.user), reason.into()));
        }
        let content: Vec<u8> = file.pieces.into_values().flatten().collect();
        let line = TransferLine::Avatar(AvatarLine {
            user: file.user,
            picture: BASE64_STANDARD.encode(content),
        });
        Some(SourceLine::new(file.place, Ok(line)))
    }
}

impl Iterator for Avatars {
    type Item = SourceLine;

    fn next(&mut self) -> Option<SourceLine> {
        self.read_files();
        if let Some(line) = self.refused.pop_front() {
            return Some(line);
        }
        while let Some(document) = self.pieces.next() {
            if let Some(line) = self.add(document) {
                return Some(line);
            }
        }
        let (_, file) = self.by_id.pop_first()?;
        let reason = "the dump does not have its content: the server stored it outside of the database";
        Some(left_out(file.place, format!("picture of {}", file.user), reason.into()))
    }
}

fn left_out(place: String, subject: String, reason: String) -> SourceLine {
    SourceLine::new(place, Err((subject, reason)))
}

/// Returns the bytes of a binary value, in canonical or in the older form of extended JSON.
fn binary(value: &Value) -> Option<Vec<u8>> {
    let inner = value.get("$binary")?;
    let text = inner.get("base64").unwrap_or(inner).as_str()?;
    BASE64_STANDARD.decode(text).ok()
}
