//! Counting failed logins, in the store, so that a restart forgives nothing (`api.md` §3.6).

use super::attempts::{Evidence, Target};
use super::audit::{anonymous, note, note_from};
use super::authority::Authority;
use super::decide::{decide, decide_on};
use crate::app::App;
use crate::app::attempts::AccountKey;
use crate::auth::{Actor, Origin};
use crate::domain::{
    AuditAction, FailedLogins, Failures, Fault, LockoutRule, Permission, SourceAddress, Suspect, Token, User, UserId,
};
use crate::store::{Change, Snapshot};

/// Days after which failures that blocked nobody are forgotten.
const FORGOTTEN_AFTER_DAYS: u32 = 1;

/// The source of a request and the rule for it; none where it can't be blocked.
fn source(app: &App, origin: &Origin) -> Option<(SourceAddress, LockoutRule)> {
    let settings = app.settings();
    let rule = settings.address_lockout()?;
    let address = origin.address.filter(|address| !settings.is_never_blocked(*address))?;
    Some((SourceAddress::of(address), rule))
}

/// The account that is guessed at and the rule for it; none where it can't be blocked.
fn account<'target>(app: &App, target: &'target Target) -> Option<(&'target AccountKey, LockoutRule)> {
    target.account.as_ref().zip(app.settings().user_lockout())
}

/// Returns whether the user has a live login that began at the address, or in the IPv6 network, of this request.
///
/// The block of the address bounds the guesses from there, so an address that is never blocked is not known.
fn is_known_device(app: &App, snapshot: &Snapshot, origin: &Origin, id: &UserId) -> bool {
    let Some((source, _)) = source(app, origin) else {
        return false;
    };
    let now = app.clock.now();
    let began_there = |token: &Token| {
        let address = token.session().and_then(|session| session.address);
        token.is_live(now) && address.map(SourceAddress::of) == Some(source)
    };
    snapshot.tokens_of(id).any(|token| began_there(token))
}

/// Refuses a try while there is a block, be the password right or wrong. The block of the address comes
/// before that of the user. A device that has logged in as the user before is exempt from the block of the user that
/// strangers may cause; see [`is_known_device`].
///
/// # Errors
/// [`Fault::AddressBlocked`], [`Fault::UserBlocked`].
pub(super) fn refuse_blocked(app: &App, origin: &Origin, target: &Target) -> Result<(), Fault> {
    let (snapshot, now) = (app.store.read(), app.clock.steady());
    let blocks = |of: &Suspect, rule| {
        let failed = snapshot.failed_logins(of);
        failed.is_some_and(|failed| failed.failures.block(rule, now))
    };
    if source(app, origin).is_some_and(|(source, rule)| blocks(&Suspect::Address(source), rule)) {
        return Err(Fault::AddressBlocked);
    }
    let blocked = match account(app, target) {
        Some((AccountKey::Known(id), rule)) => {
            let is_exempt = || target.shown == Evidence::Login || is_known_device(app, &snapshot, origin, id);
            blocks(&Suspect::Proof(id.clone()), rule) || (blocks(&Suspect::User(id.clone()), rule) && !is_exempt())
        }
        Some((AccountKey::Unknown(name), rule)) => app.attempts.unknown_names().failures(name).block(rule, now),
        None => false,
    };
    if blocked { Err(Fault::UserBlocked) } else { Ok(()) }
}

