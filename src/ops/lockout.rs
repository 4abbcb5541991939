//! Counting failed logins, in the store, so that a restart forgives nothing (`api.md` §3.6).

use super::attempts::Target;
use super::audit::{anonymous, note_from};
use super::decide::decide;
use crate::app::App;
use crate::app::attempts::AccountKey;
use crate::auth::Origin;
use crate::domain::{AuditAction, FailedLogins, Failures, Fault, LockoutRule, SourceAddress, Suspect, User};
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

/// Refuses a try while there is a block, be the password right or wrong. The block of the address comes
/// before that of the user.
///
/// # Errors
/// [`Fault::AddressBlocked`], [`Fault::UserBlocked`].
pub(super) fn refuse_blocked(app: &App, origin: &Origin, target: &Target) -> Result<(), Fault> {
    let (snapshot, now) = (app.store.read(), app.clock.now());
    let blocks = |of: &Suspect, rule| {
        let failed = snapshot.failed_logins(of);
        failed.is_some_and(|failed| failed.failures.block(rule, now))
    };
    if source(app, origin).is_some_and(|(source, rule)| blocks(&Suspect::Address(source), rule)) {
        return Err(Fault::AddressBlocked);
    }
    let blocked = match account(app, target) {
        Some((AccountKey::Known(id), rule)) => blocks(&Suspect::User(id.clone()), rule),
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
        Some((AccountKey::Known(id), rule)) => (Some((Suspect::User(id.clone()), rule)), None),
        Some((AccountKey::Unknown(name), rule)) => {
            let begins = app.attempts.unknown_names().count(name, rule, app.clock.now());
            (None, begins.then_some(rule))
        }
        None => (None, None),
    };
    let suspects: Vec<_> = by_source.into_iter().chain(by_user).collect();
    decide(app, |snapshot| {
        let now = app.clock.now();
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
/// are old: its other tries were at other accounts.
pub(super) fn forgive(snapshot: &Snapshot, change: Change, user: &User) -> Change {
    match snapshot.failed_logins(&Suspect::User(user.id.clone())) {
        Some(failed) => change.remove(failed),
        None => change,
    }
}

/// Forgets failures that are a day old.
pub(super) async fn sweep(app: &App) -> Result<(), Fault> {
    let end = app.clock.now().minus_days(FORGOTTEN_AFTER_DAYS);
    app.attempts.unknown_names().forget_before(end);
    decide(app, |snapshot| {
        let old = snapshot
            .all_failed_logins()
            .filter(|failed| failed.failures.last_at() < Some(end));
        Ok((old.fold(Change::new(), Change::remove), ()))
    })
    .await
}
