//! The fields of a query or a form.

use bytes::Bytes;

use crate::domain::RequestError;
use crate::intake::{encoded, multipart};

/// The name of the field that has the token of a form.
pub(super) const TOKEN: &str = "form-token";

/// The prefix of the names of hidden fields with the values that the page showed.
const SHOWN: &str = "was:";

/// The fields in their order. `Debug` hides their values: they may be passwords.
#[derive(Default, Clone)]
pub(super) struct FormFields(Vec<(String, String)>, Option<Bytes>);

impl std::fmt::Debug for FormFields {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl FormFields {
    /// Parses a query or a form (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] for bytes that are not UTF-8.
    pub(super) fn parse(encoded: &[u8]) -> Result<Self, RequestError> {
        encoded::pairs(encoded).map(Self::of)
    }

    /// Returns these fields.
    pub(super) const fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields, None)
    }

    /// Reads `multipart/form-data` with at most one file.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] for a form that cannot be read, and for a text that is not UTF-8.
    pub(super) async fn parse_upload(content_type: &str, body: Bytes) -> Result<Self, RequestError> {
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
    pub(super) fn file(&self) -> Option<&Bytes> {
        self.1.as_ref().filter(|bytes| !bytes.is_empty())
    }

    /// Returns all fields.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Returns all values of a field.
    pub(super) fn all<'fields>(&'fields self, name: &'fields str) -> impl Iterator<Item = &'fields str> {
        let fields = self.0.iter().filter(move |(known, _)| known == name);
        fields.map(|(_, value)| value.as_str())
    }

    /// Returns the first value of a field; an empty text if the field is absent.
    pub(super) fn text(&self, name: &str) -> &str {
        let mut fields = self.0.iter().filter(|(known, _)| known == name);
        fields.next().map_or("", |(_, value)| value)
    }

    /// Returns the first value of a field of several lines, with one line feed at the end of each line. Browsers send two
    /// characters there, also for a hidden field (HTML Living Standard, §4.10.21.8).
    pub(super) fn block(&self, name: &str) -> String {
        self.text(name).replace("\r\n", "\n")
    }

    /// Returns the text that the page showed in a field; `None` if the form does not contain it.
    pub(super) fn shown(&self, name: &str) -> Option<String> {
        let field = format!("{SHOWN}{name}");
        self.has(&field).then(|| self.block(&field))
    }

    /// Returns the text of a field if the user changed it. It is compared with the text that the page showed, so that a
    /// change that was made elsewhere in the meantime stays. A form that does not contain that text is compared with
    /// `now`. White space at the ends does not count.
    pub(super) fn changed(&self, name: &str, now: &str) -> Option<String> {
        let shown = self.shown(name);
        let shown = shown.as_deref().unwrap_or(now).trim();
        Some(self.block(name)).filter(|text| text.trim() != shown)
    }

    /// Returns the state of a checkbox if the user changed it. Otherwise as [`Self::changed`].
    pub(super) fn switched(&self, name: &str, now: bool) -> Option<bool> {
        Some(self.has(name)).filter(|checked| *checked != self.was_on(name, now))
    }

    /// Returns the state that the page showed of a checkbox; `now` if the form does not contain it.
    pub(super) fn was_on(&self, name: &str, now: bool) -> bool {
        self.shown(name).map_or(now, |shown| !shown.is_empty())
    }

    /// Returns the first value of a field that is not blank, without white space around it.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|text| !text.is_empty())
    }

    /// Returns whether the field was sent. A browser sends that of a checked box or a pressed button.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_changed_if_it_differs_from_what_the_page_showed() {
        let form = |encoded: &str| FormFields::parse(encoded.as_bytes()).expect("a form");
        let changed = |encoded: &str| form(encoded).changed("a", "now");
        assert_eq!(changed("a=new&was:a=old"), Some("new".to_owned()));
        assert_eq!(changed("a=old+&was:a=old"), None, "another user changed it to `now`");
        assert_eq!(changed("a=now&was:a=old"), Some("now".to_owned()));
        assert_eq!(changed("a=&was:a="), None);
        assert_eq!(changed("a=1%0D%0A2&was:a=1%0A2"), None);
        assert_eq!((changed("a=now"), changed("a=new")), (None, Some("new".to_owned())));
        let switched = |encoded: &str, now| form(encoded).switched("a", now);
        assert_eq!(
            (switched("was:a=on", true), switched("was:a=", true)),
            (Some(false), None)
        );
        assert_eq!(
            (switched("a=on&was:a=on", false), switched("a=on&was:a=", false)),
            (None, Some(true))
        );
        assert_eq!((switched("a=on", true), switched("", true)), (None, Some(false)));
    }
}
