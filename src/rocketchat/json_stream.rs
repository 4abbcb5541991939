//! Files of JSON documents, as `mongoexport` writes them: one after the other, or in an array.

use std::io::BufRead;

use serde_json::Value;

use super::document::SourceDocument;

/// The maximum length of a document, in bytes. Extended JSON is longer than BSON.
const MAX_DOCUMENT_BYTES: usize = 32 * 1024 * 1024;

/// Returns the documents of a file.
pub(super) fn documents(input: impl BufRead, name: String) -> impl Iterator<Item = SourceDocument> {
    let mut pieces = Pieces::new(input);
    let mut number = 0_u64;
    std::iter::from_fn(move || {
        let piece = pieces.next()?;
        number += 1;
        let value = piece.and_then(|bytes| {
            let parsed: Result<Value, _> = serde_json::from_slice(&bytes);
            parsed.map_err(|error| format!("it is not valid JSON: {error}"))
        });
        Some(SourceDocument {
            place: format!("{name}, document {number}"),
            value,
        })
    })
}

/// Cuts the bytes of a file into documents, by the braces outside of texts.
struct Pieces<R> {
    input: R,
    is_ended: bool,
}

/// The progress within a document.
#[derive(Default)]
struct Progress {
    bytes: Vec<u8>,
    depth: usize,
    in_text: bool,
    is_escaped: bool,
    is_too_large: bool,
}

impl<R: BufRead> Pieces<R> {
    const fn new(input: R) -> Self {
        Self { input, is_ended: false }
    }

    /// Returns the bytes of the next document, or the reason why it cannot be read.
    fn next(&mut self) -> Option<Result<Vec<u8>, String>> {
        let mut progress = Progress::default();
        while !self.is_ended {
            let bytes = match self.input.fill_buf() {
                Ok(bytes) => bytes,
                Err(cause) => {
                    self.is_ended = true;
                    return Some(Err(format!("the file cannot be read: {cause}")));
                }
            };
            if bytes.is_empty() {
                self.is_ended = true;
                return (progress.depth > 0).then(|| Err("the file is cut short".into()));
            }
            let (used, outcome) = progress.take(bytes);
            self.input.consume(used);
            if let Some(outcome) = outcome {
                // After bytes outside of a document, it is not known where the next one begins.
                self.is_ended = progress.depth == 0 && outcome.is_err() && !progress.is_too_large;
                return Some(outcome);
            }
        }
        None
    }
}

impl Progress {
    /// Takes bytes up to the end of the document. Returns their number, and the document if it has ended.
    fn take(&mut self, bytes: &[u8]) -> (usize, Option<Result<Vec<u8>, String>>) {
        for (place, byte) in bytes.iter().enumerate() {
            if self.depth == 0 {
                match byte {
                    b'{' => {}
                    // The beginning and the end of an array, and what separates documents. Some tools write a mark of
                    // UTF-8 first.
                    b'[' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF => continue,
                    _ => {
                        let words = "it is not a document of JSON: the rest of the file is not read";
                        return (place + 1, Some(Err(words.into())));
                    }
                }
            }
            self.add(*byte);
            if self.depth == 0 {
                let whole = std::mem::take(&mut self.bytes);
                let outcome = if self.is_too_large {
                    Err(format!("it has more than {MAX_DOCUMENT_BYTES} bytes"))
                } else {
                    Ok(whole)
                };
                return (place + 1, Some(outcome));
            }
        }
        (bytes.len(), None)
    }

    fn add(&mut self, byte: u8) {
        if self.bytes.len() < MAX_DOCUMENT_BYTES {
            self.bytes.push(byte);
        } else {
            self.is_too_large = true;
            self.bytes = Vec::new();
        }
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.in_text => self.is_escaped = true,
            b'"' => self.in_text = !self.in_text,
            b'{' if !self.in_text => self.depth += 1,
            b'}' if !self.in_text => self.depth -= 1,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Value, String>> {
        let documents = documents(text.as_bytes(), "users.json".into());
        documents.map(|document| document.value).collect()
    }

    #[test]
    fn lines_arrays_and_indented_documents_are_read_alike() {
        let wanted = vec![
            Ok(serde_json::json!({"a": "}]{"})),
            Ok(serde_json::json!({"b": {"c": "\"{"}})),
        ];
        for text in [
            "{\"a\":\"}]{\"}\n{\"b\":{\"c\":\"\\\"{\"}}\n",
            "[{\"a\":\"}]{\"},{\"b\":{\"c\":\"\\\"{\"}}]",
            "[\n  {\n \"a\" : \"}]{\"\n }\n,\n{\"b\":{\n\"c\":\"\\\"{\"}}\n]\n",
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    #[test]
    fn one_invalid_document_does_not_end_the_file_and_foreign_bytes_do() {
        let found = read("{\"a\":1}\n{a}\n{\"b\":2}");
        assert_eq!(found.len(), 3);
        assert!(found[1].as_ref().is_err_and(|words| words.contains("not valid JSON")));
        assert_eq!(found[2], Ok(serde_json::json!({"b": 2})));
        let found = read("{\"a\":1}\nhello {\"b\":2}");
        assert_eq!(found.len(), 2);
        assert!(found[1].is_err());
        assert!(read("{\"a\":{\"b\":1}").iter().all(Result::is_err), "cut short");
        let deep = "{\"a\":".repeat(200) + "1" + &"}".repeat(200);
        assert!(read(&deep)[0].is_err(), "deeper than the parser allows");
    }
}
