//! The public keys to which backups are encrypted.

use std::fmt;

use age::x25519::Recipient;

use crate::domain::list_setting;

/// Maximum recipients. Each one adds about 100 bytes to a backup.
const MAX_RECIPIENTS: usize = 100;

/// The characters of a recipient (an X25519 key in Bech32).
const CHARACTERS: usize = 62;

/// The beginning of the private keys of age, which must not appear in a message.
const PRIVATE: &str = "age-secret-key-";

/// Public keys of age (`age1…`), of which each one's owner can decrypt.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Recipients(Vec<Recipient>);

impl Recipients {
    /// Parses a list with commas.
    ///
    /// # Errors
    /// The first item that is not a recipient, in words that follow the name of the setting.
    pub fn parse_list(text: &str) -> Result<Self, String> {
        Self::of(list_setting::items(text))
    }

    /// Parses a file with one recipient in each line. Lines that begin with `#` are comments.
    ///
    /// # Errors
    /// The first line that is not a recipient, in words that follow the name of the file.
    pub fn parse_lines(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim);
        Self::of(lines.filter(|line| !line.is_empty() && !line.starts_with('#')))
    }

    fn of<'text>(items: impl Iterator<Item = &'text str>) -> Result<Self, String> {
        let mut recipients: Vec<Recipient> = Vec::new();
        for item in items {
            let recipient = item.parse::<Recipient>().map_err(|_| refused(item))?;
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
        match recipients.len() {
            0 => Err("has no recipient: one begins with age1, and `age-keygen` makes it".to_owned()),
            1..=MAX_RECIPIENTS => Ok(Self(recipients)),
            more => Err(format!("has {more} recipients, and may have {MAX_RECIPIENTS}")),
        }
    }

    /// Adds the recipients of another list.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for recipient in other.0 {
            if !self.0.contains(&recipient) {
                self.0.push(recipient);
            }
        }
        self
    }

    /// Returns whether there are none, so that backups are not encrypted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the recipients.
    pub fn all(&self) -> impl Iterator<Item = &Recipient> {
        self.0.iter()
    }
}

/// Returns the refusal of an item. A private key is not repeated.
fn refused(item: &str) -> String {
    if item.to_lowercase().starts_with(PRIVATE) {
        return "has an identity, which is the private key: name its recipient, which begins with age1".to_owned();
    }
    format!("has {item:?}, which is not a recipient of age: one begins with age1 and has {CHARACTERS} characters")
}

impl fmt::Debug for Recipients {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Recipients({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

    #[test]
    fn a_list_and_a_file_have_recipients_and_each_counts_once() {
        let one = Recipients::parse_list(ONE).expect("a recipient");
        assert_eq!(one.all().map(ToString::to_string).collect::<Vec<_>>(), [ONE]);
        for text in [format!("{ONE}, {ONE}"), format!(" {ONE} ,")] {
            assert_eq!(Recipients::parse_list(&text), Ok(one.clone()));
        }
        let file = format!("# ours\n\n{ONE}\r\n");
        assert_eq!(Recipients::parse_lines(&file), Ok(one.clone()));
        assert_eq!(one.clone().and(one.clone()), one);
        assert_eq!(one.clone().and(Recipients::default()), one);
    }

    #[test]
    fn what_is_no_recipient_is_refused_and_a_private_key_is_not_repeated() {
        use age::secrecy::ExposeSecret;
        let private = age::x25519::Identity::generate().to_string();
        for (text, words) in [
            ("", "has no recipient"),
            ("ada", "\"ada\""),
            (&ONE[1..], "begins with age1"),
            (&ONE[..61], "62 characters"),
            ("ssh-ed25519 AAAA", "ssh-ed25519"),
            (private.expose_secret(), "has an identity"),
        ] {
            let refused = Recipients::parse_list(text).expect_err("no recipient");
            assert!(refused.contains(words), "{refused}");
            assert!(!refused.contains(private.expose_secret()));
        }
        let many: Vec<_> = (0..=MAX_RECIPIENTS)
            .map(|_| age::x25519::Identity::generate().to_public().to_string())
            .collect();
        let refused = Recipients::parse_lines(&many.join("\n")).expect_err("too many");
        assert_eq!(refused, "has 101 recipients, and may have 100");
    }
}
