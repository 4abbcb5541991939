//! The page of the audit log: who did what to whom, when, and from which address.

mod csv;
mod words;

use askama::Template;
use time::{PrimitiveDateTime, Time};

use crate::domain::{AuditAction, AuditEntry, AuditParty, SettingId};
use crate::ops::audit::{self, AboutQuery, AuditFilter, Bounds};
use crate::ops::calls::CallRate;
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::query;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;
use crate::web::words::Words;

/// The limits of a page. If a filter finds few entries, the server reads up to `read` entries, and the next page
/// continues there.
const PAGE: Bounds = Bounds {
    entries: 50,
    read: 20_000,
};

pub(in crate::web::pages) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/admin/audit", |visit| Box::pin(show(visit))),
    PageRoute::get("/admin/audit.csv", |visit| Box::pin(csv::send(visit))),
];

/// The time spans that the form offers.
const SPANS: [&str; 4] = ["all", "today", "week", "month"];

/// A row of the table, which shows one entry.
struct Row {
    when: String,
    datetime: String,
    who: String,
    what: String,
    /// The target of the action; empty if there is no target, or if the target is the actor.
    target: String,
    detail: String,
    action: &'static str,
    /// The CSS class of the badge.
    tone: &'static str,
    from: String,
}

/// A value that the user can choose, with its text.
struct Choice {
    value: &'static str,
    words: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "admin/audit/audit.html")]
struct Page {
    f: Frame,
    kept: String,
    search: String,
    actions: Vec<Choice>,
    spans: Vec<Choice>,
    rows: Vec<Row>,
    /// The query of the link to the CSV file.
    csv: String,
    /// The query of the first page; `None` if this page is the first.
    newest: Option<String>,
    older: Option<String>,
    /// `true` if the server read the maximum number of entries before it found enough of them for the page.
    is_partial: bool,
}

/// The entries that the address of the request asks for.
struct Asked {
    search: String,
    action: Option<AuditAction>,
    span: &'static str,
    /// The id of the entry after which the page begins.
    after: String,
}

impl Asked {
    fn of(visit: &Visit) -> Self {
        let query = &visit.query;
        let span = SPANS.into_iter().find(|span| *span == query.text("when"));
        Self {
            search: query.text("q").trim().to_owned(),
            action: query.text("action").parse().ok(),
            span: span.unwrap_or("all"),
            after: query.text("after").to_owned(),
        }
    }

    fn filter(&self, visit: &Visit) -> AuditFilter {
        let (now, reader) = (visit.app.clock.now(), visit.reader());
        let midnight = || reader.moment_of(PrimitiveDateTime::new(reader.now().date(), Time::MIDNIGHT));
        AuditFilter {
            about: (!self.search.is_empty()).then(|| AboutQuery::of(&self.search)),
            action: self.action,
            from: match self.span {
                "today" => Some(midnight()),
                "week" => Some(now.minus_days(7)),
                "month" => Some(now.minus_days(30)),
                _ => None,
            },
            ..AuditFilter::default()
        }
    }

    /// Returns a query with the same filter. The page of this query begins after the entry with the id `after`.
    fn query(&self, after: Option<&str>) -> String {
        query::encoded([
            ("q", query::filled(&self.search)),
            ("action", self.action.map(AuditAction::as_str)),
            ("when", Some(self.span).filter(|span| *span != "all")),
            ("after", after),
        ])
    }
}

async fn show(visit: Visit) -> PageOutcome {
    Section::Audit.admit(&visit)?;
    visit.count("GET audit.list", CallRate::Default)?;
    let asked = Asked::of(&visit);
    let after = Some(asked.after.as_str()).filter(|after| !after.is_empty());
    let found = audit::part(&visit.app, &visit.actor()?, asked.filter(&visit), after, PAGE).await?;
    let words = visit.words;
    let days = i64::from(visit.app.settings().number(SettingId::AuditRetentionDays));
    let page = Page {
        f: super::frame(&visit, Section::Audit),
        kept: words.say("audit-lead", &[("days", days.into())]),
        actions: actions(words, asked.action),
        spans: SPANS.map(|span| span_choice(words, span, asked.span)).into(),
        rows: found.entries.iter().map(|entry| row(&visit, entry)).collect(),
        csv: asked.query(None),
        newest: after.is_some().then(|| asked.query(None)),
        is_partial: found.next.is_some() && found.entries.len() < PAGE.entries,
        older: found.next.map(|next| asked.query(Some(&next))),
        search: asked.search,
    };
    reply::page(&visit, &page)
}

fn actions(words: Words, chosen: Option<AuditAction>) -> Vec<Choice> {
    let everything = Choice {
        value: "",
        words: words.t("audit-everything").into_owned(),
        chosen: chosen.is_none(),
    };
    let action = |action: &AuditAction| Choice {
        value: action.as_str(),
        words: words::of(words, *action),
        chosen: chosen == Some(*action),
    };
    std::iter::once(everything)
        .chain(AuditAction::ALL.iter().map(action))
        .collect()
}

fn span_choice(words: Words, span: &'static str, chosen: &str) -> Choice {
    let text = match span {
        "today" => words.t("audit-today"),
        "week" => words.say("audit-days", &[("days", 7.into())]).into(),
        "month" => words.say("audit-days", &[("days", 30.into())]).into(),
        _ => words.t("audit-all"),
    };
    Choice {
        value: span,
        words: text.into_owned(),
        chosen: span == chosen,
    }
}

fn row(visit: &Visit, entry: &AuditEntry) -> Row {
    let words = visit.words;
    let target = entry.target.as_ref().filter(|target| **target != entry.actor);
    Row {
        when: visit.reader().exact(entry.at),
        datetime: entry.at.to_string(),
        who: party(words, &entry.actor),
        what: words::of(words, entry.action),
        target: target.map(|target| party(words, target)).unwrap_or_default(),
        detail: entry.detail.clone(),
        action: entry.action.as_str(),
        tone: match entry.action {
            AuditAction::LoginBlocked | AuditAction::UserDeleted => "bad",
            AuditAction::LoginFailed | AuditAction::UserDeactivated | AuditAction::TwoFactorDisabled => "warn",
            _ => "",
        },
        from: entry.address.map(|address| address.to_string()).unwrap_or_default(),
    }
}

/// Returns the actor or the target of an action in words.
fn party(words: Words, party: &AuditParty) -> String {
    let named = [&party.name, &party.id].into_iter().find(|text| !text.is_empty());
    match (party.kind.as_str(), named) {
        ("operator", _) => words.t("audit-operator").into_owned(),
        ("anonymous", None) => words.t("audit-anonymous").into_owned(),
        (kind, None) => kind.to_owned(),
        (_, Some(name)) => name.clone(),
    }
}
