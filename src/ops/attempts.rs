//! The one way to verify what can be guessed: passwords, codes of a second factor, links and secrets.
//!
//! A guess first takes a turn, then the block is checked, then the guess is verified, then a failure is made
//! durable, and only then the turn ends. The next guess at the same user therefore sees all failures before
//! it, and no more guesses are verified than the block allows, however many come at once.

use super::{incident, lockout};
use crate::app::attempts::AccountKey;
use crate::app::rates::{Counted, Rate, Who};
use crate::app::{App, QueueFull, Turn};
use crate::auth::{Actor, Origin};
use crate::domain::audit::claimed_name;
use crate::domain::{AuditParty, Fault, SettingId, SourceAddress, User, UserId};

/// The time in which the rates of logins are counted, in milliseconds.
const RATE_MILLIS: u32 = 60_000;

/// When to try again after a full queue, in seconds.
const QUEUE_FULL_SECONDS: u64 = 1;

/// The account or secret that a guess is about.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The account that is guessed at. A secret of the server belongs to none.
    pub account: Option<AccountKey>,
    /// The account as the audit log names it.
    pub party: Option<AuditParty>,
    /// What the audit log says of a failure beside it.
    pub detail: &'static str,
    /// The evidence that the caller has given before.
    pub shown: Evidence,
}

/// The evidence that a caller who guesses has given before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// The caller has shown nothing.
    Nothing,
    /// The caller has shown the password or a token of the user. Failures of such callers are counted apart, so that strangers can't keep
    /// the user from proving who they are.
    Login,
}

impl Target {
    /// The password of a user who logs in.
    pub fn user(user: &User) -> Self {
        Self {
            account: Some(AccountKey::Known(user.id.clone())),
            party: Some(user.party()),
            detail: "",
            shown: Evidence::Nothing,
        }
    }

    /// The password or a code of a user who is logged in.
    pub fn proof_of(user: &User) -> Self {
        Self {
            shown: Evidence::Login,
            ..Self::user(user)
        }
    }

    /// Returns the same after a guess failed with this fault: who gets to the second factor has shown the password.
    fn after(self, fault: &Fault) -> Self {
        match fault {
            Fault::LoginCodeInvalid => Self {
                shown: Evidence::Login,
                ..self
            },
            _ => self,
        }
    }

    /// The password of an account that does not exist, by the folded form of its name.
    pub fn unknown(folded: &str) -> Self {
        Self {
            account: Some(AccountKey::unknown(folded)),
            party: Some(AuditParty::new("unknown user", "", claimed_name(folded))),
            detail: "",
            shown: Evidence::Nothing,
        }
    }

    /// A secret of the server.
    pub const fn secret(detail: &'static str) -> Self {
        Self {
            account: None,
            party: None,
            detail,
            shown: Evidence::Nothing,
        }
    }

    /// The id of the user, if there is such a user.
    pub const fn user_id(&self) -> Option<&UserId> {
        match &self.account {
            Some(AccountKey::Known(id)) => Some(id),
            Some(AccountKey::Unknown(_)) | None => None,
        }
    }
}

/// Verifies a guess. `work` verifies it, and fails with a wrong guess ([`Fault::is_wrong_guess`]) if it is
/// wrong: then the failure is counted. `work` must not take another turn.
///
/// # Errors
/// [`Fault::TooManyLogins`] when too many guesses wait; [`Fault::AddressBlocked`] and [`Fault::UserBlocked`]
/// after too many failures, and `work` is not done; those of `work`.
pub(super) async fn guarded<T>(
    app: &App,
    origin: &Origin,
    target: &Target,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let turn = take_turn(app, target.account.clone(), origin.source()).await?;
    lockout::refuse_blocked(app, origin, target)?;
    let outcome = work.await;
    if let Err(fault) = &outcome
        && fault.is_wrong_guess()
    {
        count_failure(app, origin, target.clone().after(fault), turn).await?;
    }
    outcome
}

/// Verifies a guess as [`guarded`] does, and answers a block as a wrong guess.
pub(super) async fn guarded_silently<T>(
    app: &App,
    origin: &Origin,
    target: &Target,
    wrong: Fault,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    match guarded(app, origin, target, work).await {
        Err(Fault::AddressBlocked | Fault::UserBlocked) => Err(wrong),
        outcome => outcome,
    }
}

async fn take_turn(app: &App, account: Option<AccountKey>, source: Option<SourceAddress>) -> Result<Turn, Fault> {
    let turn = app.attempts.take_turn(account, source).await;
    turn.map_err(|QueueFull| Fault::TooManyLogins {
        seconds: QUEUE_FULL_SECONDS,
    })
}

/// Counts a failure in a task of its own: the turn ends when the failure is durable, also if the client leaves
/// before that.
async fn count_failure(app: &App, origin: &Origin, target: Target, turn: Turn) -> Result<(), Fault> {
    let (app, origin) = (app.clone(), origin.clone());
    let counting = tokio::spawn(async move {
        let counted = lockout::count_failure(&app, &origin, &target).await;
        drop(turn);
        counted
    });
    counting.await.map_err(incident::internal)?
}

/// Counts a login with a password against the rates of its address and its account.
///
/// # Errors
/// [`Fault::TooManyLogins`].
pub(super) fn admit_login(app: &App, origin: &Origin, target: &Target) -> Result<(), Fault> {
    let settings = app.settings();
    if !settings.flag(SettingId::RateLimiterEnabled) {
        return Ok(());
    }
    let of_address = (Who::Address(origin.source()), SettingId::RateLimiterLoginsPerAddress);
    let account = target.account.clone().map(Who::Account);
    let of_account = account.map(|who| (who, SettingId::RateLimiterLoginsPerUser));
    for (who, calls) in [of_address].into_iter().chain(of_account) {
        let rate = Rate {
            calls: settings.number(calls),
            millis: RATE_MILLIS,
        };
        let counted = Counted {
            what: "logins".into(),
            who,
        };
        if let Err(left) = app.rates.count(&app.clock, rate, &counted) {
            return Err(Fault::TooManyLogins {
                seconds: left.wait.div_ceil(1000),
            });
        }
    }
    Ok(())
}

/// The caller for whom the server hashes a password.
#[derive(Debug, Clone)]
pub(super) enum HashedFor {
    /// The command line.
    Operator,
    /// A user.
    User(UserId, Option<SourceAddress>),
    /// A client that is not logged in.
    Address(Option<SourceAddress>),
}

impl From<&Actor> for HashedFor {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::Operator => Self::Operator,
            Actor::User(caller) => Self::User(caller.user.id.clone(), caller.origin.source()),
        }
    }
}

impl From<&Origin> for HashedFor {
    fn from(origin: &Origin) -> Self {
        Self::Address(origin.source())
    }
}

/// Hashes passwords in a turn of the caller, so that one caller can't occupy all threads that hash.
///
/// # Errors
/// [`Fault::TooManyLogins`] when too many wait, those of `work`.
pub(super) async fn in_turn<T>(
    app: &App,
    caller: &HashedFor,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let _turn = match caller {
        HashedFor::Operator => None,
        HashedFor::User(id, source) => Some(take_turn(app, Some(AccountKey::Known(id.clone())), *source).await?),
        HashedFor::Address(source) => Some(take_turn(app, None, *source).await?),
    };
    work.await
}
