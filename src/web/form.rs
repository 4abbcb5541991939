//! The fields of a query or a form.

use bytes::Bytes;

use crate::domain::Fault;
use crate::intake::{encoded, multipart};

/// The name of the field that has the token of a form.
pub(super) const TOKEN: &str = "form-token";

/// The fields in their order. `Debug` hides their values: they may be passwords.
#[derive(Default, Clone)]
pub(super) struct Fields(Vec<(String, String)>, Option<Bytes>);

impl std::fmt::Debug for Fields {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Fields {
    /// Parses a query or a form (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    /// [`Fault::InvalidParams`] for bytes that are not UTF-8.
    pub fn parse(encoded: &[u8]) -> Result<Self, Fault> {
        encoded::pairs(encoded).map(Self::of)
    }

    /// Returns these fields.
    pub const fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields, None)
    }

    /// Reads `multipart/form-data` with at most one file.
    ///
    /// # Errors
    /// [`Fault::InvalidParams`] for a form that cannot be read, and for a text that is not UTF-8.
    pub async fn parse_upload(content_type: &str, body: Bytes) -> Result<Self, Fault> {
        let mut read = Self::default();
        for part in multipart::parts(content_type, body).await? {
            if part.is_file {
                read.1 = Some(part.bytes);
            } else {
                read.0.push(part.text()?);
            }
        }
        Ok(read)
    }

    /// Returns the bytes of the file that came with the form; none for an empty file, which browsers send where none
    /// was chosen.
    pub fn file(&self) -> Option<&Bytes> {
        self.1.as_ref().filter(|bytes| !bytes.is_empty())
    }

    /// Returns all fields.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Returns all values of a field.
    pub fn all<'fields>(&'fields self, name: &'fields str) -> impl Iterator<Item = &'fields str> {
        let fields = self.0.iter().filter(move |(known, _)| known == name);
        fields.map(|(_, value)| value.as_str())
    }

    /// Returns the first value of a field; an empty text if the field is absent.
    pub fn text(&self, name: &str) -> &str {
        let mut fields = self.0.iter().filter(|(known, _)| known == name);
        fields.next().map_or("", |(_, value)| value)
    }

    /// Returns the first value of a field of several lines, with one line feed at the end of each line. Browsers send two
    /// characters there, also for a hidden field (HTML Living Standard, §4.10.21.8).
    pub fn block(&self, name: &str) -> String {
        self.text(name).replace("\r\n", "\n")
    }

    /// Returns the text of a field if it is not equal to `now`. White space at its ends does not count.
    pub fn changed(&self, name: &str, now: &str) -> Option<String> {
        Some(self.block(name)).filter(|text| text.trim() != now)
    }

    /// Returns the first value of a field that is not blank, without white space around it.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|text| !text.is_empty())
    }

    /// Returns whether the field was sent. A browser sends that of a checked box or a pressed button.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}
