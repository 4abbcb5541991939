//! The fields of a query or a form.

use crate::domain::Fault;
use crate::intake::encoded;

/// The name of the field that has the token of a form.
pub(super) const TOKEN: &str = "form-token";

/// The fields in their order. `Debug` hides their values: they may be passwords.
#[derive(Default, Clone)]
pub(super) struct Fields(Vec<(String, String)>);

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
        encoded::pairs(encoded).map(Self)
    }

    /// Returns the first value of a field; an empty text if the field is absent.
    pub fn text(&self, name: &str) -> &str {
        let mut fields = self.0.iter().filter(|(known, _)| known == name);
        fields.next().map_or("", |(_, value)| value)
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
