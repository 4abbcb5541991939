//! The password policy (`api.md` §3.7).

use serde_json::{Value, json};

use super::password_violation::PasswordViolation;
use super::{RequestError, Username};

/// The maximum length of any password, in characters.
pub(crate) const PASSWORD_CHARACTERS: usize = 1024;

/// The maximum length of a password in characters, while the strength rule is on.
pub(crate) const STRONG_PASSWORD_CHARACTERS: u32 = 256;

/// The number of characters of a password that zxcvbn scores. The cost of scoring grows faster than the length, and
/// this many characters are enough for the best score.
const SCORED_CHARACTERS: usize = 64;

/// The maximum number of the user's words that the scoring searches for.
const OWN_WORDS: usize = 40;

/// The minimum length of a part of a name, in characters, to count as a word of the user.
const OWN_WORD_CHARACTERS: usize = 3;

/// The words that are easy to guess for a user: the parts of username, name, e-mail address and site name.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct OwnWords(Vec<String>);

impl OwnWords {
    /// Collects the words of a user, in lower case.
    #[must_use]
    pub fn new(username: &Username, name: Option<&str>, email: Option<&str>, site: &str) -> Self {
        let texts = [Some(username.as_str()), name, email, Some(site)];
        let mut words: Vec<String> = Vec::new();
        for text in texts.into_iter().flatten() {
            let parts = text.split(|character: char| !character.is_alphanumeric());
            for word in parts.chain([text]).map(str::to_lowercase) {
                if word.chars().count() >= OWN_WORD_CHARACTERS && !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        words.truncate(OWN_WORDS);
        Self(words)
    }
}

/// The active rules. `None`, `false` or 0 means that a rule is off.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub struct PasswordPolicy {
    /// The minimum length, in characters.
    pub min_length: Option<u32>,
    /// The maximum length, in characters.
    pub max_length: Option<u32>,
    /// The maximum number of equal characters in a row.
    pub repeating: Option<u32>,
    /// `true` if a lower-case letter from a to z is required.
    pub lowercase: bool,
    /// `true` if an upper-case letter from A to Z is required.
    pub uppercase: bool,
    /// `true` if a digit from 0 to 9 is required.
    pub number: bool,
    /// `true` if a character is required that is neither a letter from a to z or A to Z, nor a digit, nor a space.
    pub special: bool,
    /// The lowest score of zxcvbn, from 1 to 4; 0 switches the rule off.
    pub min_score: u8,
}

impl PasswordPolicy {
    /// Checks a password against the policy.
    ///
    /// Costs about 30 ms of CPU time while the strength rule is on.
    ///
    /// # Errors
    /// [`RequestError::PasswordInvalid`] if the password is blank or longer than 1024 characters, with any policy;
    /// [`RequestError::PasswordPolicy`] with every violated rule.
    pub fn check(&self, password: &str, own: &OwnWords) -> Result<(), RequestError> {
        let length = password.chars().count();
        if password.trim().is_empty() || length > PASSWORD_CHARACTERS {
            return Err(RequestError::PasswordInvalid);
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
                self.lowercase && !has(|character| character.is_ascii_lowercase()),
                "oneLowercase",
                "The password does not meet the requirement of at least one lowercase character which is against the \
                 password policy.",
            ),
            (
                self.uppercase && !has(|character| character.is_ascii_uppercase()),
                "oneUppercase",
                "The password does not meet the requirement of at least one uppercase character which is against the \
                 password policy.",
            ),
            (
                self.number && !has(|character| character.is_ascii_digit()),
                "oneNumber",
                "The password does not meet the requirement of at least one numerical character which is against the \
                 password policy.",
            ),
            (
                self.special && !has(|character| !character.is_ascii_alphanumeric() && character != ' '),
                "oneSpecial",
                "The password does not meet the requirement of at least one special character which is against the \
                 password policy.",
            ),
        ];
        let mut broken: Vec<_> = rules
            .into_iter()
            .filter(|(broken, ..)| *broken)
            .map(|(_, suffix, message)| PasswordViolation::new(suffix, message))
            .collect();
        broken.extend(self.weakness(password, own));
        if broken.is_empty() {
            Ok(())
        } else {
            Err(RequestError::PasswordPolicy { broken })
        }
    }

