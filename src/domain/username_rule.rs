//! The rule of `UTF8_User_Names_Validation` for the characters of new usernames.

use regex::{Regex, RegexBuilder};

use super::Username;
use super::username::is_default;

/// The default pattern, until an administrator sets another one (`api.md` §5.1).
pub(crate) const DEFAULT_PATTERN: &str = "[0-9a-zA-Z-_.]+";

/// The maximum length of a pattern, in bytes.
const PATTERN_BYTES: usize = 256;

/// The maximum size of a compiled pattern, in bytes. The time of a check grows with it and with the length of the name.
const COMPILED_BYTES: usize = 256 * 1024;

/// A pattern that must match the whole username. A check takes linear time, because patterns have no look-around
/// and no back-references.
#[derive(Debug, Clone)]
pub struct UsernameRule {
    pattern: String,
    /// The compiled pattern; `None` for the default pattern.
    whole: Option<Regex>,
}

impl Default for UsernameRule {
    fn default() -> Self {
        Self {
            pattern: DEFAULT_PATTERN.to_owned(),
            whole: None,
        }
    }
}

impl UsernameRule {
    /// Parses a regular expression without anchors.
    ///
    /// # Errors
    /// Returns a message that follows the name of the setting.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        if pattern == DEFAULT_PATTERN {
            return Ok(Self::default());
        }
        if pattern.is_empty() || pattern.len() > PATTERN_BYTES {
            return Err(format!("must be a regular expression of 1 to {PATTERN_BYTES} bytes"));
        }
        let build = |pattern: &str| {
            let built = RegexBuilder::new(pattern).size_limit(COMPILED_BYTES).build();
            built.map_err(|error| refusal(&error))
        };
        // First without the anchors: a pattern such as `a)|(b` is valid only inside them, and must be refused.
        build(pattern)?;
        let whole = build(&format!(r"\A(?:{pattern})\z"))?;
        Ok(Self {
            pattern: pattern.to_owned(),
            whole: Some(whole),
        })
    }

    /// Returns the pattern as text.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Returns whether a user may take this username.
    #[must_use]
    pub fn allows(&self, name: &Username) -> bool {
        match &self.whole {
            None => is_default(name.as_str()),
            Some(whole) => whole.is_match(name.as_str()),
        }
    }
}

fn refusal(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            format!("is a pattern that takes more than {COMPILED_BYTES} bytes of memory: use fewer repetitions")
        }
        other => {
            // Only the last line names the cause; the lines before it show the position.
            let words = other.to_string();
            let cause = words.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!(
                "must be a regular expression without look-around and back-references, as {DEFAULT_PATTERN}: {cause}"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Username {
        Username::parse(text).expect(text)
    }

    #[test]
    fn the_default_pattern_and_its_compiled_form_are_the_same_rule() {
        let compiled = UsernameRule::parse(&format!("(?:{DEFAULT_PATTERN})")).expect("a rule");
        for text in ["ada", "Ada.K-L_9", "å", "王", "a+b", "a=b", "٣"] {
            let name = name(text);
            assert_eq!(UsernameRule::default().allows(&name), compiled.allows(&name), "{text}");
        }
    }

    #[test]
    fn a_pattern_has_to_match_the_whole_name() {
        let rule = UsernameRule::parse(r"[\p{L}\p{N}_.-]+|x+").expect("a rule");
        assert!(rule.allows(&name("åse")) && rule.allows(&name("王小明")) && rule.allows(&name("xx")));
        assert!(!rule.allows(&name("a+b")) && !rule.allows(&name("x$")));
    }

    #[test]
    fn a_bad_or_costly_pattern_is_refused_with_what_is_allowed() {
        for pattern in ["", "[a", "a)|(b", "(?=a)", r"(a)\1", "a{1,99999}", &"a".repeat(257)] {
            assert!(UsernameRule::parse(pattern).is_err(), "{pattern}");
        }
        let refused = UsernameRule::parse(r"(?:\p{L}{1,60}){1,60}").expect_err("a costly one");
        assert!(refused.contains("fewer repetitions"), "{refused}");
        let refused = UsernameRule::parse("[a").expect_err("no pattern");
        assert!(
            refused.contains(DEFAULT_PATTERN) && refused.ends_with("unclosed character class"),
            "{refused}"
        );
    }

    #[test]
    fn a_pattern_that_backtracks_elsewhere_is_linear_here() {
        let rule = UsernameRule::parse("(a+)+b").expect("a rule");
        assert!(!rule.allows(&name(&"a".repeat(64))));
    }
}
