//! The matrix of permissions and roles. It is a form.

use std::collections::HashSet;
use std::sync::Arc;

use askama::Template;

use super::table::{self, RolePart};
use super::{Section, frame};
use crate::domain::page::Listing;
use crate::domain::{Grant, Page, Permission, RequestError, Role, RoleId, SearchTerm};
use crate::ops::calls::CallRate;
use crate::ops::permissions::{self, Cell};
use crate::ops::{roles, two_factor};
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::pages::pager::{self, Pager};
use crate::web::pages::{confirm, forms};
use crate::web::query;
use crate::web::reply::{self, PageOutcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::Words;

/// The maximum number of roles on a page. A form with all boxes checked stays far below the limit of a body. This is
/// also true if the user sends the sealed form again with a proof.
const COLUMNS: usize = 24;

/// The head of a column, which shows one role.
struct Column {
    id: String,
    name: String,
    holders: String,
}

/// A checkbox of the matrix.
struct Checkbox {
    /// The name of the role and the title of the permission.
    label: String,
    checked: bool,
    /// `true` if the state in the form differs from the state on the server.
    changed: bool,
    /// `true` if no user may change the box.
    fixed: bool,
}

/// A permission with a box for each role.
struct Row {
    id: &'static str,
    title: String,
    boxes: Vec<Checkbox>,
    /// The positions of the roles that have the permission, separated by commas.
    shown: String,
}

/// A heading with its rows.
struct Heading {
    title: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "admin/roles/roles.html")]
struct RolesPage {
    f: Frame,
    term: String,
    /// The query of the address, which the form sends back.
    query: String,
    columns: Vec<Column>,
    parts: Vec<Heading>,
    pager: Option<Pager>,
    /// The number of unsaved changes in words. The script writes the number in the place of `{}`.
    unsaved: String,
    problem: Sentence,
}

/// The boxes that a form sent: those that are checked, and those that were checked when the page was made. The form
/// names a role by its position in the form's own list of roles.
struct Sent {
    roles: Vec<RoleId>,
    checked: HashSet<(Permission, RoleId)>,
    shown: HashSet<(Permission, RoleId)>,
    permissions: Vec<Permission>,
}

impl Sent {
    fn of(visit: &Visit) -> Self {
        let form = &visit.form;
        let roles: Vec<_> = form.all("role").take(COLUMNS).map(RoleId::new).collect();
        let (mut checked, mut shown, mut permissions) = (HashSet::new(), HashSet::new(), Vec::new());
        let placed = |place: &str| place.parse().ok().and_then(|place: usize| roles.get(place).cloned());
        for permission in Permission::ALL.iter().copied() {
            let Some(was) = form.shown(permission.as_str()) else {
                continue;
            };
            permissions.push(permission);
            let was = was.split(',').filter_map(placed);
            shown.extend(was.map(|role| (permission, role)));
            let is = form.all(permission.as_str()).filter_map(placed);
            checked.extend(is.map(|role| (permission, role)));
        }
        Self {
            roles,
            checked,
            shown,
            permissions,
        }
    }

    /// Returns the boxes that the user changed. Other boxes keep the changes that another administrator made in the
    /// meantime.
    fn changes(&self) -> Vec<Cell> {
        let changed = self.checked.symmetric_difference(&self.shown);
        let mut cells: Vec<_> = changed
            .map(|cell| Cell {
                permission: cell.0,
                role: cell.1.clone(),
                held: self.checked.contains(cell),
            })
            .collect();
        cells.sort_unstable_by(|a, b| (a.permission, &a.role).cmp(&(b.permission, &b.role)));
        cells
    }

    /// Returns whether a box is checked in the form; `None` if the form does not contain the box.
    fn of_box(&self, permission: Permission, role: &RoleId) -> Option<bool> {
        let had = self.permissions.contains(&permission) && self.roles.contains(role);
        had.then(|| self.checked.contains(&(permission, role.clone())))
    }
}

/// The roles of a page and their permissions, with the boxes that a form sent.
struct Shown<'page> {
    roles: &'page [(Arc<Role>, usize)],
    grants: Vec<Arc<Grant>>,
    sent: Option<&'page Sent>,
}

