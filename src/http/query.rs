//! Pages and orders of lists, as queries ask for them (`api.md` §2).

use serde_json::{Map, Value};

use crate::app::App;
use crate::domain::page::{Direction, Sort};
use crate::domain::{Fault, Page};

/// The page that is asked for, by the settings' rule.
pub(super) fn page(app: &App, offset: Option<usize>, count: Option<usize>) -> Page {
    Page::new(offset, count, app.settings().pages())
}

/// Takes a `sort` parameter: an object whose values are 1 or -1, as text.
pub(super) fn sort(raw: Option<String>) -> Result<Sort, Fault> {
    let Some(raw) = raw.filter(|raw| !raw.is_empty()) else {
        return Ok(Sort::new());
    };
    let direction = |value: &Value| match value.as_f64() {
        Some(1.0) => Some(Direction::Ascending),
        Some(-1.0) => Some(Direction::Descending),
        _ => None,
    };
    serde_json::from_str::<Map<String, Value>>(&raw)
        .ok()
        .and_then(|order| {
            let fields = order
                .into_iter()
                .map(|(field, value)| Some((field, direction(&value)?)));
            fields.collect()
        })
        .ok_or(Fault::InvalidSort { raw })
}
