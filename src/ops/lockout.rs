//! The lockout: counts failed logins in the store, so that a restart does not reset them (`api.md` §3.6).

use std::collections::HashMap;

use super::audit::{anonymous, note, note_from};
use super::authority::Authority;
use super::guess_target::{Evidence, Target};
use super::transaction::{transact, transact_in_parts, transact_on_user};
use crate::app::AccountKey;
use crate::app::App;
use crate::auth::{Actor, Origin};
use crate::domain::{
    AuditAction, FailedLogins, Failures, LockoutKey, LockoutRule, Permission, RequestError, SourceAddress, Timestamp,
    Token, User, UserId,
};
use crate::store::{Change, RECORDS_IN_CHANGE, Snapshot};

/// Days after which failures that led to no lockout are removed.
const FORGOTTEN_AFTER_DAYS: u32 = 1;

/// Returns the address of a request and its lockout rule; `None` if the address cannot be blocked.
fn source(app: &App, origin: &Origin) -> Option<(SourceAddress, LockoutRule)> {
    let settings = app.settings();
    let rule = settings.address_lockout()?;
    let address = origin.address.filter(|address| !settings.is_never_blocked(*address))?;
    Some((SourceAddress::of(address), rule))
}

/// Returns the guessed account and its lockout rule; `None` if the account cannot be blocked.
fn account<'target>(app: &App, target: &'target Target) -> Option<(&'target AccountKey, LockoutRule)> {
    target.account.as_ref().zip(app.settings().user_lockout())
}

/// Returns whether the browser has a device cookie of the user, or the user has a live session that began at the
/// address, or in the IPv6 network, of this request.
///
/// The lockout of an address limits guesses from it, so an address that is never blocked does not count.
fn is_known_device(app: &App, snapshot: &Snapshot, origin: &Origin, id: &UserId) -> bool {
    let Some((source, _)) = source(app, origin) else {
        return false;
    };
    if origin.device.as_ref() == Some(id) {
        return true;
    }
    let now = app.clock.now();
    let began_there = |token: &Token| {
        let address = token.session().and_then(|session| session.address);
        token.is_live(now) && address.map(SourceAddress::of) == Some(source)
    };
    snapshot.tokens_of(id).any(|token| began_there(token))
}

/// Refuses an attempt during a lockout, whether the password is right or wrong. The lockout of the address is checked
/// before that of the user. A device that has logged in as the user before is exempt from the user's lockout that
/// strangers may cause; see [`is_known_device`].
///
/// # Errors
/// [`RequestError::AddressBlocked`], [`RequestError::UserBlocked`].
pub(super) fn refuse_blocked(app: &App, origin: &Origin, target: &Target) -> Result<(), RequestError> {
    let (snapshot, now) = (app.store.read(), app.clock.steady());
    let blocks = |of: &LockoutKey, rule| {
        let failed = snapshot.failed_logins(of);
        failed.is_some_and(|failed| failed.failures.block(rule, now))
    };
    if source(app, origin).is_some_and(|(source, rule)| blocks(&LockoutKey::Address(source), rule)) {
        return Err(RequestError::AddressBlocked);
    }
    let blocked = match account(app, target) {
        Some((AccountKey::Known(id), rule)) => {
            let is_exempt = || target.shown == Evidence::Login || is_known_device(app, &snapshot, origin, id);
            blocks(&LockoutKey::Proof(id.clone()), rule)
                || (blocks(&LockoutKey::User(id.clone()), rule) && !is_exempt())
        }
        Some((AccountKey::Unknown(name), rule)) => app.attempts.unknown_names().failures(name).block(rule, now),
        None => false,
    };
    if blocked {
        Err(RequestError::UserBlocked)
    } else {
        Ok(())
    }
}

/// Counts a failed attempt, and adds it to the audit log, with a second entry if it starts a lockout. A name without
/// a user is counted in memory only, and gets the same audit entries.
///
/// # Errors
/// Errors of the store.
pub(super) async fn count_failure(app: &App, origin: &Origin, target: &Target) -> Result<(), RequestError> {
    let noted = |action, detail: String| note_from(app, origin, anonymous(), action, target.party.clone(), detail);
    let blocked = |suspect: &dyn std::fmt::Display, rule: LockoutRule| {
        let detail = format!("{suspect}, for {} minutes", rule.minutes());
        noted(AuditAction::LoginBlocked, detail)
    };
    let by_source = source(app, origin).map(|(source, rule)| (LockoutKey::Address(source), rule));
    let (by_user, of_unknown) = match account(app, target) {
        Some((AccountKey::Known(id), rule)) => {
            let suspect = match target.shown {
                Evidence::Nothing => LockoutKey::User(id.clone()),
                Evidence::Login => LockoutKey::Proof(id.clone()),
            };
            (Some((suspect, rule)), None)
        }
        Some((AccountKey::Unknown(name), rule)) => {
            let begins = app.attempts.unknown_names().count(name, rule, app.clock.steady());
            (None, begins.then_some(rule))
        }
        None => (None, None),
    };
    let suspects: Vec<_> = by_source.into_iter().chain(by_user).collect();
    transact(app, |snapshot| {
        let now = app.clock.steady();
        let mut change = Change::new().insert(&noted(AuditAction::LoginFailed, target.detail.into()));
        if let Some(rule) = of_unknown {
            change = change.insert(&blocked(&"unknown user", rule));
        }
        for (suspect, rule) in &suspects {
            let before = snapshot.failed_logins(suspect);
            let failures = before.map(|before| before.failures.clone()).unwrap_or_default();
            let after = failures.after_failure(*rule, now);
            if after.block(*rule, now) && !failures.block(*rule, now) {
                change = change.insert(&blocked(suspect, *rule));
            }
            change = record(change, before, suspect, after);
        }
        Ok((change, ()))
    })
    .await
}