impl Shown<'_> {
    fn row(&self, permission: Permission, title: String) -> Row {
        let grant = self.grants.iter().find(|grant| grant.permission == permission);
        let has = |role: &RoleId| grant.is_some_and(|grant| grant.roles.contains(role));
        let places = self.roles.iter().enumerate();
        let holding = places.filter(|(_, (role, _))| has(&role.id));
        let shown: Vec<_> = holding.map(|(place, _)| place.to_string()).collect();
        let of_role = |(role, _): &(Arc<Role>, usize)| {
            let checked = self.sent.and_then(|sent| sent.of_box(permission, &role.id));
            let has = has(&role.id);
            Checkbox {
                label: format!("{}: {title}", role.name),
                checked: checked.unwrap_or(has),
                changed: checked.is_some_and(|checked| checked != has),
                fixed: permission == Permission::AccessPermissions && role.id.is_admin(),
            }
        };
        Row {
            id: permission.as_str(),
            boxes: self.roles.iter().map(of_role).collect(),
            shown: shown.join(","),
            title,
        }
    }

    /// Returns the rows that a search finds, under their headings.
    fn parts(&self, words: Words, term: &str) -> Vec<Heading> {
        let term = SearchTerm::parse(term);
        let is_found = |(permission, title): &(Permission, String)| {
            let texts = [permission.as_str(), title.as_str()];
            let term = term.as_ref();
            term.is_none_or(|term| texts.into_iter().any(|text| term.is_in(text)))
        };
        let parts = RolePart::ALL.iter().copied().map(|part| Heading {
            title: part.title(words),
            rows: table::of(words, part)
                .filter(is_found)
                .map(|(permission, title)| self.row(permission, title))
                .collect(),
        });
        parts.filter(|part| !part.rows.is_empty()).collect()
    }
}

pub(super) async fn show(visit: Visit) -> PageOutcome {
    Section::Roles.admit(&visit)?;
    page(&visit, None, Sentence::default())
}

fn page(visit: &Visit, sent: Option<&Sent>, problem: Sentence) -> PageOutcome {
    let (number, term) = (pager::number(visit), visit.query.text("q"));
    let asked = Page {
        offset: (number - 1) * COLUMNS,
        count: COLUMNS,
    };
    let roles = roles::with_holders(&visit.app, &visit.actor()?)?;
    let listed = Listing::of(roles.into_iter(), asked);
    let shown = Shown {
        roles: &listed.items,
        grants: permissions::list(&visit.app, None),
        sent,
    };
    let column = |(role, holders): &(Arc<Role>, usize)| Column {
        id: role.id.to_string(),
        name: role.name.to_string(),
        holders: people(visit, *holders),
    };
    let pager = Pager::sized(visit, &listed, COLUMNS, |page| format!("?{}", query_of(term, page)));
    let page = RolesPage {
        f: frame(visit, Section::Roles),
        term: term.to_owned(),
        query: format!("?{}", query_of(term, number)),
        columns: listed.items.iter().map(column).collect(),
        parts: shown.parts(visit.words, term),
        pager: (listed.total > COLUMNS).then_some(pager),
        unsaved: super::super::unsaved(visit.words),
        problem,
    };
    reply::form(visit, !page.problem.is_empty(), &page)
}

/// Returns a number of people in words.
pub(super) fn people(visit: &Visit, count: usize) -> String {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    visit.words.say("role-holders", &[("count", count.into())])
}

/// Returns the query of an address with this search and this page.
fn query_of(term: &str, page: usize) -> String {
    let page = query::page(page);
    query::encoded([("q", query::filled(term)), ("page", page.as_deref())])
}

pub(super) async fn save(visit: Visit) -> PageOutcome {
    let caller = Section::Roles.admit(&visit)?;
    visit.count("POST permissions.update", CallRate::Default)?;
    let sent = Sent::of(&visit);
    let changes = sent.changes();
    if !changes.is_empty() {
        two_factor::require(&visit.app, caller, confirm::proof(&visit)).await?;
        match permissions::change(&visit.app, &visit.actor()?, &changes).await {
            Ok(()) => {}
            Err(error @ (RequestError::GrantRoleInvalid | RequestError::BeyondAuthority { .. })) => {
                let problem = forms::explained(visit.words, &error).1;
                return page(&visit, Some(&sent), problem);
            }
            // The text of this error has more details than the general page for a forbidden action.
            Err(error @ RequestError::ActionNotAllowed { .. }) => {
                let problem = Sentence::of_server(visit.words, error.to_string());
                return page(&visit, Some(&sent), problem);
            }
            Err(error) => return Err(error),
        }
    }
    let query = query_of(visit.query.text("q"), pager::number(&visit));
    let path = query::path(Section::Roles.path(), &query);
    reply::redirect_with(&visit, &path, Note::PermissionsSaved)
}