    /// Returns the violation of the strength rule, if the password is too easy to guess.
    fn weakness(&self, password: &str, own: &OwnWords) -> Option<PasswordViolation> {
        if self.min_score == 0 {
            return None;
        }
        let scored: String = password.chars().take(SCORED_CHARACTERS).collect();
        let own: Vec<_> = own.0.iter().map(String::as_str).collect();
        let estimate = zxcvbn::zxcvbn(&scored, &own);
        if u8::from(estimate.score()) >= self.min_score {
            return None;
        }
        let advice = estimate.feedback().map(ToString::to_string).unwrap_or_default();
        let message = format!("The password is too easy to guess. {advice}");
        Some(PasswordViolation::new("strength", message.trim_end()))
    }

    /// Returns whether any rule is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        *self != Self::default()
    }

    /// Returns the rules in the form of `pw.getPolicy`.
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
            // Only Rollcall has this rule.
            bound(
                "strength",
                "minimumScore",
                Some(self.min_score.into()).filter(|score| *score > 0),
            ),
        ];
        rules.into_iter().flatten().collect()
    }
}

/// Returns whether a character occurs more than `most` times in a row.
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
            min_score: 0,
        }
    }

    fn suffixes(policy: &PasswordPolicy, password: &str, own: &OwnWords) -> Vec<String> {
        let broken = match policy.check(password, own) {
            Err(RequestError::PasswordPolicy { broken }) => broken,
            outcome => {
                assert_eq!(outcome, Ok(()), "{password}");
                Vec::new()
            }
        };
        let suffix = |rule: &PasswordViolation| rule.error.rsplit('-').next().map(str::to_owned);
        broken.iter().filter_map(suffix).collect()
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
            // Rocket.Chat accepts only letters from a to z: any other letter counts as a special character.
            ("STR0NG-\u{e9}", &["oneLowercase"]),
            ("Str0ng\u{e9}x", &[]),
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
            assert_eq!(suffixes_of(password), suffixes, "{password}");
        }
    }

    fn suffixes_of(password: &str) -> Vec<String> {
        suffixes(&all(), password, &OwnWords::default())
    }

    #[test]
    fn a_password_that_is_easy_to_guess_is_too_weak() {
        let strong = PasswordPolicy {
            min_score: 3,
            ..PasswordPolicy::default()
        };
        let name = Username::parse("maria.kowalska").expect("a username");
        let own = OwnWords::new(
            &name,
            Some("Maria Kowalska-Brzoza"),
            Some("mk@muster.example"),
            "Rollcall",
        );
        for weak in [
            "password",
            "Passw0rd!",
            "qwertyuiop",
            "aaaaaaaaaaaaaaaa",
            "kowalska",
            "Kowalska1",
            "alaskwok",
        ] {
            assert_eq!(suffixes(&strong, weak, &own), ["strength"], "{weak}");
        }
        for weak in ["kowalskabrzoza", "mariakowalska", "kowalskarollcall"] {
            assert_eq!(suffixes(&strong, weak, &own), ["strength"], "{weak}");
            assert!(suffixes(&strong, weak, &OwnWords::default()).is_empty(), "{weak}");
        }
        for good in [
            "correct horse",
            "kowalska eats blue chairs",
            "\u{1f40e}\u{1f50b} ъыьэюя staple",
        ] {
            assert!(suffixes(&strong, good, &own).is_empty(), "{good}");
        }
    }

    #[test]
    fn a_blank_password_fails_whatever_the_policy() {
        for password in ["", "   ", &"x".repeat(1025)] {
            let checked = PasswordPolicy::default().check(password, &OwnWords::default());
            assert_eq!(checked, Err(RequestError::PasswordInvalid));
        }
        assert_eq!(PasswordPolicy::default().check("x", &OwnWords::default()), Ok(()));
    }
}
