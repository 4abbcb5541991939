//! The page about storage and health, which shows the state of the server.

mod backup_list;
mod size;

use std::collections::BTreeMap;

use askama::Template;

use backup_list::BackupList;
use size::size;

use crate::app::BackupState;
use crate::domain::timestamp::DAY_MILLIS;
use crate::domain::{Permission, Timestamp};
use crate::ops::calls::CallRate;
use crate::ops::statistics::{self, Health};
use crate::ops::{backups, proof};
use crate::store::Room;
use crate::web::administration::{Section, permit};
use crate::web::frame::Frame;
use crate::web::moments::Reader;
use crate::web::pages::confirm;
use crate::web::pages::profile::client;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;
use crate::web::words::Words;

/// The maximum number of clients that the page shows by name.
const NAMED_CLIENTS: usize = 12;

const MINUTE_MILLIS: i64 = 60_000;
const HOUR_MILLIS: i64 = 60 * MINUTE_MILLIS;

pub(in crate::web::pages) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/admin/store", |visit| Box::pin(show(visit))),
    PageRoute::post("/admin/store/backup", |visit| Box::pin(back_up(visit))),
];

/// A number with its title and an explanation.
struct Figure {
    title: String,
    value: String,
    about: String,
}

/// A line about one part of the server's state, which is good or bad.
struct Check {
    title: String,
    words: String,
    is_good: bool,
}

/// A client with the number of its sessions.
struct Client {
    name: String,
    count: usize,
}

#[derive(Template)]
#[template(path = "admin/store/store.html")]
struct Page {
    f: Frame,
    lead: String,
    /// `true` if the user may download a backup.
    may_back_up: bool,
    figures: Vec<Figure>,
    checks: Vec<Check>,
    /// The list of scheduled backups, for those who may download one.
    backups: Option<BackupList>,
    clients_lead: String,
    clients: Vec<Client>,
}

async fn show(visit: Visit) -> PageOutcome {
    Section::Store.admit(&visit)?;
    visit.count("GET statistics", CallRate::Default)?;
    let health = statistics::health(&visit.app, &visit.actor()?).await?;
    let (words, reader) = (visit.words, visit.reader());
    let may_back_up = visit.caller()?.may(Permission::ManageBackup);
    let listed = health.backups.as_ref().filter(|_| may_back_up);
    let began = health.figures.at.plus_millis(-health.figures.uptime_millis);
    let sessions: usize = health.clients.values().sum();
    let values = [("sessions", sessions.into()), ("tokens", health.personal_tokens.into())];
    let page = Page {
        f: super::frame(&visit, Section::Store),
        lead: lead(words, &reader, began, health.figures.uptime_millis),
        may_back_up,
        figures: figures(words, &health),
        checks: checks(words, &reader, began, &health),
        backups: listed.map(|state| BackupList::of(words, &reader, state)),
        clients_lead: words.say("store-clients-lead", &values),
        clients: clients(words, &health.clients),
    };
    reply::page(&visit, &page)
}

/// Sends a backup of the current state.
async fn back_up(visit: Visit) -> PageOutcome {
    let caller = permit(&visit, Permission::ManageBackup)?;
    visit.count("GET backup", CallRate::Default)?;
    proof::require(&visit.app, caller, confirm::proof(&visit)).await?;
    let backup = backups::begin(&visit.app, &visit.actor()?, false).await?;
    reply::streamed(&backup.file_name(), backup.stream()?)
}

fn lead(words: Words, reader: &Reader, began: Timestamp, uptime_millis: i64) -> String {
    let up = |key: &str, count: i64| words.say(key, &[("count", count.into())]);
    let up = match uptime_millis {
        DAY_MILLIS.. => up("store-up-days", uptime_millis / DAY_MILLIS),
        HOUR_MILLIS.. => up("store-up-hours", uptime_millis / HOUR_MILLIS),
        _ => up("store-up-minutes", uptime_millis / MINUTE_MILLIS),
    };
    let values = [
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("up", up.into()),
        ("moment", reader.near(began).into()),
    ];
    words.say("store-lead", &values)
}

