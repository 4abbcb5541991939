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
    /// Whether the text is a name or a code, which no one writes with capitals or a spelling checker.
    pub is_code: bool,
    /// The word beside the label.
    pub aside: String,
    /// The value that the page showed when it was made, if the form sends it back.
    pub shown: Option<String>,
    /// What is wrong with the value.
    pub error: Sentence,
    pub hint: String,
    /// Whether a script fills the field with the part of the address behind its `#`, and hides it.
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

    /// A line of text.
    pub fn line(name: &'static str, label: impl Into<String>, autocomplete: &'static str) -> Self {
        Self::new(name, label, "text", autocomplete)
    }

    /// Returns a field for a text of several lines. The page shows this number of lines.
    pub fn block(name: &'static str, label: impl Into<String>, rows: usize) -> Self {
        Self {
            rows,
            ..Self::line(name, label, "off")
        }
    }

    /// A username, or another text that is written exactly.
    pub fn code(name: &'static str, label: impl Into<String>, autocomplete: &'static str) -> Self {
        Self {
            is_code: true,
            ..Self::line(name, label, autocomplete)
        }
    }

    /// An e-mail address.
    pub fn email(label: impl Into<String>) -> Self {
        Self::new("email", label, "email", "email")
    }

    /// A password that the user has.
    pub fn password(label: impl Into<String>) -> Self {
        Self::new("password", label, "password", "current-password")
    }

    /// A password that the user chooses.
    pub fn new_password(name: &'static str, label: impl Into<String>) -> Self {
        Self::new(name, label, "password", "new-password")
    }

    /// The same with the value that was sent before. Passwords are never sent back.
    pub fn with(self, value: &str) -> Self {
        Self {
            value: value.to_owned(),
            ..self
        }
    }

    /// The same, which sends this value back as the one that the page showed ([`FormFields::changed`](super::form::FormFields::changed)).
    pub fn showing(self, shown: String) -> Self {
        Self {
            shown: Some(shown),
            ..self
        }
    }

    /// The same with this below it.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }

    /// The same, which may stay empty.
    pub fn optional(self, word: impl Into<String>) -> Self {
        Self {
            required: false,
            aside: word.into(),
            ..self
        }
    }

    /// The same with at most so many characters.
    pub fn most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// The same, in which the cursor is.
    pub fn focused(self) -> Self {
        Self { focused: true, ..self }
    }

    /// The same with what is wrong with it, which also has the cursor.
    pub fn wrong(self, error: impl Into<Sentence>) -> Self {
        let error = error.into();
        Self {
            focused: self.focused || !error.is_empty(),
            error,
            ..self
        }
    }
}
