//! A copy in memory of all that is durable, except avatars and the audit log.
//!
//! The maps are persistent: a new snapshot shares all unchanged parts with the one before, so that a reader can hold
//! its own for as long as it needs, and the writer does not wait for it.

use std::sync::Arc;

use imbl::{HashMap, OrdMap, OrdSet};

use super::change::{Change, RecordEdit};
use super::codec::{Damage, parse_key};
use super::commits::Commits;
use super::records::{Record, Table};
use super::token_of_user::TokenOfUser;
use super::user_index::UserIndex;
use crate::domain::setting::Setting;
use crate::domain::{
    Access, Board, CustomStatus, CustomStatusId, EmailKey, FailedLogins, Grant, Invitation, LostConnections,
    PasswordReset, Role, RoleId, SettingId, SetupLink, StatusName, Timestamp, Token, TokenHash, User, UserId,
    UserStatus,
};

/// A consistent state of the store. Each record's file in `records/` has the look-ups for its type.
#[derive(Debug, Default, Clone)]
pub struct Snapshot {
    pub(super) users: OrdMap<UserId, Arc<User>>,
    pub(super) users_by_username: UserIndex,
    pub(super) users_by_role: HashMap<RoleId, OrdSet<UserId>>,
    pub(super) users_by_email: OrdMap<EmailKey, Arc<User>>,
    pub(super) user_statuses: OrdMap<UserId, Arc<UserStatus>>,
    pub(super) tokens: OrdMap<TokenHash, Arc<Token>>,
    pub(super) tokens_by_user: OrdSet<TokenOfUser>,
    pub(super) custom_statuses: OrdMap<CustomStatusId, Arc<CustomStatus>>,
    pub(super) custom_statuses_by_name: OrdMap<StatusName, Arc<CustomStatus>>,
    pub(super) access: Arc<Access>,
    pub(super) settings: OrdMap<SettingId, Setting>,
    pub(super) failed_logins: OrdMap<String, FailedLogins>,
    pub(super) password_resets: OrdMap<UserId, PasswordReset>,
    pub(super) password_resets_by_hash: HashMap<TokenHash, UserId>,
    pub(super) setup_link: Option<SetupLink>,
    pub(super) lost_connections: OrdMap<TokenHash, LostConnections>,
    pub(super) invitations: OrdMap<u16, Arc<Invitation>>,
    pub(super) boards: OrdMap<u16, Arc<Board>>,
    pub(super) commits: Commits,
}

impl Snapshot {
    /// Returns the time of the last commit that stored its time, if it is known. A commit does not store it while the
    /// clock is ahead.
    #[must_use]
    pub const fn believed_at(&self) -> Option<Timestamp> {
        self.commits.believed_at
    }

    /// Returns the link that creates the first administrator, until it is used.
    #[must_use]
    pub const fn setup_link(&self) -> Option<&SetupLink> {
        self.setup_link.as_ref()
    }

    /// Returns the snapshot as it would be after a change that is not made, for a trial. The expectations of the change
    /// are not checked. `None` if a record of the change cannot be read.
    #[must_use]
    pub fn after(&self, change: &Change) -> Option<Self> {
        let mut next = self.clone();
        let applied = change.edits.iter().try_for_each(|edit| next.apply(edit));
        applied.is_ok().then_some(next)
    }

    /// Replaces the id of a user by that of the user's record, so that all records of a user share one text.
    pub(super) fn share_id(&self, id: &mut UserId) {
        if let Some(user) = self.users.get(id) {
            *id = user.id.clone();
        }
    }

