//! The secrets in the line of a user, parsed into types.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::notes::Notes;
use crate::auth::{foreign_hash, totp};
use crate::domain::password_hash::PasswordHash;
use crate::domain::transfer::{ExportedToken, SecretsLine, TotpLine};
use crate::domain::two_factor::{BACKUP_CODES, Salt};
use crate::domain::{
    BackupCodes, PersonalToken, RequestError, Scope, Timestamp, Token, TokenHash, TokenName, TotpSecret, UserId,
    moment_of_field,
};
use crate::ops::personal_tokens::TOKENS_PER_USER;

/// Maximum earlier passwords in a line.
const HISTORY: usize = 24;

/// Maximum characters of the last part of a token.
const LAST_PART_CHARACTERS: usize = 6;

/// The secrets of a user as a line describes them.
pub(super) struct ParsedSecrets {
    pub(super) password: Option<PasswordHash>,
    pub(super) password_history: Vec<PasswordHash>,
    pub(super) tokens: Vec<Token>,
    pub(super) totp: Option<ParsedTotp>,
}

/// A second factor as a line describes it.
#[derive(Clone)]
pub(super) struct ParsedTotp {
    pub(super) secret: TotpSecret,
    pub(super) backup_codes: BackupCodes,
    pub(super) last_step: Option<u64>,
}

impl ParsedSecrets {
    /// Parses the secrets of a line. What is not valid is left out.
    pub(super) fn of(line: SecretsLine, owner: &UserId, now: Timestamp, notes: &mut Notes) -> Self {
        let history = line.password_history.iter().take(HISTORY);
        Self {
            password: line
                .password
                .and_then(|text| notes.take("password", foreign_hash::parse(&text))),
            password_history: history
                .filter_map(|text| notes.take("passwordHistory", foreign_hash::parse(text)))
                .collect(),
            tokens: tokens(line.tokens, owner, now, notes),
            totp: line.totp.and_then(|line| notes.take("totp", totp(line))),
        }
    }
}

fn tokens(lines: Vec<ExportedToken>, owner: &UserId, now: Timestamp, notes: &mut Notes) -> Vec<Token> {
    let (mut kept, mut names) = (Vec::new(), BTreeSet::new());
    for line in lines {
        let Some(token) = token(line, owner, now, notes) else {
            continue;
        };
        let name = token.personal().map(|personal| Arc::clone(&personal.name));
        if token.expires_at.is_some_and(|end| end <= now) {
            notes.add("tokens", "one has expired");
        } else if !names.insert(name) {
            notes.add("tokens", "two have the same name");
        } else if kept.len() == TOKENS_PER_USER {
            notes.add("tokens", format!("a user has at most {TOKENS_PER_USER}"));
        } else {
            kept.push(token);
        }
    }
    kept
}

fn token(line: ExportedToken, owner: &UserId, now: Timestamp, notes: &mut Notes) -> Option<Token> {
    let hash = notes.take("tokens", digest(&line.hash))?;
    let name = notes.take("tokens", TokenName::parse(&line.name))?;
    let expires_at = match line.expires_at {
        // A token whose end is not known must not be valid for ever.
        Some(text) => Some(notes.take("tokens", moment_of_field(&text, "expiresAt"))?),
        None => None,
    };
    let scopes = line.scopes.map(|words| scopes(&words)).transpose();
    Some(Token {
        hash: TokenHash::new(hash),
        user: owner.clone(),
        created_at: notes.past(line.created_at, "tokens", now).unwrap_or(now),
        expires_at,
        last_used_at: notes.past(line.last_used_at, "tokens", now),
        kind: PersonalToken {
            name: name.as_str().into(),
            last_part: last_part(&line.last_part),
            bypass_two_factor: line.bypass_two_factor,
            scopes: notes.take("tokens", scopes)?,
        }
        .into(),
    })
}

fn last_part(text: &str) -> Arc<str> {
    let text: String = text.chars().filter(char::is_ascii_graphic).collect();
    let from = text.len().saturating_sub(LAST_PART_CHARACTERS);
    text[from..].into()
}

fn scopes(words: &[String]) -> Result<Vec<Scope>, RequestError> {
    let scope = |word: &String| {
        let parsed: Result<Scope, _> = word.parse();
        parsed.map_err(|problem| RequestError::invalid(problem.to_string(), "scopes"))
    };
    let mut scopes: Vec<_> = words.iter().map(scope).collect::<Result<_, _>>()?;
    // The stored form has the order of the declaration.
    scopes.sort_by_key(|scope| *scope as u8);
    scopes.dedup();
    Ok(scopes)
}

fn totp(line: TotpLine) -> Result<ParsedTotp, RequestError> {
    let secret = totp::parse(&line.secret);
    let secret = secret.ok_or_else(|| RequestError::invalid("must be base32 of 10 to 64 bytes", "secret"))?;
    let salt: Option<Salt> = line.backup_salt.map(|text| fixed(&text)).transpose()?;
    let digests = line.backup_codes.iter().take(BACKUP_CODES).map(|text| digest(text));
    Ok(ParsedTotp {
        secret,
        backup_codes: BackupCodes {
            salt,
            digests: digests.collect::<Result<_, _>>()?,
        },
        last_step: line.last_step,
    })
}

/// Decodes the 32 bytes of a SHA-256 or of another digest.
fn digest(text: &str) -> Result<[u8; 32], RequestError> {
    fixed(text)
}

/// Decodes base64 of this many bytes.
fn fixed<const BYTES: usize>(text: &str) -> Result<[u8; BYTES], RequestError> {
    let refused = || RequestError::invalid(format!("must be base64 of {BYTES} bytes"), "hash");
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| refused())?;
    bytes.try_into().map_err(|_| refused())
}
