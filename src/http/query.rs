//! Pages, sort orders, lists and conditions in queries (`api.md` §2).

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::app::App;
use crate::domain::condition::QueryField;
use crate::domain::page::{Direction, SORT_FIELDS, Sort, once};
use crate::domain::{Condition, Page, Projection, RequestError};

/// Maximum items of a list in a query: ids, roles, exceptions.
const LIST_ITEMS: usize = 100;

/// Maximum bytes of a `sort` parameter, and of its text in an error.
const SORT_BYTES: usize = 256;

/// Returns the requested page, within the limits of the settings.
pub(super) fn page(app: &App, offset: Option<usize>, count: Option<usize>) -> Page {
    Page::new(offset, count, app.settings().pages())
}

/// Checks the length of a list, and removes duplicates.
///
/// # Errors
/// [`RequestError::InvalidParams`] with the field and the limit, for more than 100 items.
pub(super) fn list<T: PartialEq>(items: Vec<T>, field: &str) -> Result<Vec<T>, RequestError> {
    at_most(&items, field, LIST_ITEMS)?;
    Ok(once(items))
}

/// Checks that a list has at most `most` items.
///
/// # Errors
/// [`RequestError::InvalidParams`] with the field and the limit.
pub(super) fn at_most<T>(items: &[T], field: &str, most: usize) -> Result<(), RequestError> {
    if items.len() > most {
        return Err(RequestError::invalid(
            format!("must NOT have more than {most} items"),
            field,
        ));
    }
    Ok(())
}

/// Parses a `query` parameter. An absent or empty one matches everything.
///
/// # Errors
/// [`RequestError::InvalidQuery`].
pub(super) fn condition<Field: QueryField>(raw: Option<&str>) -> Result<Condition<Field>, RequestError> {
    let raw = raw.filter(|raw| !raw.is_empty());
    Ok(raw.map(Condition::parse).transpose()?.unwrap_or_default())
}

/// Parses a `fields` parameter of an endpoint whose records have these fields.
///
/// # Errors
/// [`RequestError::InvalidFields`].
pub(super) fn fields(raw: Option<&str>, known: &[&str]) -> Result<Option<Arc<Projection>>, RequestError> {
    let projection = Projection::parse(raw.unwrap_or_default(), known)?;
    Ok(projection.map(Arc::new))
}

/// Parses a `sort` parameter: a JSON object whose values are 1 or -1, with at most three of the fields that the list
/// can be sorted by.
///
/// # Errors
/// [`RequestError::InvalidSort`], [`RequestError::SortFieldUnknown`], [`RequestError::TooManySortFields`].
pub(super) fn sort(raw: Option<String>, known: &'static [&'static str]) -> Result<Sort, RequestError> {
    let Some(mut raw) = raw.filter(|raw| !raw.is_empty()) else {
        return Ok(Sort::new());
    };
    if raw.len() > SORT_BYTES {
        raw.truncate(raw.floor_char_boundary(SORT_BYTES));
        return Err(RequestError::InvalidSort { raw });
    }
    let Ok(order) = serde_json::from_str::<Map<String, Value>>(&raw) else {
        return Err(RequestError::InvalidSort { raw });
    };
    if order.len() > SORT_FIELDS {
        return Err(RequestError::TooManySortFields);
    }
    let mut sort = Sort::new();
    for (field, direction) in &order {
        let direction = match direction.as_f64() {
            Some(1.0) => Direction::Ascending,
            Some(-1.0) => Direction::Descending,
            _ => return Err(RequestError::InvalidSort { raw }),
        };
        let unknown = || RequestError::SortFieldUnknown {
            field: field.clone(),
            known,
        };
        let field = known.iter().find(|known| *known == field).ok_or_else(unknown)?;
        sort.push((field, direction));
    }
    Ok(sort)
}