/// Counts a failed try, and adds it and a block that begins with it to the audit log. A name that no user has
/// is counted in memory, and its entries are those of a user.
///
/// # Errors
/// Only what the store answers.
pub(super) async fn count_failure(app: &App, origin: &Origin, target: &Target) -> Result<(), Fault> {
    let noted = |action, detail: String| note_from(app, origin, anonymous(), action, target.party.clone(), detail);
    let blocked = |suspect: &dyn std::fmt::Display, rule: LockoutRule| {
        let detail = format!("{suspect}, for {} minutes", rule.minutes());
        noted(AuditAction::LoginBlocked, detail)
    };
    let by_source = source(app, origin).map(|(source, rule)| (Suspect::Address(source), rule));
    let (by_user, of_unknown) = match account(app, target) {
        Some((AccountKey::Known(id), rule)) => {
            let suspect = match target.shown {
                Evidence::Nothing => Suspect::User(id.clone()),
                Evidence::Login => Suspect::Proof(id.clone()),
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
    decide(app, |snapshot| {
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

fn record(change: Change, before: Option<&FailedLogins>, of: &Suspect, failures: Failures) -> Change {
    let after = FailedLogins {
        of: of.clone(),
        failures,
    };
    match before {
        Some(before) => change.replace(before, &after),
        None => change.insert(&after),
    }
}

/// Forgives the failures of a user, as part of a login that succeeds. Those of the address count until they
/// are old: its other tries were at other accounts. A block of the user that strangers caused stays as well: a known
/// device that logs in meanwhile must not give them new tries.
pub(super) fn forgive(app: &App, snapshot: &Snapshot, change: Change, user: &User) -> Change {
    let (rule, now) = (app.settings().user_lockout(), app.clock.steady());
    let forgivable = |failed: &&FailedLogins| rule.is_none_or(|rule| !failed.failures.block(rule, now));
    let failed = Suspect::of_user(&user.id).map(|suspect| snapshot.failed_logins(&suspect).filter(forgivable));
    failed.into_iter().flatten().fold(change, Change::remove)
}

/// Forgives all failures of a user and ends a block of theirs, as part of another change.
pub(super) fn forgive_all(snapshot: &Snapshot, change: Change, user: &UserId) -> Change {
    let failed = Suspect::of_user(user).map(|suspect| snapshot.failed_logins(&suspect));
    failed.into_iter().flatten().fold(change, Change::remove)
}

/// Ends the block of a user, and forgives their failures. Blocks of addresses stay.
///
/// # Errors
/// [`Fault::PermissionRequired`] without `edit-other-user-active-status`; [`Fault::ActionNotAllowed`] for the actor's own
/// account: whoever has a token of it could go on guessing its password and codes; [`Fault::UserNotFound`],
/// [`Fault::BeyondAuthority`].
pub async fn unlock(app: &App, actor: &Actor, id: &UserId) -> Result<(), Fault> {
    if !actor.may(Permission::EDIT_OTHER_USER_ACTIVE_STATUS) {
        return Err(Fault::PermissionRequired);
    }
    if actor.is(id) {
        return Err(Fault::ActionNotAllowed {
            words: "You cannot unlock your own account: ask another administrator, or use `rollcall user unlock`",
            action: "Unlock_user",
        });
    }
    decide_on(app, id, |snapshot, user| {
        Authority::of(app, snapshot, actor).over(user)?;
        let noted = note(app, actor, AuditAction::UserUnlocked, Some(user.party()), "");
        let change = forgive_all(snapshot, Change::new().require(user), id);
        Ok((change.insert(&noted), ()))
    })
    .await
}

/// Moves failures that lie in the future to the present, before a server begins: the clock was set back since they were
/// stored. Nothing says for how long the server was down, so a block lasts at most its own length from now on.
///
/// # Errors
/// Only what the store answers.
pub async fn settle(app: &App) -> Result<(), Fault> {
    decide(app, |snapshot| {
        let now = app.clock.steady();
        let ahead = snapshot
            .all_failed_logins()
            .filter(|failed| failed.failures.last_at() > Some(now));
        let settled = ahead.fold(Change::new(), |change, failed| {
            let settled = FailedLogins {
                of: failed.of.clone(),
                failures: failed.failures.not_after(now),
            };
            change.replace(failed, &settled)
        });
        Ok((settled, ()))
    })
    .await
}

/// Forgets failures that are a day old.
pub(super) async fn sweep(app: &App) -> Result<(), Fault> {
    let end = app.clock.steady().minus_days(FORGOTTEN_AFTER_DAYS);
    app.attempts.unknown_names().forget_before(end);
    decide(app, |snapshot| {
        let old = snapshot
            .all_failed_logins()
            .filter(|failed| failed.failures.last_at() < Some(end));
        Ok((old.fold(Change::new(), Change::remove), ()))
    })
    .await
}
