//! Writing, reading and removing entries of the audit log.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use super::incident;
use crate::app::App;
use crate::auth::{Actor, Origin, random};
use crate::domain::audit::AUDIT_ORDER_BYTES;
use crate::domain::text::{folded, folds_to};
use crate::domain::{AuditAction, AuditEntry, AuditParty, Page, Permission, RequestError, Timestamp};
use crate::store::{Change, RECORDS_IN_CHANGE};

/// Returns the order of a new entry among those of its millisecond: the number of entries that this process made
/// before it, then random bytes, so that an entry of a process that ended in the same millisecond has another key.
fn next_order() -> [u8; AUDIT_ORDER_BYTES] {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let random: [u8; AUDIT_ORDER_BYTES - size_of::<u32>()] = random::bytes();
    let mut order = [0; AUDIT_ORDER_BYTES];
    order[..made.len()].copy_from_slice(&made);
    order[made.len()..].copy_from_slice(&random);
    order
}

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
        order: next_order(),
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
        order: next_order(),
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

/// A search for the actor, the target or the address of an action.
#[derive(Debug, Clone)]
pub struct AboutQuery {
    party: PartyQuery,
    address: Option<IpAddr>,
}

impl AboutQuery {
    /// Parses the text that a user typed: an id, a name or an address.
    #[must_use]
    pub fn of(typed: &str) -> Self {
        Self {
            party: PartyQuery::of(typed),
            address: typed.trim().parse().ok(),
        }
    }

    fn means(&self, entry: &AuditEntry) -> bool {
        let target = entry.target.as_ref().is_some_and(|target| self.party.means(target));
        target || self.party.means(&entry.actor) || (self.address.is_some() && self.address == entry.address)
    }
}

/// The entries that a caller asks for. A condition that is `None` matches all entries.
#[derive(Debug, Default, Clone)]
pub struct AuditFilter {
    /// Only actions by this actor.
    pub actor: Option<PartyQuery>,
    /// Only actions on this target.
    pub target: Option<PartyQuery>,
    /// Only actions that this search finds, by actor, target or address.
    pub about: Option<AboutQuery>,
    /// Only actions of this kind.
    pub action: Option<AuditAction>,
    /// Only entries from this moment on.
    pub from: Option<Timestamp>,
    /// Only entries before this moment.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    fn takes(&self, entry: &AuditEntry) -> bool {
        let names = |wanted: &Option<PartyQuery>, party: Option<&AuditParty>| {
            wanted
                .as_ref()
                .is_none_or(|wanted| party.is_some_and(|party| wanted.means(party)))
        };
        let is_about = |about: &AboutQuery| about.means(entry);
        self.about.as_ref().is_none_or(is_about)
            && names(&self.actor, Some(&entry.actor))
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
/// [`RequestError::PermissionRequired`] without `view-audit`; errors of the store.
pub async fn list(app: &App, actor: &Actor, filter: AuditFilter, page: Page) -> Result<Entries, RequestError> {
    actor.require(Permission::ViewAudit)?;
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

/// The limits for one part of the log.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The maximum number of entries in the part.
    pub entries: usize,
    /// The maximum number of entries that the server reads for the part, matching or not.
    pub read: usize,
}

/// A part of the audit log.
#[derive(Debug, Clone)]
pub struct AuditPart {
    /// The matching entries, the newest first.
    pub entries: Vec<AuditEntry>,
    /// The id of the entry after which the next part begins; `None` if there are no more entries.
    pub next: Option<String>,
}

/// Reads a part of the log, from the newest entry to the oldest. It begins after the entry with the id `after`, else
/// with the newest entry. The bounds limit the cost, even if the log is long.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `view-audit`; [`RequestError::InvalidParams`] for a text that is not an id; errors of
/// the store.
pub async fn part(
    app: &App,
    actor: &Actor,
    filter: AuditFilter,
    after: Option<&str>,
    most: Bounds,
) -> Result<AuditPart, RequestError> {
    actor.require(Permission::ViewAudit)?;
    let after = after.map(Place::of).transpose()?;
    let from = filter.from.unwrap_or(Timestamp::from_millis(0));
    let until = filter.until.unwrap_or(Timestamp::from_millis(i64::MAX));
    let until = after.as_ref().map_or(until, |place| until.min(place.at.plus_millis(1)));
    let found = Reading::default();
    let read = app.store.audit_log(from, until, found, move |found, entry| {
        if after.as_ref().is_some_and(|place| !place.is_before(&entry)) {
            return true;
        }
        if found.entries.len() == most.entries || found.read == most.read {
            found.is_cut = true;
            return false;
        }
        found.read += 1;
        found.last = entry.id();
        if filter.takes(&entry) {
            found.entries.push(entry);
        }
        true
    });
    let found = read.await.map_err(incident::internal)?;
    Ok(AuditPart {
        entries: found.entries,
        next: found.is_cut.then_some(found.last),
    })
}

/// A part of the log while the server reads it.
#[derive(Default)]
struct Reading {
    entries: Vec<AuditEntry>,
    read: usize,
    /// The id of the last entry that was read.
    last: String,
    /// `true` if there are more entries in the log.
    is_cut: bool,
}

/// The position of an entry in the log.
struct Place {
    at: Timestamp,
    order: u64,
}

impl Place {
    /// Parses the id of an entry.
    fn of(id: &str) -> Result<Self, RequestError> {
        let parse = || {
            let (at, order) = id.split_at_checked(16).filter(|(_, order)| order.len() == 16)?;
            let at = i64::from_str_radix(at, 16).ok().filter(|at| *at >= 0)?;
            let order = u64::from_str_radix(order, 16).ok()?;
            Some(Self {
                at: Timestamp::from_millis(at),
                order,
            })
        };
        parse().ok_or_else(|| RequestError::invalid("must be the id of an entry", "after"))
    }

    /// Returns whether the position comes before the entry in the log. The newest entry is the first.
    fn is_before(&self, entry: &AuditEntry) -> bool {
        (entry.at, u64::from_be_bytes(entry.order)) < (self.at, self.order)
    }
}

/// Removes entries that are older than the setting `Audit_Log_Retention_Days`.
pub(super) async fn sweep(app: &App) -> Result<(), RequestError> {
    let days = app.settings().number(crate::domain::SettingId::AuditRetentionDays);
    let end = app.clock.now().minus_days(days);
    loop {
        let read = app
            .store
            .audit_log(Timestamp::from_millis(0), end, Vec::new(), |old, entry| {
                old.push(entry);
                old.len() < RECORDS_IN_CHANGE
            });
        let old = read.await.map_err(incident::internal)?;
        if old.is_empty() {
            return Ok(());
        }
        let change = old.iter().fold(Change::new(), Change::remove);
        app.store.commit(change).await.map_err(incident::store)?;
    }
}