    /// Applies one edit of the store. Edits of index tables are ignored, since the snapshot has its own indexes; so
    /// are large or seldom read records, which are only on the disk.
    pub(super) fn apply(&mut self, edit: &RecordEdit) -> Result<(), Damage> {
        let RecordEdit { table, key, value } = edit;
        match (table, value) {
            (Table::Users, Some(bytes)) => self.put_user(User::decode(key, bytes)?),
            (Table::Users, None) => self.take_user(&UserId::new(&text(key)?)),
            (Table::UserStatuses, Some(bytes)) => {
                let mut status = UserStatus::decode(key, bytes)?;
                self.share_id(&mut status.user);
                self.user_statuses.insert(status.user.clone(), Arc::new(status));
            }
            (Table::UserStatuses, None) => drop(self.user_statuses.remove(&UserId::new(&text(key)?))),
            (Table::Tokens, Some(bytes)) => self.put_token(Token::decode(key, bytes)?),
            (Table::Tokens, None) => self.take_token(&TokenHash::new(hash(key)?)),
            (Table::CustomStatuses, Some(bytes)) => self.put_custom_status(CustomStatus::decode(key, bytes)?),
            (Table::CustomStatuses, None) => self.take_custom_status(&CustomStatusId::new(&text(key)?)),
            (Table::Roles, Some(bytes)) => Arc::make_mut(&mut self.access).put_role(Role::decode(key, bytes)?),
            (Table::Roles, None) => Arc::make_mut(&mut self.access).take_role(&RoleId::new(&text(key)?)),
            (Table::Grants, Some(bytes)) => Arc::make_mut(&mut self.access).put_grant(Grant::decode(key, bytes)?),
            (Table::Grants, None) => Arc::make_mut(&mut self.access).take_grant(parse_key(&text(key)?)?),
            (Table::Settings, Some(bytes)) => {
                let set = Setting::decode(key, bytes)?;
                self.settings.insert(set.id, set);
            }
            (Table::Settings, None) => drop(self.settings.remove(&parse_key::<SettingId>(&text(key)?)?)),
            (Table::FailedLogins, Some(bytes)) => {
                self.failed_logins.insert(text(key)?, FailedLogins::decode(key, bytes)?);
            }
            (Table::FailedLogins, None) => drop(self.failed_logins.remove(&text(key)?)),
            (Table::PasswordResets, Some(bytes)) => {
                self.put_password_reset(PasswordReset::decode(key, bytes)?);
            }
            (Table::PasswordResets, None) => self.take_password_reset(&UserId::new(&text(key)?)),
            (Table::SetupLinks, Some(bytes)) => self.setup_link = Some(SetupLink::decode(key, bytes)?),
            (Table::SetupLinks, None) => self.setup_link = None,
            (Table::LostConnections, Some(bytes)) => {
                let lost = LostConnections::decode(key, bytes)?;
                self.lost_connections.insert(lost.token, lost);
            }
            (Table::LostConnections, None) => drop(self.lost_connections.remove(&TokenHash::new(hash(key)?))),
            (Table::Invitations, Some(bytes)) => {
                let invitation = Invitation::decode(key, bytes)?;
                self.invitations.insert(invitation.place, Arc::new(invitation));
            }
            (Table::Invitations, None) => drop(self.invitations.remove(&place(key)?)),
            (Table::Boards, Some(bytes)) => {
                let board = Board::decode(key, bytes)?;
                self.boards.insert(board.place, Arc::new(board));
            }
            (Table::Boards, None) => drop(self.boards.remove(&place(key)?)),
            (Table::Commits, Some(bytes)) => self.commits = Commits::decode(key, bytes)?,
            (Table::Commits, None) => self.commits = Commits::default(),
            (
                Table::UsersByUsername
                | Table::UsersByEmail
                | Table::TokensByUser
                | Table::TokensByName
                | Table::CustomStatusesByName
                | Table::RolesByName
                | Table::Avatars
                | Table::AuditLog
                | Table::Overflow,
                _,
            ) => {}
        }
        Ok(())
    }
}

fn text(key: &[u8]) -> Result<String, Damage> {
    String::from_utf8(key.to_vec()).map_err(|error| Damage::Body(error.to_string()))
}

fn hash(key: &[u8]) -> Result<[u8; 32], Damage> {
    key.try_into().map_err(|_| Damage::Short)
}

fn place(key: &[u8]) -> Result<u16, Damage> {
    key.try_into().map(u16::from_be_bytes).map_err(|_| Damage::Short)
}
