//! Forms with files (`multipart/form-data`, RFC 7578).

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;

use super::encoded::NOT_UTF8;
use crate::domain::RequestError;

/// A field of a form, or a file that came with it.
#[derive(Debug)]
pub(crate) struct Part {
    /// The name of the field.
    pub name: String,
    /// `true` for a file.
    pub is_file: bool,
    /// The bytes of the text or the file.
    pub bytes: Bytes,
}

impl Part {
    /// Returns the name and the text of the field.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] for a text that is not UTF-8.
    pub(crate) fn text(self) -> Result<(String, String), RequestError> {
        let text = String::from_utf8(self.bytes.into()).map_err(|_| RequestError::invalid(NOT_UTF8, &self.name))?;
        Ok((self.name, text))
    }
}

/// Reads the parts of a form, in their order. `body` is the whole form, whose size the caller bounds.
///
/// # Errors
/// [`RequestError::InvalidParams`] for a form that cannot be read.
pub(crate) async fn parts(content_type: &str, body: Bytes) -> Result<Vec<Part>, RequestError> {
    let malformed = |error: multer::Error| RequestError::InvalidParams {
        reason: format!("the form cannot be read: {error}"),
        field: None,
    };
    let boundary = multer::parse_boundary(content_type).map_err(malformed)?;
    let mut form = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(malformed)? {
        parts.push(Part {
            name: field.name().unwrap_or_default().to_owned(),
            is_file: field.file_name().is_some(),
            bytes: field.bytes().await.map_err(malformed)?,
        });
    }
    Ok(parts)
}
