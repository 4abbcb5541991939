//! Verifies everything that can be guessed: passwords, codes of a second factor, links and secrets.
//!
//! A guess waits for its turn, then the lockout is checked, then the guess is verified, then a failure is made
//! durable, and only then the turn ends. The next guess for the same user therefore sees all earlier failures, and no
//! more guesses are verified than the lockout allows, however many come at once.

use super::guess_target::Target;
use super::{incident, lockout};
use crate::app::AccountKey;
use crate::app::rates::{Counted, Rate, RateKey};
use crate::app::{App, QueueFull, Turn};
use crate::auth::{Actor, Origin};
use crate::domain::{RequestError, SettingId, SourceAddress, UserId};
use crate::observe::RequestId;
use crate::store::Need;

/// The window in which the rates of logins are counted, in milliseconds.
const RATE_MILLIS: u32 = 60_000;

/// Seconds after which a client may retry if the queue was full.
const QUEUE_FULL_SECONDS: u64 = 1;

/// Runs `work`, which verifies a guess, in the caller's turn. If `work` fails with a wrong guess
/// ([`RequestError::is_wrong_guess`]), the failure is counted. `work` must not wait for another turn.
///
/// # Errors
/// Without running `work`: [`RequestError::TooManyLogins`] if too many guesses wait, [`RequestError::AddressBlocked`]
/// and [`RequestError::UserBlocked`] after too many failures, [`RequestError::StoreFull`] and
/// [`RequestError::StoreReadOnly`] if a failure could not be counted. Otherwise the errors of `work`.
pub(super) async fn guarded<T>(
    app: &App,
    origin: &Origin,
    target: &Target,
    work: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, RequestError> {
    let turn = take_turn(app, target.account.clone(), origin.source()).await?;
    lockout::refuse_blocked(app, origin, target)?;
    refuse_uncounted(app)?;
    let outcome = work.await;
    if let Err(error) = &outcome
        && error.is_wrong_guess()
    {
        count_failure(app, origin, target.clone().after(error), turn).await?;
    }
    outcome
}

/// Refuses a guess while the disk has no room to count it: guesses without a count would have no limit.
fn refuse_uncounted(app: &App) -> Result<(), RequestError> {
    let room = app.store.room();
    if room.allows(Need::Failure) {
        Ok(())
    } else {
        Err(incident::store(room.refusal()))
    }
}

/// Verifies a guess as [`guarded`] does, but returns `wrong` during a lockout.
pub(super) async fn guarded_silently<T>(
    app: &App,
    origin: &Origin,
    target: &Target,
    wrong: RequestError,
    work: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, RequestError> {
    match guarded(app, origin, target, work).await {
        Err(RequestError::AddressBlocked | RequestError::UserBlocked) => Err(wrong),
        outcome => outcome,
    }
}

async fn take_turn(
    app: &App,
    account: Option<AccountKey>,
    source: Option<SourceAddress>,
) -> Result<Turn, RequestError> {
    let turn = app.attempts.take_turn(account, source).await;
    turn.map_err(|QueueFull| RequestError::TooManyLogins {
        seconds: QUEUE_FULL_SECONDS,
    })
}

/// Counts a failure in its own task, so that the turn ends only when the failure is durable, even if the client
/// disconnects before that.
async fn count_failure(app: &App, origin: &Origin, target: Target, turn: Turn) -> Result<(), RequestError> {
    let (app, origin) = (app.clone(), origin.clone());
    let counting = tokio::spawn(RequestId::carry(async move {
        let counted = lockout::count_failure(&app, &origin, &target).await;
        drop(turn);
        counted
    }));
    counting.await.map_err(incident::internal)?
}

/// Counts a login with a password against the rate limits of its address and its account.
///
/// # Errors
/// [`RequestError::TooManyLogins`].
pub(super) fn admit_login(app: &App, origin: &Origin, target: &Target) -> Result<(), RequestError> {
    let settings = app.settings();
    if !settings.flag(SettingId::RateLimiterEnabled) {
        return Ok(());
    }
    let of_address = (
        RateKey::Address(origin.source()),
        SettingId::RateLimiterLoginsPerAddress,
    );
    let account = target.account.clone().map(RateKey::Account);
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
            return Err(RequestError::TooManyLogins {
                seconds: left.wait_seconds(),
            });
        }
    }
    Ok(())
}

/// The caller for whom the server hashes a password.
#[derive(Debug, Clone)]
pub(super) enum HashedFor {
    /// The command line, which has no limit.
    Operator,
    /// A logged-in user, and the address of the request.
    User(UserId, Option<SourceAddress>),
    /// A client that is not logged in, by its address.
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

/// Hashes passwords in the caller's turn, so that one caller cannot use all hashing threads.
///
/// # Errors
/// [`RequestError::TooManyLogins`] if too many callers wait; the errors of `work`.
pub(super) async fn in_turn<T>(
    app: &App,
    caller: &HashedFor,
    work: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, RequestError> {
    let _turn = match caller {
        HashedFor::Operator => None,
        HashedFor::User(id, source) => Some(take_turn(app, Some(AccountKey::Known(id.clone())), *source).await?),
        HashedFor::Address(source) => Some(take_turn(app, None, *source).await?),
    };
    work.await
}
