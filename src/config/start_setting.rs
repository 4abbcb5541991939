//! A start-up setting: its names, its bounds and its help.

use crate::domain::SettingId;
use crate::domain::setting::Control;

/// A setting of the process.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "the columns of a table")]
pub struct StartSetting {
    /// The key in the configuration file. The flag has `-` instead of `_`.
    pub name: &'static str,
    /// The form of a value, for the help.
    pub value: &'static str,
    /// The help text without the bounds, one sentence without a full stop.
    about: &'static str,
    /// The bounds of the value.
    pub(super) bounds: StartBounds,
    /// The default value; `None` if the setting has none.
    pub default: Option<&'static str>,
    /// True if the setting has a flag. Secrets have none, because other users can read command lines.
    pub flag: bool,
    /// True if the value is never displayed.
    pub secret: bool,
    /// True if the value can also be set with the name of a file that contains it.
    pub from_file: bool,
    /// True if the flag may be given without a value, which means `true`.
    pub switch: bool,
    /// True if the value is a list: the flag may be repeated, and the file may have an array.
    pub list: bool,
    /// The settings of the running server for which this is a short name, each with the value to set, if that is not
    /// this setting's own value.
    pub short_for: &'static [(SettingId, Option<&'static str>)],
}

/// The bounds of a value. The help names them.
#[derive(Debug, Clone, Copy)]
pub(super) enum StartBounds {
    /// The value has no bounds, or its own rules.
    None,
    /// A whole number, at least the first and at most the second.
    Number(u32, u32),
    /// A text of at least so many characters.
    Characters(usize),
}

impl StartSetting {
    /// Creates a setting with a flag and without bounds.
    pub(super) const fn new(
        name: &'static str,
        value: &'static str,
        default: Option<&'static str>,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            value,
            about,
            bounds: StartBounds::None,
            default,
            flag: true,
            secret: false,
            from_file: false,
            switch: false,
            list: false,
            short_for: &[],
        }
    }

    /// Sets the least and the largest number.
    pub(super) const fn within(mut self, least: u32, most: u32) -> Self {
        self.bounds = StartBounds::Number(least, most);
        self
    }

    /// Sets the minimum length in characters.
    pub(super) const fn at_least(mut self, characters: usize) -> Self {
        self.bounds = StartBounds::Characters(characters);
        self
    }

    /// Returns the help text with the bounds, one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> String {
        let of_server = self.short_for.first().map(|(id, _)| id.control());
        let range = match (self.bounds, of_server) {
            (StartBounds::Number(least, most), _) => format!(", {least} to {most}"),
            (StartBounds::Characters(least), _) => format!(", at least {least} characters"),
            (StartBounds::None, Some(Control::Number { least, most })) => format!(", {least} to {most}"),
            (StartBounds::None, _) => String::new(),
        };
        format!("{}{range}", self.about)
    }

    /// Makes the setting a short name of settings of the running server.
    pub(super) const fn short_for(mut self, ids: &'static [(SettingId, Option<&'static str>)]) -> Self {
        self.short_for = ids;
        self
    }

    /// Removes the flag, and allows the value to be read from a file.
    pub(super) const fn quiet(mut self) -> Self {
        self.flag = false;
        self.from_file = true;
        self
    }

    /// Allows the flag without a value.
    pub(super) const fn switch(mut self) -> Self {
        self.switch = true;
        self
    }

    /// Makes the value a list.
    pub(super) const fn list(mut self) -> Self {
        self.list = true;
        self
    }

    /// Never displays the value.
    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Returns the name of the environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("ROLLCALL_{}", self.name.to_uppercase())
    }

    /// Returns the name of the environment variable for a file with the value, if there is one.
    #[must_use]
    pub fn file_variable(&self) -> Option<String> {
        self.from_file.then(|| format!("{}_FILE", self.variable()))
    }

    /// Returns the name of the flag without the dashes, if there is one.
    #[must_use]
    pub fn flag_name(&self) -> Option<String> {
        self.flag.then(|| self.name.replace('_', "-"))
    }
}
