//! Import of lines, one after the other.

use std::sync::Arc;

use super::access;
use super::avatar::{self, GivenPicture};
use super::identity;
use super::notes::Notes;
use super::parsed::ParsedUser;
use super::retry::while_overloaded;
use super::secrets::ParsedTotp;
use super::user::UserImport;
use crate::app::App;
use crate::auth::{Actor, random};
use crate::domain::error::ErrorKind;
use crate::domain::import_result::{ImportMode, LineOutcome, LineReport};
use crate::domain::transfer::{AvatarLine, TransferLine, UserLine};
use crate::domain::{Avatar, BackupCodes, RequestError, RoleId, TwoFactor, UserId};
use crate::ops::transaction::transact;
use crate::ops::{avatars, incident};
use crate::store::{Change, Snapshot};

/// An import that is under way. It makes each line durable before the next one, so that an interrupted import has no
/// half lines, and can be run again.
pub struct Importer {
    app: App,
    mode: ImportMode,
    /// The state that a dry run would have reached; `None` for an import that changes the store.
    trial: Option<Arc<Snapshot>>,
}

impl Importer {
    /// Begins an import by the operator.
    #[must_use]
    pub fn new(app: App, mode: ImportMode) -> Self {
        let trial = mode.dry_run.then(|| app.store.read());
        Self { app, mode, trial }
    }

    /// Returns whether a user who may log in has the role `admin`, after the lines so far.
    #[must_use]
    pub fn has_administrator(&self) -> bool {
        let (snapshot, admin) = (self.snapshot(), RoleId::admin());
        let mut holders = snapshot.users_with_role(&admin);
        holders.any(|user| user.is_active())
    }

    /// Returns the state after the lines so far.
    fn snapshot(&self) -> Arc<Snapshot> {
        self.trial.clone().unwrap_or_else(|| self.app.store.read())
    }

    /// Imports a line. A line that breaks a rule is left out, and the report has the reason.
    ///
    /// # Errors
    /// The errors that are not the line's, for example those of the store. The import cannot go on then.
    pub async fn put(&mut self, line: TransferLine) -> Result<LineReport, RequestError> {
        match self.try_put(line).await {
            Err(error) if is_of_line(&error) => Ok(LineOutcome::LeftOut(error.to_string()).into()),
            outcome => outcome,
        }
    }

    async fn try_put(&mut self, line: TransferLine) -> Result<LineReport, RequestError> {
        let (app, update) = (self.app.clone(), self.mode.update);
        match line {
            TransferLine::Role(line) => self.settle(|now| access::role(&app, now, &line, update)).await,
            TransferLine::Grant(line) => self.settle(|now| access::grant(&app, now, &line, update)).await,
            TransferLine::Setting(line) => self.settle(|now| access::setting(&app, now, &line, update)).await,
            TransferLine::Status(line) => self.settle(|now| access::status(&app, now, &line, update)).await,
            TransferLine::User(line) => self.user(*line).await,
            TransferLine::Avatar(line) => self.avatar(&line).await,
            TransferLine::Header(_) | TransferLine::End(_) => {
                let reason = "a header must be the first line, and an end the last one".to_owned();
                Ok(LineOutcome::LeftOut(reason).into())
            }
        }
    }

    /// Makes a decision on the newest snapshot and commits it. A dry run makes it on its own snapshot.
    async fn settle(
        &mut self,
        decision: impl Fn(&Snapshot) -> Result<(Change, LineReport), RequestError>,
    ) -> Result<LineReport, RequestError> {
        let Some(trial) = &mut self.trial else {
            return transact(&self.app, decision).await;
        };
        let (change, report) = decision(trial)?;
        let next = trial
            .after(&change)
            .ok_or_else(|| incident::internal("a change of a dry run cannot be read"))?;
        *trial = Arc::new(next);
        Ok(report)
    }

    fn has_user(&self, id: &UserId) -> bool {
        self.snapshot().user(id).is_some()
    }

