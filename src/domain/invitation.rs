//! Invitations: links with which people register, also where registration is closed.

use super::{RequestError, RoleId, Timestamp, TokenHash, UserId, plain_text};

/// The maximum number of stored invitations.
pub(crate) const MAX_INVITATIONS: u16 = 1_000;

/// The maximum number of uses that an invitation may name.
pub(crate) const MAX_USES: u32 = 1_000;

/// The number of uses after which an invitation without a named number of uses ends.
pub(crate) const UNLIMITED_USES: u32 = 100_000;

/// The number of days for which an invitation is valid, if its creator names none.
pub(crate) const DEFAULT_DAYS: u32 = 7;

/// The maximum number of days for which an invitation is valid.
pub(crate) const MAX_DAYS: u32 = 365;

/// The maximum length of a note, in characters.
pub(crate) const NOTE_CHARACTERS: usize = 120;

/// The maximum number of roles that an invitation names.
pub(crate) const INVITED_ROLES: usize = 50;

/// An invitation that is not used up. The secret of its link is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The number of its place in the store, below [`MAX_INVITATIONS`].
    pub place: u16,
    /// The SHA-256 of the link's secret.
    pub hash: TokenHash,
    /// The user who created it; `None` for the operator at the command line.
    pub creator: Option<UserId>,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time at which it ends.
    pub expires_at: Timestamp,
    /// The number of people who may register with it; `None` means [`UNLIMITED_USES`].
    pub max_uses: Option<u32>,
    /// The number of people who have registered with it.
    pub uses: u32,
    /// The roles of those who register with it. An empty list means the default roles.
    pub roles: Vec<RoleId>,
    /// A text of its creator about its purpose; may be empty.
    pub note: String,
}

impl Invitation {
    /// Returns whether the invitation has neither ended nor been used up at this time. One that was created while the clock
    /// was ahead is refused: it would be valid for longer than its own length.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.expires_at && !self.created_at.is_of_future(now) && self.uses < self.bound()
    }

    /// Returns the invitation after one more use; `None` if that was the last one.
    #[must_use]
    pub fn after_use(&self) -> Option<Self> {
        let uses = self.uses.saturating_add(1);
        (uses < self.bound()).then(|| Self { uses, ..self.clone() })
    }

    fn bound(&self) -> u32 {
        self.max_uses.unwrap_or(UNLIMITED_USES)
    }
}

/// The terms of an invitation to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvitationTerms {
    /// The number of people who may register with it; `None` means [`UNLIMITED_USES`].
    pub max_uses: Option<u32>,
    /// The number of days for which it is valid.
    pub days: u32,
    /// The roles of those who register with it. An empty list means the default roles.
    pub roles: Vec<RoleId>,
    /// A text about its purpose; may be empty.
    pub note: String,
}

impl InvitationTerms {
    /// Checks the terms of an invitation. Without a number of uses it is good for one; 0 means that the number is not
    /// limited, as in Rocket.Chat.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] with the field's name, for a number or a text out of its bounds.
    pub(crate) fn parse(
        max_uses: Option<u32>,
        days: Option<u32>,
        roles: &[String],
        note: &str,
    ) -> Result<Self, RequestError> {
        let max_uses = max_uses.unwrap_or(1);
        if max_uses > MAX_USES {
            let words = format!("must be 1 to {MAX_USES}, or 0 for no limit");
            return Err(RequestError::invalid(words, "maxUses"));
        }
        let days = days.unwrap_or(DEFAULT_DAYS);
        if !(1..=MAX_DAYS).contains(&days) {
            return Err(RequestError::invalid(format!("must be 1 to {MAX_DAYS}"), "days"));
        }
        if roles.len() > INVITED_ROLES {
            let words = format!("must NOT have more than {INVITED_ROLES} items");
            return Err(RequestError::invalid(words, "roles"));
        }
        let note = plain_text::line(note, "note")?;
        if note.chars().count() > NOTE_CHARACTERS {
            return Err(RequestError::too_long(NOTE_CHARACTERS, "note"));
        }
        Ok(Self {
            max_uses: (max_uses > 0).then_some(max_uses),
            days,
            roles: roles.iter().map(|role| RoleId::new(role)).collect(),
            note,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation(max_uses: Option<u32>, uses: u32) -> Invitation {
        Invitation {
            place: 0,
            hash: TokenHash::new([1; 32]),
            creator: None,
            created_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(100),
            max_uses,
            uses,
            roles: Vec::new(),
            note: String::new(),
        }
    }

    #[test]
    fn an_invitation_ends_by_time_and_by_use() {
        let once = invitation(Some(1), 0);
        assert!(once.is_open(Timestamp::from_millis(99)) && !once.is_open(Timestamp::from_millis(100)));
        assert_eq!(once.after_use(), None);
        let twice = invitation(Some(2), 0).after_use().expect("one more use");
        assert!(twice.is_open(Timestamp::from_millis(0)));
        assert_eq!(twice.after_use(), None);
        let many = invitation(None, UNLIMITED_USES - 1);
        assert!(many.is_open(Timestamp::from_millis(0)));
        assert_eq!(many.after_use(), None);
        assert!(!invitation(Some(1), 1).is_open(Timestamp::from_millis(0)));
    }

    #[test]
    fn terms_have_defaults_and_bounds() {
        let terms = InvitationTerms::parse(None, None, &[], " for  Bob ").expect("terms");
        assert_eq!(
            (terms.max_uses, terms.days, &*terms.note),
            (Some(1), DEFAULT_DAYS, "for  Bob")
        );
        let terms = InvitationTerms::parse(Some(0), Some(MAX_DAYS), &[], "").expect("terms");
        assert_eq!(terms.max_uses, None);
        for (uses, days, note) in [
            (Some(MAX_USES + 1), None, ""),
            (None, Some(0), ""),
            (None, Some(MAX_DAYS + 1), ""),
            (None, None, "a\u{202e}b"),
            (None, None, &*"x".repeat(NOTE_CHARACTERS + 1)),
        ] {
            assert!(
                InvitationTerms::parse(uses, days, &[], note).is_err(),
                "{uses:?} {days:?}"
            );
        }
    }
}
