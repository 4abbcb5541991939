//! The fields of forms.

use super::sentence::Sentence;

/// A field of a form.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // The switches of a template.
pub(super) struct Field {
    /// The name, and the id on the page.
    pub name: &'static str,
    pub label: String,
    /// The type of the control.
    pub kind: &'static str,
    pub value: String,
    pub autocomplete: &'static str,
    /// Maximum characters; 0 is no bound.
    pub most: usize,
    /// The number of visible lines of a text of several lines; 0 for a field of one line.
    pub rows: usize,
    pub required: bool,
    pub focused: bool,
    /// `true` for a name or a code. The browser then adds no capitals and checks no spelling.
    pub is_code: bool,
    /// The word beside the label.
    pub aside: String,
    /// The value that the page showed when it was made, if the form sends it back.
    pub shown: Option<String>,
    /// The error of the value; empty if the value is right.
    pub error: Sentence,
    pub hint: String,
    /// `true` if a script fills the field with the part of the address behind its `#`, and hides the field.
    pub from_link: bool,
}

impl Field {
    fn new(name: &'static str, label: impl Into<String>, kind: &'static str, autocomplete: &'static str) -> Self {
        Self {
            name,
            label: label.into(),
            kind,
            autocomplete,
            required: true,
            ..Self::default()
        }
    }

    /// Returns a field for a line of text.
    pub(super) fn line(name: &'static str, label: impl Into<String>, autocomplete: &'static str) -> Self {
        Self::new(name, label, "text", autocomplete)
    }

    /// Returns a field for a text of several lines. The page shows this number of lines.
    pub(super) fn block(name: &'static str, label: impl Into<String>, rows: usize) -> Self {
        Self {
            rows,
            ..Self::line(name, label, "off")
        }
    }

    /// Returns a field for a username, or for another text that is written exactly.
    pub(super) fn code(name: &'static str, label: impl Into<String>, autocomplete: &'static str) -> Self {
        Self {
            is_code: true,
            ..Self::line(name, label, autocomplete)
        }
    }

    /// Returns a field for an e-mail address.
    pub(super) fn email(label: impl Into<String>) -> Self {
        Self::new("email", label, "email", "email")
    }

    /// Returns a field for the current password.
    pub(super) fn password(label: impl Into<String>) -> Self {
        Self::new("password", label, "password", "current-password")
    }

    /// Returns a field for a new password.
    pub(super) fn new_password(name: &'static str, label: impl Into<String>) -> Self {
        Self::new(name, label, "password", "new-password")
    }

    /// Returns the field with the value that was sent before. Passwords are never sent back.
    pub(super) fn with(self, value: &str) -> Self {
        Self {
            value: value.to_owned(),
            ..self
        }
    }

    /// Returns the field with the value that the page shows. The form sends it back
    /// ([`FormFields::changed`](super::form::FormFields::changed)).
    pub(super) fn showing(self, shown: String) -> Self {
        Self {
            shown: Some(shown),
            ..self
        }
    }

    /// Returns the field with this text below it.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }

    /// Returns the field, which may stay empty. The word is beside the label.
    pub(super) fn optional(self, word: impl Into<String>) -> Self {
        Self {
            required: false,
            aside: word.into(),
            ..self
        }
    }

    /// Returns the field with a maximum of characters.
    pub(super) fn most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Returns the field with the cursor in it.
    pub(super) fn focused(self) -> Self {
        Self { focused: true, ..self }
    }

    /// Returns the field with an error. A field with an error has the cursor too.
    pub(super) fn wrong(self, error: impl Into<Sentence>) -> Self {
        let error = error.into();
        Self {
            focused: self.focused || !error.is_empty(),
            error,
            ..self
        }
    }
}
