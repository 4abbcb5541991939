//! Counting failed logins, in the store, so that a restart forgives nothing (`api.md` §3.6).

use std::net::IpAddr;

use super::audit::{anonymous, note_from};
use super::decide::decide;
use crate::app::App;
use crate::auth::Origin;
use crate::domain::audit::claimed_name;
use crate::domain::{AuditAction, AuditParty, FailedLogins, Fault, LockoutRule, Suspect, User};
use crate::store::{Change, Snapshot};

/// Days after which failures that blocked nobody are forgotten.
const FORGOTTEN_AFTER_DAYS: u32 = 1;

/// Whom a try counts for, each with its rule. The address comes before the user.
fn suspects(app: &App, address: Option<IpAddr>, user: Option<&User>) -> Vec<(Suspect, LockoutRule, Fault)> {
    let settings = app.settings();
    let by_address = address.and_then(|address| {
        let rule = settings.address_lockout(address)?;
        Some((Suspect::Address(address), rule, Fault::AddressBlocked))
    });
    let by_user = user.and_then(|user| {
        let rule = settings.user_lockout()?;
        Some((Suspect::User(user.id.clone()), rule, Fault::UserBlocked))
    });
    by_address.into_iter().chain(by_user).collect()
}

/// Refuses a try while there is a block, be the password right or wrong.
///
/// # Errors
/// [`Fault::AddressBlocked`], [`Fault::UserBlocked`].
pub fn refuse_blocked(app: &App, origin: &Origin, user: Option<&User>) -> Result<(), Fault> {
    let (snapshot, now) = (app.store.read(), app.clock.now());
    for (suspect, rule, fault) in suspects(app, origin.address, user) {
        if snapshot
            .failed_logins(&suspect)
            .is_some_and(|failed| failed.block(rule, now))
        {
            return Err(fault);
        }
    }
    Ok(())
}

/// Counts a failed try, and tells the audit log of it and of a block that begins with it.
///
/// # Errors
/// Only what the store answers.
pub async fn count_failure(app: &App, origin: &Origin, user: Option<&User>, claimed: &str) -> Result<(), Fault> {
    let suspects = suspects(app, origin.address, user);
    let target = || match user {
        Some(user) => user.party(),
        None => AuditParty::new("unknown user", "", claimed_name(claimed)),
    };
    decide(app, |snapshot| {
        let now = app.clock.now();
        let failed = note_from(app, origin, anonymous(), AuditAction::LoginFailed, Some(target()), "");
        let mut change = Change::new().insert(&failed);
        for (suspect, rule, _) in &suspects {
            let before = snapshot.failed_logins(suspect);
            let after = FailedLogins::after_failure(before, suspect.clone(), *rule, now);
            if after.block(*rule, now) {
                let detail = format!("{suspect}, for {} minutes", rule.minutes);
                let blocked = note_from(
                    app,
                    origin,
                    anonymous(),
                    AuditAction::LoginBlocked,
                    Some(target()),
                    detail,
                );
                change = change.insert(&blocked);
            }
            change = match before {
                Some(before) => change.replace(before, &after),
                None => change.insert(&after),
            };
        }
        Ok((change, ()))
    })
    .await
}

/// Forgives the failures of a user and an address, as part of a login that succeeds.
pub(super) fn forgive(snapshot: &Snapshot, change: Change, address: Option<IpAddr>, user: &User) -> Change {
    let of_address = address.map(Suspect::Address);
    let of_user = Suspect::User(user.id.clone());
    let failed = of_address
        .iter()
        .chain([&of_user])
        .filter_map(|of| snapshot.failed_logins(of));
    failed.fold(change, Change::remove)
}

/// Forgets failures that are a day old.
pub(super) async fn sweep(app: &App) -> Result<(), Fault> {
    decide(app, |snapshot| {
        let end = app.clock.now().minus_days(FORGOTTEN_AFTER_DAYS);
        let old = snapshot.all_failed_logins().filter(|failed| failed.last_at < end);
        Ok((old.fold(Change::new(), Change::remove), ()))
    })
    .await
}
