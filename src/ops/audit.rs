//! Writing, reading and removing entries of the audit log.

use super::incident;
use crate::app::App;
use crate::auth::{Actor, Origin, random};
use crate::domain::text::{folded, folds_to};
use crate::domain::{AuditAction, AuditEntry, AuditParty, Fault, Page, Permission, Timestamp};
use crate::store::Change;

/// Maximum entries that one change of the sweep removes.
const SWEPT_AT_ONCE: usize = 256;

/// Returns the audit entry of an action, to be committed in the same change.
pub(super) fn note(
    app: &App,
    actor: &Actor,
    action: AuditAction,
    target: Option<AuditParty>,
    detail: impl Into<String>,
) -> AuditEntry {
    AuditEntry {
        at: app.clock.now(),
        random: random::bytes(),
        actor: actor.party(),
        address: actor.address(),
        action,
        target,
        detail: detail.into(),
    }
}

/// Returns the audit entry of an action by a caller who is not logged in, or not yet.
pub(super) fn note_from(
    app: &App,
    origin: &Origin,
    actor: AuditParty,
    action: AuditAction,
    target: Option<AuditParty>,
    detail: impl Into<String>,
) -> AuditEntry {
    AuditEntry {
        at: app.clock.now(),
        random: random::bytes(),
        actor,
        address: origin.address,
        action,
        target,
        detail: detail.into(),
    }
}

/// Returns the actor for a caller who is not logged in.
pub(super) fn anonymous() -> AuditParty {
    AuditParty::new("anonymous", "", "")
}

/// An id, or a name in any case.
#[derive(Debug, Clone)]
pub struct PartyQuery {
    id: Box<str>,
    name: Box<str>,
}

impl PartyQuery {
    /// Parses the text that a user typed.
    #[must_use]
    pub fn of(typed: &str) -> Self {
        Self {
            id: typed.trim().into(),
            name: folded(typed).into(),
        }
    }

    fn means(&self, party: &AuditParty) -> bool {
        *party.id == *self.id || folds_to(&party.name, &self.name)
    }
}

/// The entries that a caller asks for. A condition that is `None` matches all entries.
#[derive(Debug, Default, Clone)]
pub struct Filter {
    /// Only actions by this actor.
    pub actor: Option<PartyQuery>,
    /// Only actions on this target.
    pub target: Option<PartyQuery>,
    /// Only actions of this kind.
    pub action: Option<AuditAction>,
    /// Only entries from this moment on.
    pub from: Option<Timestamp>,
    /// Only entries before this moment.
    pub until: Option<Timestamp>,
}

impl Filter {
    fn takes(&self, entry: &AuditEntry) -> bool {
        let names = |wanted: &Option<PartyQuery>, party: Option<&AuditParty>| {
            wanted
                .as_ref()
                .is_none_or(|wanted| party.is_some_and(|party| wanted.means(party)))
        };
        names(&self.actor, Some(&entry.actor))
            && names(&self.target, entry.target.as_ref())
            && self.action.is_none_or(|action| action == entry.action)
    }
}

/// A page of the audit log.
#[derive(Debug, Clone)]
pub struct Entries {
    /// The entries of this page, the newest first.
    pub entries: Vec<AuditEntry>,
    /// The number of matching entries before this page.
    pub offset: usize,
    /// The number of matching entries on all pages.
    pub total: usize,
}

/// Reads the log, the newest entry first. The total needs a read of all entries between `from` and `until`.
///
/// # Errors
/// [`Fault::PermissionRequired`] without `view-audit`; errors of the store.
pub async fn list(app: &App, actor: &Actor, filter: Filter, page: Page) -> Result<Entries, Fault> {
    if !actor.may(Permission::VIEW_AUDIT) {
        return Err(Fault::PermissionRequired);
    }
    let found = Entries {
        entries: Vec::new(),
        offset: page.offset,
        total: 0,
    };
    let from = filter.from.unwrap_or(Timestamp::from_millis(0));
    let until = filter.until.unwrap_or(Timestamp::from_millis(i64::MAX));
    let read = app.store.audit_log(from, until, found, move |found, entry| {
        if filter.takes(&entry) {
            if found.total >= page.offset && found.entries.len() < page.count {
                found.entries.push(entry);
            }
            found.total += 1;
        }
        true
    });
    read.await.map_err(incident::internal)
}

/// Removes entries that are older than the setting `Audit_Log_Retention_Days`.
pub(super) async fn sweep(app: &App) -> Result<(), Fault> {
    let days = app.settings().number(crate::domain::SettingId::AuditRetentionDays);
    let end = app.clock.now().minus_days(days);
    loop {
        let read = app
            .store
            .audit_log(Timestamp::from_millis(0), end, Vec::new(), |old, entry| {
                old.push(entry);
                old.len() < SWEPT_AT_ONCE
            });
        let old = read.await.map_err(incident::internal)?;
        if old.is_empty() {
            return Ok(());
        }
        let change = old.iter().fold(Change::new(), Change::remove);
        app.store.commit(change).await.map_err(incident::store)?;
    }
}