    async fn user(&mut self, mut line: UserLine) -> Result<LineReport, RequestError> {
        let app = self.app.clone();
        let mut notes = Notes::default();
        let picture = line.avatar.take();
        let parsed = ParsedUser::of(line, app.clock.now(), &mut notes)?;
        let picture = match picture {
            Some(text) => match avatar::compared(&app, &parsed.id, &text).await {
                Err(error) if !is_of_line(&error) => return Err(error),
                compared => notes.take("avatar", compared),
            },
            None => None,
        };
        let is_new = !self.has_user(&parsed.id);
        let (first, other) = match picture {
            Some(GivenPicture::First(picture)) if is_new => (Some(picture), None),
            Some(GivenPicture::First(picture) | GivenPicture::Other(picture)) => (None, Some(picture)),
            Some(GivenPicture::Same) | None => (None, None),
        };
        let import = UserImport {
            app: &app,
            two_factor: self.two_factor(&parsed).await?,
            avatar: first.map(|picture| avatars::of(&parsed.id, picture)),
            user: &parsed,
            notes: &notes,
        };
        let mode = self.mode;
        let mut report = self.settle(|now| import.decide(now, mode)).await?;
        if let Some(picture) = other {
            let avatar = avatars::of(&parsed.id, picture);
            report.outcome = self.replace_avatar(&avatar, report.outcome).await?;
        }
        Ok(report)
    }

    /// Replaces the picture of a user who was there before, and adds that to the outcome of the line.
    async fn replace_avatar(&self, new: &Avatar, outcome: LineOutcome) -> Result<LineOutcome, RequestError> {
        if !self.mode.update {
            let mut fields = match outcome {
                LineOutcome::Differs(fields) => fields,
                _ => Vec::new(),
            };
            fields.push("avatar".into());
            return Ok(LineOutcome::Differs(fields));
        }
        if !self.mode.dry_run {
            avatars::put(&self.app, &Actor::Operator, new).await?;
        }
        Ok(LineOutcome::Updated)
    }

    async fn avatar(&mut self, line: &AvatarLine) -> Result<LineReport, RequestError> {
        let id = UserId::new(identity::checked(&line.user, "user")?);
        if !self.has_user(&id) {
            return Err(RequestError::UserNotFound);
        }
        let outcome = match avatar::compared(&self.app, &id, &line.picture).await? {
            GivenPicture::Same => LineOutcome::Same,
            GivenPicture::First(picture) => {
                if !self.mode.dry_run {
                    avatars::put(&self.app, &Actor::Operator, &avatars::of(&id, picture)).await?;
                }
                LineOutcome::Created
            }
            GivenPicture::Other(picture) => {
                let avatar = avatars::of(&id, picture);
                self.replace_avatar(&avatar, LineOutcome::Same).await?
            }
        };
        Ok(outcome.into())
    }

    /// Returns the stored form of the second factor in a line, unless the user has the same one already.
    async fn two_factor(&self, user: &ParsedUser) -> Result<Option<TwoFactor>, RequestError> {
        let Some(wanted) = &user.secrets.totp else {
            return Ok(None);
        };
        let app = &self.app;
        let stored = app.store.read().user(&user.id).cloned();
        let secret = stored.as_ref().and_then(|stored| stored.two_factor.secret.as_ref());
        let same = secret.is_some_and(|secret| {
            let opened = app.key.open(&user.id, secret);
            opened.is_ok_and(|opened| opened == wanted.secret)
        });
        if same {
            return Ok(None);
        }
        Ok(Some(TwoFactor {
            secret: Some(app.key.seal(&user.id, &wanted.secret)),
            pending: None,
            backup_codes: self.backup_codes(wanted).await?,
            last_step: wanted.last_step,
        }))
    }

    /// Returns the backup codes with slow digests.
    async fn backup_codes(&self, wanted: &ParsedTotp) -> Result<BackupCodes, RequestError> {
        let given = &wanted.backup_codes;
        if given.salt.is_some() || given.digests.is_empty() || self.mode.dry_run {
            return Ok(given.clone());
        }
        let salt = random::bytes();
        let passwords = &self.app.passwords;
        Ok(BackupCodes {
            salt: Some(salt),
            digests: while_overloaded(|| passwords.slow_digests(&given.digests, salt)).await?,
        })
    }
}

/// Returns whether an error is about the line, so that the next line may succeed.
fn is_of_line(error: &RequestError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Invalid | ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::TooLarge
    )
}
