//! What a password has to be like (`api.md` §3.7).

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::Fault;

/// Most characters a password may ever have.
pub const PASSWORD_CHARACTERS: usize = 1024;

/// The rules in force; what is none or false is no rule.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub struct PasswordPolicy {
    /// Fewest characters.
    pub min_length: Option<u32>,
    /// Most characters.
    pub max_length: Option<u32>,
    /// Most characters in a row that are the same.
    pub repeating: Option<u32>,
    /// A lower-case letter is needed.
    pub lowercase: bool,
    /// An upper-case letter is needed.
    pub uppercase: bool,
    /// A digit is needed.
    pub number: bool,
    /// Something that is neither letter nor digit nor space is needed.
    pub special: bool,
}

/// A rule that a password breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Violation {
    /// Its code.
    pub error: String,
    /// In words.
    pub message: String,
}

impl PasswordPolicy {
    /// Whether a password may be set.
    ///
    /// # Errors
    /// [`Fault::PasswordInvalid`] when it is blank or longer than 1024 characters, whatever the
    /// policy; [`Fault::PasswordPolicy`] with every rule that it breaks.
    pub fn check(&self, password: &str) -> Result<(), Fault> {
        let length = password.chars().count();
        if password.trim().is_empty() || length > PASSWORD_CHARACTERS {
            return Err(Fault::PasswordInvalid);
        }
        let has = |what: fn(char) -> bool| password.chars().any(what);
        let below = |bound: Option<u32>| bound.is_some_and(|bound| length < bound as usize);
        let above = |bound: Option<u32>| bound.is_some_and(|bound| length > bound as usize);
        let rules = [
            (
                below(self.min_length),
                "minLength",
                "The password does not meet the minimum length password policy.",
            ),
            (
                above(self.max_length),
                "maxLength",
                "The password does not meet the maximum length password policy.",
            ),
            (
                self.repeating.is_some_and(|most| repeats(password, most)),
                "repeatingCharacters",
                "The password contains repeating characters which is against the password policy.",
            ),
            (
                self.lowercase && !has(char::is_lowercase),
                "oneLowercase",
                "The password does not meet the requirement of at least one lowercase character which is against the \
                 password policy.",
            ),
            (
                self.uppercase && !has(char::is_uppercase),
                "oneUppercase",
                "The password does not meet the requirement of at least one uppercase character which is against the \
                 password policy.",
            ),
            (
                self.number && !has(char::is_numeric),
                "oneNumber",
                "The password does not meet the requirement of at least one numerical character which is against the \
                 password policy.",
            ),
            (
                self.special && !has(|character| !character.is_alphanumeric() && !character.is_whitespace()),
                "oneSpecial",
                "The password does not meet the requirement of at least one special character which is against the \
                 password policy.",
            ),
        ];
        let broken: Vec<_> = rules
            .into_iter()
            .filter(|(broken, ..)| *broken)
            .map(|(_, suffix, message)| Violation {
                error: format!("error-password-policy-not-met-{suffix}"),
                message: message.to_owned(),
            })
            .collect();
        if broken.is_empty() {
            Ok(())
        } else {
            Err(Fault::PasswordPolicy { broken })
        }
    }

    /// The rules as `pw.getPolicy` tells them.
    #[must_use]
    pub fn describe(&self) -> Vec<Vec<Value>> {
        let bound = |name: &str, key: &str, bound: Option<u32>| {
            bound.map(|bound| vec![json!(format!("get-password-policy-{name}")), json!({key: bound})])
        };
        let flag = |name: &str, set: bool| set.then(|| vec![json!(format!("get-password-policy-{name}"))]);
        let rules = [
            bound("minLength", "minLength", self.min_length),
            bound("maxLength", "maxLength", self.max_length),
            flag("forbidRepeatingCharacters", self.repeating.is_some()),
            bound(
                "forbidRepeatingCharactersCount",
                "forbidRepeatingCharactersCount",
                self.repeating,
            ),
            flag("mustContainAtLeastOneLowercase", self.lowercase),
            flag("mustContainAtLeastOneUppercase", self.uppercase),
            flag("mustContainAtLeastOneNumber", self.number),
            flag("mustContainAtLeastOneSpecialCharacter", self.special),
        ];
        rules.into_iter().flatten().collect()
    }
}

/// Whether a character stands more than `most` times in a row.
fn repeats(password: &str, most: u32) -> bool {
    let mut last = None;
    let mut row = 0;
    for character in password.chars() {
        row = if last == Some(character) { row + 1 } else { 1 };
        if row > most {
            return true;
        }
        last = Some(character);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> PasswordPolicy {
        PasswordPolicy {
            min_length: Some(7),
            max_length: Some(20),
            repeating: Some(3),
            lowercase: true,
            uppercase: true,
            number: true,
            special: true,
        }
    }

    #[test]
    fn each_rule_is_named_when_it_is_broken() {
        for (password, suffixes) in [
            ("Str0ng-enough", &[][..]),
            ("S-0rt", &["minLength"][..]),
            ("Str0ng-but-far-too-long", &["maxLength"]),
            ("Str0ng--aaaa", &["repeatingCharacters"]),
            ("STR0NG-ENOUGH", &["oneLowercase"]),
            ("str0ng-enough", &["oneUppercase"]),
            ("Strong-enough", &["oneNumber"]),
            ("Str0ng enough", &["oneSpecial"]),
            (
                "aaaa",
                &[
                    "minLength",
                    "repeatingCharacters",
                    "oneUppercase",
                    "oneNumber",
                    "oneSpecial",
                ],
            ),
        ] {
            let broken = match all().check(password) {
                Err(Fault::PasswordPolicy { broken }) => broken,
                outcome => {
                    assert_eq!(outcome, Ok(()), "{password}");
                    Vec::new()
                }
            };
            let found: Vec<_> = broken
                .iter()
                .map(|rule| rule.error.rsplit('-').next().unwrap_or_default())
                .collect();
            assert_eq!(found, suffixes, "{password}");
        }
    }

    #[test]
    fn a_blank_password_fails_whatever_the_policy() {
        for password in ["", "   ", &"x".repeat(1025)] {
            assert_eq!(PasswordPolicy::default().check(password), Err(Fault::PasswordInvalid));
        }
        assert_eq!(PasswordPolicy::default().check("x"), Ok(()));
    }
}
