//! The offset of a user's clock from UTC.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The lowest offset in hours: no clock is further behind UTC.
pub(crate) const LEAST_HOURS: i16 = -12;

/// The highest offset in hours: no clock is further ahead of UTC.
pub(crate) const MOST_HOURS: i16 = 14;

const QUARTERS_PER_HOUR: i16 = 4;

/// An offset from UTC, stored in quarters of an hour. In JSON it is a number of hours, such as 5.5.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct UtcOffset {
    quarters: i16,
}

impl UtcOffset {
    /// Parses a number of hours from -12 to 14 in steps of 0.25; returns `None` for anything else.
    #[must_use]
    pub fn parse(hours: &Value) -> Option<Self> {
        let hours = hours.as_f64()?;
        (LEAST_HOURS * QUARTERS_PER_HOUR..=MOST_HOURS * QUARTERS_PER_HOUR)
            .find(|quarters| (hours_of(*quarters) - hours).abs() < f64::EPSILON)
            .map(|quarters| Self { quarters })
    }
}

impl UtcOffset {
    /// Returns the offset in minutes.
    #[must_use]
    pub fn minutes(self) -> i32 {
        i32::from(self.quarters) * 15
    }
}

fn hours_of(quarters: i16) -> f64 {
    f64::from(quarters) / f64::from(QUARTERS_PER_HOUR)
}

impl Serialize for UtcOffset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.quarters % QUARTERS_PER_HOUR == 0 {
            serializer.serialize_i16(self.quarters / QUARTERS_PER_HOUR)
        } else {
            serializer.serialize_f64(hours_of(self.quarters))
        }
    }
}

impl JsonSchema for UtcOffset {
    fn schema_name() -> Cow<'static, str> {
        "UtcOffset".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "number",
            "minimum": LEAST_HOURS,
            "maximum": MOST_HOURS,
            "multipleOf": 0.25,
            "description": "hours from UTC",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_offset_is_a_number_of_quarters_within_the_bounds() {
        for hours in [json!(0), json!(-12), json!(14), json!(5.75), json!(-3.5)] {
            let offset = UtcOffset::parse(&hours).expect("an offset");
            assert_eq!(json!(offset), hours);
        }
        for refused in [
            json!(-12.25),
            json!(14.25),
            json!(1.1),
            json!("1"),
            json!(null),
            json!(1e300),
        ] {
            assert_eq!(UtcOffset::parse(&refused), None, "{refused}");
        }
    }
}
