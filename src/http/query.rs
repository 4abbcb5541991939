//! What stands behind the `?`.

use serde_json::{Map, Value};

use super::fields::Fields;
use crate::domain::page::{Direction, Sort};
use crate::domain::{Fault, Page};

/// A query, not yet looked at: most endpoints take none.
pub(super) struct Query(String);

impl Query {
    pub fn new(raw: String) -> Self {
        Self(raw)
    }

    /// Its fields.
    pub fn fields(&self) -> Fields {
        Fields::of_pairs(self.0.as_bytes())
    }
}

/// Takes `offset` and `count` out of a query.
pub(super) fn page(fields: &mut Fields) -> Result<Page, Fault> {
    let offset = fields.number("offset")?;
    Ok(Page::new(offset, fields.number("count")?))
}

/// Takes `sort` out of a query: an object whose values are 1 or -1, as text (`api.md` §2).
pub(super) fn sort(fields: &mut Fields) -> Result<Sort, Fault> {
    let Some(raw) = fields.text("sort")?.filter(|raw| !raw.is_empty()) else {
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

/// Takes `fields` and `query` out and away: Rocket.Chat ignores them unless told otherwise, and
/// clients that send them must not fail (`api.md` §2).
pub(super) fn ignore_unsafe(fields: &mut Fields) {
    let _ = (fields.take("fields"), fields.take("query"));
}
