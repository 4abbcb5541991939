//! The settings of the server, by group. Each group has its own form.

mod groups;
mod line;
mod wanted;

use askama::Template;

use super::frame;
use crate::domain::{Permission, SearchTerm};
use crate::ops::calls::CallRate;
use crate::ops::{settings, two_factor};
use crate::web::administration::{Section, permit};
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::pages::confirm;
use crate::web::query;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use groups::SettingGroup;
use line::SettingLine;
use wanted::Wanted;

pub(in crate::web::pages) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/admin/settings", |visit| Box::pin(show(visit))),
    PageRoute::post("/admin/settings", |visit| Box::pin(save(visit))),
];

/// The settings that the page shows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
enum Only {
    #[default]
    #[strum(serialize = "")]
    All,
    /// The settings whose value is not the default.
    Changed,
    /// The settings whose value was fixed at the start of the server.
    Fixed,
}

impl Only {
    const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    fn of(visit: &Visit) -> Self {
        visit.query.text("is").parse().unwrap_or_default()
    }

    fn name(self) -> &'static str {
        self.into()
    }

    fn has(self, line: &SettingLine) -> bool {
        match self {
            Self::All => true,
            Self::Changed => line.default.is_some(),
            Self::Fixed => !line.fixed.is_empty(),
        }
    }
}

/// A heading of the page with its form.
struct Part {
    name: &'static str,
    title: String,
    lines: Vec<SettingLine>,
    /// `true` if the user may change a setting of the form.
    may_save: bool,
}

/// A link that selects the settings on the page.
struct Filter {
    href: String,
    name: String,
    /// The number of settings; `None` for the link to all settings.
    count: Option<usize>,
    current: bool,
}

#[derive(Template)]
#[template(path = "admin/settings/settings.html")]
struct SettingsPage {
    f: Frame,
    term: String,
    only: &'static str,
    /// The text in the search field.
    search: String,
    /// The number of unsaved changes in words. The script writes the number in the place of `{}`.
    unsaved: String,
    filters: Vec<Filter>,
    /// The query of the address, which the form sends back.
    query: String,
    parts: Vec<Part>,
    may_edit: bool,
    problem: Sentence,
}

async fn show(visit: Visit) -> PageOutcome {
    Section::Settings.admit(&visit)?;
    page(&visit, &Wanted::default())
}

/// Answers with the page. The status is 422 if a form was wrong.
fn page(visit: &Visit, wanted: &Wanted) -> PageOutcome {
    let actor = visit.actor()?;
    let may_edit = visit.caller()?.may(Permission::EditPrivilegedSetting);
    let (term, only) = (visit.query.text("q"), Only::of(visit));
    let searched = SearchTerm::parse(term);
    let lines: Vec<_> = settings::visible(&visit.app, &actor)
        .map(|shown| (shown.id, SettingLine::of(visit, &shown, wanted, may_edit)))
        .collect();
    let filter = |&filter: &Only| Filter {
        href: format!("?{}", query_of(term, filter)),
        name: filter_name(visit, filter),
        count: (filter != Only::All).then(|| lines.iter().filter(|(_, line)| filter.has(line)).count()),
        current: filter == only,
    };
    let filters = Only::ALL.iter().map(filter).collect();
    let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    let group = |group: &SettingGroup| Part {
        name: group.name(),
        title: group.title(visit.words),
        lines: Vec::new(),
        may_save: false,
    };
    let mut parts: Vec<_> = SettingGroup::ALL.iter().map(group).collect();
    for (id, line) in lines {
        // A setting with an error is always shown, even if the search and the filter do not match it.
        let is_found = only.has(&line) && line.matches(searched.as_ref());
        if let Some(part) = parts.get_mut(SettingGroup::of(id) as usize)
            && (is_found || !line.error.is_empty())
        {
            part.may_save |= line.may_change;
            part.lines.push(line);
        }
    }
    let page = SettingsPage {
        f: frame(visit, Section::Settings),
        term: term.to_owned(),
        only: only.name(),
        search: visit.words.say("settings-search", &[("count", count.into())]),
        unsaved: super::unsaved(visit.words),
        filters,
        query: format!("?{}", query_of(term, only)),
        parts: parts.into_iter().filter(|part| !part.lines.is_empty()).collect(),
        may_edit,
        problem: wanted.problem.clone(),
    };
    reply::form(visit, !wanted.is_right(), &page)
}

fn filter_name(visit: &Visit, only: Only) -> String {
    let name = match only {
        Only::All => visit.words.t("settings-all"),
        Only::Changed => visit.words.t("settings-changed"),
        Only::Fixed => visit.words.t("settings-fixed"),
    };
    name.into_owned()
}

/// Returns the query of an address with this search and this filter.
fn query_of(term: &str, only: Only) -> String {
    query::encoded([("q", query::filled(term)), ("is", query::filled(only.name()))])
}

async fn save(visit: Visit) -> PageOutcome {
    Section::Settings.admit(&visit)?;
    let caller = permit(&visit, Permission::EditPrivilegedSetting)?;
    visit.count("POST settings", CallRate::Default)?;
    let mut wanted = Wanted::of(&visit);
    if !wanted.is_right() {
        return page(&visit, &wanted);
    }
    let values = std::mem::take(&mut wanted.values);
    if !values.is_empty() {
        two_factor::require(&visit.app, caller, confirm::proof(&visit)).await?;
        if let Err(error) = settings::set_all(&visit.app, &visit.actor()?, values).await {
            let wanted = wanted.refused(&visit, error)?;
            return page(&visit, &wanted);
        }
    }
    let query = query_of(visit.query.text("q"), Only::of(&visit));
    let group = visit.form.text("group").parse().map_or("", SettingGroup::name);
    // The change may have set another public path of the server.
    let visit = Visit {
        base: visit.app.public_address().path.clone(),
        ..visit
    };
    let path = query::path(Section::Settings.path(), &query);
    reply::redirect_with(&visit, &format!("{path}#{group}"), Note::SettingsSaved)
}