fn figures(words: Words, health: &Health) -> Vec<Figure> {
    let figure = |title: &str, value: String, about: String| Figure {
        title: words.t(title).into_owned(),
        value,
        about,
    };
    let users = &health.figures;
    let active = words.say("store-users-active", &[("count", users.active.into())]);
    let here = [
        ("here", (users.online + users.busy).into()),
        ("away", users.away.into()),
    ];
    let here = words.say("store-users-here", &here);
    let opened = [("size", size(words, health.store.opened_bytes).into())];
    vec![
        figure(
            "store-data",
            size(words, health.store.file_bytes),
            words.say("store-data-opened", &opened),
        ),
        figure("store-users", users.users.to_string(), format!("{active} · {here}")),
        figure(
            "store-connections",
            health.connections.to_string(),
            words.t("store-connections-about").into_owned(),
        ),
        figure(
            "store-batches",
            health.store.batches.to_string(),
            words.t("store-batches-about").into_owned(),
        ),
    ]
}

fn checks(words: Words, reader: &Reader, began: Timestamp, health: &Health) -> Vec<Check> {
    let check = |title: &str, is_good: bool, good: String, bad: &str| Check {
        title: words.t(title).into_owned(),
        words: if is_good { good } else { words.t(bad).into_owned() },
        is_good,
    };
    let store = &health.store;
    let checked = words.say("store-checked", &[("moment", reader.near(began).into())]);
    let compacted = store.compacted_at.map(|at| {
        let moment = [("moment", reader.near(at).into())];
        words.say("store-compacted", &moment)
    });
    let deleted = if store.has_deleted {
        words.t("store-deleted-some")
    } else {
        words.t("store-deleted-none")
    };
    let deleted = format!("{deleted} {}", compacted.unwrap_or_default());
    vec![
        check(
            "store-disk",
            store.is_writable && store.room == Room::Enough,
            words.t("store-writable").into_owned(),
            match store.room {
                Room::ReadOnly if store.is_writable => "store-read-only",
                Room::Low | Room::Scarce | Room::Full if store.is_writable => "store-full",
                _ => "store-not-writable",
            },
        ),
        check("store-records", true, checked, ""),
        check("store-deleted", true, deleted.trim_end().to_owned(), ""),
        check(
            "store-encryption",
            health.has_https_address,
            words.t("store-encrypted").into_owned(),
            "store-not-encrypted",
        ),
        backups_check(words, reader, health.backups.as_ref()),
    ]
}

/// Returns the line about scheduled backups. Without a schedule, this server cannot know if there are backups.
fn backups_check(words: Words, reader: &Reader, backups: Option<&BackupState>) -> Check {
    let last = backups.map(|state| (&state.last, state.has_failed));
    let (is_good, text) = match last {
        None => (true, words.t("store-backups-none").into_owned()),
        Some((_, true)) => (false, words.t("store-backups-failed").into_owned()),
        Some((None, false)) => (true, words.t("store-backups-begin").into_owned()),
        Some((Some(last), false)) => {
            let values = [
                ("moment", reader.near(last.taken_at).into()),
                ("size", size(words, last.file_bytes).into()),
            ];
            (true, words.say("store-backups-last", &values))
        }
    };
    Check {
        title: words.t("store-backups").into_owned(),
        words: text,
        is_good,
    }
}

/// Returns the clients with the most sessions, and one entry for all others.
fn clients(words: Words, sessions: &BTreeMap<String, usize>) -> Vec<Client> {
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for (client, count) in sessions {
        let (name, version) = (client::names(client).0, client::version(client));
        let name = match (name.is_empty(), version.is_empty()) {
            (true, _) => words.t("session-unknown").into_owned(),
            (false, true) => name,
            (false, false) => format!("{name} {version}"),
        };
        *named.entry(name).or_default() += count;
    }
    let mut clients: Vec<_> = named.into_iter().map(|(name, count)| Client { name, count }).collect();
    clients.sort_by_key(|client| std::cmp::Reverse(client.count));
    let others: usize = clients.iter().skip(NAMED_CLIENTS).map(|client| client.count).sum();
    clients.truncate(NAMED_CLIENTS);
    if others > 0 {
        clients.push(Client {
            name: words.t("store-clients-other").into_owned(),
            count: others,
        });
    }
    clients
}