fn record(change: Change, before: Option<&FailedLogins>, of: &LockoutKey, failures: Failures) -> Change {
    let after = FailedLogins {
        of: of.clone(),
        failures,
    };
    match before {
        Some(before) => change.replace(before, &after),
        None => change.insert(&after),
    }
}

/// Resets the failures of a user as part of a successful login. Those of the address stay, because its other attempts
/// were at other accounts. An active lockout of the user stays too: a login from a known device must not give
/// strangers new attempts.
pub(super) fn forgive(app: &App, snapshot: &Snapshot, change: Change, user: &User) -> Change {
    let (rule, now) = (app.settings().user_lockout(), app.clock.steady());
    let forgivable = |failed: &&FailedLogins| rule.is_none_or(|rule| !failed.failures.block(rule, now));
    let failed = LockoutKey::of_user(&user.id).map(|suspect| snapshot.failed_logins(&suspect).filter(forgivable));
    failed.into_iter().flatten().fold(change, Change::remove)
}

/// Resets all failures of a user and ends their lockout, as part of another change.
pub(super) fn forgive_all(snapshot: &Snapshot, change: Change, user: &UserId) -> Change {
    let failed = LockoutKey::of_user(user).map(|suspect| snapshot.failed_logins(&suspect));
    failed.into_iter().flatten().fold(change, Change::remove)
}

/// Returns the users whose logins are blocked now, each with the time at which the block ends. Returns an empty map if
/// the actor may not see all fields of other users.
#[must_use]
pub(crate) fn blocked(app: &App, actor: &Actor) -> HashMap<UserId, Timestamp> {
    let rule = app.settings().user_lockout();
    let Some(rule) = rule.filter(|_| actor.may(Permission::ViewFullOtherUserInfo)) else {
        return HashMap::new();
    };
    let (snapshot, steady) = (app.store.read(), app.clock.steady());
    let ahead = app.clock.now().as_millis().saturating_sub(steady.as_millis());
    let mut blocked = HashMap::new();
    for failed in snapshot.failed_logins_of_users() {
        let (LockoutKey::User(id) | LockoutKey::Proof(id)) = &failed.of else {
            continue;
        };
        if let Some(end) = failed.failures.block_end(rule, steady) {
            let latest = blocked.entry(id.clone()).or_insert(end.plus_millis(ahead));
            *latest = end.plus_millis(ahead).max(*latest);
        }
    }
    blocked
}

/// Ends the lockout of a user, and resets their failures. Lockouts of addresses stay.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `edit-other-user-active-status`; [`RequestError::ActionNotAllowed`] for the actor's
/// own account, because a stolen token could then be used to guess its password and codes without limit;
/// [`RequestError::UserNotFound`], [`RequestError::BeyondAuthority`].
pub(crate) async fn unlock(app: &App, actor: &Actor, id: &UserId) -> Result<(), RequestError> {
    actor.require(Permission::EditOtherUserActiveStatus)?;
    if actor.is(id) {
        return Err(RequestError::ActionNotAllowed {
            words: "You cannot unlock your own account: ask another administrator, or use `rollcall user unlock`",
            action: "Unlock_user",
        });
    }
    transact_on_user(app, id, |snapshot, user| {
        Authority::of(app, snapshot, actor).over(user)?;
        let noted = note(app, actor, AuditAction::UserUnlocked, Some(user.party()), "");
        let change = forgive_all(snapshot, Change::new().require(user), id);
        Ok((change.insert(&noted), ()))
    })
    .await
}

/// Moves failures with a time in the future to the present. Called before a server starts, in case the clock was set
/// back. The length of the downtime is unknown, so a lockout lasts at most its full length from now on. If the disk takes no
/// writes, nothing is moved, and no guess is verified either.
///
/// # Errors
/// Errors of the store.
pub(crate) async fn settle(app: &App) -> Result<(), RequestError> {
    let settled = transact_in_parts(app, |snapshot| {
        let now = app.clock.steady();
        let ahead = snapshot
            .all_failed_logins()
            .filter(|failed| failed.failures.last_at() > Some(now));
        ahead.take(RECORDS_IN_CHANGE).fold(Change::new(), |change, failed| {
            let settled = FailedLogins {
                of: failed.of.clone(),
                failures: failed.failures.not_after(now),
            };
            change.replace(failed, &settled)
        })
    });
    match settled.await {
        Err(error) if error.is_of_disk() => Ok(()),
        outcome => outcome,
    }
}

/// Removes failures that are a day old.
pub(super) async fn sweep(app: &App) -> Result<(), RequestError> {
    let end = app.clock.steady().minus_days(FORGOTTEN_AFTER_DAYS);
    app.attempts.unknown_names().forget_before(end);
    transact_in_parts(app, |snapshot| {
        let old = snapshot
            .all_failed_logins()
            .filter(|failed| failed.failures.last_at() < Some(end));
        old.take(RECORDS_IN_CHANGE).fold(Change::new(), Change::remove)
    })
    .await
}
